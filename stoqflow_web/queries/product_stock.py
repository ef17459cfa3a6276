"""What explains the stock of a product: its movements, the orders that hold it, and those that wait for it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import contains_eager, joinedload, load_only

from stoqflow_web.extensions import db
from stoqflow_web.models import OrderLine, Product, SalesOrder, StockImport, StockMovement, User
from stoqflow_web.models.sales_orders import ON_HOLD, READY_TO_PICK
from stoqflow_web.queries.paging import Keyset, Page, Position, an_id, turn_to

LONGEST_LIST = 50

NEWEST_FIRST: Keyset["Movement"] = Keyset(key_of=lambda told: (told.movement.id,), readers=(an_id,))


@dataclass(frozen=True)
class Movement:
    """One change of stock, with who did it and what it was about, as far as there is any."""

    movement: StockMovement
    user: User | None = None
    order: SalesOrder | None = None
    stock_import: StockImport | None = None


@dataclass(frozen=True)
class Asked:
    """The orders of one status that ask for a product: how many orders and units, and the lines of the first ones."""

    orders: int
    units: int
    lines: Sequence[OrderLine]


def movements_of(product: Product, cursor: str | None = None) -> Page[Movement]:
    """A page of the changes of the product's stock, newest first."""

    def fetch(position: Position | None, limit: int) -> Sequence[Movement]:
        asked = select(StockMovement).where(StockMovement.product_id == product.id).limit(limit)
        if position is None:
            return _told(db.session.scalars(asked.order_by(StockMovement.id.desc())).all())
        (here,) = position.key
        if position.is_backwards:
            return _told(db.session.scalars(asked.where(StockMovement.id > here).order_by(StockMovement.id)).all())
        return _told(db.session.scalars(asked.where(StockMovement.id < here).order_by(StockMovement.id.desc())).all())

    return turn_to(NEWEST_FIRST, cursor, fetch)


def newest_movement_id(product: Product) -> int:
    """0 before the first movement."""
    newest = select(func.max(StockMovement.id)).where(StockMovement.product_id == product.id)
    return db.session.scalar(newest) or 0


def reserved_by(product: Product) -> Asked:
    """The orders that are ready to pick and hold the product; the earliest deadline first."""
    return _asked(product, SalesOrder.status == READY_TO_PICK)


def waited_for_by(product: Product) -> Asked:
    """The orders on hold that ask for the product, for want of it or of something else; the earliest deadline first."""
    return _asked(product, SalesOrder.status == ON_HOLD)


def _asked(product: Product, has_status: ColumnElement[bool]) -> Asked:
    """Whether a line must still leave is as OrderLine.is_open says."""
    is_meant = (
        OrderLine.product_id == product.id,
        OrderLine.quantity > 0,
        OrderLine.canceled_at.is_(None),
        has_status,
    )
    orders, units = db.session.execute(
        select(func.count(SalesOrder.id.distinct()), func.coalesce(func.sum(OrderLine.quantity), 0))
        .join(OrderLine.sales_order)
        .where(*is_meant)
    ).one()
    lines = db.session.scalars(
        select(OrderLine)
        .join(OrderLine.sales_order)
        .where(*is_meant)
        .options(
            contains_eager(OrderLine.sales_order).options(
                joinedload(SalesOrder.shop), joinedload(SalesOrder.marketplace_order)
            )
        )
        .order_by(SalesOrder.sort_day, SalesOrder.id)
        .limit(LONGEST_LIST)
    ).all()
    return Asked(orders, units, lines)


def _told(movements: Sequence[StockMovement]) -> list[Movement]:
    users = {user.id: user for user in db.session.scalars(select(User).where(User.id.in_(_ids(movements, "user_id"))))}
    orders = {
        order.id: order
        for order in db.session.scalars(
            select(SalesOrder)
            .where(SalesOrder.id.in_(_ids(movements, "sales_order_id")))
            .options(load_only(SalesOrder.number, SalesOrder.status))
        )
    }
    imports = {
        each.id: each
        for each in db.session.scalars(
            select(StockImport).where(StockImport.id.in_(_ids(movements, "stock_import_id")))
        )
    }
    return [
        Movement(
            each,
            users.get(each.user_id or 0),
            orders.get(each.sales_order_id or 0),
            imports.get(each.stock_import_id or 0),
        )
        for each in movements
    ]


def _ids(movements: Sequence[StockMovement], name: str) -> Collection[int]:
    return {key for each in movements if (key := getattr(each, name)) is not None}
