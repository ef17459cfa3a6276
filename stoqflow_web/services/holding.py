"""Decides by stock which open orders are ready to pick and which are on hold, and reserves what is promised.

A ready order holds a reservation on each of its products; an order on hold holds none. Nothing else changes
`Product.reserved`, and no more is reserved than is there. Whatever a transaction does to stock or reservations, the
orders follow before its commit (`Settlement`): what became free goes to those that wait, the earliest deadline first;
what is not there any more is taken back from those that are ready, the latest deadline first.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence

from sqlalchemy import ColumnElement, Select, func, or_, select, update
from sqlalchemy.orm import selectinload

from stoqflow_web.models import MarketplaceOrder, OrderLine, Product, SalesOrder
from stoqflow_web.models.sales_orders import ON_HOLD, READY_TO_PICK
from stoqflow_web.services import history
from stoqflow_web.services.stock_lock import lock_stock
from stoqflow_web.services.stock_to_tell import free_changed
from stoqflow_web.transaction import Transaction, reading, transaction

MOST_RELEASED = 200  # in one transaction; the sweep goes on with the others
MOST_ROUNDS = 20  # of one sweep
MOST_PRODUCTS = 50  # in one round


class Settlement:
    """The products whose stock or reservations a transaction touches, and how many were free before."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._free_before: dict[Product, int] = {}

    def touch(self, product: Product) -> None:
        """Remember how many are free. Called before they change, while the product is locked."""
        self._free_before.setdefault(product, (product.on_hand or 0) - (product.reserved or 0))

    def before_commit(self) -> None:
        """Let the orders follow what became of the stock."""
        self._tx.session.flush()
        touched = sorted(self._free_before, key=lambda product: product.id)
        for product in touched:
            _put_on_hold(self._tx, product)
        freed = {product.id for product, before in self._free_before.items() if product.free > max(before, 0)}
        _release_waiting(self._tx, freed)
        free_changed(self._tx, [product.id for product in self._free_before])


def settle(tx: Transaction, sales_order_ids: Iterable[int]) -> None:
    """Decide anew for these orders, the earliest deadline first; orders that are not open are left alone.

    One that somebody else is acting on at this moment is passed over; the sweep looks at it again.
    """
    ids = set(sales_order_ids)
    if not ids:
        return
    tx.session.flush()
    lock_stock(tx)
    ours = _not_acted_on(tx, select(SalesOrder.id).where(SalesOrder.id.in_(ids)))
    _look_again_at_products_of(tx, ids - set(ours))
    _settle(tx, _orders(tx, ours), is_first_time=False)


def settle_new(tx: Transaction, orders: Sequence[SalesOrder]) -> None:
    """Decide for orders that have just been flushed; that one is on hold is news too."""
    _settle(tx, orders, is_first_time=True)


def sweep() -> int:
    """Go on where more orders waited than one transaction takes, or somebody was acting on one; in how many rounds.

    Called every few seconds.
    """
    for done in range(MOST_ROUNDS):
        with reading() as session:
            ids = session.scalars(
                select(Product.id).where(Product.is_unsettled).order_by(Product.id).limit(MOST_PRODUCTS)
            ).all()
        if not ids:
            return done
        with transaction() as tx:
            products = _locked(tx, ids)
            for product in products.values():
                product.is_unsettled = False
            for product in products.values():
                _put_on_hold(tx, product)
            _release_waiting(tx, {product.id for product in products.values() if product.free > 0})
    return MOST_ROUNDS


def give_up_reservation(tx: Transaction, order: SalesOrder) -> None:
    """Before a ready order's lines change or it leaves the work list: its reservation goes back, it is on hold."""
    free_changed(tx, needs(order))  # what an order on hold waits for is kept for it too
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


def _put_on_hold(tx: Transaction, product: Product) -> None:
    """Take reservations of the product back while more is promised than is there, the latest deadline first."""
    too_many = product.reserved - max(product.on_hand, 0)
    if too_many <= 0:
        return
    ready = _not_acted_on(
        tx,
        select(SalesOrder.id)
        .where(SalesOrder.status == READY_TO_PICK, _asks_for([product.id]))
        .order_by(SalesOrder.sort_day.desc(), SalesOrder.id.desc())
        .limit(min(too_many, MOST_RELEASED)),  # each holds one unit at least
    )
    orders = _orders(tx, ready)
    products = _locked_products(tx, orders)
    for order in sorted(orders, key=lambda order: (order.sort_day, order.id), reverse=True):
        if product.reserved <= max(product.on_hand, 0):
            return
        if order.status == READY_TO_PICK and product.id in needs(order):
            _release(order, products)
            order.status = ON_HOLD
            _tell_on_hold(tx, order, shortages(order, products))
    if product.reserved > max(product.on_hand, 0):
        product.is_unsettled = True


