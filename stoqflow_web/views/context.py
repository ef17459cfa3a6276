"""What every template can use: the navigation, the language, and the filters for times and amounts."""

import hashlib
from collections.abc import Iterator, Sized
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from flask import Flask, request, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_login import current_user

from stoqflow_web import clock
from stoqflow_web.wording import times
from stoqflow_web.wording.deadlines import span_words

NavItem = tuple[str, str, bool, int, bool]
"""Label, address, whether it is where we are, a count (0 for none), whether the count is urgent."""


def give_context(app: Flask) -> None:
    app.jinja_env.globals.update(countdown_words=span_words, ago_words=times.ago_words)
    app.jinja_env.globals["asset_version"] = asset_version(Path(app.static_folder or ""))
    app.jinja_env.filters.update(when=when, time=time, ago=ago, euro=euro, count=count, iso=iso)
    app.context_processor(_context)


def asset_version(folder: Path) -> str:
    """Changes whenever a file in the folder does, so that browsers may keep what they have."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:12]


class Navigation:
    """The rail. Its counts are asked for only when a page shows it: fragments don't pay for them."""

    def __iter__(self) -> Iterator[NavItem]:
        from stoqflow_web.queries import attention, cancellation_requests, news, orders

        yield _item(_("Today"), url_for("home.show"))
        yield _item(_("Orders"), "/orders", count=orders.count_open())
        yield _item(
            _("Cancellation requests"), "/cancellation-requests", count=cancellation_requests.count(), is_urgent=True
        )
        yield _item(_("Needs attention"), "/needs-attention", count=attention.counts().total, is_urgent=True)
        yield _item(_("Products"), "/products")
        yield _item(_("Returns"), "/returns")
        if current_user.is_manager:
            yield _item(_("Shops"), "/shops")
        yield _item(_("Activity"), url_for("activities.index"))
        if current_user.is_manager:
            yield _item(_("Deleted orders"), "/deleted-orders")
            yield _item(_("News"), url_for("news.index"), count=news.count_failing(), is_urgent=True)
            yield _item(_("Users"), url_for("users.index"))
        yield _item(_("Your account"), url_for("account.show"))


def when(moment: datetime | None) -> str:
    return times.when(moment, now=clock.now(), locale=_locale())


def time(moment: datetime) -> str:
    return times.time_of_day(moment, locale=_locale())


def ago(moment: datetime | None) -> str:
    return times.ago(moment, now=clock.now())


def euro(amount: Decimal | None) -> str:
    return times.euro(amount, locale=_locale())


def count(number: int | Sized | None) -> str:
    """A number with its thousands apart. Replaces Jinja's filter of this name, which counts a collection."""
    return times.count(len(number) if isinstance(number, Sized) else number, locale=_locale())


def iso(moment: datetime | date) -> str:
    """For the datetime attribute of <time>."""
    return moment.isoformat()


def _context() -> dict[str, Any]:
    return {
        "nav_items": Navigation(),
        "now_at": clock.now(),
        "home_url": url_for("home.show"),
        "sign_out_url": url_for("sign_in.leave"),
        "page_language": str(_locale()).partition("_")[0],
    }


def _item(label: str, url: str, count: int = 0, is_urgent: bool = False) -> NavItem:
    is_current = request.path == url or request.path.startswith(url + "/")
    return label, url, is_current, count, is_urgent


def _locale() -> times.Language:
    return get_locale() or "en"
