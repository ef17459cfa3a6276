"""The proof that nothing was missed: after each pass the marketplace's whole list is held against what is here.

A long list is read a few pages a pass, so that the marketplace's limit leaves room for the passes themselves. What
differs is fetched on the spot; what was different although a pass should have seen it is told as missed, and what could
not be fetched stays different, with a button.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from sqlalchemy import delete, select, text
from sqlalchemy.orm import selectinload, undefer

from stoqflow_web import clock
from stoqflow_web.comparing import states_here, states_of_list, tells_otherwise
from stoqflow_web.errors import NotFound
from stoqflow_web.exchange import ExchangeError, ListedOrder, OrderListPage
from stoqflow_web.marketplace import Marketplace
from stoqflow_web.models import ImportRun, MarketplaceItem, MarketplaceOrder, OrderCheck, Shop
from stoqflow_web.models.marketplace_orders import IS_OPEN_AND_OURS
from stoqflow_web.services.import_work import Work
from stoqflow_web.services.marketplaces import connect
from stoqflow_web.services.order_fetching import fetch_waiting, forget_items, note_waiting
from stoqflow_web.services.storing_orders import store_orders
from stoqflow_web.services.trouble import note_answer
from stoqflow_web.transaction import Transaction, reading, transaction

PAGES_A_MINUTE = 8  # of the 25 lists that bol.com allows
WHOLE = 0  # instead of the next page: the list was read to its end
STALE = timedelta(hours=3)  # a list that was begun so long ago proves nothing any more
GRACE = timedelta(minutes=1)  # a change can show in the list later than its own moment says
KEPT = timedelta(days=30)
NIGHT = time(3, 0)  # Amsterdam time: the check that begins then is kept as that night's
AT_ONCE = 500

Row = dict[str, Any]
"""What is kept of a listed order until the list is whole: its items' states, and when the latest of them changed."""


def list_whole(work: Work, marketplace: Marketplace) -> datetime:
    """Begin a check anew and read the whole list now; what time it was at the marketplace when that began."""
    with work.step() as (tx, run):
        _begin(tx, run.shop_id)
    read = _read(marketplace, 1, most=None)
    with work.step() as (tx, run):
        _keep(tx, run, read)
    return read.began_there


def check(work: Work, marketplace: Marketplace) -> None:
    """Go on with the shop's check; when its list is whole, fetch what differs and write down what came of it."""
    with work.step() as (tx, run):
        found = _unfinished(tx, run.shop_id) or _begin(tx, run.shop_id)
        next_page, most = found.next_page, PAGES_A_MINUTE * run.shop.sync_minutes
    # The page that was read last is read again: meanwhile orders may have left the list and pulled others onto it.
    read = None if next_page == WHOLE else _read(marketplace, max(next_page - 1, 1), most=most)
    compared_at = clock.now()
    with work.step() as (tx, run):
        current = _keep(tx, run, read) if read else _unfinished(tx, run.shop_id)
        if current is None or current.next_page != WHOLE:
            return
        different = differing(tx, run.shop_id)
        due = _due(current, different, run.shop)
        forget_items(tx, run.id)
        note_waiting(tx, run, different)
        if not different:
            _finish(tx, current, different, due, compared_at)
    if different:
        fetch_waiting(work, marketplace)
        with work.step() as (tx, run):
            current = _unfinished(tx, run.shop_id)
            if current is not None:
                _finish(tx, current, different, due, compared_at)


def differing(tx: Transaction, shop_id: int) -> list[str]:
    """External ids of the orders of which the whole list tells something else than what is here, or that it lacks."""
    found = _unfinished(tx, shop_id)
    if found is None:
        return []
    listed = _listed(found)
    different = [
        external_id
        for here in _here(tx, shop_id, list(listed))
        for external_id, items in here.items()
        if tells_otherwise(listed[external_id], states_here(items))
    ]
    return different + [one for one in _open_here(tx, shop_id, found.began_at) if one not in listed]


