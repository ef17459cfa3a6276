"""Lets our orders follow what the marketplace did without us: what was cancelled there, or shipped in its own screens.

What happened is counted from what is known now (allotment.py), not from what has just changed. So it can be done at any
time, by anybody who read the order, and doing it again changes nothing.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

from stoqflow_web import clock
from stoqflow_web.allotment import Happened, happened_without_us
from stoqflow_web.models import MarketplaceItem, MarketplaceOrder, OrderLine, SalesOrder, Shipment, Writeback
from stoqflow_web.models.history import MARKETPLACE
from stoqflow_web.models.marketplace_orders import FAR_AWAY
from stoqflow_web.models.products import SHIPPED_ELSEWHERE
from stoqflow_web.models.sales_orders import CANCELED, COMPLETE
from stoqflow_web.models.writebacks import (
    CANCELLATION,
    CANCELLED_THERE,
    NEEDS_ATTENTION,
    SHIPMENT,
    SHIPPED_THERE,
    WITHDRAWN,
)
from stoqflow_web.services import cancellation_requests, history, holding, outbox, stock
from stoqflow_web.services.families import locked_families
from stoqflow_web.services.owing import settle_debts, settled_row
from stoqflow_web.services.stock_to_tell import forget_told
from stoqflow_web.transaction import Transaction

Units = Mapping[OrderLine, int]


def follow(
    tx: Transaction,
    marketplace_order_ids: Collection[int],
    *,
    are_changed: bool = False,
    newly_cancelled: Collection[int] = (),
    asked: Mapping[int, Collection[str]] | None = None,
) -> None:
    """Make the sales orders of these families agree with what is known of the marketplace.

    `are_changed`: something of them has just changed there, so deadlines and the client's wish are taken over too.
    `newly_cancelled`: ids of the items of which more is cancelled there than before. `asked`: by family what the client
    had asked to cancel before (cancellation_requests.asked_items).
    """
    if not marketplace_order_ids:
        return
    families = locked_families(tx, marketplace_order_ids)
    holding.lock_products(tx, [part for family in families for part in family.living_parts])
    concerned: list[OrderLine] = []
    news: list[SalesOrder] = []
    for family in families:
        happened = happened_without_us(family)
        concerned += [*happened.shipped, *happened.cancelled]
        _tell(tx, family, happened, newly_cancelled)
        _follow_lines(tx, happened)
        _follow_parcels(tx, family, happened)
        ended = _end(family, happened)
        for part in family.living_parts:
            part.note_requests()
        if are_changed:
            wishes = cancellation_requests.follow(tx, family, (asked or {}).get(family.id, ()))
            _take_over_the_rest(tx, family, [*_orders_of([*happened.shipped, *happened.cancelled]), *ended, *wishes])
            news += wishes
        forget_told(tx, _cancelled_without_us(family, newly_cancelled))
    tx.session.flush()
    holding.settle(tx, {line.sales_order_id for line in concerned})
    for family in families:
        _end_cancellations(tx, family)
        settle_debts(tx, family, user_id=None)  # what was complete may have waited for a part that has just ended
    cancellation_requests.accept_by_itself(tx, news)


def take_over_what_is_listed(sales_order: SalesOrder, order: MarketplaceOrder) -> None:
    """What a sales order repeats of its marketplace order, so that the list can sort and filter by it."""
    sales_order.deliver_by = order.deliver_by
    sales_order.sort_day = order.deliver_by or order.expires_on or FAR_AWAY


def status_of_ended(order: SalesOrder) -> str:
    """Of an order with nothing left to do: complete when anything of it was shipped, by us or by others."""
    return COMPLETE if order.lines_to_ship or any(line.shipped_elsewhere for line in order.lines) else CANCELED


def _follow_lines(tx: Transaction, happened: Happened) -> None:
    for order in _orders_of([*happened.shipped, *happened.cancelled]):
        holding.give_up_reservation(tx, order)
    for line, units in happened.cancelled.items():
        line.quantity -= units
    for line, units in happened.shipped.items():
        line.quantity -= units
        line.shipped_elsewhere += units
        line.item.shipped_elsewhere += units
        if line.product is not None:
            stock.move(tx, line.product, -units, SHIPPED_ELSEWHERE, sales_order_id=line.sales_order_id)


def _follow_parcels(tx: Transaction, family: MarketplaceOrder, happened: Happened) -> None:
    """A parcel that the seller reported by hand is not told again; one that does not fit any more is stopped."""
    for shipment in happened.handled:
        for row in _waiting_rows(tx, family, shipment, state=WITHDRAWN, why=SHIPPED_THERE):
            outbox.handled_there(tx, row)
    for shipment, stop in happened.stopped.items():
        for row in _waiting_rows(tx, family, shipment, state=NEEDS_ATTENTION, why=stop.why):
            outbox.give_to_a_person(tx, row, stop.why, row.their_sentence)


def _waiting_rows(
    tx: Transaction, family: MarketplaceOrder, shipment: Shipment, *, state: str, why: str
) -> list[Writeback]:
    rows = [row for row in shipment.sales_order.writebacks if row.kind == SHIPMENT and row.shipment_id == shipment.id]
    waiting = outbox.not_there(tx, rows)
    if not waiting and all(row.state == WITHDRAWN for row in rows):
        waiting = [settled_row(family, shipment, state=state, why=why)]
        tx.session.add_all(waiting)
        tx.session.flush()
    return waiting


def _tell(tx: Transaction, family: MarketplaceOrder, happened: Happened, newly_cancelled: Collection[int]) -> None:
    """The history of each order says what happened to which of its lines."""
    shipped = happened.shipped + _in_parcels(happened.handled) + _stopped(happened, SHIPPED_THERE)
    cancelled = happened.cancelled + _stopped(happened, CANCELLED_THERE)
    for event, units in (("shipped_at_marketplace", shipped), ("canceled_at_marketplace", cancelled)):
        for order in _orders_of(units):
            of_order = {line: count for line, count in units.items() if line.sales_order is order}
            history.record(tx, event, who=MARKETPLACE, sales_order_id=order.id, what=_what(of_order))
    for item_id in set(newly_cancelled) & set(happened.unplaced):
        lines = [line for part in family.living_parts for line in part.lines if line.marketplace_item_id == item_id]
        complete = [line for line in lines if line.sales_order.status == COMPLETE]
        for line in complete[:1]:
            what = _what({line: happened.unplaced[item_id]})
            history.record(
                tx, "canceled_at_marketplace", who=MARKETPLACE, sales_order_id=line.sales_order_id, what=what
            )


def _in_parcels(shipments: Iterable[Shipment]) -> Counter[OrderLine]:
    units: Counter[OrderLine] = Counter()
    for shipment in shipments:
        for line in shipment.lines:
            units[line.order_line] += line.quantity
    return units


def _stopped(happened: Happened, why: str) -> Counter[OrderLine]:
    """What the parcels that were just stopped don't fit for."""
    return sum((stop.units for stop in happened.stopped.values() if stop.why == why), Counter[OrderLine]())


