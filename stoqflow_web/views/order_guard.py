"""The guard of an open order page: asks bol.com again and again, and says STOP when the parcel must not leave."""

from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Blueprint, Response, make_response, render_template, request, url_for
from flask_babel import get_locale

from stoqflow_web import clock, stopping
from stoqflow_web.errors import NotFound
from stoqflow_web.models import SalesOrder
from stoqflow_web.queries import order_details
from stoqflow_web.services import refreshing
from stoqflow_web.views.respond import redirect_to, wants_fragment
from stoqflow_web.wording import guard

blueprint = Blueprint("order_guard", __name__)

# How often the page looks, in seconds, while it has been open no longer than so; beyond that every 15 seconds.
PACES = ((timedelta(minutes=1), 2), (timedelta(minutes=10), 5))
SLOWEST = 15
ASK_EVERY, ASK_SELDOM = timedelta(seconds=30), timedelta(minutes=5)
LONG_OPEN = timedelta(hours=1)


@blueprint.get("/orders/<int:order_id>/guard")
def show(order_id: int) -> Response:
    """`seen` is the mark of what the page shows, `opened` when it was opened, in seconds."""
    if not wants_fragment():
        return redirect_to(url_for("orders.show", order_id=order_id))
    try:
        order = order_details.find(order_id)
    except NotFound as gone:
        return make_response(render_template("orders/_guard.html", order=None, gone=gone.sentence))
    opened_at = _moment(request.args.get("opened", ""))
    if stopping.is_watched(order):
        refreshing.ask_soon(order.marketplace_order, unless_newer_than=_ask_every(clock.now() - opened_at))
    context = guard_context(order, mark=request.args.get("seen", ""), opened_at=opened_at)
    return make_response(render_template("orders/_guarded.html", order=order, **context))


def guard_context(order: SalesOrder, *, mark: str, opened_at: datetime) -> dict[str, Any]:
    """What the guard says of an order whose page carries this mark."""
    now, locale = clock.now(), get_locale() or "en"
    found = stopping.stops(order, stopping.seen(mark))
    is_watched = stopping.is_watched(order)
    return {
        "stops": [guard.stop_sentence(stop, order, now=now, locale=locale) for stop in found],
        "has_changed": stopping.has_changed(order, mark),
        "asked_words": guard.asked_words(
            order,
            now=now,
            opened_at=opened_at,
            ask_every=_ask_every(now - opened_at),
            is_stopped=bool(found),
            locale=locale,
        )
        if is_watched
        else None,
        "pace": _pace(now - opened_at) if is_watched else None,
        "guard_url": url_for(
            "orders.order_guard.show", order_id=order.id, seen=mark, opened=int(opened_at.timestamp())
        ),
    }


def _pace(open_for: timedelta) -> int:
    return next((seconds for longest, seconds in PACES if open_for < longest), SLOWEST)


def _ask_every(open_for: timedelta) -> timedelta:
    return ASK_EVERY if open_for < LONG_OPEN else ASK_SELDOM


def _moment(text: str) -> datetime:
    """The moment in an address; a page that does not say was opened just now."""
    is_one = text.isascii() and text.isdigit() and len(text) < 12
    return datetime.fromtimestamp(int(text), UTC) if is_one else clock.now()
