"""How each shop does against its service norms: our own count of a week, and what the marketplace measured.

The number of questions grows neither with orders nor with shops, and each walks an index over one week.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Any

from sqlalchemy import ColumnElement, and_, false, func, or_, select, text
from sqlalchemy.orm import joinedload

from stoqflow_web import clock
from stoqflow_web.carriers import carriers
from stoqflow_web.clock import AMSTERDAM
from stoqflow_web.deadlines import deadline_for
from stoqflow_web.exchange import CANCELLATIONS, ON_TIME, TRACK_AND_TRACE
from stoqflow_web.extensions import db
from stoqflow_web.models import (
    MarketplaceItem,
    MarketplaceOrder,
    OrderLine,
    PerformanceIndicator,
    Reading,
    SalesOrder,
    Shipment,
    Shop,
    Writeback,
)
from stoqflow_web.models.marketplace_orders import IS_HANDLED_AND_OURS
from stoqflow_web.models.readings import NORMS
from stoqflow_web.models.sales_orders import COMPLETE, OPEN_STATUSES
from stoqflow_web.models.writebacks import CANCELLATION, NEEDS_ATTENTION, UNFINISHED
from stoqflow_web.queries import shop_names
from stoqflow_web.service_norms import (
    Norm,
    Share,
    Week,
    cancellation_counts,
    days_to_deliver,
    last_day_missed,
)

COUNTED_BY_US = (CANCELLATIONS, ON_TIME, TRACK_AND_TRACE)
MOST_CAUSES = 100
COUNTED_UP_TO = 5_000
"""So many cancelled items of a week are looked at one by one: more is no week that a norm could still be about."""

Counts = dict[str, Share]
"""Our count by indicator, of COUNTED_BY_US."""


@dataclass(frozen=True)
class Cause:
    """An order that made a score worse. `order` is None where only the marketplace knew of it, or it was deleted here;
    `external_id` then says which it was.

    `at` is when it was canceled, left, or should have left; `what` the item, the status or the parcel; `reason` why it
    was canceled (exchange.CANCEL_REASONS), or None.
    """

    order: SalesOrder | None
    at: datetime
    what: str
    reason: str | None = None
    external_id: str = ""


@dataclass(frozen=True)
class ShopNorms:
    """A shop's running week, for the home page."""

    shop: Shop
    counts: Counts
    norms: dict[str, Norm]


@dataclass(frozen=True)
class WeekOfShop:
    """A week of a shop with all that its page shows. `told` by indicator; `causes` by indicator, newest first."""

    shop: Shop
    week: Week
    counts: Counts
    told: dict[str, PerformanceIndicator]
    causes: dict[str, list[Cause]] = field(default_factory=dict)


def of_shops() -> list[ShopNorms]:
    """The running week of every shop, by name, in as many questions for one shop as for fifty."""
    shops = shop_names.all_shops()
    counts = counts_of(Week.of(clock.now()))
    norms = _norms()
    return [ShopNorms(shop, counts.get(shop.id, _nothing()), norms.get(shop.id, {})) for shop in shops]


def week_of(shop: Shop, week: Week) -> WeekOfShop:
    """Everything about one week of one shop."""
    told = db.session.scalars(
        select(PerformanceIndicator).where(
            PerformanceIndicator.shop_id == shop.id,
            PerformanceIndicator.year == week.year,
            PerformanceIndicator.week == week.number,
        )
    )
    return WeekOfShop(
        shop,
        week,
        counts_of(week, shop.id).get(shop.id, _nothing()),
        {row.name: row for row in told if row.norm},
        {
            CANCELLATIONS: _cancellation_causes(week, shop.id),
            ON_TIME: _late_causes(week, shop.id),
            TRACK_AND_TRACE: _codeless_causes(week, shop.id),
        },
    )


def weeks_told(shop: Shop) -> dict[Week, dict[str, PerformanceIndicator]]:
    """What the marketplace measured of the shop, by week and indicator."""
    rows = db.session.scalars(select(PerformanceIndicator).where(PerformanceIndicator.shop_id == shop.id))
    weeks: dict[Week, dict[str, PerformanceIndicator]] = {}
    for row in rows:
        weeks.setdefault(row.of_week, {})[row.name] = row
    return weeks


def read_at(shop: Shop) -> datetime | None:
    """When the marketplace's own scores were last read; None before the first time."""
    return db.session.scalar(select(Reading.read_at).where(Reading.shop_id == shop.id, Reading.kind == NORMS))


def counts_of(week: Week, shop_id: int | None = None) -> dict[int, Counts]:
    """Our count of the week by shop, of one shop or of all."""
    cancellations = _cancellations(week, shop_id)
    on_time = _on_time(week, shop_id)
    with_code = _with_code(week, shop_id)
    return {
        one: {
            CANCELLATIONS: cancellations.get(one, Share(0, 0)),
            ON_TIME: on_time.get(one, Share(0, 0)),
            TRACK_AND_TRACE: with_code.get(one, Share(0, 0)),
        }
        for one in {*cancellations, *on_time, *with_code}
    }


