"""Who may see what. Every page needs a signed-in user, unless it is named in OPEN_ENDPOINTS."""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any, TypeVar, cast, overload
from urllib.parse import urlsplit

from flask import Blueprint, Flask, Request, Response, current_app, redirect, request, session, url_for
from flask_babel import gettext as _
from flask_login import current_user, logout_user

from stoqflow_web import clock
from stoqflow_web.errors import NotAllowed, NotFound
from stoqflow_web.extensions import db, login_manager
from stoqflow_web.models import Base, User
from stoqflow_web.views.respond import wants_fragment

OPEN_ENDPOINTS = frozenset(
    {"static", "health.show", "sign_in.show", "sign_in.enter", "sign_in.welcome", "sign_in.begin", "webhooks.receive"}
)
# What an open page asks for again and again, be somebody there or not: that is no use of the session.
POLLED_ENDPOINTS = frozenset(
    {
        "home.show",
        "order_changes.show",
        "products.show",
        "push_subscriptions.show",
        "shop_health.show",
        "stock_counts.show_lines",
        "syncs.show",
        "syncs.show_check",
    }
)
SEEN = "seen"  # in the session: when it was last used, in seconds
SEEN_EVERY = timedelta(minutes=5)  # so often is that written down; a cookie with every answer would help nobody
LARGEST_ID = 2**63 - 1

Record = TypeVar("Record", bound=Base)
View = TypeVar("View", bound=Callable[..., Any])


def guard(app: Flask) -> None:
    """Close every page of the app to strangers."""
    login_manager.user_loader(_user_of_session)
    app.before_request(_end_unused_session)
    app.before_request(_refuse_strangers)


def signed_in_user() -> User:
    """The user who asks. Only for pages that strangers can't reach."""
    return cast(User, current_user._get_current_object())


@overload
def managers_only(thing: Blueprint) -> Blueprint: ...
@overload
def managers_only(thing: View) -> View: ...
def managers_only(thing: Any) -> Any:
    """Close a view, or all views of a blueprint, to staff: they get a page with status 403."""
    if isinstance(thing, Blueprint):
        thing.before_request(_refuse_staff)
        return thing

    @wraps(thing)
    def view(*args: Any, **kwargs: Any) -> Any:
        _refuse_staff()
        return thing(*args, **kwargs)

    return view


def load_or_404(model: type[Record], record_id: int) -> Record:
    """The record with this id. Raises NotFound, which becomes a page with status 404."""
    found = db.session.get(model, record_id) if record_id <= LARGEST_ID else None
    if found is None:
        raise NotFound(_("This is not here, or not any more."))
    return found


def is_stranger() -> bool:
    """Whether nobody is signed in and the page asked for is not an open one."""
    return request.endpoint not in OPEN_ENDPOINTS and not current_user.is_authenticated


def to_sign_in() -> Response:
    """Send a stranger to the sign-in page, and afterwards back to the page they were on."""
    address = url_for("sign_in.show", next=_page_asked_from(request))
    if request.headers.get("HX-Request") == "true":
        return Response(status=204, headers={"HX-Redirect": address})
    return cast(Response, redirect(address, 302))


def local_path(address: str | None) -> str | None:
    """The address when it leads to a page of ours, else None: nobody is sent elsewhere after signing in."""
    if not address or not address.startswith("/") or address.startswith("//"):
        return None
    if "\\" in address or any(ord(character) < 32 for character in address):  # browsers read \ as /, and drop line ends
        return None
    return address


def _refuse_strangers() -> Response | None:
    return to_sign_in() if is_stranger() else None


def _refuse_staff() -> None:
    if not signed_in_user().is_manager:
        raise NotAllowed(
            _("Shops, keys and users are looked after by a manager. Ask one if you need something changed.")
        )


def _end_unused_session() -> None:
    """A session ends when it was not used for as long as the app's session lifetime (12 hours)."""
    if request.endpoint == "static" or "_user_id" not in session:
        return
    now, seen = clock.now().timestamp(), session.get(SEEN, 0)
    if now - seen > current_app.permanent_session_lifetime.total_seconds():
        logout_user()
        session.clear()
    elif now - seen > SEEN_EVERY.total_seconds() and not _is_poll():
        session[SEEN] = now


def _is_poll() -> bool:
    return request.endpoint in POLLED_ENDPOINTS and wants_fragment()


def _user_of_session(session_id: str) -> User | None:
    """The user a session belongs to, unless their sessions have been ended (see User.get_id)."""
    user_id, _dot, epoch = session_id.partition(".")
    if not (user_id.isdigit() and epoch.isdigit()):
        return None
    user = db.session.get(User, int(user_id)) if int(user_id) <= LARGEST_ID else None
    if user is None or not user.is_enabled or user.session_epoch != int(epoch):
        return None
    return user


def _page_asked_from(asked: Request) -> str | None:
    """Where to go on after signing in: the page itself, or the one whose form or fragment was asked for."""
    if asked.method == "GET" and asked.headers.get("HX-Request") != "true":
        return None if asked.path == "/" else local_path(asked.full_path.rstrip("?"))
    parts = urlsplit(asked.headers.get("HX-Current-URL") or asked.headers.get("Referer") or "")
    if parts.netloc != asked.host:
        return None
    return local_path(parts.path + (f"?{parts.query}" if parts.query else ""))
