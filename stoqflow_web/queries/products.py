"""The list of products, and one product with everything its page shows."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import Select, select
from sqlalchemy.orm import aliased, joinedload

from stoqflow_web.errors import NotFound
from stoqflow_web.extensions import db
from stoqflow_web.models import Offer, OrderLine, Product, ProductWord, SalesOrder
from stoqflow_web.models.sales_orders import ON_HOLD
from stoqflow_web.queries.paging import HIGHEST_ID, Keyset, Page, Position, a_text, turn_to
from stoqflow_web.queries.words import found_by

CANDIDATES = 20
READ_AT_ONCE = 500

BY_SKU: Keyset[Any] = Keyset(key_of=lambda product: (product.sku,), readers=(a_text,))


@dataclass(frozen=True)
class ProductStock:
    """What an export tells of a product."""

    sku: str
    ean: str | None
    title: str | None
    on_hand: int
    reserved: int

    @property
    def free(self) -> int:
        return self.on_hand - self.reserved


def page(words: str = "", cursor: str | None = None, *, only_short: bool = False) -> Page[Product]:
    """One page of products by SKU; `only_short`: those of which an order on hold asks for more than is free."""
    session = db.session()
    found = found_by(session, words, ProductWord, Product.id)
    narrowing = [] if found.condition is None else [found.condition]
    if only_short:
        narrowing.append(Product.id.in_(_short()))

    def fetch(position: Position | None, limit: int) -> Sequence[Product]:
        wanted = select(Product).where(*narrowing).limit(limit)
        if position is None:
            return session.scalars(wanted.order_by(Product.sku)).all()
        (sku,) = position.key
        if position.is_backwards:
            return session.scalars(wanted.where(Product.sku < sku).order_by(Product.sku.desc())).all()
        return session.scalars(wanted.where(Product.sku > sku).order_by(Product.sku)).all()

    return turn_to(BY_SKU, cursor, fetch)


def are_there_any() -> bool:
    return db.session.scalar(select(Product.id).limit(1)) is not None


def offers_of(products: Iterable[Product]) -> dict[int, list[Offer]]:
    """The offers of each product by product id, with their shop, in one question however many products."""
    offers = db.session.scalars(
        select(Offer)
        .where(Offer.product_id.in_([product.id for product in products]))
        .options(joinedload(Offer.shop))
        .order_by(Offer.shop_id, Offer.id)
    )
    by_product: dict[int, list[Offer]] = defaultdict(list)
    for offer in offers:
        if offer.product_id is not None:
            by_product[offer.product_id].append(offer)
    return by_product


def find(product_id: int) -> Product:
    """Raises NotFound."""
    product = db.session.get(Product, product_id) if product_id <= HIGHEST_ID else None
    if product is None:
        raise NotFound(_("This product is not here, or not any more."))
    return product


def stock_of_all() -> Iterator[ProductStock]:
    """Every product by SKU, read in parts, so that a long list costs little."""
    columns = (Product.sku, Product.ean, Product.title, Product.on_hand, Product.reserved)
    last = ""  # no SKU is empty
    while True:
        rows = db.session.execute(
            select(*columns).where(Product.sku > last).order_by(Product.sku).limit(READ_AT_ONCE)
        ).all()
        yield from (ProductStock(*row) for row in rows)
        if len(rows) < READ_AT_ONCE:
            return
        last = rows[-1].sku


def _short() -> Select[int | None]:
    wanted = aliased(Product)
    return (
        select(OrderLine.product_id)
        .join(OrderLine.sales_order)
        .join(wanted, wanted.id == OrderLine.product_id)
        .where(
            SalesOrder.status == ON_HOLD,
            OrderLine.quantity > 0,
            OrderLine.canceled_at.is_(None),
            OrderLine.quantity > wanted.on_hand - wanted.reserved,
        )
    )


def candidates(ean_normalised: str | None, words: str = "") -> list[Product]:
    """Products that an order line could mean: those with the same EAN first, then those found by the words."""
    same: list[Product] = []
    if ean_normalised:
        same = list(
            db.session.scalars(
                select(Product).where(Product.ean_normalised == ean_normalised).order_by(Product.sku).limit(CANDIDATES)
            )
        )
    if not words:
        return same
    known = {product.id for product in same}
    return same + [product for product in page(words).rows if product.id not in known][:CANDIDATES]