def fetch_difference(check_id: int) -> None:
    """Fetch once more what a finished check could not. For background work; raises NotFound, ExchangeError."""
    with reading() as session:
        found = session.get(OrderCheck, check_id)
        if found is None:
            raise NotFound("There is no such check.")
        shop_id, different = found.shop_id, list(found.different)
    records = []
    with connect(shop_id) as marketplace:
        for external_id in different:
            try:
                records.append(marketplace.order(external_id))
            except ExchangeError as fault:
                if fault.is_temporary:
                    raise
    with transaction() as tx:
        store_orders(tx, tx.session.get_one(Shop, shop_id), records)
        found = tx.session.get_one(OrderCheck, check_id, with_for_update=True)
        fetched = {record.external_id for record in records} & set(found.different)
        found.different = [one for one in found.different if one not in fetched]
        open_now = set(_open_here(tx, shop_id, clock.now() + timedelta(days=1))) & fetched
        found.open_here += len(open_now)
        found.handled_here += len(fetched - open_now)


def forget_old() -> None:
    """Checks are kept for 30 days. Called every few seconds."""
    before = clock.now() - KEPT
    with reading() as session:
        is_any = session.scalar(select(OrderCheck.id).where(OrderCheck.finished_at < before).limit(1)) is not None
    if is_any:
        with transaction() as tx:
            tx.session.execute(delete(OrderCheck).where(OrderCheck.finished_at < before))


def _begin(tx: Transaction, shop_id: int) -> OrderCheck:
    tx.session.execute(delete(OrderCheck).where(OrderCheck.shop_id == shop_id, OrderCheck.finished_at.is_(None)))
    now = clock.now()
    begun = OrderCheck(
        shop_id=shop_id, began_at=now, is_nightly=_is_first_of_the_night(tx, shop_id, now), next_page=1, listed={}
    )
    tx.session.add(begun)
    tx.session.flush()
    return begun


def _is_first_of_the_night(tx: Transaction, shop_id: int, now: datetime) -> bool:
    here = now.astimezone(clock.AMSTERDAM)
    night = datetime.combine(here.date(), NIGHT, clock.AMSTERDAM).astimezone(UTC)
    if now < night:
        return False
    tonight = select(OrderCheck.id).where(
        OrderCheck.shop_id == shop_id, OrderCheck.finished_at >= night, OrderCheck.is_nightly
    )
    return tx.session.scalar(tonight.limit(1)) is None


def _unfinished(tx: Transaction, shop_id: int) -> OrderCheck | None:
    now = clock.now()
    return tx.session.scalars(
        select(OrderCheck)
        .where(
            OrderCheck.shop_id == shop_id,
            OrderCheck.finished_at.is_(None),
            OrderCheck.began_at.between(now - STALE, now),
        )
        .options(undefer(OrderCheck.listed))
        .order_by(OrderCheck.id.desc())
        .limit(1)
    ).one_or_none()


@dataclass(frozen=True)
class _Read:
    """Some pages of the list: what they tell, the page to go on with, and what time it was there at the first."""

    rows: dict[str, Row]
    next_page: int
    began_there: datetime


def _read(marketplace: Marketplace, number: int, *, most: int | None) -> _Read:
    """Read from this page on, at most so many pages."""
    page = marketplace.listed_orders(number)
    rows, began_there, left = _rows(page), page.told_at, most
    while not page.is_last and (left is None or (left := left - 1) > 0):
        number += 1
        page = marketplace.listed_orders(number)
        rows |= _rows(page)
    return _Read(rows, WHOLE if page.is_last else number + 1, began_there)


def _keep(tx: Transaction, run: ImportRun, read: _Read) -> OrderCheck:
    found = _unfinished(tx, run.shop_id) or _begin(tx, run.shop_id)
    found.listed = {**(found.listed or {}), **read.rows}
    found.next_page = read.next_page
    note_answer(tx, run)
    return found


def _rows(page: OrderListPage) -> dict[str, Row]:
    return {
        order.external_id: {"items": states_of_list(order.items), "changed": _changed_at(order)}
        for order in page.orders
        if states_of_list(order.items)
    }


def _changed_at(order: ListedOrder) -> float | None:
    moments = [item.changed_at.timestamp() for item in order.items if item.changed_at]
    return max(moments, default=None)


def _listed(found: OrderCheck) -> dict[str, dict[str, tuple[int, int, int, bool]]]:
    """The items' states by order; JSON knows no tuples."""
    return {
        external_id: {item_id: tuple(state) for item_id, state in row["items"].items()}
        for external_id, row in (found.listed or {}).items()
    }