def _nothing() -> Counts:
    return dict.fromkeys(COUNTED_BY_US, Share(0, 0))


def _norms() -> dict[int, dict[str, Norm]]:
    """By shop, as the marketplace told them last."""
    rows = db.session.scalars(
        select(PerformanceIndicator)
        .where(PerformanceIndicator.name.in_(COUNTED_BY_US), PerformanceIndicator.norm_value.is_not(None))
        .order_by(PerformanceIndicator.year, PerformanceIndicator.week)
    )
    norms: dict[int, dict[str, Norm]] = {}
    for row in rows:
        if row.norm:
            norms.setdefault(row.shop_id, {})[row.name] = row.norm
    return norms


# Cancellations: items of which nothing is open any more, by when that became so at the marketplace; and in the running
# week those that we have canceled and that it has not confirmed yet.


@dataclass(frozen=True)
class _Cancelled:
    """A cancelled item; `is_owed`: the marketplace does not know yet."""

    item: MarketplaceItem
    at: datetime
    reason: str | None
    is_owed: bool = False

    @property
    def counts(self) -> bool:
        return cancellation_counts(
            self.reason,
            is_clients_wish=self.item.is_cancellation_requested,
            day=self.item.deliver_by,
            cancelled_on=self.at.astimezone(AMSTERDAM).date(),
        )


def _cancellations(week: Week, shop_id: int | None) -> dict[int, Share]:
    number = func.count().label("number")
    handled = select(MarketplaceItem.shop_id, number).where(*_handled_in(week, shop_id))
    whole: dict[int, int] = {
        row.shop_id: row.number for row in db.session.execute(handled.group_by(MarketplaceItem.shop_id))
    }
    part: dict[int, int] = {}
    for cancelled in _cancelled(week, shop_id):
        one = cancelled.item.shop_id
        part[one] = part.get(one, 0) + cancelled.counts
        whole[one] = whole.get(one, 0) + cancelled.is_owed
    return {one: Share(part.get(one, 0), items) for one, items in whole.items()}


def _handled_in(week: Week, shop_id: int | None) -> list[ColumnElement[bool]]:
    conditions: list[Any] = [
        text(IS_HANDLED_AND_OURS),
        MarketplaceItem.changed_at >= week.begins,
        MarketplaceItem.changed_at < week.ends,
    ]
    return conditions if shop_id is None else [*conditions, MarketplaceItem.shop_id == shop_id]


def _cancelled(week: Week, shop_id: int | None) -> list[_Cancelled]:
    items = db.session.scalars(
        select(MarketplaceItem)
        .where(*_handled_in(week, shop_id), MarketplaceItem.quantity_cancelled > 0)
        .order_by(MarketplaceItem.changed_at.desc())
        .limit(COUNTED_UP_TO)
    ).all()
    reasons = _reasons(item.id for item in items)
    done = [_Cancelled(item, item.changed_at, reasons.get(item.id)) for item in items if item.changed_at]
    return [*_owed(shop_id), *done] if week == Week.of(clock.now()) else done


def _reasons(item_ids: Iterable[int]) -> dict[int, str]:
    """Why each item was canceled here. Of several reasons one that counts is as good as another."""
    rows = db.session.execute(
        select(OrderLine.marketplace_item_id, func.min(OrderLine.cancel_reason))
        .where(OrderLine.marketplace_item_id.in_(list(item_ids)), OrderLine.cancel_reason.is_not(None))
        .group_by(OrderLine.marketplace_item_id)
    )
    return {item_id: reason for item_id, reason in rows if reason}


def _owed(shop_id: int | None) -> list[_Cancelled]:
    question = (
        select(Writeback)
        .where(Writeback.kind == CANCELLATION, Writeback.state.in_((*UNFINISHED, NEEDS_ATTENTION)))
        .options(joinedload(Writeback.item))
        .limit(COUNTED_UP_TO)
    )
    rows = db.session.scalars(question if shop_id is None else question.where(Writeback.shop_id == shop_id))
    return [
        _Cancelled(row.item, row.created_at, row.cancel_reason, is_owed=True)
        for row in rows
        if row.item is not None and row.item.is_open
    ]


def _cancellation_causes(week: Week, shop_id: int) -> list[Cause]:
    counted = [cancelled for cancelled in _cancelled(week, shop_id) if cancelled.counts][:MOST_CAUSES]
    orders = _orders_with([cancelled.item.id for cancelled in counted])
    external_ids = _external_ids({cancelled.item.order_id for cancelled in counted})
    return [
        Cause(
            orders.get(cancelled.item.id),
            cancelled.at,
            cancelled.item.title or "—",
            cancelled.reason,
            external_ids[cancelled.item.order_id],
        )
        for cancelled in counted
    ]


def _external_ids(order_ids: Iterable[int]) -> dict[int, str]:
    rows = db.session.execute(
        select(MarketplaceOrder.id, MarketplaceOrder.external_id).where(MarketplaceOrder.id.in_(list(order_ids)))
    )
    return {row.id: row.external_id for row in rows}


