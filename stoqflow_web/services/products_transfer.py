"""Brings the products of a shop in: first its whole list of offers, then what each offer means here.

Both phases go on where a killed worker stopped: the listing at the kept cursor, the matching after the last offer.
"""

from collections.abc import Iterable

from sqlalchemy import select

from stoqflow_web import clock
from stoqflow_web.exchange import AnswerNotUnderstood, AskedWrongly, OfferRecord
from stoqflow_web.marketplace import Marketplace
from stoqflow_web.matching import LONGEST_EAN, kept_reference, normalise_ean, plain
from stoqflow_web.merging import merge_stock
from stoqflow_web.models import ImportRun, Offer
from stoqflow_web.models.imports import LISTING, MATCHING
from stoqflow_web.services.import_work import Work
from stoqflow_web.services.offers_matching import match_offers
from stoqflow_web.services.trouble import note_answer
from stoqflow_web.transaction import Transaction, reading

TITLE_WIDTH = 500
CONDITION_WIDTH = 30
METHOD_WIDTH = 10


def transfer_products(work: Work, marketplace: Marketplace) -> None:
    """List all offers of the shop, then give each its product. Raises what the marketplace raises."""
    with reading() as session:
        run = session.get_one(ImportRun, work.run_id)
        phase, cursor = run.phase, run.cursor
    if phase == LISTING:
        work.begin_phase(LISTING)
        _list_offers(work, marketplace, cursor)
    match_offers(work)


def _list_offers(work: Work, marketplace: Marketplace, cursor: str | None) -> None:
    """Keep every offer, page by page. A kept cursor that expired begins the list anew, once.

    `done` counts offers and not answers, so it stays right then and when pages shift while we read.
    """
    may_begin_anew = True
    while True:
        try:
            page = marketplace.offers(cursor)
        except AskedWrongly:
            if cursor is None or not may_begin_anew:
                raise
            may_begin_anew, cursor = False, None
            _remember_cursor(work, None)
            continue
        if cursor is not None and page.next_cursor == cursor:
            raise AnswerNotUnderstood("bol.com's list of offers does not go on: it names the same next page again.")
        with work.step() as (tx, run):
            run.done += _keep(tx, run, page.offers)
            note_answer(tx, run)
            run.cursor = page.next_cursor
            if page.next_cursor is None:
                run.phase, run.done = MATCHING, 0
        if page.next_cursor is None:
            return
        cursor = page.next_cursor


def _remember_cursor(work: Work, cursor: str | None) -> None:
    with work.step() as (_, run):
        run.cursor = cursor


def _keep(tx: Transaction, run: ImportRun, records: Iterable[OfferRecord]) -> int:
    """Make or renew the offers of one page; how many of them this run had not seen yet."""
    by_id = {record.external_id: record for record in records}
    here = {
        offer.external_id: offer
        for offer in tx.session.scalars(select(Offer).where(Offer.shop_id == run.shop_id, Offer.external_id.in_(by_id)))
    }
    unseen = 0
    for external_id, record in by_id.items():
        offer = here.get(external_id)
        if offer is None:
            offer = Offer(shop_id=run.shop_id, external_id=external_id)
            tx.session.add(offer)
        unseen += offer.seen_in_run_id != run.id
        _renew(offer, record, run)
    return unseen


def _renew(offer: Offer, record: OfferRecord, run: ImportRun) -> None:
    """Take over what the marketplace says, cut to what the columns hold; the product is not its business."""
    offer.reference = kept_reference(record.reference)
    offer.ean = plain(record.ean)[:LONGEST_EAN] or None
    offer.ean_normalised = normalise_ean(plain(record.ean))
    offer.title = plain(record.title)[:TITLE_WIDTH] or None
    offer.price = record.price
    offer.fulfilment_method = record.fulfilment_method[:METHOD_WIDTH]
    merge_stock(offer, record)
    offer.is_on_hold = record.is_on_hold
    offer.condition = record.condition[:CONDITION_WIDTH]
    offer.modified_at = record.modified_at
    offer.seen_at = clock.now()
    offer.seen_in_run_id = run.id
