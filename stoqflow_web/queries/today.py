"""How the day goes, for the home page. Each figure is that of the list its tile leads to, and counted up to a cap.

The number of questions to the database grows neither with orders nor with shops.
"""

from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise

from sqlalchemy import ScalarSelect, Select, exists, false, func, literal_column, select

from stoqflow_web import clock
from stoqflow_web.deadlines import Deadline, beginning_of, deadline_for, hours_of
from stoqflow_web.extensions import db
from stoqflow_web.models import ImportRun, MarketplaceOrder, OrderCheck, SalesOrder, Shop
from stoqflow_web.models.imports import PRODUCTS
from stoqflow_web.models.marketplace_orders import FAR_AWAY
from stoqflow_web.models.sales_orders import COMPLETE, OPEN_STATUSES, READY_TO_PICK
from stoqflow_web.queries import attention, cancellation_requests, orders
from stoqflow_web.queries.orders import COUNTED_UP_TO
from stoqflow_web.queries.shop_health import ShopHealth, health_of_shops


@dataclass(frozen=True)
class Figures:
    """What the tiles say. `oldest_came_in_at` and `first_deadline` are None when there is no such order."""

    ready: int
    oldest_came_in_at: datetime | None
    late_today: int
    first_deadline: Deadline | None
    requests: int
    requests_begun: int  # of those: on paper already, so somebody may have the goods in hand
    attention: attention.Counts
    confirmed: int
    complete: int


@dataclass(frozen=True)
class Hour:
    """What happened in one hour of the day: orders that clients placed, orders that became complete."""

    begins: datetime
    placed: int
    complete: int


@dataclass(frozen=True)
class ShopOfToday:
    """How a shop gets on with its marketplace, and the newest check that nothing was missed.

    `needs_products`: nobody has transferred its products yet.
    """

    health: ShopHealth
    check: OrderCheck | None
    needs_products: bool = False


def figures() -> Figures:
    counted = orders.counts()
    requests, begun = cancellation_requests.counts()
    confirmed, complete = _done(beginning_of(clock.today()))
    return Figures(
        ready=counted[READY_TO_PICK],
        oldest_came_in_at=_oldest_came_in_at(),
        late_today=counted[orders.LATE_TODAY],
        first_deadline=_first_deadline(),
        requests=requests,
        requests_begun=begun,
        attention=attention.counts(),
        confirmed=confirmed,
        complete=complete,
    )


def orders_by_hour(day: date) -> list[Hour]:
    """The hours of an Amsterdam day, 23, 24 or 25 of them, in one question; nothing is asked of those to come."""
    moments, now = hours_of(day), clock.now()
    hours = list(pairwise(moments))
    past = [(begins, ends) for begins, ends in hours if begins <= now]
    asked = [_number(ids) for begins, ends in past for ids in (_placed(begins, ends), _complete(begins, ends))]
    named = [number.label(f"number_{place}") for place, number in enumerate(asked)]
    numbers = iter(db.session.execute(select(*named)).one() if named else ())
    return [Hour(begins, next(numbers, 0), next(numbers, 0)) for begins, _ends in hours]


def shops() -> list[ShopOfToday]:
    """Every shop by name."""
    newest = (
        select(OrderCheck.id)
        .where(OrderCheck.shop_id == Shop.id, OrderCheck.finished_at.is_not(None))
        .order_by(OrderCheck.finished_at.desc())
        .limit(1)
        .correlate(Shop)
        .scalar_subquery()
    )
    checks = db.session.scalars(select(OrderCheck).join(Shop, OrderCheck.id == newest))
    by_shop = {check.shop_id: check for check in checks}
    transferred = exists(select(ImportRun.id).where(ImportRun.shop_id == Shop.id, ImportRun.kind == PRODUCTS))
    bare = set(db.session.scalars(select(Shop.id).where(~transferred)))
    return [ShopOfToday(one, by_shop.get(one.shop.id), one.shop.id in bare) for one in health_of_shops()]


def _oldest_came_in_at() -> datetime | None:
    """Of what is ready to pick. Told from an index of those alone, so the status stands in the question as it is."""
    is_ready = SalesOrder.status == literal_column("'ready-to-pick'")
    return db.session.scalar(
        select(SalesOrder.created_at)
        .where(is_ready, SalesOrder.is_cancellation_requested == false())
        .order_by(SalesOrder.created_at)
        .limit(1)
    )


def _first_deadline() -> Deadline | None:
    """The first of all open orders: each shop has a carrier of its own, so the first day of each shop is asked."""
    firsts = [_first_day(status).label(status) for status in OPEN_STATUSES]
    deadlines = [
        deadline_for(day, collected_at)
        for collected_at, *days in db.session.execute(select(Shop.collected_at, *firsts))
        for day in days
        if day is not None and day != FAR_AWAY
    ]
    return min(deadlines, key=lambda deadline: deadline.at, default=None)


def _first_day(status: str) -> ScalarSelect[date]:
    return (
        select(SalesOrder.sort_day)
        .where(SalesOrder.shop_id == Shop.id, SalesOrder.status == status)
        .order_by(SalesOrder.sort_day)
        .limit(1)
        .correlate(Shop)
        .scalar_subquery()
    )


def _done(since: datetime) -> tuple[int, int]:
    """How many orders that became complete since then are confirmed, and how many there are."""
    confirmed, complete = orders.confirmed_since(since), orders.complete_since(since)
    row = db.session.execute(select(_number(confirmed).label("confirmed"), _number(complete).label("complete"))).one()
    return row.confirmed, row.complete


def _placed(begins: datetime, ends: datetime) -> Select[int]:
    """Orders with something for us in them: what bol.com ships itself neither comes in here nor goes out."""
    is_ours = exists(select(SalesOrder.id).where(SalesOrder.marketplace_order_id == MarketplaceOrder.id))
    placed_at = MarketplaceOrder.placed_at
    return select(MarketplaceOrder.id).where(placed_at >= begins, placed_at < ends, is_ours).limit(COUNTED_UP_TO)


def _complete(begins: datetime, ends: datetime) -> Select[int]:
    ended_at = SalesOrder.ended_at
    return (
        select(SalesOrder.id)
        .where(SalesOrder.status == COMPLETE, ended_at >= begins, ended_at < ends)
        .limit(COUNTED_UP_TO)
    )


def _number(ids: Select[int]) -> ScalarSelect[int]:
    """How many, as a value inside a larger question."""
    return select(func.count()).select_from(ids.subquery()).scalar_subquery()
