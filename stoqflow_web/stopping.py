"""What stops a parcel: what the marketplace says of an order now, beside what a page showed. Rules only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from stoqflow_web.exchange import REQUESTED_BY_CLIENT
from stoqflow_web.models import MarketplaceItem, OrderLine, SalesOrder, Writeback
from stoqflow_web.models.sales_orders import CANCELED, COMPLETE
from stoqflow_web.models.writebacks import (
    CANCELLATION,
    CANCELLED_THERE,
    CONFIRMED,
    NEEDS_ATTENTION,
    ON_ITS_WAY,
    SHIPMENT,
    SHIPPED_THERE,
    WITHDRAWN,
)

# Why
ASKED = "asked"  # the client asked to cancel, and nobody has answered
FOR_CLIENT = "for-client"  # canceled here for the client: by the shop's setting, or by a colleague
CANCELLED = "cancelled"  # at the marketplace, and not by us
SHIPPED = "shipped"  # at the marketplace, and not by us

LONGEST_MARK = 20_000


@dataclass(frozen=True)
class SeenLine:
    """A line as a page showed it: units to ship, and of its item the units cancelled and shipped at the marketplace."""

    units: int
    cancelled: int
    shipped: int


@dataclass(frozen=True)
class Stop:
    """`lines` are those concerned; with `is_whole` that is all that was to be shipped."""

    why: str
    lines: tuple[OrderLine, ...]
    is_whole: bool
    at: datetime | None = None

    @property
    def left_to_ship(self) -> list[tuple[int, OrderLine]]:
        """The units of these lines that still have to leave: part of a quantity was cancelled or shipped."""
        left = [(0 if line.is_canceled else min(line.quantity, line.item.quantity_open), line) for line in self.lines]
        return [(units, line) for units, line in left if units > 0]


def stops(order: SalesOrder, seen: Mapping[int, SeenLine]) -> list[Stop]:
    """Why the parcel must not leave as the page (`seen`, by line id) shows it; empty when nothing keeps it.

    Needs the order's lines, items, parcels and messages, and those of its family.
    """
    asked = order.lines_to_answer
    for_client = [line for line in order.lines if _was_canceled_for_client(line, seen)]
    cancelled = [line for line in order.lines if line not in asked and _is_lost(line, seen, CANCELLED)]
    shipped = [line for line in order.lines if line not in asked + cancelled and _is_lost(line, seen, SHIPPED)]
    to_ship = [line for line in order.lines if line.id in seen and seen[line.id].units] or order.lines_to_ship
    return [
        Stop(why, tuple(lines), is_whole=set(to_ship) <= set(lines), at=_when(why, lines))
        for why, lines in ((ASKED, asked), (FOR_CLIENT, for_client), (CANCELLED, cancelled), (SHIPPED, shipped))
        if lines
    ]


def is_watched(order: SalesOrder) -> bool:
    """Whether something can still stop it: it is open, or complete and the marketplace has not confirmed all of it."""
    if order.status != COMPLETE:
        return bool(order.is_open and order.lines_to_ship)
    states = {row.shipment_id: row.state for row in order.writebacks if row.kind == SHIPMENT}
    return any(states.get(parcel.id) not in (CONFIRMED, WITHDRAWN) for parcel in order.parcels)


def mark_of(order: SalesOrder) -> str:
    """What a page shows of the order's lines, for its address: `seen` reads it again."""
    return ".".join(["open" if order.is_open else order.status, *map(_mark_of_line, order.lines)])


def seen(mark: str) -> dict[int, SeenLine]:
    """The lines in a mark, by id; nonsense is left out."""
    found = {}
    for part in mark[:LONGEST_MARK].split(".")[1:]:
        numbers = [int(text) for text in part.split(":") if text.isascii() and text.isdigit() and len(text) < 19]
        if len(numbers) == 4:
            found[numbers[0]] = SeenLine(*numbers[1:])
    return found


def has_changed(order: SalesOrder, mark: str) -> bool:
    """Whether the page that carries this mark shows another status, or other units, than the order has now."""
    before, now = seen(mark), seen(mark_of(order))
    is_same_status = mark.split(".")[0] == mark_of(order).split(".")[0]
    return not is_same_status or {key: line.units for key, line in before.items()} != {
        key: line.units for key, line in now.items()
    }


def _mark_of_line(line: OrderLine) -> str:
    units = 0 if line.is_canceled else line.quantity
    return f"{line.id}:{units}:{line.item.quantity_cancelled}:{line.item.quantity_shipped}"


def _was_canceled_for_client(line: OrderLine, seen: Mapping[int, SeenLine]) -> bool:
    """Whether the page shows it as something to ship: who packs by that page must hear of it as loudly."""
    is_shown = line.id in seen and seen[line.id].units > 0
    return is_shown and line.is_canceled and line.cancel_reason == REQUESTED_BY_CLIENT


def _is_lost(line: OrderLine, seen: Mapping[int, SeenLine], why: str) -> bool:
    """Whether the marketplace cancelled or shipped (`why`) units of the line without us."""
    if line.is_canceled or _is_told_by_us(line, why):
        return False
    before = seen.get(line.id)
    units_there = line.item.quantity_cancelled if why == CANCELLED else line.item.quantity_shipped
    if before is not None and units_there > (before.cancelled if why == CANCELLED else before.shipped):
        return min(line.quantity, line.item.quantity_open) < before.units
    return _is_stuck(line, why) or (why == CANCELLED and units_there > 0 and _ended_after_work_began(line.sales_order))


def _is_told_by_us(line: OrderLine, why: str) -> bool:
    kind = CANCELLATION if why == CANCELLED else SHIPMENT
    return any(
        row.kind == kind and row.state in (*ON_ITS_WAY, CONFIRMED) and line.item in _items_of(row)
        for part in line.sales_order.marketplace_order.sales_orders
        for row in part.writebacks
    )


def _items_of(row: Writeback) -> Sequence[MarketplaceItem | None]:
    return [line.item for line in row.shipment.order_lines] if row.shipment is not None else [row.item]


def _is_stuck(line: OrderLine, why: str) -> bool:
    """Whether a parcel with it was not sent because of that."""
    reason = CANCELLED_THERE if why == CANCELLED else SHIPPED_THERE
    return line.item.quantity_open < line.quantity and any(
        row.state == NEEDS_ATTENTION
        and row.why == reason
        and row.shipment is not None
        and line in row.shipment.order_lines
        for row in line.sales_order.writebacks
    )


def _ended_after_work_began(order: SalesOrder) -> bool:
    """Whether it was canceled when it was on paper or in a parcel already: that parcel may still lie here."""
    return order.status == CANCELED and bool(order.printed_at or order.shipments)


def _when(why: str, lines: Sequence[OrderLine]) -> datetime | None:
    return max((moment for line in lines if (moment := _moment_of(why, line)) is not None), default=None)


def _moment_of(why: str, line: OrderLine) -> datetime | None:
    if why == ASKED:
        return line.item.cancellation_requested_at
    return line.canceled_at if why == FOR_CLIENT else line.item.changed_at
