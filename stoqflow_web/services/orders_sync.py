"""One pass of a sync: what is news at the marketplace is fetched and stored, then the watermark moves.

Usually the list of orders changed since the watermark tells what is news. After a gap of nearly an hour, before there
is any watermark, or when it was asked for, everything is compared: all that is open or was handled lately, and the days
that the gap spans. The recipe is bol.com's (bol/README.md 7.7); the moments are those of its own clock, so that ours
may be wrong.
"""

from collections.abc import Sequence
from datetime import datetime
from itertools import count

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from stoqflow_web import clock
from stoqflow_web.comparing import LONGEST_GAP, LONGEST_INTERVAL, is_news, minutes_since, missed_days
from stoqflow_web.exchange import ListedOrder
from stoqflow_web.marketplace import Marketplace
from stoqflow_web.models import ImportRun, MarketplaceOrder
from stoqflow_web.models.imports import COMPARING, FETCHING, LISTING
from stoqflow_web.services import checking_orders
from stoqflow_web.services.import_work import Work
from stoqflow_web.services.order_fetching import fetch_waiting, forget_items, note_waiting
from stoqflow_web.services.trouble import note_answer
from stoqflow_web.transaction import reading


def sync_orders(work: Work, marketplace: Marketplace) -> None:
    """Bring what is here in step, move the watermark, prove that nothing was missed. Killed, it can be done again."""
    run = _read(work)
    if run.phase == LISTING:
        _list_news(work, marketplace)
        run = _read(work)
    if run.done or run.phase == FETCHING:
        fetch_waiting(work, marketplace)
    if run.phase != COMPARING:
        _move_watermark(work)
    checking_orders.check(work, marketplace)


def _read(work: Work) -> ImportRun:
    with reading() as session:
        return session.get_one(ImportRun, work.run_id)


def _list_news(work: Work, marketplace: Marketplace) -> None:
    """Note each order that must be fetched."""
    with reading() as session:
        shop = session.get_one(ImportRun, work.run_id).shop
        since, is_catch_up_wanted = shop.synced_until, shop.catch_up_wanted_at is not None
    if since is None or is_catch_up_wanted or not _list_changes(work, marketplace, since):
        _list_everything(work, marketplace, since)


def _list_changes(work: Work, marketplace: Marketplace, since: datetime) -> bool:
    """Go through the orders changed since the watermark. False when that list can't tell all of them.

    Each page asks one minute further back than the page before. Else orders whose change is just old enough would drop
    out while we page, and pull those behind them onto a page that we have read already.
    """
    minutes = min(minutes_since(since, clock.now()), LONGEST_INTERVAL)
    number = 1
    while minutes <= LONGEST_INTERVAL:
        page = marketplace.changed_orders(number, minutes=minutes)
        if page.told_at - since > LONGEST_GAP:
            return False
        if number == 1 and minutes_since(since, page.told_at) > minutes:  # our clock is behind theirs
            minutes = minutes_since(since, page.told_at)
            continue
        _note_news(work, page.orders, watermark=page.told_at if number == 1 else None)
        if page.is_last:
            return True
        number, minutes = number + 1, minutes + 1
    return False


def _list_everything(work: Work, marketplace: Marketplace, since: datetime | None) -> None:
    """The catch-up: all that is open or was handled in the last days, what is open here only, and each missed day."""
    began_there = checking_orders.list_whole(work, marketplace)
    with work.step() as (tx, run):
        run.is_catch_up, run.watermark = True, began_there
        note_waiting(tx, run, checking_orders.differing(tx, run.shop_id))
    for day in missed_days(since, began_there) if since else ():
        for number in count(1):
            page = marketplace.orders_changed_on(day, number)
            _note_news(work, page.orders)
            if page.is_last:
                break


def _note_news(work: Work, listed: Sequence[ListedOrder], *, watermark: datetime | None = None) -> None:
    with work.step() as (tx, run):
        here = {
            order.external_id: order.items
            for order in tx.session.scalars(
                select(MarketplaceOrder)
                .where(
                    MarketplaceOrder.shop_id == run.shop_id,
                    MarketplaceOrder.external_id.in_([order.external_id for order in listed]),
                )
                .options(selectinload(MarketplaceOrder.items))
            )
        }
        note_waiting(tx, run, [one.external_id for one in listed if is_news(one, here.get(one.external_id, ()))])
        run.watermark = watermark or run.watermark
        note_answer(tx, run)


def _move_watermark(work: Work) -> None:
    """The pass is whole: whatever changed over there until the watermark is known here."""
    with work.step() as (tx, run):
        shop = run.shop
        if run.watermark is not None:
            shop.synced_until = max(shop.synced_until or run.watermark, run.watermark)
        shop.synced_at = clock.now()
        if run.is_catch_up and shop.catch_up_wanted_at is not None and shop.catch_up_wanted_at <= run.created_at:
            shop.catch_up_wanted_at = None
        run.phase, run.done = COMPARING, 0
        forget_items(tx, run.id)
