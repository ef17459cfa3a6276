"""Follows what clients ask for as the marketplace tells it: a wish to cancel, per item, and its withdrawal."""

from collections.abc import Collection, Iterable, Sequence

from stoqflow_web.exchange import REQUESTED_BY_CLIENT
from stoqflow_web.models import MarketplaceOrder, OrderLine, SalesOrder
from stoqflow_web.models.history import MARKETPLACE
from stoqflow_web.models.writebacks import CANCELLATION_REQUESTED, NEEDS_ATTENTION
from stoqflow_web.services import history
from stoqflow_web.services.canceling import cancel
from stoqflow_web.services.sending_again import send_again
from stoqflow_web.transaction import Transaction


def asked_items(order: MarketplaceOrder) -> set[str]:
    """The external ids of the items of ours that are open and that the client asked to cancel."""
    return {item.external_id for item in order.our_items if item.is_cancellation_requested and item.is_open}


def follow(tx: Transaction, family: MarketplaceOrder, asked_before: Collection[str] = ()) -> list[SalesOrder]:
    """Note for each part what awaits an answer now, and tell its history what is new; the parts that have such news.

    `asked_before`: asked_items before the marketplace told anew. An answer to a wish that the client took back is
    forgotten, so that who asks again is answered again; a parcel that only waited for that answer is sent.
    """
    asked_now = asked_items(family)
    new = asked_now.difference(asked_before)
    taken_back = {
        item.external_id
        for item in family.our_items
        if item.external_id in asked_before and item.is_open and not item.is_cancellation_requested
    }
    news = []
    for part in family.living_parts:
        concerned = [line for line in part.lines if line.quantity and not line.is_canceled]
        asks, takes_back = _of(concerned, new), _of(concerned, taken_back)
        for line in takes_back:
            line.ship_anyway_at = line.ship_anyway_reason = None
        part.note_requests()
        _tell(tx, part, "cancellation_requested", asks)
        _tell(tx, part, "request_taken_back", takes_back)
        if takes_back:
            send_what_waited(tx, part, user_id=None)
        if asks or takes_back:
            news.append(part)
    return news


def accept_by_itself(tx: Transaction, orders: Iterable[SalesOrder]) -> None:
    """Cancel for the client what awaits an answer in these orders, if the shop wants that and nothing was started."""
    for order in orders:
        ids = [line.id for line in order.lines_to_answer]
        if ids and order.shop.accepts_requests and nothing_was_started(order):
            history.record(tx, "request_accepted", sales_order_id=order.id)
            cancel(order.id, REQUESTED_BY_CLIENT, user_id=None, line_ids=ids)


def nothing_was_started(order: SalesOrder) -> bool:
    """Whether nobody has done anything with it: it is open, on no paper, and was never split."""
    return order.is_open and order.printed_at is None and len(order.marketplace_order.sales_orders) == 1


def send_what_waited(tx: Transaction, order: SalesOrder, *, user_id: int | None) -> None:
    """Send the parcels that were only kept back because of a wish to cancel, if nothing in them awaits an answer."""
    for row in list(order.writebacks):
        if row.state != NEEDS_ATTENTION or row.why != CANCELLATION_REQUESTED or row.shipment is None:
            continue
        if not any(line.awaits_answer for line in row.shipment.order_lines):
            send_again(tx, row, user_id=user_id)


def names_of(order: SalesOrder, lines: Sequence[OrderLine]) -> str | None:
    """The lines by name for the history, None when they are all that is to be shipped of the order."""
    if len(lines) == len(order.lines_to_ship):
        return None
    return ", ".join(line.name for line in lines)[:500]


def _of(lines: Iterable[OrderLine], items: Collection[str]) -> list[OrderLine]:
    return [line for line in lines if line.item.external_id in items]


def _tell(tx: Transaction, order: SalesOrder, event: str, lines: Sequence[OrderLine]) -> None:
    if lines:
        history.record(tx, event, who=MARKETPLACE, sales_order_id=order.id, lines=names_of(order, lines))
