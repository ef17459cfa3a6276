"""Look before sending, and after something went wrong: what the marketplace says of an order now, and what follows.

The rules of `verdict` and `happened` are pure: a message and what was seen in, an answer out.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select

from stoqflow_web.exchange import FBB, ItemRecord, OrderRecord, ShipmentRecord
from stoqflow_web.marketplace import Marketplace
from stoqflow_web.models import MarketplaceOrder, Shop, Writeback
from stoqflow_web.models.writebacks import (
    CANCELLATION,
    CANCELLATION_REQUESTED,
    CANCELLED_THERE,
    DELETED_UNITS,
    NOT_OURS,
    REJECTED,
    SHIPMENT,
    SHIPPED_THERE,
    TRANSPORT,
)
from stoqflow_web.services.messages import Message
from stoqflow_web.services.storing_orders import store_orders
from stoqflow_web.transaction import Transaction

SEND = "send"
DONE = "done"  # the marketplace has it already
NOTHING = "nothing"  # nothing of it has happened so far
Verdict = str
"""SEND, DONE or NOTHING, or why it needs attention (a reason of models/writebacks.py)."""


@dataclass(frozen=True)
class Seen:
    """An order as it was read at the marketplace. `shipments` is None when they were not asked for."""

    order: OrderRecord
    shipments: Sequence[ShipmentRecord] | None = None
    codes: dict[str, str | None] = field(default_factory=dict)  # Track & Trace by shipment, where it matters


def look(marketplace: Marketplace, messages: Collection[Message], *, is_after: bool = False) -> Seen:
    """Read the order that these messages are about. Raises ExchangeError.

    Its shipments are a scarce call, so they are read only when a parcel does not fit what is open any more, when an
    earlier try may have arrived, or `is_after` sending. No transaction may be open.
    """
    order = marketplace.order(next(iter(messages)).order_external_id)
    wants_shipments = any(
        (message.kind == SHIPMENT and (is_after or message.sent_at or not _fits(message, order)))
        or (message.kind == TRANSPORT and message.transport_external_id is None)
        for message in messages
    )
    shipments = marketplace.shipments_of(order.external_id) if wants_shipments else None
    codes = {
        message.shipment_external_id: marketplace.code_of(message.shipment_external_id)
        for message in messages
        if (is_after or message.sent_at) and message.kind == TRANSPORT and message.shipment_external_id
    }
    return Seen(order, shipments, codes)


def store(tx: Transaction, shop_id: int, seen: Collection[Seen]) -> None:
    """Let our truth follow what was read. The families are locked, in one order everywhere."""
    records = [each.order for each in seen]
    tx.session.execute(
        select(MarketplaceOrder.id)
        .where(
            MarketplaceOrder.shop_id == shop_id,
            MarketplaceOrder.external_id.in_([record.external_id for record in records]),
        )
        .order_by(MarketplaceOrder.id)
        .with_for_update()
    )
    store_orders(tx, tx.session.get_one(Shop, shop_id), records)
    tx.session.flush()


def learn_ids(row: Writeback, seen: Seen) -> None:
    """Note under which ids the marketplace keeps the shipment of this row, if it is among what was seen."""
    found = our_shipment(row.shipment.reference, seen) if row.shipment else None
    if row.shipment is not None and found is not None:
        row.shipment.external_id = found.external_id
        row.shipment.transport_external_id = found.transport_external_id


def our_shipment(reference: str, seen: Seen) -> ShipmentRecord | None:
    return next((one for one in seen.shipments or () if reference and one.reference == reference), None)


def verdict(message: Message, seen: Seen) -> Verdict:
    """Whether a message may be sent, judged by the order as it is at the marketplace now."""
    if message.kind == TRANSPORT:
        if message.sent_at and happened(message, seen) == DONE:
            return DONE
        known = message.transport_external_id or our_shipment(message.reference, seen)
        return SEND if known else REJECTED
    items = _items(message, seen.order)
    if len(items) < len(message.units):
        return REJECTED  # the marketplace does not know the item (any more)
    if any(item.fulfilment_method == FBB for item in items):
        return NOT_OURS
    if message.kind == CANCELLATION:
        return _verdict_on_cancellation(message, items[0])
    if our_shipment(message.reference, seen):
        return DONE
    if any(item.needs_marketplace_label for item in items):
        return NOT_OURS
    if not _fits(message, seen.order):
        return _why_it_does_not_fit(message, items)
    if any(item.is_cancellation_requested and item.external_id not in message.ships_anyway for item in items):
        return CANCELLATION_REQUESTED
    return SEND


def happened(message: Message, seen: Seen) -> Verdict:
    """Whether a message that may have arrived was done: DONE, NOTHING so far, or why only a person can tell."""
    if message.kind == TRANSPORT:
        return DONE if seen.codes.get(message.shipment_external_id or "") == message.code else NOTHING
    items = _items(message, seen.order)
    if len(items) < len(message.units):
        return REJECTED
    if message.kind == CANCELLATION:
        answer = _verdict_on_cancellation(message, items[0])
        return answer if answer in (DONE, SHIPPED_THERE) else NOTHING
    if our_shipment(message.reference, seen):
        return DONE
    return NOTHING if _fits(message, seen.order) else _why_it_does_not_fit(message, items)


def _verdict_on_cancellation(message: Message, item: ItemRecord) -> Verdict:
    if _open(item) == 0:
        return DONE if item.quantity_cancelled else SHIPPED_THERE
    if _open(item) > sum(message.units.values()) and not message.is_deliberate:
        return DELETED_UNITS
    return SEND


def _why_it_does_not_fit(message: Message, items: Collection[ItemRecord]) -> Verdict:
    short = [item for item in items if _open(item) < message.units[item.external_id]]
    return CANCELLED_THERE if any(item.quantity_cancelled for item in short) else SHIPPED_THERE


def _fits(message: Message, order: OrderRecord) -> bool:
    """Whether everything in the parcel is still open over there."""
    return all(_open(item) >= message.units[item.external_id] for item in _items(message, order))


def _items(message: Message, order: OrderRecord) -> list[ItemRecord]:
    return [item for item in order.items if item.external_id in message.units]


def _open(item: ItemRecord) -> int:
    return max(0, item.quantity - item.quantity_shipped - item.quantity_cancelled)
