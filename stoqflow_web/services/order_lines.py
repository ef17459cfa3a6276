"""Says which product an order line means, once for all lines of the same offer, and lets that be corrected."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload, selectinload

from stoqflow_web import clock
from stoqflow_web.errors import NotFound, StoqflowError
from stoqflow_web.matching import normalise_ean
from stoqflow_web.models import (
    ImportProblem,
    MarketplaceItem,
    MarketplaceOrder,
    Offer,
    OrderLine,
    OrderWord,
    Product,
    SalesOrder,
)
from stoqflow_web.models.sales_orders import ON_HOLD, OPEN_STATUSES, READY_TO_PICK
from stoqflow_web.ordered_as import has_another_ean
from stoqflow_web.search_words import words_of
from stoqflow_web.services import history, holding
from stoqflow_web.services.line_products import finish_solving
from stoqflow_web.services.new_products import make_product
from stoqflow_web.services.stock_lock import lock_stock
from stoqflow_web.services.stock_to_tell import offer_changed
from stoqflow_web.services.storing_orders import order_words
from stoqflow_web.transaction import Transaction, transaction


class ProductAlreadyChosen(StoqflowError):
    """The line means another product than the page showed."""


class LineNotOpen(StoqflowError):
    """The order is complete or canceled, or the line is: what it meant is history."""


class AnotherEan(StoqflowError):
    """The product's EAN is not the ordered one: only a person who saw both may choose it."""


@dataclass(frozen=True)
class ChosenProduct:
    """`lines_solved` counts every open line that got the product: this one and the others of the same offer."""

    product: Product
    sales_order_id: int
    lines_solved: int


def choose_product(
    line_id: int, product_id: int, user_id: int, *, instead_of: int | None = None, despite_ean: bool = False
) -> ChosenProduct:
    """Let the line, and the other open lines of the same offer, mean this product; the offer keeps it for next time.

    `instead_of` is the id of the product that the person saw on the line, None for none. When it changes, the lines of
    the offer that meant the old one follow, and stock decides anew about their orders. Doing it again with the same
    product changes nothing. Raises NotFound, LineNotOpen, ProductAlreadyChosen; AnotherEan unless `despite_ean`.
    """
    with transaction() as tx:
        line, others = _locked_lines(tx, line_id)
        product = tx.session.get(Product, product_id)
        if product is None:
            raise NotFound(_("This product is not here, or not any more."))
        if line.product_id == product.id:
            return ChosenProduct(product, line.sales_order_id, lines_solved=0)
        _refuse_what_was_overtaken(tx, line, instead_of)
        if has_another_ean(line.item, product) and not despite_ean:
            raise AnotherEan(_("%(sku)s has another EAN than what was ordered.", sku=product.sku))
        return _choose(tx, line, others, product, user_id)


def create_product(
    line_id: int, *, sku: str, ean: str, title: str, user_id: int, units: int = 0, instead_of: int | None = None
) -> ChosenProduct:
    """Make a new product with so many units on hand, and let the line mean it.

    An EAN that is not the ordered one was typed on purpose, so it is not asked about. Raises Invalid as `make_product`
    does, beside what `choose_product` raises.
    """
    with transaction() as tx:
        line, others = _locked_lines(tx, line_id)
        _refuse_what_was_overtaken(tx, line, instead_of)
        product = make_product(tx, sku=sku, ean=ean, title=title, units=units, user_id=user_id)
        return _choose(tx, line, others, product, user_id)


def _refuse_what_was_overtaken(tx: Transaction, line: OrderLine, instead_of: int | None) -> None:
    if line.product_id is not None and line.product_id != instead_of:
        product = tx.session.get_one(Product, line.product_id)
        raise ProductAlreadyChosen(_("Somebody chose %(sku)s for this line already.", sku=product.sku))


def _choose(
    tx: Transaction, line: OrderLine, others: Sequence[OrderLine], product: Product, user_id: int
) -> ChosenProduct:
    before = None if line.product_id is None else tx.session.get_one(Product, line.product_id)
    lines = [line, *(each for each in others if each.product_id in (None, line.product_id))]
    orders = {each.sales_order_id: each.sales_order for each in lines}
    were_ready = [order for order in orders.values() if order.status == READY_TO_PICK]
    _lock_products(tx, orders.values(), product)
    for order in were_ready:
        holding.give_up_reservation(tx, order)
    _remember_for_the_offer(tx, line.item, product, before)
    for each in lines:
        _note(tx, each, product, user_id)
        each.product = product
    finish_solving(tx, lines)
    for order in orders.values():
        if before is not None:
            _forget_words(tx, order, before)
    for order in were_ready:
        if order.status == ON_HOLD:
            short = holding.shortages(order, holding.products_of(tx, order))
            history.record(tx, "put_on_hold", sales_order_id=order.id, short=", ".join(short)[:500])
    return ChosenProduct(product, line.sales_order_id, lines_solved=len(lines))


def _note(tx: Transaction, line: OrderLine, product: Product, user_id: int) -> None:
    """The history calls the line what the marketplace calls it: our own title is what is being corrected."""
    item = line.item
    ordered = item.title or item.reference or item.ean or "—"
    details: dict[str, Any] = {"line": ordered, "sku": product.sku}
    if line.product is not None:
        details["before"] = line.product.sku
    history.record(tx, "product_chosen", user_id=user_id, sales_order_id=line.sales_order_id, **details)


