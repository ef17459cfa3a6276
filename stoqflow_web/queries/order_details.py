"""One order with everything its page shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from stoqflow_web.errors import NotFound
from stoqflow_web.extensions import db
from stoqflow_web.models import (
    HistoryEntry,
    MarketplaceItem,
    MarketplaceOrder,
    OrderLine,
    SalesOrder,
    Shipment,
    ShipmentLine,
)
from stoqflow_web.models.sales_orders import DELETED, READY_TO_PICK
from stoqflow_web.queries.paging import HIGHEST_ID

LONGEST_HISTORY = 200


@dataclass(frozen=True)
class LineStock:
    """What is there for one line, in units: `there` for it alone, `short` how many are missing."""

    there: int
    short: int


def find(order_id: int) -> SalesOrder:
    """The order with lines, products, items, shop and client loaded, and its whole family. Raises NotFound.

    A deleted order is not found; the refusal says who deleted it.
    """
    order = _find(order_id)
    if order is not None and order.is_deleted:
        raise NotFound(_who_deleted(order))
    if order is None:
        raise NotFound(_("This order is not here, or not any more."))
    return order


def number_of_deleted(order_id: int) -> str | None:
    """The number of an order that was deleted; None of any other, and of one that is not here."""
    if order_id > HIGHEST_ID:
        return None
    return db.session.scalar(select(SalesOrder.number).where(SalesOrder.id == order_id, SalesOrder.status == DELETED))


def history_of(order: SalesOrder) -> Sequence[HistoryEntry]:
    """What happened to the order, newest first."""
    return db.session.scalars(
        select(HistoryEntry)
        .where(HistoryEntry.sales_order_id == order.id)
        .options(joinedload(HistoryEntry.user))
        .order_by(HistoryEntry.id.desc())
        .limit(LONGEST_HISTORY)
    ).all()


def find_line(line_id: int) -> OrderLine:
    """The line with its item, product, order and shop loaded. Raises NotFound."""
    line = None
    if line_id <= HIGHEST_ID:
        line = db.session.scalar(
            select(OrderLine)
            .where(OrderLine.id == line_id)
            .options(
                joinedload(OrderLine.item),
                joinedload(OrderLine.product),
                joinedload(OrderLine.sales_order).options(
                    joinedload(SalesOrder.shop), joinedload(SalesOrder.marketplace_order)
                ),
            )
        )
    if line is None or line.sales_order.is_deleted:
        raise NotFound(_("This order line is not here, or not any more."))
    return line


def stock_for_lines(order: SalesOrder) -> dict[int, LineStock]:
    """What is there for each line that must still leave and whose product is known, by line id.

    What a ready order has reserved counts as there. Two lines of one product share what there is, the first line first.
    """
    left: dict[int, int] = {}
    for line in order.lines_to_ship:
        if line.product is not None:
            own = line.quantity if order.status == READY_TO_PICK else 0
            left[line.product.id] = left.get(line.product.id, line.product.free) + own
    stock: dict[int, LineStock] = {}
    for line in order.lines_to_ship:
        if line.product is not None:
            there = max(left[line.product.id], 0)
            stock[line.id] = LineStock(there, short=max(line.quantity - there, 0))
            left[line.product.id] -= line.quantity
    return stock


def units_to_split_off(order: SalesOrder) -> dict[int, int]:
    """Units per line id that can't be picked from what is there now, its own reservation included.

    Of a line whose product is not known that is all of it.
    """
    stock = stock_for_lines(order)
    return {line.id: stock[line.id].short if line.id in stock else line.quantity for line in order.lines_to_ship}


def units_short(order: SalesOrder) -> int:
    """Units of known products that are missing before the order can be picked."""
    return sum(line.short for line in stock_for_lines(order).values())


def total_of(order: SalesOrder) -> Decimal | None:
    """What the client pays for the lines that are not canceled, in euros; None when a price is not known."""
    prices = [(line.item.unit_price, line.quantity) for line in order.lines_to_ship]
    if not prices or any(price is None for price, _quantity in prices):
        return None
    return sum((price * quantity for price, quantity in prices if price is not None), Decimal(0))


def fulfilments_of(order: MarketplaceOrder) -> list[str]:
    """Each way in which items of the order are fulfilled, once."""
    return list(dict.fromkeys(item.fulfilment for item in order.items))


def most_urgent_item(order: MarketplaceOrder) -> MarketplaceItem | None:
    """The item of ours with the earliest delivery day, one that is still open before all others."""
    dated = [item for item in order.our_items if item.deliver_by]
    return min(dated, key=lambda item: (not item.is_open, item.deliver_by), default=None)


def _who_deleted(order: SalesOrder) -> str:
    entry = next((entry for entry in history_of(order) if entry.event == "deleted"), None)
    if entry is None or entry.user is None:
        return _("%(number)s was deleted; a manager can bring it back.", number=order.number)
    return _(
        "%(number)s was deleted by %(name)s; a manager can bring it back.", number=order.number, name=entry.user.name
    )


def _find(order_id: int) -> SalesOrder | None:
    if order_id > HIGHEST_ID:
        return None
    return db.session.scalar(
        select(SalesOrder)
        .where(SalesOrder.id == order_id)
        .options(
            joinedload(SalesOrder.shop),
            joinedload(SalesOrder.marketplace_order).options(
                selectinload(MarketplaceOrder.items),
                selectinload(MarketplaceOrder.sales_orders).options(
                    selectinload(SalesOrder.lines).options(joinedload(OrderLine.product), joinedload(OrderLine.item)),
                    selectinload(SalesOrder.shipments).selectinload(Shipment.lines).joinedload(ShipmentLine.order_line),
                    selectinload(SalesOrder.writebacks),
                ),
            ),
        )
    )
