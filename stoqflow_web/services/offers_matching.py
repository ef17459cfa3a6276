"""Gives the offers that a run has listed their products, batch by batch, by the rules of matching.py."""

import logging
from collections.abc import Iterable, Sequence

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import InstrumentedAttribute, joinedload

from stoqflow_web import clock
from stoqflow_web.exchange import FBB
from stoqflow_web.matching import Decision, Facts, Outcome, decide, missing_data
from stoqflow_web.models import ImportRun, Offer, Product
from stoqflow_web.models.imports import MATCHING
from stoqflow_web.models.products import OPENING
from stoqflow_web.services import stock
from stoqflow_web.services.import_problems import note_offer
from stoqflow_web.services.import_work import Work
from stoqflow_web.services.line_products import solve_waiting_lines
from stoqflow_web.services.product_words import add_product_words
from stoqflow_web.services.stock_lock import lock_stock
from stoqflow_web.services.stock_to_tell import offer_changed
from stoqflow_web.transaction import Transaction, reading

log = logging.getLogger(__name__)

BATCH = 100
TRIES = 5


def match_offers(work: Work) -> None:
    """Decide every offer that this run has seen, in the order of their ids; goes on after the last one decided."""
    with reading() as session:
        total = session.scalar(select(func.count()).select_from(Offer).where(Offer.seen_in_run_id == work.run_id))
    work.begin_phase(MATCHING, total=total)
    while _match_batch(work):
        pass


def _match_batch(work: Work) -> bool:
    """Decide the next offers; False when there are none. Decides again when another shop's run made the same SKU first.

    PostgreSQL lets two runs make it at the same moment and refuses the later one (or finds both waiting for each
    other); seen again, the product is simply there and is matched.
    """
    for attempt in range(1, TRIES + 1):
        try:
            return _decide_next(work)
        except (IntegrityError, OperationalError) as collision:
            if attempt == TRIES:
                raise
            log.info("Import %s decides a batch again: %s", work.run_id, type(collision.orig).__name__)
    return False


def _decide_next(work: Work) -> bool:
    with work.step() as (tx, run):
        lock_stock(tx)  # before offers and products: whoever else has stock in hand may want those
        offers = tx.session.scalars(
            select(Offer)
            .where(Offer.seen_in_run_id == run.id, Offer.id > int(run.cursor or 0))
            .options(joinedload(Offer.product))
            .with_for_update(of=Offer)  # a person may be choosing its product at this moment
            .order_by(Offer.id)
            .limit(BATCH)
        ).all()
        if not offers:
            return False
        around = Surroundings(tx, run, offers)
        changed = [product for offer in offers if (product := _give_product(tx, run, offer, around)) is not None]
        add_product_words(tx, changed)
        # All that have a product, not only the new ones: an order may have come in while its offer was being decided.
        solve_waiting_lines(tx, shop_id=run.shop_id, offer_ids=[offer.id for offer in offers if offer.product])
        run.cursor = str(offers[-1].id)
        run.done += len(offers)
    return True