def _what(units: Units) -> str:
    """What the history calls it: each line with its number of units."""
    in_order = sorted(units.items(), key=lambda each: (each[0].position, each[0].id))
    return ", ".join(f"{count} × {line.name}" for line, count in in_order)[:500]


def _end(family: MarketplaceOrder, happened: Happened) -> list[SalesOrder]:
    """The orders that have nothing left to do because of what happened there, ended as such."""
    ended = [part for part in family.living_parts if part.is_open and not part.lines_to_ship]
    for part in ended:
        part.status, part.ended_at = status_of_ended(part), clock.now()
    for part in _orders_of(happened.shipped):
        if part.status == CANCELED:  # canceled here, and shipped there all the same
            part.status = status_of_ended(part)
    return ended


def _cancelled_without_us(family: MarketplaceOrder, newly_cancelled: Collection[int]) -> set[MarketplaceItem]:
    """Of these items those that we have not cancelled ourselves: that is known when the cancellation is confirmed."""
    rows = [row for part in family.sales_orders for row in part.writebacks if row.state != WITHDRAWN]
    ours = {row.marketplace_item_id for row in rows if row.kind == CANCELLATION}
    return {item for item in family.items if item.id in set(newly_cancelled) - ours}


def _take_over_the_rest(tx: Transaction, family: MarketplaceOrder, told: Sequence[SalesOrder]) -> None:
    """`told`: the orders whose history tells already what changed."""
    for order in family.living_parts:
        if not order.is_open:
            continue  # an order that has ended keeps its deadline: lists are sorted by it
        take_over_what_is_listed(order, family)
        if order not in told:
            history.record(tx, "changed_at_marketplace", who=MARKETPLACE, sales_order_id=order.id)


def _end_cancellations(tx: Transaction, family: MarketplaceOrder) -> None:
    """A cancellation that waits to be told is over when nothing of its item is open there: no echo."""
    rows = [row for part in family.sales_orders for row in part.writebacks if row.kind == CANCELLATION]
    for row in outbox.not_there(tx, rows):
        if row.item is None or row.item.is_open:
            continue
        lines = [line for part in family.living_parts for line in part.lines if line.item is row.item]
        if any(line.is_canceled and line.quantity for line in lines):
            outbox.confirmed(tx, row, how="found there")
        else:
            outbox.handled_there(tx, row)


def _orders_of(lines: Iterable[OrderLine]) -> list[SalesOrder]:
    return list(dict.fromkeys(line.sales_order for line in lines))
