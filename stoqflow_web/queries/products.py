"""The list of products, and one product with everything its page shows."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import joinedload, load_only

from stoqflow_web.errors import NotFound
from stoqflow_web.extensions import db
from stoqflow_web.models import Offer, OrderLine, Product, ProductWord, SalesOrder, StockMovement, User
from stoqflow_web.models.sales_orders import OPEN_STATUSES
from stoqflow_web.queries.paging import HIGHEST_ID, Keyset, Page, Position, a_text, turn_to
from stoqflow_web.queries.words import found_by

LONGEST_LIST = 100
CANDIDATES = 20

BY_SKU: Keyset[Any] = Keyset(key_of=lambda product: (product.sku,), readers=(a_text,))


@dataclass(frozen=True)
class Movement:
    """One change of stock, with the stock on hand just after it, and the user and the order behind it, if any."""

    movement: StockMovement
    on_hand_after: int
    user: User | None
    order: SalesOrder | None = None


def page(words: str = "", cursor: str | None = None) -> Page[Product]:
    """One page of products by SKU."""
    session = db.session()
    found = found_by(session, words, ProductWord, Product.id)
    narrowing = [] if found.condition is None else [found.condition]

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


def movements_of(product: Product) -> list[Movement]:
    """The latest changes of the product's stock, newest first."""
    movements = db.session.scalars(
        select(StockMovement)
        .where(StockMovement.product_id == product.id)
        .order_by(StockMovement.id.desc())
        .limit(LONGEST_LIST)
    ).all()
    users = {
        user.id: user
        for user in db.session.scalars(
            select(User).where(User.id.in_({movement.user_id for movement in movements if movement.user_id}))
        )
    }
    orders = {
        order.id: order
        for order in db.session.scalars(
            select(SalesOrder)
            .where(SalesOrder.id.in_({move.sales_order_id for move in movements if move.sales_order_id}))
            .options(load_only(SalesOrder.number, SalesOrder.status))
        )
    }
    told, on_hand = [], product.on_hand
    for movement in movements:
        told.append(
            Movement(movement, on_hand, users.get(movement.user_id or 0), orders.get(movement.sales_order_id or 0))
        )
        on_hand -= movement.quantity
    return told


def open_lines_of(product: Product) -> Sequence[OrderLine]:
    """The lines of open orders that ask for the product, the earliest deadline first."""
    return db.session.scalars(
        select(OrderLine)
        .join(OrderLine.sales_order)
        .where(OrderLine.product_id == product.id, SalesOrder.status.in_(OPEN_STATUSES))
        .options(
            joinedload(OrderLine.sales_order).options(
                joinedload(SalesOrder.shop), joinedload(SalesOrder.marketplace_order)
            )
        )
        .order_by(SalesOrder.sort_day, SalesOrder.id)
        .limit(LONGEST_LIST)
    ).all()


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
