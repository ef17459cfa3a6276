"""Stores orders a marketplace told us about, so that telling it twice changes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import insert, select
from sqlalchemy.orm import joinedload, selectinload

from stoqflow_web import clock
from stoqflow_web.allotment import allot
from stoqflow_web.exchange import OrderRecord
from stoqflow_web.merging import merge
from stoqflow_web.models import MarketplaceItem, MarketplaceOrder, OrderLine, OrderWord, SalesOrder, Shop
from stoqflow_web.models.history import MARKETPLACE
from stoqflow_web.models.marketplace_orders import FAR_AWAY
from stoqflow_web.models.sales_orders import CANCELED, COMPLETE, ON_HOLD, OPEN_STATUSES, first_number
from stoqflow_web.search_words import words_of
from stoqflow_web.services import history, holding
from stoqflow_web.services.line_products import KnownProducts, finish_solving, known_products
from stoqflow_web.services.owing import settle_debts
from stoqflow_web.transaction import Transaction


@dataclass
class Stored:
    """What storing a batch came to, by external order id, and the lines whose product nobody knows."""

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
    fresh: list[MarketplaceOrder] = []
    for record in records:
        order = here.get(record.external_id)
        if order is None:
            order = here[record.external_id] = _new_order(shop, record)
            tx.session.add(order)
            merge(order, record)
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
    _follow_changes(tx, [here[external_id] for external_id in stored.changed])
    _look_again_at_unknown_lines(tx, shop, [here[key] for key in stored.changed + stored.unchanged], stored)
    _make_sales_orders(tx, shop, fresh, stored)
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
        if sales_order.is_cancellation_requested:
            history.record(tx, "cancellation_requested", who=MARKETPLACE, sales_order_id=sales_order.id)
        _note_unknown(sales_order.lines, known, stored)
    holding.settle_new(tx, made)


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
    _take_over(sales_order, order)
    return sales_order


def _take_over(sales_order: SalesOrder, order: MarketplaceOrder) -> None:
    """What a sales order repeats of its marketplace order, so that the list can sort and filter by it."""
    sales_order.deliver_by = order.deliver_by
    sales_order.sort_day = order.deliver_by or order.expires_on or FAR_AWAY
    sales_order.is_cancellation_requested = order.is_cancellation_requested


def _follow_changes(tx: Transaction, orders: Sequence[MarketplaceOrder]) -> None:
    """Let the open sales orders follow what changed at the marketplace: quantities, deadlines, a wish to cancel."""
    if not orders:
        return
    families = tx.session.scalars(
        select(MarketplaceOrder)
        .where(MarketplaceOrder.id.in_([order.id for order in orders]))
        .options(
            selectinload(MarketplaceOrder.sales_orders)
            .selectinload(SalesOrder.lines)
            .options(joinedload(OrderLine.item), joinedload(OrderLine.product))
        )
    ).all()
    for family in families:
        for sales_order in family.living_parts:
            if sales_order.is_open:
                holding.give_up_reservation(tx, sales_order)
        _take_over_quantities(family)
        for sales_order in family.living_parts:
            if sales_order.is_open:
                _follow(tx, sales_order, family)
    parts = [sales_order for family in families for sales_order in family.living_parts]
    holding.settle(tx, [sales_order.id for sales_order in parts])
    holding.release_waiting(tx, {line.product_id for part in parts for line in part.lines if line.product_id})
    for family in families:
        if len(family.sales_orders) > 1:  # what was complete may have waited for the part that has just ended
            settle_debts(tx, family, user_id=None)


def _follow(tx: Transaction, sales_order: SalesOrder, family: MarketplaceOrder) -> None:
    was_requested = sales_order.is_cancellation_requested
    if not sales_order.lines_to_ship:
        sales_order.status = _ended_as([line.item for line in sales_order.lines])
        sales_order.ended_at = clock.now()
        sales_order.is_cancellation_requested = False
        event = "canceled_at_marketplace" if sales_order.status == CANCELED else "shipped_at_marketplace"
    else:
        _take_over(sales_order, family)  # an order that has ended keeps its deadline: lists are sorted by it
        is_news = sales_order.is_cancellation_requested and not was_requested
        event = "cancellation_requested" if is_news else "changed_at_marketplace"
    history.record(tx, event, who=MARKETPLACE, sales_order_id=sales_order.id)


def _take_over_quantities(family: MarketplaceOrder) -> None:
    for item in family.our_items:
        lines = [line for part in family.sales_orders for line in part.lines if line.item is item]
        for line, quantity in allot(item, lines).items():
            line.quantity = quantity


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


def _ended_as(items: Sequence[MarketplaceItem]) -> str:
    """Nothing is left to do: something was shipped outside Stoqflow, or all of it was cancelled."""
    return COMPLETE if any(item.quantity_shipped for item in items) else CANCELED


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
