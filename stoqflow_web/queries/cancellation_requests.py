"""The order lines whose client asked to cancel, and that nobody has answered yet."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, func, not_, or_, select, true, tuple_
from sqlalchemy.orm import joinedload

from stoqflow_web.extensions import db
from stoqflow_web.models import (
    MarketplaceItem,
    MarketplaceOrder,
    OrderLine,
    SalesOrder,
    Shipment,
    ShipmentLine,
    Writeback,
)
from stoqflow_web.models.sales_orders import COMPLETE, OPEN_STATUSES
from stoqflow_web.models.writebacks import NEEDS_ATTENTION, PENDING, WITHDRAWN
from stoqflow_web.queries.paging import Keyset, Page, Position, a_day, an_id, turn_to

COUNTED_UP_TO = 1_000
BY_DEADLINE: Keyset[Any] = Keyset(
    key_of=lambda line: (line.sales_order.sort_day, line.sales_order_id, line.id), readers=(a_day, an_id, an_id)
)
_KEY = (SalesOrder.sort_day, SalesOrder.id, OrderLine.id)


def count() -> int:
    """In how many orders a line awaits an answer, at most COUNTED_UP_TO: for the navigation."""
    return counts()[0]


def counts() -> tuple[int, int]:
    """Likewise, and how many of them were printed already."""
    some = asked_orders(SalesOrder.printed_at).limit(COUNTED_UP_TO).subquery()
    number, printed = db.session.execute(select(func.count(), func.count(some.c.printed_at)).select_from(some)).one()
    return number, printed


def asked_orders(*columns: Any) -> Any:
    """The ids of the orders with such a line, and these columns of them."""
    return _lines(SalesOrder.id, *columns).distinct()


def page(cursor: str | None = None) -> Page[OrderLine]:
    """One page, the most urgent deadline first, with all that its rows show."""
    session = db.session()

    def fetch(position: Position | None, limit: int) -> Sequence[OrderLine]:
        wanted = _lines(OrderLine).options(*_WHOLE).limit(limit)
        if position is None:
            return session.scalars(wanted.order_by(*_KEY)).all()
        here, there = tuple_(*_KEY), tuple_(*position.key)
        if position.is_backwards:
            return session.scalars(wanted.where(here < there).order_by(*(part.desc() for part in _KEY))).all()
        return session.scalars(wanted.where(here > there).order_by(*_KEY)).all()

    return turn_to(BY_DEADLINE, cursor, fetch)


def _lines(*what: Any) -> Any:
    """OrderLine.awaits_answer as a query. It begins with the few orders that are flagged (SalesOrder.note_requests)."""
    return (
        select(*what)
        .select_from(OrderLine)
        .join(OrderLine.sales_order)
        .join(OrderLine.item)
        .where(
            SalesOrder.is_cancellation_requested == true(),
            SalesOrder.status.in_((*OPEN_STATUSES, COMPLETE)),
            MarketplaceItem.is_cancellation_requested == true(),
            MarketplaceItem.quantity > MarketplaceItem.quantity_shipped + MarketplaceItem.quantity_cancelled,
            OrderLine.canceled_at.is_(None),
            OrderLine.quantity > 0,
            or_(
                OrderLine.ship_anyway_at.is_(None),
                OrderLine.ship_anyway_at < MarketplaceItem.cancellation_requested_at,
            ),
            not_(_is_told()),
        )
    )


def _is_told() -> ColumnElement[bool]:
    """Of OrderLine: the marketplace has heard, or may have heard, of a parcel that it is in."""
    can_be_undone = and_(Writeback.state.in_((PENDING, NEEDS_ATTENTION)), Writeback.sent_at.is_(None))
    is_taken_back = and_(Writeback.state == WITHDRAWN, Writeback.why.is_(None))
    return (
        select(Writeback.id)
        .join(Shipment, Shipment.id == Writeback.shipment_id)
        .join(ShipmentLine, ShipmentLine.shipment_id == Shipment.id)
        .where(
            Writeback.sales_order_id == OrderLine.sales_order_id,
            ShipmentLine.order_line_id == OrderLine.id,
            Shipment.undone_at.is_(None),
            not_(can_be_undone),
            not_(is_taken_back),
        )
        .correlate(OrderLine)
        .exists()
    )


_WHOLE = (
    joinedload(OrderLine.item),
    joinedload(OrderLine.product),
    joinedload(OrderLine.sales_order).options(
        joinedload(SalesOrder.shop),
        joinedload(SalesOrder.marketplace_order)
        .load_only(
            MarketplaceOrder.external_id,
            MarketplaceOrder.ship_to,
            MarketplaceOrder.client_name,
            MarketplaceOrder.client_city,
        )
        .selectinload(MarketplaceOrder.sales_orders)
        .load_only(SalesOrder.number, SalesOrder.status, SalesOrder.marketplace_order_id),
    ),
)
