"""What there is to tell people at this moment, read from the state of things and not from events.

So nothing is missed because a process was down when it happened. Who was told what already is in the items of a
recipient (models/news.py). To add something that may differ, add a function to DIFFERENCES.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, String, Subquery, cast, false, func, select
from sqlalchemy.orm import Session

from stoqflow_web import clock
from stoqflow_web.deadlines import ONE_DAY, beginning_of, last_day_shipped_by
from stoqflow_web.exchange import FBB, KEYS_REFUSED
from stoqflow_web.models import (
    MarketplaceItem,
    MarketplaceOrder,
    NewsItem,
    NewsRecipient,
    OrderCheck,
    OrderLine,
    SalesOrder,
    Shop,
    StockComparison,
    Writeback,
    WritebackAttempt,
)
from stoqflow_web.models.news import ACCESS, DIFFERENCE, EXPIRING, ORDERS_DIFFER, REFUSED, STOCK_DIFFERS
from stoqflow_web.models.sales_orders import CANCELED, COMPLETE, OPEN_STATUSES
from stoqflow_web.models.shops import SILENT
from stoqflow_web.models.writebacks import CONFIRMED, NEEDS_ATTENTION

AT_A_TIME = 500  # what is more is noted in the next round, a few seconds later
SILENT_FOR = timedelta(minutes=10)


@dataclass(frozen=True)
class Matter:
    """`key` is this very occurrence, `subject` the thing it is about."""

    key: str
    subject: str
    facts: dict[str, Any]


def expiring(session: Session, recipient: NewsRecipient) -> list[Matter]:
    """Open orders that the marketplace cancels by itself today or tomorrow, the first ones first."""
    tomorrow = clock.today() + ONE_DAY
    day = func.min(MarketplaceItem.expires_on).label("expires_on")
    is_open = MarketplaceItem.quantity > MarketplaceItem.quantity_shipped + MarketplaceItem.quantity_cancelled
    rows = session.execute(
        select(SalesOrder.id, SalesOrder.number, Shop.name.label("shop"), day)
        .join(SalesOrder.shop)
        .join(SalesOrder.lines)
        .join(OrderLine.item)
        .where(
            SalesOrder.status.in_(OPEN_STATUSES),
            SalesOrder.sort_day <= tomorrow,  # what it expires on is never before what it must be delivered on
            OrderLine.canceled_at.is_(None),
            OrderLine.quantity > 0,
            MarketplaceItem.expires_on <= tomorrow,
            MarketplaceItem.fulfilment_method != FBB,
            is_open,
            ~_is_noted(recipient, EXPIRING, cast(SalesOrder.id, String)),
        )
        .group_by(SalesOrder.id, SalesOrder.number, Shop.name)
        .order_by(day, SalesOrder.id)
        .limit(AT_A_TIME)
    )
    return [
        Matter(str(row.id), f"order-{row.id}", {"order": row.number, "shop": row.shop, "expires_on": _iso(row[3])})
        for row in rows
    ]


def refused(session: Session, recipient: NewsRecipient) -> list[Matter]:
    """Messages to the marketplace that need a person, each time anew, the oldest first."""
    times = _newest_refusals()
    rows = session.execute(
        select(
            times.c.attempt_id,
            Writeback.id,
            Writeback.kind,
            Writeback.why,
            Writeback.their_sentence,
            SalesOrder.number,
            Shop.name.label("shop"),
        )
        .join(Writeback, Writeback.id == times.c.writeback_id)
        .join(Writeback.sales_order)
        .join(Writeback.shop)
        .where(~_is_noted(recipient, REFUSED, cast(times.c.attempt_id, String)))
        .order_by(times.c.attempt_id)
        .limit(AT_A_TIME)
    )
    return [
        Matter(
            str(row.attempt_id),
            f"message-{row.id}",
            {"order": row.number, "shop": row.shop, "kind": row.kind, "why": row.why, "said": row.their_sentence},
        )
        for row in rows
    ]


def access(session: Session) -> list[Matter]:
    """Shops whose keys or account are refused, or whose marketplace has been silent for more than ten minutes."""
    found = []
    for shop in session.scalars(select(Shop).order_by(Shop.name, Shop.id)):
        if shop.access_lost_at is not None:
            what = shop.access_lost_because or KEYS_REFUSED
            found.append(_of_shop(shop, "access", what, shop.access_lost_at, shop.access_lost_why))
        elif _is_silent(shop) and shop.trouble_since is not None:
            found.append(_of_shop(shop, "silence", SILENT, shop.trouble_since, shop.trouble_said))
    return found


def orders_that_differ(session: Session) -> list[Matter]:
    """Shops whose newest finished check left a difference, after it had fetched what it could."""
    newest = (
        select(func.max(OrderCheck.finished_at))
        .where(OrderCheck.shop_id == Shop.id, OrderCheck.finished_at.is_not(None))
        .correlate(Shop)
        .scalar_subquery()
    )
    checks = session.execute(
        select(OrderCheck, Shop.name)
        .join(Shop, Shop.id == OrderCheck.shop_id)
        .where(OrderCheck.finished_at == newest)
        .order_by(Shop.name, OrderCheck.id)
    )
    return [
        Matter(
            f"{ORDERS_DIFFER}-{check.shop_id}-{check.id}",
            f"{ORDERS_DIFFER}-{check.shop_id}",
            {
                "shop": shop_name,
                "what": ORDERS_DIFFER,
                "difference": check.difference,
                "there": check.open_there,
                "here": check.open_here,
                "since": _iso(check.finished_at or check.began_at),
            },
        )
        for check, shop_name in checks
        if check.difference
    ]


def stock_that_differs(session: Session) -> list[Matter]:
    """Shops where the newest comparison found stock that already differed the night before, and was told in between."""
    newest = select(func.max(StockComparison.id)).group_by(StockComparison.shop_id)
    comparisons = session.execute(
        select(StockComparison, Shop.name)
        .join(Shop, Shop.id == StockComparison.shop_id)
        .where(StockComparison.id.in_(newest), StockComparison.stayed > 0)
        .order_by(Shop.name, StockComparison.id)
    )
    return [
        Matter(
            f"{STOCK_DIFFERS}-{found.shop_id}-{found.id}",
            f"{STOCK_DIFFERS}-{found.shop_id}",
            {
                "shop": shop_name,
                "what": STOCK_DIFFERS,
                "difference": found.stayed,
                "since": _iso(found.finished_at),
            },
        )
        for found, shop_name in comparisons
    ]


DIFFERENCES: list[Callable[[Session], list[Matter]]] = [orders_that_differ, stock_that_differs]


def differences(session: Session) -> list[Matter]:
    return [matter for look in DIFFERENCES for matter in look(session)]


def is_over(topic: str) -> ColumnElement[bool]:
    """Of NewsItem: what it was to tell of was settled before anybody was told."""
    if topic == REFUSED:
        return NewsItem.key.not_in(select(cast(_newest_refusals().c.attempt_id, String)))
    if topic == EXPIRING:
        return NewsItem.key.not_in(select(cast(SalesOrder.id, String)).where(SalesOrder.status.in_(OPEN_STATUSES)))
    return false()


# Each occurrence of these is told once
PASSING: dict[str, Callable[[Session, NewsRecipient], list[Matter]]] = {EXPIRING: expiring, REFUSED: refused}
# Of these the beginning is told, and the end
LASTING: dict[str, Callable[[Session], list[Matter]]] = {ACCESS: access, DIFFERENCE: differences}


def summary(session: Session, day: date) -> dict[str, Any]:
    """How the day before `day` went, and what is to be done on `day`."""
    begins, ends = beginning_of(day - ONE_DAY), beginning_of(day)
    complete = select(SalesOrder.id).where(
        SalesOrder.status == COMPLETE, SalesOrder.ended_at >= begins, SalesOrder.ended_at < ends
    )
    confirmed = select(Writeback.sales_order_id).where(
        Writeback.state == CONFIRMED, Writeback.ended_at >= begins, Writeback.ended_at < ends
    )
    is_ours = select(SalesOrder.id).where(SalesOrder.marketplace_order_id == MarketplaceOrder.id).exists()
    return {
        "day": day.isoformat(),
        "placed": _number(
            session, MarketplaceOrder, MarketplaceOrder.placed_at >= begins, MarketplaceOrder.placed_at < ends, is_ours
        ),
        "complete": session.scalar(select(func.count()).select_from(complete.subquery())) or 0,
        "confirmed": session.scalar(select(func.count()).select_from(confirmed.distinct().subquery())) or 0,
        "canceled": _number(
            session,
            SalesOrder,
            SalesOrder.status == CANCELED,
            SalesOrder.ended_at >= begins,
            SalesOrder.ended_at < ends,
        ),
        "must_leave": _number(
            session,
            SalesOrder,
            SalesOrder.status.in_(OPEN_STATUSES),
            SalesOrder.sort_day <= last_day_shipped_by(day),
        ),
        "open": _number(session, SalesOrder, SalesOrder.status.in_(OPEN_STATUSES)),
        "attention": _number(session, Writeback, Writeback.state == NEEDS_ATTENTION),
        "shops": [_health(shop) for shop in session.scalars(select(Shop).order_by(Shop.name, Shop.id))],
    }


def _newest_refusals() -> Subquery:
    """Of each message that needs a person, the latest time that it came to that: `writeback_id`, `attempt_id`."""
    return (
        select(WritebackAttempt.writeback_id, func.max(WritebackAttempt.id).label("attempt_id"))
        .join(Writeback, Writeback.id == WritebackAttempt.writeback_id)
        .where(Writeback.state == NEEDS_ATTENTION, WritebackAttempt.outcome == NEEDS_ATTENTION)
        .group_by(WritebackAttempt.writeback_id)
        .subquery()
    )


def _is_noted(recipient: NewsRecipient, topic: str, key: ColumnElement[str]) -> ColumnElement[bool]:
    return (
        select(NewsItem.id)
        .where(NewsItem.recipient_id == recipient.id, NewsItem.topic == topic, NewsItem.key == key)
        .exists()
    )


def _is_silent(shop: Shop) -> bool:
    if shop.is_paused or shop.trouble != SILENT or shop.trouble_since is None:
        return False
    return clock.now() - shop.trouble_since > SILENT_FOR


def _of_shop(shop: Shop, about: str, what: str, since: datetime, said: str | None) -> Matter:
    subject = f"{about}-{shop.id}"
    facts = {"shop": shop.name, "what": what, "since": _iso(since), "said": said}
    return Matter(f"{subject}-{int(since.timestamp())}", subject, facts)


def _health(shop: Shop) -> dict[str, Any]:
    if shop.has_lost_access:
        matter = shop.access_lost_because or KEYS_REFUSED
    else:
        matter = "paused" if shop.is_paused else shop.trouble or ""
    return {"shop": shop.name, "matter": matter, "synced_at": _iso(shop.synced_at)}


def _number(session: Session, model: type[Any], *conditions: ColumnElement[bool]) -> int:
    wanted: Sequence[ColumnElement[bool]] = conditions
    return session.scalar(select(func.count()).select_from(model).where(*wanted)) or 0


def _iso(moment: date | datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
