"""Reads what clients send back: all that is not handled, the newest of what is, and how each parcel travels.

Pages move while they are read. So nothing is believed of a return that is on no page: it is looked up by itself.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from stoqflow_web import clock
from stoqflow_web.exchange import NotThere, ReturnItemRecord, ReturnRecord, ReturnResult
from stoqflow_web.marketplace import Marketplace
from stoqflow_web.models import Reading, Return, ReturnItem
from stoqflow_web.models.readings import RETURNS
from stoqflow_web.transaction import Transaction, reading, transaction

OPEN_PAGES_AT_ONCE = 40  # two thousand returns; bol.com allows 20 pages a minute
HANDLED_PAGES_AT_ONCE = 15
LOOK_UPS_AT_ONCE = 15  # bol.com allows another 20 of these a minute


def read(shop_id: int, marketplace: Marketplace) -> bool:
    """Read as much as the limits allow in a minute or two; whether that was all. Raises ExchangeError.

    Each page is kept as soon as it was read, with where to go on, so a fault or a kill costs no more than a page.
    """
    open_ids = _read_open(shop_id, marketplace)
    is_whole = _read_handled(shop_id, marketplace)
    return _look_up(shop_id, marketplace, open_ids) and is_whole


def _read_open(shop_id: int, marketplace: Marketplace) -> set[str] | None:
    """The external ids of what is not handled; None when that is more than can be read at once."""
    listed: set[str] = set()
    for number in range(1, OPEN_PAGES_AT_ONCE + 1):
        page = marketplace.returns(number, are_handled=False)
        with transaction() as tx:
            _store(tx, shop_id, page.returns)
        listed |= {made.external_id for made in page.returns}
        if page.is_last:
            return listed
    return None


def _read_handled(shop_id: int, marketplace: Marketplace) -> bool:
    """Newest first, until a page has no news. Who was stopped half-way goes on there, and then to the end of the list:
    what was kept before is no sign any more that the rest is here too."""
    with reading() as session:
        begun_at = session.get_one(Reading, (shop_id, RETURNS)).next_page
    first = max((begun_at or 1) - 1, 1)  # the page before once more: it may have moved
    for number in range(first, first + HANDLED_PAGES_AT_ONCE):
        page = marketplace.returns(number, are_handled=True)
        with transaction() as tx:
            is_news = _store(tx, shop_id, page.returns)
            is_end = page.is_last or (begun_at is None and not is_news)
            tx.session.get_one(Reading, (shop_id, RETURNS)).next_page = None if is_end else number + 1
        if is_end:
            return True
    return False


def _look_up(shop_id: int, marketplace: Marketplace, open_ids: Collection[str] | None) -> bool:
    """Ask one by one: first for what is open here and on no page over there, then how new parcels travel.

    Whether there was time for all.
    """
    with reading() as session:
        wanted = list(dict.fromkeys([*_unlisted(session, shop_id, open_ids), *_without_code(session, shop_id)]))
    for external_id in wanted[:LOOK_UPS_AT_ONCE]:
        try:
            record = marketplace.return_(external_id)
        except NotThere:
            record = None
        with transaction() as tx:
            if record is not None:
                _store(tx, shop_id, [record])
            for item in _items(tx, shop_id, external_id):
                item.looked_up_at = clock.now()
                item.is_handled = item.is_handled or record is None  # withdrawn: nothing comes back any more
    return len(wanted) <= LOOK_UPS_AT_ONCE


def _unlisted(session: Session, shop_id: int, open_ids: Collection[str] | None) -> Iterator[str]:
    if open_ids is None:
        return
    here = session.scalars(
        select(Return.external_id)
        .join(Return.items)
        .where(ReturnItem.shop_id == shop_id, ReturnItem.is_handled.is_(False))
        .order_by(Return.registered_at)
    )
    yield from (external_id for external_id in here if external_id not in open_ids)


def _without_code(session: Session, shop_id: int) -> Sequence[str]:
    """Parcels that are on their way and were not looked at yet; those without a code are looked at once a day."""
    before = clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    return session.scalars(
        select(Return.external_id)
        .join(Return.items)
        .where(
            ReturnItem.shop_id == shop_id,
            ReturnItem.is_handled.is_(False),
            ReturnItem.track_and_trace.is_(None),
            or_(ReturnItem.looked_up_at.is_(None), ReturnItem.looked_up_at < before),
        )
        .order_by(ReturnItem.looked_up_at.is_not(None), Return.registered_at.desc())
        .limit(LOOK_UPS_AT_ONCE + 1)
    ).all()


def _store(tx: Transaction, shop_id: int, records: Iterable[ReturnRecord]) -> bool:
    """Keep them; whether any of it was news."""
    is_news = False
    known = _known(tx, shop_id, [item.rma_id for record in records for item in record.items])
    for record in records:
        for told in record.items:
            item = known.get(told.rma_id)
            if item is None:
                item = known[told.rma_id] = _new_item(tx, shop_id, record, told)
                is_news = True
            is_news = _take_over(item, told) or is_news
    return is_news


def _known(tx: Transaction, shop_id: int, rma_ids: Collection[str]) -> dict[str, ReturnItem]:
    found = tx.session.scalars(
        select(ReturnItem).where(ReturnItem.shop_id == shop_id, ReturnItem.rma_id.in_(rma_ids)).with_for_update()
    )
    return {item.rma_id: item for item in found}


def _new_item(tx: Transaction, shop_id: int, record: ReturnRecord, told: ReturnItemRecord) -> ReturnItem:
    parcel = tx.session.scalars(
        select(Return).where(Return.shop_id == shop_id, Return.external_id == record.external_id)
    ).one_or_none()
    if parcel is None:
        parcel = Return(shop_id=shop_id, external_id=record.external_id, registered_at=record.registered_at)
        tx.session.add(parcel)
    item = ReturnItem(
        parcel=parcel,
        shop_id=shop_id,
        rma_id=told.rma_id,
        order_external_id=told.order_external_id,
        ean=told.ean,
        expected_quantity=told.expected_quantity,
        main_reason=told.main_reason,
        detailed_reason=told.detailed_reason,
        comments=told.comments,
        registered_at=record.registered_at,
        is_handled=False,
        results=[],
    )
    tx.session.add(item)
    tx.session.flush()
    return item


def _take_over(item: ReturnItem, told: ReturnItemRecord) -> bool:
    """What can change; whether it has. A list says nothing of title and Track & Trace, so it takes none away."""
    results = [_kept(result) for result in told.results]
    is_news = (item.is_handled, item.results) != (told.is_handled, results)
    item.is_handled, item.results = told.is_handled, results
    item.expected_quantity = told.expected_quantity
    moments = [result.at for result in told.results if result.at]
    item.handled_at = max(moments, default=item.handled_at) if told.is_handled else None
    item.title = told.title or item.title
    item.track_and_trace = told.track_and_trace or item.track_and_trace
    item.carrier_name = told.carrier_name or item.carrier_name
    return is_news


def _kept(result: ReturnResult) -> dict[str, Any]:
    at = result.at.isoformat() if result.at else None
    return {"quantity": result.quantity, "asked": result.asked, "made_of_it": result.made_of_it, "at": at}


def _items(tx: Transaction, shop_id: int, external_id: str) -> Iterable[ReturnItem]:
    return tx.session.scalars(
        select(ReturnItem).join(ReturnItem.parcel).where(Return.shop_id == shop_id, Return.external_id == external_id)
    ).all()