def _forget_words(tx: Transaction, order: SalesOrder, before: Product) -> None:
    """The order is no longer found by the SKU it lost, unless something else on it is called that too."""
    lost = words_of(before.sku) - order_words(order)
    tx.session.execute(delete(OrderWord).where(OrderWord.sales_order_id == order.id, OrderWord.word.in_(lost)))


def _locked_lines(tx: Transaction, line_id: int) -> tuple[OrderLine, list[OrderLine]]:
    """The line, and every other open line of its offer, locked and read anew. Raises NotFound, LineNotOpen.

    Of two people who choose at once the second sees what the first one chose. First the families, as every action on
    an order does, then the lines, then their orders, each in the order of ids, so that nobody waits for another for
    ever. The product is not joined: after a wait PostgreSQL reads only the locked row anew.
    """
    line = tx.session.get(OrderLine, line_id, options=[joinedload(OrderLine.item)])
    if line is None:
        raise NotFound(_("This order line is not here, or not any more."))
    ids = [line.id, *_other_lines_of_the_offer(tx, line)]
    _lock_families(tx, ids)
    lines = tx.session.scalars(
        select(OrderLine)
        .where(OrderLine.id.in_(ids))
        .order_by(OrderLine.id)
        .options(joinedload(OrderLine.item))
        .with_for_update(of=OrderLine)
        .execution_options(populate_existing=True)
    ).all()
    _lock_orders(tx, {each.sales_order_id for each in lines})
    if not line.sales_order.is_open:
        raise LineNotOpen(_("%(order)s is not open any more.", order=line.sales_order.number))
    if line.is_canceled:
        raise LineNotOpen(_("This line of %(order)s was canceled.", order=line.sales_order.number))
    return line, [each for each in lines if each is not line and each.sales_order.is_open and not each.is_canceled]


def _other_lines_of_the_offer(tx: Transaction, line: OrderLine) -> Sequence[int]:
    if line.item.offer_external_id is None:
        return []
    return tx.session.scalars(
        select(OrderLine.id)
        .join(OrderLine.item)
        .join(OrderLine.sales_order)
        .where(
            MarketplaceItem.shop_id == line.item.shop_id,
            MarketplaceItem.offer_external_id == line.item.offer_external_id,
            OrderLine.id != line.id,
            SalesOrder.status.in_(OPEN_STATUSES),
        )
    ).all()


def _lock_families(tx: Transaction, line_ids: Sequence[int]) -> None:
    families = (
        select(SalesOrder.marketplace_order_id).join(SalesOrder.lines).where(OrderLine.id.in_(line_ids)).distinct()
    )
    tx.session.execute(
        select(MarketplaceOrder.id)
        .where(MarketplaceOrder.id.in_(families))
        .order_by(MarketplaceOrder.id)
        .with_for_update()
    ).all()


def _lock_orders(tx: Transaction, ids: Collection[int]) -> None:
    """Whether they hold a reservation must not change between reading that and giving it up."""
    tx.session.scalars(
        select(SalesOrder)
        .where(SalesOrder.id.in_(ids))
        .order_by(SalesOrder.id)
        .options(selectinload(SalesOrder.lines).joinedload(OrderLine.item), joinedload(SalesOrder.marketplace_order))
        .with_for_update(of=SalesOrder)
        .execution_options(populate_existing=True)
    ).all()


def _lock_products(tx: Transaction, orders: Iterable[SalesOrder], product: Product) -> None:
    """All at once and in the order of ids: giving up and settling lock them again, order by order."""
    lock_stock(tx)
    ids = {line.product_id for order in orders for line in order.lines if line.product_id is not None}
    tx.session.execute(
        select(Product.id).where(Product.id.in_(ids | {product.id})).order_by(Product.id).with_for_update()
    ).all()


def _remember_for_the_offer(tx: Transaction, item: MarketplaceItem, product: Product, before: Product | None) -> None:
    """So that it is asked only once. An offer that no transfer brought yet is noted from what the order tells of it.

    A correction is remembered too, unless the offer means something else than what the line meant.
    """
    if item.offer_external_id is None:
        return
    offer = _offer_of(tx, item)
    if offer is None:
        offer = _noted_offer(tx, item)
    elif before is not None and offer.product_id not in (None, before.id):
        return
    offer.product = product
    offer_changed(tx, offer.id)
    problems = tx.session.scalars(
        select(ImportProblem).where(ImportProblem.offer_id == offer.id, ImportProblem.solved_at.is_(None))
    )
    for problem in problems:
        problem.solved_at = clock.now()


def _offer_of(tx: Transaction, item: MarketplaceItem) -> Offer | None:
    return tx.session.scalar(
        select(Offer).where(Offer.shop_id == item.shop_id, Offer.external_id == item.offer_external_id)
    )


def _noted_offer(tx: Transaction, item: MarketplaceItem) -> Offer:
    offer = Offer(
        shop_id=item.shop_id,
        external_id=item.offer_external_id,
        reference=item.reference,
        ean=item.ean,
        ean_normalised=normalise_ean(item.ean),
        title=item.title,
        price=item.unit_price,
        fulfilment_method=item.fulfilment_method,
        stock=None,
        is_on_hold=False,
        condition="",
        seen_at=clock.now(),
    )
    try:
        with tx.session.begin_nested():
            tx.session.add(offer)
    except IntegrityError:  # a transfer brought it at this very moment
        return tx.session.scalars(
            select(Offer).where(Offer.shop_id == item.shop_id, Offer.external_id == item.offer_external_id)
        ).one()
    return offer
