"""The words and tones for what an order or a product is doing, and the short words beside them.

Green ("ok") is kept for what bol.com confirmed and for what is finished, so it is not used here.
"""

from dataclasses import dataclass
from datetime import date

from babel.dates import format_date
from flask_babel import gettext as _

from stoqflow_web.exchange import FBB, FBR
from stoqflow_web.models import MarketplaceItem, Offer, SalesOrder
from stoqflow_web.models.products import OPENING
from stoqflow_web.models.sales_orders import CANCELED, COMPLETE, ON_HOLD, READY_TO_PICK
from stoqflow_web.queries.order_details import LineStock, units_short
from stoqflow_web.wording.times import Language, deadline, deadline_tone


@dataclass(frozen=True)
class Pill:
    words: str
    tone: str = "neutral"


def status_pill(order: SalesOrder) -> Pill:
    """The order's own status, or what is more urgent than it."""
    if order.is_open and order.is_cancellation_requested:
        return Pill(_("Cancellation requested"), "danger")
    if order.status == READY_TO_PICK:
        return Pill(_("Ready to pick"), "info")
    if order.status == ON_HOLD:
        return Pill(_on_hold(order), "warn")
    if order.status == COMPLETE:
        return Pill(_("Complete"))
    if order.status == CANCELED:
        return Pill(_("Canceled"))
    return Pill(order.status)


def plain_status_pill(order: SalesOrder) -> Pill:
    """Like `status_pill`, for places where the order's lines are not at hand."""
    if order.status == ON_HOLD and not order.is_cancellation_requested:
        return Pill(_("On hold"), "warn")
    return status_pill(order)


def deadline_pill(order: SalesOrder, *, today: date, locale: Language = "en") -> Pill | None:
    """The day the client must have it; None without one. Only an open order can be late."""
    if order.deliver_by is None:
        return None
    if order.is_open:
        words = deadline(order.deliver_by, today=today, locale=locale)
        return Pill(words, deadline_tone(order.deliver_by, today=today))
    with_year = "" if order.deliver_by.year == today.year else " y"
    return Pill(format_date(order.deliver_by, "EEE d MMM" + with_year, locale=locale))


def stock_pill(stock: LineStock) -> Pill:
    """What is there for a line that must still be picked."""
    if stock.short:
        return Pill(_("Short %(number)s", number=stock.short), "danger")
    return Pill(_("In stock %(number)s", number=stock.there))


def item_pills(item: MarketplaceItem) -> list[Pill]:
    """What bol.com already reports of an item."""
    pills = []
    if item.quantity_shipped:
        pills.append(Pill(_("%(number)s shipped at bol.com", number=item.quantity_shipped)))
    if item.quantity_cancelled:
        pills.append(Pill(_("%(number)s cancelled at bol.com", number=item.quantity_cancelled)))
    if item.is_cancellation_requested and item.is_open:
        pills.append(Pill(_("Cancellation requested"), "danger"))
    return pills


def fulfilment_words(method: str) -> str:
    """`own (FBR)`, as people at bol.com say it."""
    words = {FBR: _("own (FBR)"), FBB: _("bol.com (FBB)"), "VVB": _("own, with bol's label (VVB)")}
    return words.get(method, method or "—")


def time_frame_words(time_frame: str | None) -> str:
    """bol.com's part of the day of a delivery, empty where nothing is promised."""
    words = {"REGULAR": "", "EVENING": _("evening"), "APPOINTMENT": _("by appointment"), "SAMEDAY": _("same day")}
    words["SUNDAY"] = _("Sunday")
    return words.get(time_frame or "", (time_frame or "").lower())


def offer_stock_words(offer: Offer) -> str:
    """The stock that bol.com shows for an offer."""
    return "—" if offer.stock is None else str(offer.stock)


def movement_words(reason: str) -> str:
    """Why stock changed."""
    return {OPENING: _("Opening stock, from bol.com")}.get(reason, reason)


def _on_hold(order: SalesOrder) -> str:
    if order.has_unknown_products:
        return _("On hold · choose product")
    short = units_short(order)
    return _("On hold · %(number)s short", number=short) if short else _("On hold")
