"""The readiness report: checks what a shop's offers need before its products can be transferred without surprises.

It reads the marketplace's list and changes neither offers nor products. A run that was interrupted begins anew: what
it found before is thrown away in the same transaction.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, timedelta
from itertools import islice
from typing import NamedTuple, TypeVar

from sqlalchemy import delete, select

from stoqflow_web import clock
from stoqflow_web.exchange import FBB, AnswerNotUnderstood, OfferRecord
from stoqflow_web.marketplace import Marketplace
from stoqflow_web.matching import DOUBLED_EAN, DOUBLED_REFERENCE, NO_REFERENCE, kept_reference, normalise_ean, plain
from stoqflow_web.models import ImportProblem, ImportRun, Product
from stoqflow_web.models.imports import LISTING
from stoqflow_web.services.import_problems import note
from stoqflow_web.services.import_work import Work
from stoqflow_web.services.trouble import note_answer
from stoqflow_web.transaction import Transaction, reading

PRODUCT_WITHOUT_EAN = "product_without_ean"
STOCK_DIFFERS = "stock_differs"
CHANGED_RECENTLY = "changed_recently"

LIST_LAGS = timedelta(hours=1)
MOST_STOCK_SHOWN = 999  # bol's documentation: an offer's stock is 0 to 999
BATCH = 100
TITLE_WIDTH = 200

T = TypeVar("T")


class Listed(NamedTuple):
    """All that is remembered of an offer until the list has ended."""

    external_id: str
    reference: str | None
    ean: str | None


def check_readiness(work: Work, marketplace: Marketplace) -> None:
    """Look at all offers of the shop and at our products. Raises what the marketplace raises."""
    _begin_anew(work)
    listed = _look_at_offers(work, marketplace)
    _report_doubled(work, DOUBLED_REFERENCE, _more_than_one(listed, "reference"))
    _report_doubled(work, DOUBLED_EAN, _more_than_one(listed, "ean"))
    _report_products_without_ean(work)
    with work.step() as (_, run):
        run.total = run.done


def _begin_anew(work: Work) -> None:
    with work.step() as (tx, run):
        tx.session.execute(delete(ImportProblem).where(ImportProblem.run_id == run.id))
        run.done = run.count_problems = 0
        run.cursor = None
    work.begin_phase(LISTING)


def _look_at_offers(work: Work, marketplace: Marketplace) -> list[Listed]:
    """Report what an offer shows by itself, and hand back the little that must be compared with all others."""
    listed: dict[str, Listed] = {}
    cursor = None
    while True:
        page = marketplace.offers(cursor)
        fresh = list(
            {record.external_id: record for record in page.offers if record.external_id not in listed}.values()
        )
        with work.step() as (tx, run):
            _report_page(tx, run, fresh)
            run.done += len(fresh)
            note_answer(tx, run)
        listed |= {record.external_id: _listed(record) for record in fresh}
        if page.next_cursor is None:
            return list(listed.values())
        if page.next_cursor == cursor:
            raise AnswerNotUnderstood("bol.com's list of offers does not go on: it names the same next page again.")
        cursor = page.next_cursor


def _listed(record: OfferRecord) -> Listed:
    return Listed(record.external_id, kept_reference(record.reference), normalise_ean(plain(record.ean)))


def _report_page(tx: Transaction, run: ImportRun, records: Sequence[OfferRecord]) -> None:
    products = _products_by_sku(tx, records)
    changed_since = clock.now() - LIST_LAGS
    for record in records:
        reference = kept_reference(record.reference)
        if reference is None:
            _note(tx, run, NO_REFERENCE, record)
        elif _stock_differs(record, products.get(reference)):
            product = products[reference]
            _note(tx, run, STOCK_DIFFERS, record, product_sku=product.sku, here=product.on_hand, there=record.stock)
        if record.modified_at is not None and record.modified_at > changed_since:
            _note(tx, run, CHANGED_RECENTLY, record, changed_at=record.modified_at.astimezone(UTC).isoformat())


def _products_by_sku(tx: Transaction, records: Iterable[OfferRecord]) -> dict[str, Product]:
    references = {reference for record in records if (reference := kept_reference(record.reference))}
    products = tx.session.scalars(select(Product).where(Product.sku.in_(references)))
    return {product.sku: product for product in products}


def _stock_differs(record: OfferRecord, product: Product | None) -> bool:
    """Whether bol's number is neither what lies here nor what is free of it: sellers may report either."""
    if product is None or record.stock is None or record.fulfilment_method == FBB:
        return False
    return record.stock not in (min(product.on_hand, MOST_STOCK_SHOWN), min(product.free, MOST_STOCK_SHOWN))


def _note(tx: Transaction, run: ImportRun, code: str, record: OfferRecord, **details: object) -> None:
    reference, ean = kept_reference(record.reference), plain(record.ean) or None
    title = plain(record.title)[:TITLE_WIDTH] or None
    subject = reference or ean or title or record.external_id
    of_offer = {"offer_id": record.external_id, "reference": reference, "ean": ean, "title": title}
    note(tx, run, code, subject, **of_offer | details)


def _more_than_one(listed: Iterable[Listed], name: str) -> dict[str, list[Listed]]:
    """The offers that share a reference (or EAN) with another, by it."""
    by_value: dict[str, list[Listed]] = {}
    for offer in listed:
        value = getattr(offer, name)
        if value is not None:
            by_value.setdefault(value, []).append(offer)
    return {value: offers for value, offers in by_value.items() if len(offers) > 1}


def _report_doubled(work: Work, code: str, doubled: dict[str, list[Listed]]) -> None:
    """One problem for each doubled value, with all offers that have it."""
    for batch in _batches(doubled.items()):
        with work.step() as (tx, run):
            for value, offers in batch:
                details: dict[str, object] = {"offer_ids": [offer.external_id for offer in offers]}
                if code == DOUBLED_EAN:
                    details |= {"ean": value, "skus": sorted({offer.reference for offer in offers if offer.reference})}
                else:
                    details["reference"] = value
                note(tx, run, code, value, **details)


def _report_products_without_ean(work: Work) -> None:
    for batch in _batches(_products_without_ean()):
        with work.step() as (tx, run):
            for sku, title in batch:
                note(tx, run, PRODUCT_WITHOUT_EAN, sku, product_sku=sku, title=title)


def _products_without_ean() -> list[tuple[str, str | None]]:
    with reading() as session:
        rows = session.execute(
            select(Product.sku, Product.title).where(Product.ean_normalised.is_(None)).order_by(Product.sku)
        )
        return [(sku, title[:TITLE_WIDTH] if title else None) for sku, title in rows]


def _batches(things: Iterable[T]) -> Iterator[list[T]]:
    rest = iter(things)
    while batch := list(islice(rest, BATCH)):
        yield batch
