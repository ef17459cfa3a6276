"""What every page says about how the shops get on with bol.com: a banner where there is trouble, and the last sync."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask_babel import format_decimal, ngettext
from flask_babel import gettext as _

from stoqflow_web.exchange import ACCOUNT_INACTIVE, KEYS_REFUSED, KEYS_UNUSABLE
from stoqflow_web.models import Shop
from stoqflow_web.models.shops import LIMITED, SILENT
from stoqflow_web.queries.shop_health import PAUSED, ShopHealth
from stoqflow_web.wording.history import duration
from stoqflow_web.wording.times import ago

# A sync that is so much later than its interval is late, and then worrying. One that meets a fault or two is neither.
LATE = timedelta(minutes=2)
VERY_LATE = timedelta(minutes=15)

# The button that helps
REPLACE_KEYS = "replace-keys"
CHECK_KEYS = "check-keys"
RESUME = "resume"


@dataclass(frozen=True)
class Banner:
    """What is the matter with a shop, what is safe, and what to do. `step` is a button for a manager, often none."""

    shop: Shop
    tone: str
    what: str
    since: datetime | None
    safe: str
    to_do: str
    step: str | None = None


@dataclass(frozen=True)
class LastSync:
    words: str
    tone: str


def banners(shops: Sequence[ShopHealth], *, is_manager: bool) -> list[Banner]:
    return [_banner(one, one.matter, is_manager) for one in shops if one.matter]


def last_sync(shops: Sequence[ShopHealth], now: datetime) -> LastSync | None:
    """The oldest last sync of the shops that are not paused: when it is good, all are. None without such a shop."""
    due = [one.shop for one in shops if not one.shop.is_paused]
    if not due:
        return None
    shop = max(due, key=lambda shop: _lateness(shop, now))
    if shop.synced_at is None:
        words = _("%(shop)s: not synced yet", shop=shop.name)
        return LastSync(words, "danger" if shop.has_lost_access else "neutral")
    late = _lateness(shop, now)
    if shop.has_lost_access or late > VERY_LATE:
        return LastSync(_("%(shop)s: no sync for %(time)s", shop=shop.name, time=_age(shop.synced_at, now)), "danger")
    when = ago(shop.synced_at, now=now)
    if late > LATE:
        return LastSync(_("%(shop)s: late, synced %(when)s", shop=shop.name, when=when), "warn")
    return LastSync(_("bol.com synced %(when)s", when=when), "warn" if shop.trouble == SILENT else "ok")


def is_sync_late(shop: Shop, now: datetime) -> bool:
    """Whether what is seen here of the shop may be old."""
    return _lateness(shop, now) > LATE


def _banner(health: ShopHealth, matter: str | None, is_manager: bool) -> Banner:
    shop = health.shop
    what, tone = _what(shop, matter)
    to_do, step = _to_do(matter, is_manager)
    return Banner(shop, tone, what, health.since, _safe(health.waiting), to_do, step if is_manager else None)


def _what(shop: Shop, matter: str | None) -> tuple[str, str]:
    name = shop.name
    words = {
        KEYS_REFUSED: (_("bol.com refuses the keys of %(shop)s", shop=name), "danger"),
        ACCOUNT_INACTIVE: (_("bol.com says that the account of %(shop)s is not active", shop=name), "danger"),
        KEYS_UNUSABLE: (_("The keys of %(shop)s can't be used", shop=name), "danger"),
        PAUSED: (_("%(shop)s is paused", shop=name), "warn"),
        SILENT: (_("bol.com does not answer for %(shop)s", shop=name), "warn"),
        LIMITED: (_("bol.com allows half of the usual calls, or fewer, for %(shop)s", shop=name), "warn"),
    }
    return words.get(str(matter), (name, "warn"))


def _to_do(matter: str | None, is_manager: bool) -> tuple[str, str | None]:
    if matter == SILENT:
        return _("Nothing to do: it goes on by itself."), None
    if matter == LIMITED:
        return _("Nothing to do: syncs and transfers take longer."), None
    if matter == PAUSED:
        return (_("It goes on when you resume it.") if is_manager else _("Ask a manager to resume it.")), RESUME
    if not is_manager:
        return _("Tell a manager; other shops go on."), None
    if matter == ACCOUNT_INACTIVE:
        return _("Ask bol.com's partner service, then check the keys. Other shops go on."), CHECK_KEYS
    return _("Replace the keys. Other shops go on."), REPLACE_KEYS


def _safe(waiting: int) -> str:
    if not waiting:
        return _("no message about an order waits")
    shown = format_decimal(waiting)
    return ngettext(
        "%(shown)s message about an order is safe in the queue",
        "%(shown)s messages about orders are safe in the queue",
        waiting,
        shown=shown,
    )


def _lateness(shop: Shop, now: datetime) -> timedelta:
    """How much longer ago its last sync is than it should be at most. None is worse than good, not than late."""
    if shop.synced_at is None:
        return VERY_LATE if shop.has_lost_access else LATE
    return now - shop.synced_at - timedelta(minutes=shop.sync_minutes * (2 if shop.trouble == LIMITED else 1))


def _age(moment: datetime, now: datetime) -> str:
    return duration(max(int((now - moment).total_seconds()), 0))
