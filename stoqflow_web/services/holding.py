"""Decides by stock which open orders are ready to pick and which are on hold, and reserves what is promised.

A ready order holds a reservation on each of its products; an order on hold holds none. Nothing else changes
`Product.reserved`.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from stoqflow_web.models import MarketplaceOrder, OrderLine, Product, SalesOrder
from stoqflow_web.models.sales_orders import ON_HOLD, READY_TO_PICK
from stoqflow_web.services import history
from stoqflow_web.transaction import Transaction

MOST_RELEASED = 200  # by one click; more orders than that waiting for one product get their turn with the next


def settle(tx: Transaction, sales_order_ids: Iterable[int]) -> None:
    """Decide anew for these orders, the earliest deadline first; orders that are not open are left alone."""
    ids = list(sales_order_ids)
    if not ids:
        return
    tx.session.flush()
    orders = tx.session.scalars(
        select(SalesOrder)
        .where(SalesOrder.id.in_(ids))
        .options(selectinload(SalesOrder.lines).joinedload(OrderLine.item))
    ).all()
    _settle(tx, orders, is_first_time=False)


def settle_new(tx: Transaction, orders: Sequence[SalesOrder]) -> None:
    """Decide for orders that have just been flushed; that one is on hold is news too."""
    _settle(tx, orders, is_first_time=True)


def release_waiting(tx: Transaction, product_ids: Collection[int]) -> None:
    """Stock of these products became free: orders on hold for them are decided anew, the earliest deadline first.

    An order that somebody is acting on at this moment is passed over; the next change of stock finds it.
    """
    if not product_ids:
        return
    tx.session.flush()
    waiting = tx.session.scalars(
        select(SalesOrder.id)
        .join(SalesOrder.marketplace_order)
        .where(
            SalesOrder.status == ON_HOLD,
            SalesOrder.id.in_(select(OrderLine.sales_order_id).where(OrderLine.product_id.in_(product_ids))),
        )
        .order_by(SalesOrder.sort_day, SalesOrder.id)
        .limit(MOST_RELEASED)
        .with_for_update(of=MarketplaceOrder, skip_locked=True)
    ).all()
    settle(tx, waiting)


def give_up_reservation(tx: Transaction, order: SalesOrder) -> None:
    """Before a ready order's lines change or it leaves the work list: its reservation goes back, it is on hold."""
    if order.status == READY_TO_PICK:
        _release(order, _locked_products(tx, [order]))
        order.status = ON_HOLD


def products_of(tx: Transaction, order: SalesOrder) -> dict[int, Product]:
    """The products on an order's lines by id, locked until the commit."""
    return _locked_products(tx, [order])


def lock_products(tx: Transaction, orders: Iterable[SalesOrder]) -> dict[int, Product]:
    """The products on the lines of these orders by id, locked until the commit: all at once, before any changes."""
    return _locked_products(tx, orders)


def needs(order: SalesOrder) -> Counter[int]:
    """Units per product that the order's lines ask for."""
    wanted: Counter[int] = Counter()
    for line in order.lines_to_ship:
        if line.product_id is not None:
            wanted[line.product_id] += line.quantity
    return wanted


def shortages(order: SalesOrder, products: dict[int, Product]) -> list[str]:
    """What keeps an order without a reservation from being picked: names of unknown products, SKUs that are short."""
    unknown = [line.name for line in order.lines_to_ship if line.product_id is None]
    short = [products[key].sku for key, quantity in needs(order).items() if products[key].free < quantity]
    return unknown + short


def _settle(tx: Transaction, orders: Sequence[SalesOrder], *, is_first_time: bool) -> None:
    products = _locked_products(tx, orders)
    for order in sorted(orders, key=lambda order: (order.sort_day, order.id)):
        if order.is_open:
            _settle_one(tx, order, products, is_first_time)


def _settle_one(tx: Transaction, order: SalesOrder, products: dict[int, Product], is_first_time: bool) -> None:
    was_ready = order.status == READY_TO_PICK
    if was_ready:
        _release(order, products)
    missing = shortages(order, products)
    if not missing:
        _reserve(order, products)
        order.status = READY_TO_PICK
        if not was_ready:
            history.record(tx, "released", sales_order_id=order.id)
    else:
        order.status = ON_HOLD
        if was_ready or is_first_time:
            history.record(tx, "put_on_hold", sales_order_id=order.id, short=", ".join(missing)[:500])


def _reserve(order: SalesOrder, products: dict[int, Product]) -> None:
    for product_id, quantity in needs(order).items():
        products[product_id].reserved += quantity


def _release(order: SalesOrder, products: dict[int, Product]) -> None:
    for product_id, quantity in needs(order).items():
        products[product_id].reserved -= quantity


def _locked_products(tx: Transaction, orders: Iterable[SalesOrder]) -> dict[int, Product]:
    """The products of these orders, locked in one order everywhere so that two workers can't wait for each other."""
    ids = sorted({line.product_id for order in orders for line in order.lines if line.product_id is not None})
    if not ids:
        return {}
    products = tx.session.scalars(
        select(Product)
        .where(Product.id.in_(ids))
        .order_by(Product.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {product.id: product for product in products}
