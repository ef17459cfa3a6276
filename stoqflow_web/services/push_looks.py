"""When a worker looks next whether a shop's push subscription is still as it should be."""

import logging
from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.orm import selectinload

from stoqflow_web import clock
from stoqflow_web.models import MarketplaceOrder, PushSubscription, WebhookMessage
from stoqflow_web.transaction import Transaction

log = logging.getLogger(__name__)

TOLD_WITHIN = timedelta(seconds=30)  # a message is usually here within two seconds of the order
LOOKS_APART = timedelta(minutes=3)  # however many messages are late


def look_soon(tx: Transaction, shop_id: int) -> None:
    """Something happened after which it may be switched off over there. A shop without one has nothing to look at."""
    _look_at(tx, shop_id, clock.now())


def doubt_silence(tx: Transaction, shop_id: int, new_orders: Collection[str]) -> None:
    """A sync brought these orders in. If one of them should have been pushed and was not, have it looked at.

    It may just be late: that is one question, and after it only an order placed later than that is doubted.
    """
    if not new_orders:
        return
    row = tx.session.scalars(
        select(PushSubscription).where(PushSubscription.shop_id == shop_id).execution_options(populate_existing=True)
    ).one_or_none()
    if row is None or not row.is_on or row.trouble is not None or row.checked_at is None or row.check_at is None:
        return
    at = max(clock.now(), row.checked_at + LOOKS_APART)
    if at < row.check_at and (untold := _untold(tx, shop_id, new_orders, row.checked_at)):
        _look_at(tx, shop_id, at)
        log.warning("Nothing was pushed to shop %s about %s: its subscription is looked at", shop_id, untold[0])


def should_be_told(placed_at: datetime, *, seen_on_at: datetime, now: datetime) -> bool:
    """Whether a message about an order of this moment should be here by `now`: it was seen on before that."""
    return seen_on_at < placed_at <= now - TOLD_WITHIN


def _untold(tx: Transaction, shop_id: int, order_ids: Collection[str], seen_on_at: datetime) -> list[str]:
    """Those that should have been told and were not: neither by the id of the order nor by that of an item."""
    now = clock.now()
    orders = tx.session.scalars(
        select(MarketplaceOrder)
        .where(MarketplaceOrder.shop_id == shop_id, MarketplaceOrder.external_id.in_(order_ids))
        .options(selectinload(MarketplaceOrder.items))
    )
    subjects = {
        order.external_id: {order.external_id, *(item.external_id for item in order.items)}
        for order in orders
        if order.placed_at is not None and should_be_told(order.placed_at, seen_on_at=seen_on_at, now=now)
    }
    told = _told(tx, shop_id, set().union(*subjects.values()), since=seen_on_at)
    return [external_id for external_id, its in subjects.items() if not its & told]


def _told(tx: Transaction, shop_id: int, subjects: Collection[str], *, since: datetime) -> set[str]:
    """What messages told of since then, whether they were handled or wait. The index on `handled_at` finds them."""
    if not subjects:
        return set()
    is_waiting_or_fresh = or_(WebhookMessage.handled_at.is_(None), WebhookMessage.handled_at >= since)
    return set(
        tx.session.scalars(
            select(WebhookMessage.subject).where(
                WebhookMessage.shop_id == shop_id, is_waiting_or_fresh, WebhookMessage.subject.in_(subjects)
            )
        )
    )


def _look_at(tx: Transaction, shop_id: int, at: datetime) -> None:
    tx.session.execute(
        update(PushSubscription)
        .where(PushSubscription.shop_id == shop_id)
        .values(check_at=at)
        .execution_options(synchronize_session=False)
    )