def _release_waiting(tx: Transaction, product_ids: Collection[int]) -> None:
    """Stock of these products became free: orders on hold that could be picked now are, the earliest deadline first."""
    if not product_ids:
        return
    tx.session.flush()
    could_be_picked = (
        select(SalesOrder.id)
        .where(SalesOrder.status == ON_HOLD, _asks_for(product_ids), ~_is_short())
        .order_by(SalesOrder.sort_day, SalesOrder.id)
    )
    waiting = _not_acted_on(tx, could_be_picked.limit(MOST_RELEASED))
    _settle(tx, _orders(tx, waiting), is_first_time=False)
    if waiting:
        tx.session.flush()
    left = tx.session.scalars(could_be_picked.limit(1)).all()
    if left:
        _look_again(tx, Product.id.in_(product_ids))


def _asks_for(product_ids: Collection[int]) -> ColumnElement[bool]:
    """Whether a line of the order that must still leave asks for one of these products."""
    return SalesOrder.id.in_(
        select(OrderLine.sales_order_id).where(
            OrderLine.product_id.in_(product_ids), OrderLine.quantity > 0, OrderLine.canceled_at.is_(None)
        )
    )


def _is_short() -> ColumnElement[bool]:
    """Whether the order on hold asks for an unknown product, or for more of one than is free: `shortages` in SQL."""
    return (
        select(OrderLine.product_id)
        .outerjoin(Product, Product.id == OrderLine.product_id)
        .where(OrderLine.sales_order_id == SalesOrder.id, OrderLine.quantity > 0, OrderLine.canceled_at.is_(None))
        .group_by(OrderLine.product_id, Product.on_hand, Product.reserved)
        .having(or_(OrderLine.product_id.is_(None), func.sum(OrderLine.quantity) > Product.on_hand - Product.reserved))
        .correlate(SalesOrder)
        .exists()
    )


def _not_acted_on(tx: Transaction, asked: Select[int]) -> Sequence[int]:
    """Of the orders asked for, those whose family nobody else is acting on; from here on only we are."""
    return tx.session.scalars(
        asked.join(SalesOrder.marketplace_order).with_for_update(of=MarketplaceOrder, skip_locked=True)
    ).all()


def _orders(tx: Transaction, ids: Sequence[int]) -> Sequence[SalesOrder]:
    """The orders as they are now that their families are locked."""
    if not ids:
        return []
    return tx.session.scalars(
        select(SalesOrder)
        .where(SalesOrder.id.in_(ids))
        .options(selectinload(SalesOrder.lines).joinedload(OrderLine.item))
        .execution_options(populate_existing=True)
    ).all()


def _look_again_at_products_of(tx: Transaction, sales_order_ids: Collection[int]) -> None:
    if sales_order_ids:
        asked_for = select(OrderLine.product_id).where(OrderLine.sales_order_id.in_(sales_order_ids))
        _look_again(tx, Product.id.in_(asked_for))


def _look_again(tx: Transaction, which: ColumnElement[bool]) -> None:
    """Leave it to the sweep to go on with these products."""
    tx.session.execute(update(Product).where(which).values(is_unsettled=True))


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
            _tell_on_hold(tx, order, missing)


def _tell_on_hold(tx: Transaction, order: SalesOrder, missing: Sequence[str]) -> None:
    history.record(tx, "put_on_hold", sales_order_id=order.id, short=", ".join(missing)[:500])


def _reserve(order: SalesOrder, products: dict[int, Product]) -> None:
    for product_id, quantity in needs(order).items():
        products[product_id].reserved += quantity


def _release(order: SalesOrder, products: dict[int, Product]) -> None:
    for product_id, quantity in needs(order).items():
        products[product_id].reserved -= quantity


def _locked_products(tx: Transaction, orders: Iterable[SalesOrder]) -> dict[int, Product]:
    """The products of these orders by id."""
    return _locked(tx, {line.product_id for order in orders for line in order.lines if line.product_id is not None})


def _locked(tx: Transaction, product_ids: Collection[int]) -> dict[int, Product]:
    """These products by id, locked until the commit and remembered as they were."""
    if not product_ids:
        return {}
    lock_stock(tx)
    products = tx.session.scalars(
        select(Product)
        .where(Product.id.in_(product_ids))
        .order_by(Product.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    for product in products:
        tx.part(Settlement).touch(product)
    return {product.id: product for product in products}
