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
    """A sync brought these orders in. If no message told of one of them, have it looked at when one should be here.

    It may just be late: that is one question, and after it only an order placed later than that is doubted.
    """
    if not new_orders:
        return
    row = tx.session.scalars(
        select(PushSubscription).where(PushSubscription.shop_id == shop_id).execution_options(populate_existing=True)
    ).one_or_none()
    if row is None or not row.is_on or row.trouble is not None or row.checked_at is None or row.check_at is None:
        return
    if (untold := _untold(tx, shop_id, new_orders, row.checked_at)) is None:
        return
    at = max(clock.now(), untold + TOLD_WITHIN, row.checked_at + LOOKS_APART)
    if at < row.check_at:
        _look_at(tx, shop_id, at)
        log.warning("Nothing was pushed to shop %s about a new order: its subscription is looked at", shop_id)


def _untold(tx: Transaction, shop_id: int, order_ids: Collection[str], seen_on_at: datetime) -> datetime | None:
    """When the first of those was placed that no message told of, by its id or an item's; since it was seen on."""
    orders = tx.session.scalars(
        select(MarketplaceOrder)
        .where(MarketplaceOrder.shop_id == shop_id, MarketplaceOrder.external_id.in_(order_ids))
        .options(selectinload(MarketplaceOrder.items))
    )
    subjects = [
        (order.placed_at, {order.external_id, *(item.external_id for item in order.items)})
        for order in orders
        if order.placed_at is not None and order.placed_at > seen_on_at
    ]
    told = _told(tx, shop_id, set().union(*(its for _, its in subjects)), since=seen_on_at)
    return min((placed_at for placed_at, its in subjects if not its & told), default=None)


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