def _here(tx: Transaction, shop_id: int, external_ids: Sequence[str]) -> Iterator[dict[str, Sequence[MarketplaceItem]]]:
    """The items of these orders, some orders at a time; none for an order that is not here."""
    for start in range(0, len(external_ids), AT_ONCE):
        some = external_ids[start : start + AT_ONCE]
        orders = tx.session.scalars(
            select(MarketplaceOrder)
            .where(MarketplaceOrder.shop_id == shop_id, MarketplaceOrder.external_id.in_(some))
            .options(selectinload(MarketplaceOrder.items))
        )
        found = {order.external_id: order.items for order in orders}
        yield {external_id: found.get(external_id, ()) for external_id in some}


def _open_here(tx: Transaction, shop_id: int, before: datetime) -> Sequence[str]:
    """The orders that are open for us by what we keep, and that were here when the check began."""
    some_open = select(MarketplaceItem.order_id).where(MarketplaceItem.shop_id == shop_id, text(IS_OPEN_AND_OURS))
    return tx.session.scalars(
        select(MarketplaceOrder.external_id).where(
            MarketplaceOrder.id.in_(some_open), MarketplaceOrder.came_in_at < before
        )
    ).all()


def _due(found: OrderCheck, different: Collection[str], shop: Shop) -> list[str]:
    """Those of the different ones that a pass should have seen: they changed before the watermark."""
    if shop.synced_until is None:
        return []
    until = (shop.synced_until - GRACE).timestamp()
    rows = found.listed or {}
    return [one for one in different if one in rows and (rows[one]["changed"] or until + 1) <= until]


def _finish(
    tx: Transaction, found: OrderCheck, different: Sequence[str], due: Sequence[str], compared_at: datetime
) -> None:
    listed = _listed(found)
    here = _checked_here(tx, found.shop_id, [*listed, *(one for one in different if one not in listed)])
    still = [one for one in different if one not in here or here[one][0] < compared_at]
    open_there = [external_id for external_id, items in listed.items() if _is_open(items.values())]
    found.open_there, found.handled_there = len(open_there), len(listed) - len(open_there)
    found.open_here = sum(one in here for one in open_there) + sum(one not in listed for one in still)
    found.handled_here = sum(one in here for one in listed) - sum(one in here for one in open_there)
    found.deleted_here = sum(here[one][1] is not None for one in open_there if one in here)
    found.different = still
    found.missed = [one for one in due if one not in still]
    found.finished_at, found.listed = clock.now(), None
    tx.session.flush()
    _fold_into_the_hour(tx, found)


def _is_open(states: Collection[tuple[int, int, int, bool]]) -> bool:
    return any(quantity > shipped + cancelled for quantity, shipped, cancelled, _ in states)


def _checked_here(
    tx: Transaction, shop_id: int, external_ids: Sequence[str]
) -> dict[str, tuple[datetime, datetime | None]]:
    """Of those that are here: when they were last read at the marketplace, and when they were deleted here."""
    found: dict[str, tuple[datetime, datetime | None]] = {}
    for start in range(0, len(external_ids), AT_ONCE):
        rows = tx.session.execute(
            select(MarketplaceOrder.external_id, MarketplaceOrder.checked_at, MarketplaceOrder.deleted_at).where(
                MarketplaceOrder.shop_id == shop_id,
                MarketplaceOrder.external_id.in_(external_ids[start : start + AT_ONCE]),
            )
        )
        found |= {external_id: (checked_at, deleted_at) for external_id, checked_at, deleted_at in rows}
    return found


def _fold_into_the_hour(tx: Transaction, found: OrderCheck) -> None:
    """Checks of one hour that found nothing become one row, or there would be forty thousand a shop and month."""
    before = tx.session.scalars(
        select(OrderCheck)
        .where(OrderCheck.shop_id == found.shop_id, OrderCheck.id < found.id, OrderCheck.finished_at.is_not(None))
        .order_by(OrderCheck.id.desc())
        .limit(1)
    ).one_or_none()
    if before is None or not (_is_quiet(before) and _is_quiet(found)) or _hour(before) != _hour(found):
        return
    found.times += before.times
    found.began_at = before.began_at
    tx.session.delete(before)


def _is_quiet(found: OrderCheck) -> bool:
    return not (found.different or found.missed or found.is_nightly)


def _hour(found: OrderCheck) -> datetime | None:
    return found.finished_at and found.finished_at.replace(minute=0, second=0, microsecond=0)