class Surroundings:
    """What is known around a batch of offers, read in five queries and kept up to date while they are decided."""

    def __init__(self, tx: Transaction, run: ImportRun, offers: Sequence[Offer]) -> None:
        self._doubled_references = _doubled(tx, run, Offer.reference, (offer.reference for offer in offers))
        self._doubled_eans = _doubled(tx, run, Offer.ean_normalised, (offer.ean_normalised for offer in offers))
        references = {offer.reference for offer in offers if offer.reference}
        eans = {offer.ean_normalised for offer in offers if offer.ean_normalised}
        self._by_sku = {
            product.sku: product for product in tx.session.scalars(select(Product).where(Product.sku.in_(references)))
        }
        self._by_ean: dict[str, list[Product]] = {}
        for product in tx.session.scalars(select(Product).where(Product.ean_normalised.in_(eans)).order_by(Product.id)):
            self._by_ean.setdefault(product.ean_normalised or "", []).append(product)
        self._taken = self._products_taken(tx, run)

    def facts(self, offer: Offer) -> Facts:
        by_ean = self._by_ean.get(offer.ean_normalised or "", [])
        return Facts(
            by_sku=self._by_sku.get(offer.reference or ""),
            by_ean=tuple(by_ean),
            is_reference_doubled=offer.reference in self._doubled_references,
            is_ean_doubled=offer.ean_normalised in self._doubled_eans,
            is_ean_product_taken=len(by_ean) == 1 and by_ean[0] in self._taken,
        )

    def learn(self, product: Product) -> None:
        """An offer of this shop has this product now, and it may be new or have an EAN since."""
        self._taken.add(product)
        self._by_sku[product.sku] = product
        namesakes = self._by_ean.setdefault(product.ean_normalised or "", [])
        if product.ean_normalised and product not in namesakes:
            namesakes.append(product)

    def _products_taken(self, tx: Transaction, run: ImportRun) -> set[Product]:
        """Which candidates by EAN an offer sells already. Offers that are gone at the marketplace take nothing."""
        candidates = {product.id: product for products in self._by_ean.values() for product in products}
        taken = tx.session.scalars(
            select(Offer.product_id).where(Offer.product_id.in_(candidates), Offer.seen_in_run_id == run.id).distinct()
        )
        return {candidates[product_id] for product_id in taken if product_id is not None}


def _doubled(
    tx: Transaction, run: ImportRun, column: InstrumentedAttribute[str | None], values: Iterable[str | None]
) -> set[str | None]:
    """Which of these values more than one offer has, of those of this shop that this run has seen."""
    asked = {value for value in values if value is not None}
    return set(
        tx.session.scalars(
            select(column)
            .where(Offer.shop_id == run.shop_id, Offer.seen_in_run_id == run.id, column.in_(asked))
            .group_by(column)
            .having(func.count() > 1)
        )
    )


def _give_product(tx: Transaction, run: ImportRun, offer: Offer, around: Surroundings) -> Product | None:
    """Decide one offer and act on it. Returns its product when that is new or was filled in."""
    facts = around.facts(offer)
    decision = decide(offer, facts)
    _count(tx, run, offer, facts, decision)
    if decision.outcome is Outcome.PROBLEM:
        return None
    product = decision.product or _new_product(tx, run, offer)
    missing = missing_data(offer, product, facts)
    for column, value in missing.items():
        setattr(product, column, value)
    if offer.product_id is None or offer.product_id != product.id:
        offer.product = product
        offer_changed(tx, offer.id)
    around.learn(product)
    return product if missing or decision.outcome is Outcome.NEW else None


def _count(tx: Transaction, run: ImportRun, offer: Offer, facts: Facts, decision: Decision) -> None:
    """Each offer is counted once: as new, matched, unchanged, or as a problem."""
    run.count_new += decision.outcome is Outcome.NEW
    run.count_matched += decision.outcome is Outcome.MATCHED
    run.count_unchanged += decision.outcome is Outcome.UNCHANGED
    code = decision.code or decision.hint
    if code:
        skus = [product.sku for product in facts.by_ean]
        product_sku = facts.by_sku.sku if facts.by_sku else None
        note_offer(tx, run, code, offer, is_hint=decision.code is None, skus=skus or None, product_sku=product_sku)


def _new_product(tx: Transaction, run: ImportRun, offer: Offer) -> Product:
    """A product as the offer shows it, with the marketplace's stock as its opening stock when it is ours to ship."""
    product = Product(
        sku=offer.reference or "",
        ean=offer.ean if offer.ean_normalised else None,
        ean_normalised=offer.ean_normalised,
        title=offer.title,
        on_hand=0,
        reserved=0,
        created_at=clock.now(),
    )
    tx.session.add(product)
    if offer.fulfilment_method != FBB and offer.stock:
        stock.move(tx, product, offer.stock, OPENING, import_run_id=run.id)
    return product
