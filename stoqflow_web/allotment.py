"""What the marketplace shipped or cancelled without us, and which of our lines and parcels that was. Rules only.

Each unit of an item is open, shipped or cancelled over there. Here it is on a line, or it was once, and was taken off
because of what happened there. So what happened without us can be counted at any time, and counting it twice finds
nothing new: whatever is found is taken off a line, or stops or ends a parcel that waits to be told.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from stoqflow_web.models import MarketplaceItem, MarketplaceOrder, OrderLine, Shipment, Writeback
from stoqflow_web.models.sales_orders import COMPLETE, DELETED, READY_TO_PICK
from stoqflow_web.models.writebacks import (
    CANCELLED_THERE,
    CONFIRMED,
    CREDENTIALS,
    EXHAUSTED,
    NEEDS_ATTENTION,
    SHIPMENT,
    SHIPPED_THERE,
    UNKNOWN_OUTCOME,
    WITHDRAWN,
)

Units = Counter[int]
"""Units by the id of a marketplace item (ours)."""


@dataclass(frozen=True)
class Stop:
    """Why a parcel does not fit any more, and what of it that is about."""

    why: str
    units: Counter[OrderLine]


@dataclass
class Happened:
    """What happened without us, by what must follow it."""

    shipped: Counter[OrderLine] = field(default_factory=Counter)  # units of open lines, and of lines canceled here
    cancelled: Counter[OrderLine] = field(default_factory=Counter)  # units of open lines
    handled: list[Shipment] = field(default_factory=list)  # parcels that wait here, and all of it was shipped there
    stopped: dict[Shipment, Stop] = field(default_factory=dict)  # parcels that wait here and don't fit any more
    unplaced: Units = field(default_factory=Counter)  # cancelled there, and nothing here waits for it


def happened_without_us(family: MarketplaceOrder) -> Happened:
    """What bol.com did, or the seller in bol.com's own screens, that our lines and parcels do not follow yet.

    What was shipped there is first that of a parcel which waits here for all of it: somebody reported it by hand. Then
    it is taken off the open lines, off those that are ready to pick first. What was cancelled there is taken off the
    open lines, off the newest first: a backorder loses its units before the order it was split off from.
    """
    lines = [line for part in family.sales_orders for line in part.lines]
    parcels = _parcels(family)
    found = Happened()
    shipped = Counter({item.id: _shipped_without_us(item, _of(item, lines), parcels) for item in family.our_items})
    _share_out_shipped(found, shipped, lines, parcels)
    cancelled = Counter({item.id: _cancelled_without_us(item, _of(item, lines)) for item in family.our_items})
    _share_out_cancelled(found, cancelled, lines, parcels)
    found.unplaced = +cancelled
    return found


@dataclass(frozen=True)
class _Parcel:
    """`row` is the message that tells it: None when it waits for other parts of its family."""

    shipment: Shipment
    row: Writeback | None
    units: Units

    @property
    def is_told(self) -> bool:
        """Whether the marketplace has it, or may have it."""
        return self.row is not None and (self.row.state == CONFIRMED or may_be_there(self.row))

    @property
    def waits(self) -> bool:
        """Whether it is complete here, surely not there, and to be told, or to be settled by a person."""
        is_complete = self.shipment.sales_order.status == COMPLETE
        return is_complete and not self.is_told and not (self.row is not None and self.row.is_given_up)

    @property
    def is_stopped(self) -> bool:
        """Whether a person is asked already, because it does not fit what is open there."""
        row = self.row
        return row is not None and row.state == NEEDS_ATTENTION and row.why in (CANCELLED_THERE, SHIPPED_THERE)

    @property
    def is_known_cancelled(self) -> bool:
        """Whether a person is asked, or was, because of what was cancelled there."""
        row = self.row
        return row is not None and row.state in (NEEDS_ATTENTION, WITHDRAWN) and row.why == CANCELLED_THERE


def may_be_there(row: Writeback) -> bool:
    """Whether a message that is not confirmed may have arrived all the same."""
    if row.sent_at is None or row.state in (CONFIRMED, WITHDRAWN):
        return False
    return row.state != NEEDS_ATTENTION or row.why in (UNKNOWN_OUTCOME, EXHAUSTED, CREDENTIALS)


def _parcels(family: MarketplaceOrder) -> list[_Parcel]:
    """The parcels of the whole family that were not undone, the oldest first."""
    shipments = (one for part in family.sales_orders for one in part.parcels)
    return [_parcel(shipment) for shipment in sorted(shipments, key=lambda shipment: shipment.id)]


def _parcel(shipment: Shipment) -> _Parcel:
    rows = [row for row in shipment.sales_order.writebacks if row.kind == SHIPMENT and row.shipment_id == shipment.id]
    owed = [row for row in rows if row.state != WITHDRAWN or row.is_given_up]
    return _Parcel(shipment, owed[-1] if owed else None, Counter(shipment.quantities))


def _shipped_without_us(item: MarketplaceItem, lines: Sequence[OrderLine], parcels: Sequence[_Parcel]) -> int:
    """Units that are shipped there, that we did not tell, and that we did not expect to be reported by hand.

    Expected is what a person chose not to tell: parcels that were given up, and deleted parts.
    """
    there = item.quantity_shipped - item.shipped_elsewhere
    told = sum(parcel.units[item.id] for parcel in parcels if parcel.is_told)
    told_of_deleted = sum(parcel.units[item.id] for parcel in parcels if parcel.is_told and _is_deleted(parcel))
    waiting = sum(parcel.units[item.id] for parcel in parcels if parcel.waits)
    complete = sum(line.quantity for line in lines if _is_complete(line))
    deleted = sum(line.quantity for line in lines if line.sales_order.status == DELETED)
    not_to_be_told = max(0, complete - (told - told_of_deleted) - waiting)
    return max(0, there - told - not_to_be_told - max(0, deleted - told_of_deleted))


def _cancelled_without_us(item: MarketplaceItem, lines: Sequence[OrderLine]) -> int:
    """Units that are cancelled there, were not canceled here, and are still on our lines."""
    return max(0, _cancelled_on_lines(item, lines) - sum(line.quantity for line in lines if line.is_canceled))


def _cancelled_on_lines(item: MarketplaceItem, lines: Sequence[OrderLine]) -> int:
    """Of what is cancelled there, the units that our lines have not lost for it."""
    lost = item.quantity - item.shipped_elsewhere - sum(line.quantity for line in lines)
    return max(0, item.quantity_cancelled - max(0, lost))


def _share_out_shipped(found: Happened, left: Units, lines: Sequence[OrderLine], parcels: Sequence[_Parcel]) -> None:
    waiting = [parcel for parcel in parcels if parcel.waits]
    for parcel in waiting:
        if all(left[item_id] >= units for item_id, units in parcel.units.items()):
            found.handled.append(parcel.shipment)
            left.subtract(parcel.units)
    waiting = [parcel for parcel in waiting if parcel.shipment not in found.handled]
    for parcel in waiting:
        if parcel.is_stopped:
            _take_from_parcel(left, parcel)
    for line in sorted((line for line in lines if line.is_open), key=_ready_first):
        found.shipped[line] += _take(left, line.marketplace_item_id, line.quantity)
    for item_id, of_item in _canceled_by_item(lines).items():
        room = sum(line.quantity for line in of_item) - _cancelled_on_lines(of_item[0].item, _of(item_id, lines))
        for line in of_item:
            taken = _take(left, item_id, min(line.quantity, max(0, room)))
            found.shipped[line] += taken
            room -= taken
    for parcel in waiting:
        if not parcel.is_stopped:
            _stop(found, left, parcel, SHIPPED_THERE)
    found.shipped = +found.shipped


def _share_out_cancelled(found: Happened, left: Units, lines: Sequence[OrderLine], parcels: Sequence[_Parcel]) -> None:
    for parcel in parcels:
        if parcel.is_known_cancelled and parcel.shipment.sales_order.status == COMPLETE:
            _take_from_parcel(left, parcel)
    for line in sorted((line for line in lines if line.is_open), key=lambda line: -line.id):
        found.cancelled[line] += _take(left, line.marketplace_item_id, line.quantity - found.shipped[line])
    for parcel in reversed(parcels):
        if parcel.is_stopped:
            _take_from_parcel(left, parcel)
        elif parcel.waits and parcel.shipment not in found.handled and parcel.shipment not in found.stopped:
            _stop(found, left, parcel, CANCELLED_THERE)
    found.cancelled = +found.cancelled


def _take(left: Units, item_id: int, most: int) -> int:
    taken = min(left[item_id], most)
    left[item_id] -= taken
    return taken


def _stop(found: Happened, left: Units, parcel: _Parcel, why: str) -> None:
    taken = _take_from_parcel(left, parcel)
    if taken:
        found.stopped[parcel.shipment] = Stop(why, taken)


def _take_from_parcel(left: Units, parcel: _Parcel) -> Counter[OrderLine]:
    """What of it was among what is left: that is not left any more, nor counted for the parcel again."""
    taken: Counter[OrderLine] = Counter()
    for line in parcel.shipment.lines:
        item_id = line.order_line.marketplace_item_id
        units = _take(left, item_id, min(line.quantity, parcel.units[item_id]))
        parcel.units[item_id] -= units
        taken[line.order_line] += units
    return +taken


def _canceled_by_item(lines: Iterable[OrderLine]) -> dict[int, list[OrderLine]]:
    """The lines that were canceled here, and whose cancellation we tell."""
    by_item: dict[int, list[OrderLine]] = {}
    for line in lines:
        if line.is_canceled and line.quantity and line.sales_order.status != DELETED:
            by_item.setdefault(line.marketplace_item_id, []).append(line)
    return by_item


def _ready_first(line: OrderLine) -> tuple[bool, int]:
    return (line.sales_order.status != READY_TO_PICK, line.id)


def _of(item: MarketplaceItem | int, lines: Sequence[OrderLine]) -> list[OrderLine]:
    item_id = item if isinstance(item, int) else item.id
    return [line for line in lines if line.marketplace_item_id == item_id]


def _is_complete(line: OrderLine) -> bool:
    return line.sales_order.status == COMPLETE and not line.is_canceled


def _is_deleted(parcel: _Parcel) -> bool:
    return parcel.shipment.sales_order.status == DELETED
