"""The words and tones for what an order or a product is doing, and the short words beside them.

Green ("ok") is kept for what bol.com confirmed and for what is finished, so it is not used here.
"""

from dataclasses import dataclass

from flask_babel import gettext as _

from stoqflow_web.exchange import FBB, FBR
from stoqflow_web.models import MarketplaceItem, OrderLine, SalesOrder
from stoqflow_web.models.sales_orders import CANCELED, COMPLETE, ON_HOLD, READY_TO_PICK
from stoqflow_web.queries.order_details import LineStock, units_short
from stoqflow_web.wording.times import Language, count


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


def line_to_choose(order: SalesOrder) -> OrderLine | None:
    """The first line whose product somebody must choose, where `status_pill` says so."""
    if order.status != ON_HOLD or order.is_cancellation_requested:
        return None
    return next((line for line in order.lines_to_ship if line.product is None), None)


def stock_pill(stock: LineStock, *, locale: Language = "en") -> Pill:
    """What is there for a line that must still be picked."""
    if stock.short:
        return Pill(_("Short %(number)s", number=count(stock.short, locale=locale)), "danger")
    return Pill(_("In stock %(number)s", number=count(stock.there, locale=locale)))


def line_pills(line: OrderLine) -> list[Pill]:
    """What bol.com reports of a line's item, and what was answered to the client's wish to cancel it."""
    pills = [pill for pill in item_pills(line.item) if line.awaits_answer or pill.tone != "danger"]
    if line.ships_anyway and line.item.is_cancellation_requested:
        pills.append(Pill(_("Ships anyway · %(reason)s", reason=line.ship_anyway_reason or "—"), "warn"))
    return pills


def item_pills(item: MarketplaceItem) -> list[Pill]:
    """What bol.com already reports of an item."""
    pills = []
    if item.quantity_shipped:
        pills.append(Pill(_("%(number)s shipped at bol.com", number=item.quantity_shipped)))
    if item.quantity_cancelled:
        pills.append(Pill(_("%(number)s canceled at bol.com", number=item.quantity_cancelled)))
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


def split_offer(units: int, short: int) -> str:
    """What a split offers: that what stays can be picked now, and how many that is."""
    if short <= 0:
        return _("All of it is in stock now.")
    if short >= units:
        return _("Nothing of it is in stock now.")
    return _(
        "%(there)s of %(units)s are in stock now: the rest is filled in for the backorder. Change it as you like.",
        there=units - short,
        units=units,
    )


def _on_hold(order: SalesOrder) -> str:
    if line_to_choose(order):
        return _("On hold · choose product")
    short = units_short(order)
    return _("On hold · %(number)s short", number=short) if short else _("On hold")