def _orders_with(item_ids: Sequence[int]) -> dict[int, SalesOrder]:
    rows = db.session.execute(
        select(OrderLine.marketplace_item_id, SalesOrder)
        .join(OrderLine.sales_order)
        .where(OrderLine.marketplace_item_id.in_(item_ids))
        .order_by(OrderLine.id)
    )
    found: dict[int, SalesOrder] = {}
    for item_id, order in rows:
        if not order.is_deleted:
            found.setdefault(item_id, order)
    return found


# On time: orders by the week in which they had to leave (deadlines.py): complete by then, too late, or still here.


def _on_time(week: Week, shop_id: int | None) -> dict[int, Share]:
    late = func.count().filter(_left_late(week))
    left = _of_week(select(SalesOrder.shop_id, func.count(), late), week, shop_id).where(SalesOrder.status == COMPLETE)
    shares = {
        one: Share(number - too_late, number)
        for one, number, too_late in db.session.execute(left.group_by(SalesOrder.shop_id))
    }
    here = _late_and_here(select(SalesOrder.shop_id, func.count()), week, shop_id).group_by(SalesOrder.shop_id)
    for one, number in db.session.execute(here):
        before = shares.get(one, Share(0, 0))
        shares[one] = Share(before.part, before.whole + number)
    return shares


def _of_week(question: Any, week: Week, shop_id: int | None) -> Any:
    days = days_to_deliver(week)
    question = question.join(SalesOrder.shop).where(
        SalesOrder.deliver_by.is_not(None),
        SalesOrder.sort_day.between(days[0], days[-1]),  # the same day, and this one has indexes
    )
    return question if shop_id is None else question.where(SalesOrder.shop_id == shop_id)


def _left_late(week: Week) -> ColumnElement[bool]:
    """Of SalesOrder, joined to its shop, that had to leave in the week and is complete."""
    return or_(
        false(),
        *(
            and_(
                Shop.collected_at == collected_at,
                SalesOrder.deliver_by == day,
                SalesOrder.ended_at > deadline_for(day, collected_at).at,
            )
            for collected_at in _collection_times()
            for day in days_to_deliver(week)
        ),
    )


def _late_and_here(question: Any, week: Week, shop_id: int | None) -> Any:
    now = clock.now()
    return _of_week(question, week, shop_id).where(
        SalesOrder.status.in_(OPEN_STATUSES),
        or_(
            false(),
            *(
                and_(Shop.collected_at == at, SalesOrder.deliver_by <= last_day_missed(now, at))
                for at in _collection_times()
            ),
        ),
    )


def _collection_times() -> Sequence[time]:
    return db.session.scalars(select(Shop.collected_at).distinct()).all()


def _late_causes(week: Week, shop_id: int) -> list[Cause]:
    here = _late_and_here(select(SalesOrder), week, shop_id).order_by(SalesOrder.sort_day).limit(MOST_CAUSES)
    waiting = [
        Cause(order, deadline_for(order.deliver_by, order.shop.collected_at).at, order.status)
        for order in db.session.scalars(here.options(joinedload(SalesOrder.shop)))
        if order.deliver_by
    ]
    left = (
        _of_week(select(SalesOrder), week, shop_id)
        .where(SalesOrder.status == COMPLETE, _left_late(week))
        .order_by(SalesOrder.ended_at.desc())
        .limit(MOST_CAUSES)
    )
    late = [Cause(order, order.ended_at, COMPLETE) for order in db.session.scalars(left) if order.ended_at]
    return [*waiting, *late][:MOST_CAUSES]


# Track & Trace: parcels of carriers that have it.


def _with_code(week: Week, shop_id: int | None) -> dict[int, Share]:
    rows = db.session.execute(
        _parcels(select(SalesOrder.shop_id, func.count(), func.count(Shipment.track_and_trace)), week, shop_id)
        .group_by(SalesOrder.shop_id)
    )  # fmt: skip
    return {one: Share(with_code, number) for one, number, with_code in rows}


def _parcels(question: Any, week: Week, shop_id: int | None) -> Any:
    with_codes = [key for key, carrier in carriers().items() if carrier.code_needed]
    question = question.join_from(Shipment, SalesOrder, Shipment.sales_order_id == SalesOrder.id).where(
        Shipment.created_at >= week.begins,
        Shipment.created_at < week.ends,
        Shipment.undone_at.is_(None),
        Shipment.carrier.in_(with_codes),
    )
    return question if shop_id is None else question.where(SalesOrder.shop_id == shop_id)


def _codeless_causes(week: Week, shop_id: int) -> list[Cause]:
    question = _parcels(select(Shipment, SalesOrder), week, shop_id).where(Shipment.track_and_trace.is_(None))
    rows = db.session.execute(question.order_by(Shipment.created_at.desc()).limit(MOST_CAUSES))
    return [Cause(order, parcel.created_at, parcel.reference) for parcel, order in rows]
