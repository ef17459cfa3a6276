"""Compares the stock that a marketplace shows with ours: before switching on, once a night, and when somebody asks.

The run reads the marketplace's list of offers and what lies in its own warehouse, and keeps what they show. Where stock
is told, the end of the run finds what differs from what was told and has it told once more.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update
from sqlalchemy.sql.functions import coalesce

from stoqflow_web import clock
from stoqflow_web.exchange import AnswerNotUnderstood, OfferRecord
from stoqflow_web.marketplace import Marketplace
from stoqflow_web.matching import normalise_ean
from stoqflow_web.merging import merge_stock
from stoqflow_web.models import ImportRun, MarketplaceStock, Offer, OfferStock, Product, StockComparison
from stoqflow_web.models.activities import DONE, NOTHING_NEW, TROUBLE
from stoqflow_web.models.activities import STOCK as ABOUT_STOCK
from stoqflow_web.models.imports import COMPARING, FETCHING, LISTING
from stoqflow_web.services import activities
from stoqflow_web.services.import_work import Work
from stoqflow_web.services.stock_to_tell import is_ours, tell_anew
from stoqflow_web.services.trouble import note_answer
from stoqflow_web.transaction import Transaction

RECENT = timedelta(minutes=15)  # what was told so shortly before may not show in the list yet
EXAMPLES = 50


def compare_stock(work: Work, marketplace: Marketplace) -> None:
    """A whole comparison. One that was interrupted begins anew. Raises what the marketplace raises."""
    began = clock.now()
    with work.step() as (_, run):
        run.done = run.count_matched = run.count_skipped = 0
    work.begin_phase(LISTING)
    _read_offers(work, marketplace)
    work.begin_phase(FETCHING)
    _read_warehouse(work, marketplace)
    work.begin_phase(COMPARING)
    with work.step() as (tx, run):
        run.total = run.done = run.count_matched + run.count_skipped
        if run.shop.tells_stock:
            _compare(tx, run, began)


def _read_offers(work: Work, marketplace: Marketplace) -> None:
    seen: set[str] = set()
    cursor = None
    while True:
        asked_at = clock.now()
        page = marketplace.offers(cursor)
        fresh = {record.external_id: record for record in page.offers if record.external_id not in seen}
        with work.step() as (tx, run):
            known = _keep(tx, run.shop_id, fresh, asked_at)
            run.count_matched += known
            run.count_skipped += len(fresh) - known
            run.done += len(fresh)
            note_answer(tx, run)
        seen |= fresh.keys()
        if page.next_cursor is None:
            return
        if page.next_cursor == cursor:
            raise AnswerNotUnderstood("bol.com's list of offers does not go on: it names the same next page again.")
        cursor = page.next_cursor


def _keep(tx: Transaction, shop_id: int, records: dict[str, OfferRecord], asked_at: datetime) -> int:
    """Keep what the list shows of the offers that are here; how many are.

    What was told after the list was asked for is newer than what it shows.
    """
    rows = tx.session.execute(
        select(Offer, OfferStock.told_at)
        .outerjoin(OfferStock, OfferStock.offer_id == Offer.id)
        .where(Offer.shop_id == shop_id, Offer.external_id.in_(records))
        .order_by(Offer.id)
    ).all()
    for offer, told_at in rows:
        record = records[offer.external_id]
        offer.stock_seen_at = asked_at
        if told_at is None or told_at < asked_at:
            merge_stock(offer, record)
        offer.fulfilment_method, offer.is_on_hold = record.fulfilment_method, record.is_on_hold
    return len(rows)


def _read_warehouse(work: Work, marketplace: Marketplace) -> None:
    """What lies there takes the place of what lay there before, in one step at the end."""
    regular: Counter[str] = Counter()
    graded: Counter[str] = Counter()
    number = 1
    while True:
        page = marketplace.warehouse(number)
        for record in page:
            ean = (normalise_ean(record.ean) or record.ean)[:50]
            regular[ean] += record.regular
            graded[ean] += record.graded
        with work.step() as (tx, run):
            note_answer(tx, run)
            run.done += len(page)
        if not marketplace.is_full_warehouse_page(page):
            break
        number += 1
    with work.step() as (tx, run):
        tx.session.execute(delete(MarketplaceStock).where(MarketplaceStock.shop_id == run.shop_id))
        now = clock.now()
        tx.session.add_all(
            MarketplaceStock(
                shop_id=run.shop_id, ean_normalised=ean, regular=regular[ean], graded=graded[ean], seen_at=now
            )
            for ean in sorted(regular)
        )


def _compare(tx: Transaction, run: ImportRun, began: datetime) -> None:
    """What differs is due again, and a row is kept of what was found."""
    tx.session.flush()
    if tx.session.scalar(select(StockComparison.id).where(StockComparison.run_id == run.id)) is not None:
        return  # the worker that did it was killed before it could end the run
    is_nightly = run.started_by_id is None
    of_shop = and_(OfferStock.shop_id == run.shop_id, Offer.stock_seen_at >= began, is_ours())
    compared = tx.session.scalar(select(func.count()).select_from(OfferStock).join(Offer).where(of_shop)) or 0
    different = tx.session.execute(
        select(
            OfferStock.offer_id,
            coalesce(OfferStock.refused, OfferStock.told).label("ours"),
            OfferStock.nights,
            Offer.stock,
            Product.sku,
            Offer.external_id,
        )
        .join(Offer, Offer.id == OfferStock.offer_id)
        .join(Product, Product.id == Offer.product_id)
        .where(of_shop, _differs(began))
        .order_by(OfferStock.nights.desc(), Product.sku, OfferStock.offer_id)
    ).all()
    ids = [row.offer_id for row in different]
    if is_nightly:
        _count_nights(tx, run.shop_id, ids)
    tell_anew(tx, ids)
    stayed = sum(1 for row in different if row.nights > 0)
    tx.session.add(
        StockComparison(
            shop_id=run.shop_id,
            run_id=run.id,
            finished_at=clock.now(),
            is_nightly=is_nightly,
            compared=compared,
            different=len(ids),
            mended=len(ids),
            stayed=stayed,
            examples=[_example(row, is_nightly) for row in different[:EXAMPLES]],
        )
    )
    activities.record(
        tx,
        run.shop_id,
        ABOUT_STOCK,
        TROUBLE if stayed else DONE if ids else NOTHING_NEW,
        "stock_compared",
        began_at=run.started_at,
        user_id=run.started_by_id,
        compared=compared,
        different=len(ids) or None,
        stayed=stayed or None,
        named=", ".join(row.sku for row in different if row.nights > 0)[:300] or None,
    )


def _differs(began: datetime) -> ColumnElement[bool]:
    """Of OfferStock and its Offer: the marketplace shows something else than it was told, and not just a moment ago."""
    return and_(
        OfferStock.due_at.is_(None),
        OfferStock.lease_until.is_(None),
        or_(OfferStock.told_at.is_(None), OfferStock.told_at < began - RECENT),
        or_(
            OfferStock.told.is_(None),
            Offer.stock.is_(None),
            Offer.stock != OfferStock.told,
            Offer.is_corrected_there.is_(True),
            OfferStock.refused_at.is_not(None),
        ),
    )


def _count_nights(tx: Transaction, shop_id: int, different: Sequence[int]) -> None:
    of_shop = update(OfferStock).where(OfferStock.shop_id == shop_id).execution_options(synchronize_session=False)
    _lock(tx, shop_id)
    tx.session.execute(of_shop.where(OfferStock.offer_id.not_in(different), OfferStock.nights > 0).values(nights=0))
    tx.session.execute(of_shop.where(OfferStock.offer_id.in_(different)).values(nights=OfferStock.nights + 1))


def _lock(tx: Transaction, shop_id: int) -> None:
    """In the order in which everybody locks them."""
    tx.session.execute(
        select(OfferStock.offer_id).where(OfferStock.shop_id == shop_id).order_by(OfferStock.offer_id).with_for_update()
    ).all()


def _example(row: Any, is_nightly: bool) -> dict[str, Any]:
    return {
        "sku": row.sku,
        "offer": row.external_id,
        "there": row.stock,
        "here": row.ours,
        "nights": row.nights + is_nightly,
    }
