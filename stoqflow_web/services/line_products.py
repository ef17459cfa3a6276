"""Which product an order line means."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from stoqflow_web import clock
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
from stoqflow_web.models.sales_orders import OPEN_STATUSES
from stoqflow_web.search_words import words_of
from stoqflow_web.services import holding
from stoqflow_web.transaction import Transaction


@dataclass(frozen=True)
class KnownProducts:
    """What could be on a batch of lines, read in three queries."""

    by_offer: dict[str, Product]
    by_sku: dict[str, Product]
    by_ean: dict[str, list[Product]] = field(default_factory=dict)

    def product_for(self, item: MarketplaceItem) -> Product | None:
        """The product an item surely means, else None.

        What a person or a transfer said about its offer comes first, then the seller's own reference (our SKU), then
        the EAN if only one product has it. With two candidates nobody guesses.
        """
        if item.offer_external_id in self.by_offer:
            return self.by_offer[item.offer_external_id]
        if item.reference and item.reference.strip() in self.by_sku:
            return self.by_sku[item.reference.strip()]
        candidates = self.candidates(item)
        return candidates[0] if len(candidates) == 1 else None

    def candidates(self, item: MarketplaceItem) -> list[Product]:
        """The products with the item's EAN."""
        return self.by_ean.get(normalise_ean(item.ean) or "", [])


def known_products(tx: Transaction, shop_id: int, items: Iterable[MarketplaceItem]) -> KnownProducts:
    """Everything that these items of one shop could mean."""
    items = list(items)
    offer_ids = {item.offer_external_id for item in items if item.offer_external_id}
    references = {item.reference.strip() for item in items if item.reference}
    eans = {ean for item in items if (ean := normalise_ean(item.ean))}
    offers = tx.session.scalars(
        select(Offer)
        .where(Offer.shop_id == shop_id, Offer.external_id.in_(offer_ids), Offer.product_id.is_not(None))
        .options(joinedload(Offer.product))
    )
    by_ean: dict[str, list[Product]] = {}
    for product in tx.session.scalars(select(Product).where(Product.ean_normalised.in_(eans)).order_by(Product.id)):
        by_ean.setdefault(product.ean_normalised or "", []).append(product)
    return KnownProducts(
        by_offer={offer.external_id: offer.product for offer in offers if offer.product is not None},
        by_sku={
            product.sku: product for product in tx.session.scalars(select(Product).where(Product.sku.in_(references)))
        },
        by_ean=by_ean,
    )


def solve_waiting_lines(tx: Transaction, *, shop_id: int, offer_ids: Collection[int]) -> int:
    """Give the open lines that wait for one of these offers its product; how many lines that solved.

    `offer_ids` are ids of our Offer rows that have a product by now. Orders get ready to pick if stock allows. A line
    of an order that somebody is acting on at this moment is left to the next transfer, and to them.
    """
    if not offer_ids:
        return 0
    tx.session.flush()
    lines = tx.session.scalars(
        select(OrderLine)
        .join(OrderLine.item)
        .join(OrderLine.sales_order)
        .join(SalesOrder.marketplace_order)
        .join(
            Offer,
            (Offer.shop_id == MarketplaceItem.shop_id) & (Offer.external_id == MarketplaceItem.offer_external_id),
        )
        .where(
            OrderLine.product_id.is_(None),
            SalesOrder.shop_id == shop_id,
            SalesOrder.status.in_(OPEN_STATUSES),
            Offer.id.in_(offer_ids),
            Offer.product_id.is_not(None),
        )
        .options(joinedload(OrderLine.item))
        .with_for_update(of=MarketplaceOrder, skip_locked=True)
    ).all()
    if not lines:
        return 0
    known = known_products(tx, shop_id, [line.item for line in lines])
    for line in lines:
        line.product = known.product_for(line.item)
    now_known = [line for line in lines if line.product is not None]
    finish_solving(tx, now_known)
    return len(now_known)


def finish_solving(tx: Transaction, lines: Sequence[OrderLine]) -> None:
    """After lines got a product: their problems are solved, they are found by SKU, and stock decides."""
    tx.session.flush()
    orders = {line.sales_order_id for line in lines}
    problems = tx.session.scalars(
        select(ImportProblem).where(
            ImportProblem.order_line_id.in_([line.id for line in lines]), ImportProblem.solved_at.is_(None)
        )
    )
    for problem in problems:
        problem.solved_at = clock.now()
    for line in lines:
        if line.product is not None:
            add_order_words(tx, line.sales_order_id, words_of(line.product.sku))
    holding.settle(tx, orders)


def add_order_words(tx: Transaction, sales_order_id: int, words: set[str]) -> None:
    """Let the order be found by these words too."""
    there = set(
        tx.session.scalars(
            select(OrderWord.word).where(OrderWord.sales_order_id == sales_order_id, OrderWord.word.in_(words))
        )
    )
    tx.session.add_all(OrderWord(word=word, sales_order_id=sales_order_id) for word in words - there)
    tx.session.flush()
