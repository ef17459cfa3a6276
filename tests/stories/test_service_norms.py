"""bol.com's service norms beside our own count of the week, and the orders that caused it."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from flask import Flask
from sqlalchemy import select

from stoqflow_web import clock as clock_module
from stoqflow_web.bol.sandbox import RunningSandbox, SandboxOptions
from stoqflow_web.carriers import carriers
from stoqflow_web.exchange import CANCELLATIONS, INDICATORS, ON_TIME, TRACK_AND_TRACE
from stoqflow_web.extensions import db
from stoqflow_web.models import PerformanceIndicator, Shipment, Shop
from stoqflow_web.models.readings import NORMS
from stoqflow_web.queries import service_norms as queries
from stoqflow_web.queries.service_norms import WeekOfShop
from stoqflow_web.service_norms import Share, Week
from stoqflow_web.services import readings
from stoqflow_web.services.canceling import cancel
from stoqflow_web.services.completing import Parcel, complete
from stoqflow_web.transaction import transaction
from tests.support.builders import make_product, make_shop
from tests.support.clocks import MONDAY_MORNING, FrozenClock
from tests.support.counting import counted_queries
from tests.support.desk import Desk
from tests.support.jobs import run_jobs

LATE_ON_SUNDAY = datetime(2026, 11, 29, 22, 30, tzinfo=UTC)
ASKED = "/retailer/insights/performance/indicator"


@pytest.fixture
def sandbox_options() -> SandboxOptions:
    return SandboxOptions(orders=0, offers=0, limits=False, standing_clock=MONDAY_MORNING, process_delay=0)


@pytest.fixture
def desk(ctx: Flask, sandbox: RunningSandbox, clock: FrozenClock) -> Desk:
    make_product("HK-1", stock=100, title="Pan")
    sandbox.world.add_offer(reference="HK-1", method="FBR", schedule="BOL_DELIVERY_PROMISE")
    desk = Desk(sandbox, clock)
    desk.set(synced_until=MONDAY_MORNING)
    return desk


def order(desk: Desk, days: int = 2):
    return desk.order(reference="HK-1", deliver_in_days=days)


def there(of) -> str:
    return of.marketplace_order.external_id


def week(desk: Desk, moment: datetime | None = None) -> WeekOfShop:
    db.session.rollback()
    db.session.expire_all()
    return queries.week_of(db.session.get_one(Shop, desk.shop_id), Week.of(moment or clock_module.now()))


def causes(told: WeekOfShop, name: str) -> list[str]:
    return [cause.order.number if cause.order else "not here" for cause in told.causes[name]]


def test_what_bol_measured_is_read_for_eight_weeks_and_then_only_while_it_can_change(desk: Desk, app: Flask) -> None:
    kept = order(desk)
    cancel(kept.id, "out-of-stock", user_id=None)
    desk.drain()
    assert readings.sweep() == 2
    run_jobs(app)
    told = week(desk).told
    assert set(told) == set(INDICATORS)
    row = told[CANCELLATIONS]
    assert (row.numerator, row.denominator, row.conforms, row.norm_condition) == (1, 1, False, "<=")
    assert (row.norm_value, row.score) == (Decimal("0.02"), 1)
    assert told["reviews"].score is None
    weeks = {row.of_week for row in db.session.scalars(select(PerformanceIndicator))}
    assert len(weeks) == 8

    desk.world.forget_requests()
    desk.jump(hours=7)
    readings.read(desk.shop_id, NORMS)
    asked = {seen.query.partition("year=")[2] for seen in desk.world.requests_seen(path=ASKED)}
    assert asked == {"2026&week=48", "2026&week=47"}

    desk.jump(days=63)
    readings.read(desk.shop_id, NORMS)
    db.session.rollback()
    weeks = {str(row.of_week) for row in db.session.scalars(select(PerformanceIndicator))}
    assert len(weeks) == 8
    assert (min(weeks), max(weeks)) == ("2026-W50", "2027-W04")


def test_an_outage_keeps_what_was_read_and_goes_on_later(desk: Desk) -> None:
    readings.read(desk.shop_id, NORMS)
    order_id = there(order(desk))
    desk.world.expire(order_id)
    desk.jump(hours=7)
    desk.world.go_down(minutes=3)
    readings.read(desk.shop_id, NORMS)
    assert week(desk).told[CANCELLATIONS].score is None
    assert readings.sweep() <= 1  # of the norms nothing is asked for some minutes
    desk.jump(minutes=6)
    readings.read(desk.shop_id, NORMS)
    assert week(desk).told[CANCELLATIONS].numerator == 1


def test_nothing_is_asked_while_access_is_lost(desk: Desk) -> None:
    desk.world.revoke_keys()
    desk.world.expire_tokens()
    readings.read(desk.shop_id, NORMS)
    desk.jump(days=2)
    desk.world.forget_requests()
    assert readings.sweep() == 0
    readings.read(desk.shop_id, NORMS)
    assert desk.world.requests_seen() == []


def test_cancellations_are_counted_by_reason_with_the_orders_behind_them(desk: Desk) -> None:
    sold_out, changed_mind, expired, shipped, asked_there, _open = (order(desk) for _ in range(6))
    cancel(sold_out.id, "out-of-stock", user_id=None)
    counted_at_once = week(desk)
    assert counted_at_once.counts[CANCELLATIONS] == Share(1, 1)  # bol.com does not know yet
    assert causes(counted_at_once, CANCELLATIONS) == [sold_out.number]
    desk.world.ask_to_cancel(there(changed_mind))
    desk.fetch(there(changed_mind))
    desk.accept(changed_mind)
    desk.complete(shipped)
    desk.drain()
    desk.world.ask_to_cancel(there(asked_there))
    desk.fetch(there(asked_there))
    desk.world.cancel(there(asked_there))  # bol.com's service does it for the client
    desk.world.expire(there(expired))
    for one in (sold_out, changed_mind, expired, shipped, asked_there):
        desk.fetch(there(one))
    told = week(desk)
    assert told.counts[CANCELLATIONS] == Share(2, 5)
    assert sorted(causes(told, CANCELLATIONS)) == [sold_out.number, expired.number]
    assert {cause.reason for cause in told.causes[CANCELLATIONS]} == {"out-of-stock", None}
    readings.read(desk.shop_id, NORMS)
    score = week(desk).told[CANCELLATIONS]
    assert (score.numerator, score.denominator) == (2, 5)  # bol.com comes to the same


def test_late_is_what_left_after_its_deadline_and_what_should_have_left(desk: Desk) -> None:
    in_time, too_late, waits, no_hurry = order(desk, 1), order(desk, 1), order(desk, 1), order(desk, 4)
    desk.complete(in_time)
    assert week(desk).counts[ON_TIME] == Share(1, 1)
    desk.jump(hours=8, minutes=17)  # one minute before the carrier comes
    assert week(desk).counts[ON_TIME] == Share(1, 1)
    desk.jump(minutes=2)
    assert week(desk).counts[ON_TIME] == Share(1, 3)
    desk.complete(too_late)
    desk.complete(no_hurry)
    told = week(desk)
    assert told.counts[ON_TIME] == Share(2, 4)
    assert causes(told, ON_TIME) == [waits.number, too_late.number]


def test_an_order_is_in_the_week_in_which_it_had_to_leave_whenever_it_leaves(desk: Desk) -> None:
    saturday, early, monday = order(desk, 7), order(desk, 8), order(desk, 8)  # for Monday, and twice for Tuesday
    desk.complete(early)
    desk.jump(seconds=(LATE_ON_SUNDAY - MONDAY_MORNING).total_seconds() + 3600)
    old, new = week(desk, LATE_ON_SUNDAY), week(desk)
    assert (old.week.number, new.week.number) == (48, 49)
    assert (old.counts[ON_TIME], causes(old, ON_TIME)) == (Share(0, 1), [saturday.number])
    assert (new.counts[ON_TIME], causes(new, ON_TIME)) == (Share(1, 1), [])
    desk.complete(saturday)
    desk.complete(monday)
    old, new = week(desk, LATE_ON_SUNDAY), week(desk)
    assert (old.counts[ON_TIME], causes(old, ON_TIME)) == (Share(0, 1), [saturday.number])
    assert new.counts[ON_TIME] == Share(2, 2)


def test_parcels_without_a_code_count_but_not_letter_mail(desk: Desk) -> None:
    with_code, letter, codeless = order(desk), order(desk), order(desk)
    desk.complete(with_code)
    letter_mail = next(key for key, carrier in carriers().items() if not carrier.code_needed)
    complete(letter.id, [Parcel(carrier=letter_mail, track_and_trace=None)], user_id=None, despite_shortage=True)
    assert week(desk).counts[TRACK_AND_TRACE] == Share(1, 1)
    desk.complete(codeless)
    with transaction() as tx:  # a parcel of before the code was asked for
        tx.session.get_one(Shipment, desk.read(codeless.id).parcels[0].id).track_and_trace = None
    told = week(desk)
    assert told.counts[TRACK_AND_TRACE] == Share(1, 2)
    assert causes(told, TRACK_AND_TRACE) == [codeless.number]


@pytest.mark.parametrize(
    "sunday",
    [
        datetime(2026, 11, 29, 22, 30, tzinfo=UTC),
        datetime(2027, 3, 28, 21, 30, tzinfo=UTC),  # the clocks went forward this morning
        datetime(2027, 1, 3, 22, 30, tzinfo=UTC),  # week 53 of 2026 ends
    ],
)
def test_what_happens_after_midnight_on_sunday_is_the_new_weeks(desk: Desk, sunday: datetime) -> None:
    seconds = (sunday - MONDAY_MORNING).total_seconds()
    desk.jump(seconds=seconds)
    before, after = order(desk), order(desk)
    desk.complete(before)
    cancel(order(desk).id, "other", user_id=None)
    desk.work()
    desk.work()
    desk.jump(hours=1)
    desk.complete(after)
    old, new = week(desk, sunday), week(desk)
    assert new.week.before() == old.week
    assert (old.counts[TRACK_AND_TRACE].whole, new.counts[TRACK_AND_TRACE].whole) == (1, 1)
    assert new.week.begins == sunday + timedelta(minutes=30)


def test_shops_are_told_apart_and_fifty_cost_what_one_does(desk: Desk, app: Flask) -> None:
    desk.complete(order(desk))
    db.session.rollback()
    with counted_queries(app) as one:
        queries.of_shops()
    for _ in range(5):
        make_shop()
    db.session.rollback()
    with counted_queries(app) as six:
        told = queries.of_shops()
    assert len(one) == len(six)
    assert sorted(shop.counts[ON_TIME].whole for shop in told) == [0, 0, 0, 0, 0, 1]
