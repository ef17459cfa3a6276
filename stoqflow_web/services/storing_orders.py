"""Stores orders a marketplace told us about, so that telling it twice changes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.orm import joinedload, selectinload

from stoqflow_web import clock
from stoqflow_web.exchange import OrderRecord
from stoqflow_web.merging import merge
from stoqflow_web.models import MarketplaceOrder, OrderLine, OrderWord, Product, SalesOrder, Shop
from stoqflow_web.models.history import MARKETPLACE
from stoqflow_web.models.products import SHIPPED_ELSEWHERE
from stoqflow_web.models.sales_orders import ON_HOLD, OPEN_STATUSES, first_number
from stoqflow_web.search_words import words_of
from stoqflow_web.services import cancellation_requests, history, holding, stock
from stoqflow_web.services.following_changes import follow, take_over_what_is_listed
from stoqflow_web.services.line_products import KnownProducts, finish_solving, known_products
from stoqflow_web.services.stock_to_tell import forget_told
from stoqflow_web.transaction import Transaction


@dataclass
class Stored:
    """What storing a batch came to, by external order id, and the lines whose product nobody knows."""

    began_at: datetime = field(default_factory=clock.now)
    new: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    nothing_to_do: list[str] = field(default_factory=list)  # not here before, and nothing in it is left for us to ship
    deleted: list[str] = field(default_factory=list)  # deleted here: it never comes back by itself
    unknown_lines: list[tuple[OrderLine, list[str]]] = field(default_factory=list)  # with the SKUs that it could be


def store_orders(tx: Transaction, shop: Shop, records: Sequence[OrderRecord]) -> Stored:
    """Keep what each record says, and give each order that we must ship its sales order. For small batches."""
    stored = Stored()
    here = _orders_here(tx, shop.id, [record.external_id for record in records])
    were_cancelled = {item.id: item.quantity_cancelled for order in here.values() for item in order.items}
    fresh: list[MarketplaceOrder] = []
    new: list[MarketplaceOrder] = []
    asked = {order.id: cancellation_requests.asked_items(order) for order in here.values()}
    for record in records:
        order = here.get(record.external_id)
        if order is None:
            order = here[record.external_id] = _new_order(shop, record)
            tx.session.add(order)
            merge(order, record)
            new.append(order)
            if any(item.is_open for item in order.our_items):
                fresh.append(order)
                stored.new.append(record.external_id)
            else:
                stored.nothing_to_do.append(record.external_id)
        elif order.deleted_at is not None:
            merge(order, record)
            stored.deleted.append(record.external_id)
        elif merge(order, record):
            stored.changed.append(record.external_id)
        else:
            stored.unchanged.append(record.external_id)
        order.checked_at = clock.now()
    _note_what_had_left(tx, shop, new)
    changed = [here[external_id] for external_id in stored.changed]
    follow(
        tx,
        [order.id for order in changed],
        are_changed=True,
        asked=asked,
        newly_cancelled=[
            item.id
            for order in changed
            for item in order.our_items
            if item.quantity_cancelled > were_cancelled.get(item.id, 0)
        ],
    )
    _look_again_at_unknown_lines(tx, shop, [here[key] for key in stored.changed + stored.unchanged], stored)
    _make_sales_orders(tx, shop, fresh, stored)
    if shop.tells_stock:
        forget_told(tx, (item for order in fresh for item in order.our_items))
    return stored


def _orders_here(tx: Transaction, shop_id: int, external_ids: Sequence[str]) -> dict[str, MarketplaceOrder]:
    orders = tx.session.scalars(
        select(MarketplaceOrder)
        .where(MarketplaceOrder.shop_id == shop_id, MarketplaceOrder.external_id.in_(external_ids))
        .options(selectinload(MarketplaceOrder.items))
        .order_by(MarketplaceOrder.id)
        .with_for_update()  # a click on one of them waits, or we do
    )
    return {order.external_id: order for order in orders}


def _new_order(shop: Shop, record: OrderRecord) -> MarketplaceOrder:
    now = clock.now()
    return MarketplaceOrder(shop_id=shop.id, external_id=record.external_id, came_in_at=now, checked_at=now, items=[])


def _note_what_had_left(tx: Transaction, shop: Shop, orders: Sequence[MarketplaceOrder]) -> None:
    """What was shipped before the order came in here is no work of ours, but the goods are gone.

    They are taken off the stock of a product that was here before the order was placed: else our count, which begins
    with the marketplace's own number, does not have them.
    """
    left = [item for order in orders for item in order.our_items if item.quantity_shipped]
    if not left:
        return
    known = known_products(tx, shop.id, left)
    moved: list[tuple[Product, int]] = []
    for item in left:
        item.shipped_elsewhere = item.quantity_shipped
        product, placed_at = known.product_for(item), item.order.placed_at
        if product is not None and placed_at is not None and product.created_at <= placed_at:
            moved.append((product, item.quantity_shipped))
    for product, units in sorted(moved, key=lambda each: each[0].id):
        stock.move(tx, product, -units, SHIPPED_ELSEWHERE)


def _make_sales_orders(tx: Transaction, shop: Shop, orders: Sequence[MarketplaceOrder], stored: Stored) -> None:
    if not orders:
        return
    tx.session.flush()  # gives the ids that the numbers are made from
    known = known_products(tx, shop.id, [item for order in orders for item in order.our_items])
    made = [_sales_order(order, known) for order in orders]
    tx.session.add_all(made)
    tx.session.flush()
    add_words(tx, made)
    for sales_order in made:
        order = sales_order.marketplace_order
        age = None if order.placed_at is None else int((order.came_in_at - order.placed_at).total_seconds())
        history.record(
            tx,
            "came_in",
            who=MARKETPLACE,
            sales_order_id=sales_order.id,
            shop=shop.name,
            seconds_after_placed=age,
        )
        cancellation_requests.follow(tx, order)
        _note_unknown(sales_order.lines, known, stored)
    holding.settle_new(tx, made)
    cancellation_requests.accept_by_itself(tx, made)


def _sales_order(order: MarketplaceOrder, known: KnownProducts) -> SalesOrder:
    sales_order = SalesOrder(
        number=first_number(order.id),
        marketplace_order=order,
        shop_id=order.shop_id,
        status=ON_HOLD,
        created_at=clock.now(),
        lines=[
            OrderLine(item=item, product=known.product_for(item), quantity=item.quantity_open, position=position)
            for position, item in enumerate((item for item in order.our_items if item.is_open), start=1)
        ],
    )
    take_over_what_is_listed(sales_order, order)
    return sales_order


def _look_again_at_unknown_lines(
    tx: Transaction, shop: Shop, orders: Sequence[MarketplaceOrder], stored: Stored
) -> None:
    """A product may have come in since an order did; what is still unknown needs a person, this time too."""
    if not orders:
        return
    lines = tx.session.scalars(
        select(OrderLine)
        .join(OrderLine.sales_order)
        .where(
            OrderLine.product_id.is_(None),
            SalesOrder.status.in_(OPEN_STATUSES),
            SalesOrder.marketplace_order_id.in_([order.id for order in orders]),
        )
        .options(joinedload(OrderLine.item), joinedload(OrderLine.sales_order))
    ).all()
    if not lines:
        return
    known = known_products(tx, shop.id, [line.item for line in lines])
    for line in lines:
        line.product = known.product_for(line.item)
    solved = [line for line in lines if line.product is not None]
    if solved:
        finish_solving(tx, solved)
    _note_unknown(lines, known, stored)


def _note_unknown(lines: Sequence[OrderLine], known: KnownProducts, stored: Stored) -> None:
    for line in lines:
        if line.product is None:
            stored.unknown_lines.append((line, [product.sku for product in known.candidates(line.item)]))


def add_words(tx: Transaction, sales_orders: Sequence[SalesOrder]) -> None:
    rows = [
        {"word": word, "sales_order_id": sales_order.id}
        for sales_order in sales_orders
        for word in order_words(sales_order)
    ]
    tx.session.connection().execute(insert(OrderWord), rows)  # past the ORM, which would look at each of many rows


def order_words(sales_order: SalesOrder) -> set[str]:
    """What an order is found by: number, external id, client, city, and the SKU, reference and EAN of each line."""
    order = sales_order.marketplace_order
    texts = [sales_order.number, order.external_id, order.client_name, order.client_city]
    texts += [address.company for address in (order.ship_to, order.invoice_to) if address is not None]
    for line in sales_order.lines:
        texts += [line.item.reference, line.item.ean, line.product.sku if line.product else None]
    return words_of(*texts)
