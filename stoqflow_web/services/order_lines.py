"""Says which product an order line means, once for all lines of the same offer."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload

from stoqflow_web import clock
from stoqflow_web.errors import Invalid, NotFound, StoqflowError
from stoqflow_web.matching import normalise_ean
from stoqflow_web.models import ImportProblem, MarketplaceItem, Offer, OrderLine, Product, ProductWord, SalesOrder
from stoqflow_web.models.sales_orders import OPEN_STATUSES
from stoqflow_web.search_words import words_of
from stoqflow_web.services import history
from stoqflow_web.services.line_products import finish_solving
from stoqflow_web.transaction import Transaction, transaction


class ProductAlreadyChosen(StoqflowError):
    """The line means another product already."""


class LineNotOpen(StoqflowError):
    """The order is complete or canceled: what its lines meant is history."""


@dataclass(frozen=True)
class ChosenProduct:
    """`lines_solved` counts every open line that got the product: this one and the others of the same offer."""

    product: Product
    sales_order_id: int
    lines_solved: int


def choose_product(line_id: int, product_id: int, user_id: int) -> ChosenProduct:
    """Let the line, and every other open line of the same offer, mean this product; the offer keeps it for next time.

    Doing it again with the same product changes nothing. Raises NotFound, LineNotOpen, ProductAlreadyChosen.
    """
    with transaction() as tx:
        line = _open_line(tx, line_id)
        product = tx.session.get(Product, product_id)
        if product is None:
            raise NotFound(_("This product is not here, or not any more."))
        return _choose(tx, line, product, user_id)


def create_product(line_id: int, *, sku: str, ean: str, title: str, user_id: int) -> ChosenProduct:
    """Make a new product, without stock, and let the line mean it.

    Raises Invalid for a SKU that is empty, too long or taken, beside what `choose_product` raises.
    """
    with transaction() as tx:
        line = _open_line(tx, line_id)
        if line.product is not None:
            raise ProductAlreadyChosen(_already_chosen(line.product))
        return _choose(tx, line, _new_product(tx, sku=sku.strip(), ean=ean.strip(), title=title.strip()), user_id)


def _open_line(tx: Transaction, line_id: int) -> OrderLine:
    line = tx.session.scalar(
        select(OrderLine)
        .where(OrderLine.id == line_id)
        .options(joinedload(OrderLine.item), joinedload(OrderLine.sales_order))
    )
    if line is None:
        raise NotFound(_("This order line is not here, or not any more."))
    if not line.sales_order.is_open:
        raise LineNotOpen(_("%(order)s is not open any more.", order=line.sales_order.number))
    return line


def _choose(tx: Transaction, line: OrderLine, product: Product, user_id: int) -> ChosenProduct:
    lines = _locked_lines(tx, line)
    if line.product_id == product.id:
        return ChosenProduct(product, line.sales_order_id, lines_solved=0)
    if line.product_id is not None:
        raise ProductAlreadyChosen(_already_chosen(tx.session.get_one(Product, line.product_id)))
    _remember_for_the_offer(tx, line.item, product)
    for each in lines:
        name = each.name
        each.product = product
        history.record(
            tx, "product_chosen", user_id=user_id, sales_order_id=each.sales_order_id, line=name, sku=product.sku
        )
    finish_solving(tx, lines)
    return ChosenProduct(product, line.sales_order_id, lines_solved=len(lines))


def _already_chosen(product: Product) -> str:
    return str(_("Somebody chose %(sku)s for this line already.", sku=product.sku))


def _locked_lines(tx: Transaction, line: OrderLine) -> list[OrderLine]:
    """The line and every other open line of its offer without a product, locked and read anew.

    Of two people who choose at once the second sees what the first one chose. Locked in one order, so that neither
    waits for the other for ever. The product is not joined: after a wait PostgreSQL reads only the locked row anew.
    """
    lines = tx.session.scalars(
        select(OrderLine)
        .where(OrderLine.id.in_([line.id, *_other_lines_of_the_offer(tx, line)]))
        .order_by(OrderLine.id)
        .options(joinedload(OrderLine.item))
        .with_for_update(of=OrderLine)
        .execution_options(populate_existing=True)
    )
    return [each for each in lines if each is line or each.product_id is None]


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
            OrderLine.product_id.is_(None),
            OrderLine.id != line.id,
            SalesOrder.status.in_(OPEN_STATUSES),
        )
    ).all()


def _remember_for_the_offer(tx: Transaction, item: MarketplaceItem, product: Product) -> None:
    """So that it is asked only once. An offer that no transfer brought yet is noted from what the order tells of it."""
    if item.offer_external_id is None:
        return
    offer = _offer_of(tx, item)
    if offer is None:
        offer = _noted_offer(tx, item)
    offer.product = product
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


def _new_product(tx: Transaction, *, sku: str, ean: str, title: str) -> Product:
    _check(sku=sku, ean=ean, title=title)
    product = Product(
        sku=sku,
        ean=ean or None,
        ean_normalised=normalise_ean(ean),
        title=title or None,
        on_hand=0,
        reserved=0,
        created_at=clock.now(),
    )
    try:
        with tx.session.begin_nested():
            tx.session.add(product)
    except IntegrityError:
        raise Invalid("sku", _("There is a product with this SKU already. Search for it and choose it.")) from None
    words = words_of(sku, ean, normalise_ean(ean), title)
    tx.session.add_all(ProductWord(word=word, product_id=product.id) for word in words)
    return product


def _check(*, sku: str, ean: str, title: str) -> None:
    if not sku:
        raise Invalid("sku", _("Enter a SKU."))
    for field, text, longest in (("sku", sku, 100), ("ean", ean, 50), ("title", title, 500)):
        if len(text) > longest:
            raise Invalid(field, _("This is longer than %(number)s characters.", number=longest))
        if "\x00" in text:  # PostgreSQL refuses it
            raise Invalid(field, _("This holds a character that can't be kept."))
