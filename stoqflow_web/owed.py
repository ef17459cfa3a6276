"""What we owe the marketplace for a family: the sales orders of one marketplace order. Rules only, no database.

bol.com hears nothing of a split order until all its parts are final (complete or canceled), unless the shop reports
each part. Then it hears one shipment per parcel, and after those are confirmed one cancellation per item: a
cancellation takes no quantity, it cancels whatever is still open of the item, so it must come last.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from stoqflow_web.models import MarketplaceItem, OrderLine, SalesOrder, Shipment
from stoqflow_web.models.sales_orders import COMPLETE, DELETED


@dataclass(frozen=True)
class OwedCancellation:
    """Everything still open of `item` is to be cancelled. `takes_deleted_units`: that would include units which were
    deleted here and must never be reported, so a person has to decide."""

    item: MarketplaceItem
    sales_order: SalesOrder
    reason: str
    takes_deleted_units: bool = False


@dataclass
class Owed:
    """What may be sent now, and the open parts that the rest waits for."""

    shipments: list[Shipment] = field(default_factory=list)
    cancellations: list[OwedCancellation] = field(default_factory=list)
    waits_for: list[SalesOrder] = field(default_factory=list)


def owed(parts: Sequence[SalesOrder], *, waits_for_all: bool) -> Owed:
    """What is owed for all parts of a family together, sent or not. Deleted parts owe nothing."""
    living = [part for part in parts if part.status != DELETED]
    open_parts = [part for part in living if part.is_open]
    may_ship = not open_parts or not waits_for_all
    shipments = [
        shipment
        for part in living
        if part.status == COMPLETE and may_ship
        for shipment in part.shipments
        if shipment.undone_at is None
    ]
    if open_parts and len(living) > 1:
        return Owed(shipments, [], open_parts if _has_final(living) else [])
    return Owed(shipments, _cancellations(living, parts), [])


def waits_for(order: SalesOrder, parts: Sequence[SalesOrder], *, waits_for_all: bool) -> list[SalesOrder]:
    """The open related orders that keep what we did with `order` from being told."""
    if order.is_open or order.status == DELETED:
        return []
    if order.status == COMPLETE and not waits_for_all:
        return []
    return [part for part in parts if part.is_open and part.id != order.id]


def _has_final(parts: Sequence[SalesOrder]) -> bool:
    return any(not part.is_open for part in parts)


def _cancellations(living: Sequence[SalesOrder], parts: Sequence[SalesOrder]) -> list[OwedCancellation]:
    deleted_items = {
        line.marketplace_item_id for part in parts if part.status == DELETED for line in part.lines if line.quantity
    }
    by_item: dict[int, list[OrderLine]] = {}
    for part in living:
        for line in part.lines:
            by_item.setdefault(line.marketplace_item_id, []).append(line)
    return [
        OwedCancellation(
            item=lines[0].item,
            sales_order=_canceled(lines)[0].sales_order,
            reason=_canceled(lines)[0].cancel_reason or "other",
            takes_deleted_units=item_id in deleted_items,
        )
        for item_id, lines in by_item.items()
        if _canceled(lines) and not any(line.is_open for line in lines)
    ]


def _canceled(lines: Sequence[OrderLine]) -> list[OrderLine]:
    """The lines whose cancellation is ours to tell: not those that the marketplace cancelled itself."""
    return [line for line in lines if line.is_canceled and line.quantity]
