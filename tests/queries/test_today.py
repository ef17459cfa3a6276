"""The figures of the home page: what they count, and that they cost the same with many orders and shops."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy import event

from stoqflow_web import clock as clock_module
from stoqflow_web.clock import AMSTERDAM
from stoqflow_web.deadlines import deadline_for
from stoqflow_web.extensions import db
from stoqflow_web.models import OrderCheck
from stoqflow_web.models.sales_orders import CANCELED, COMPLETE, DELETED, ON_HOLD
from stoqflow_web.queries import orders, today
from stoqflow_web.queries.attention import Counts
from stoqflow_web.transaction import transaction
from tests.queries.test_orders import tell
from tests.support.builders import make_order, make_product, make_shop
from tests.support.counting import counted_queries

pytestmark = pytest.mark.usefixtures("clock", "ctx")
MONDAY = date(2026, 11, 23)


def amsterdam(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=AMSTERDAM).astimezone(UTC)


def day(number: int) -> date:
    return MONDAY + timedelta(days=number)


def check(shop, *, ago: timedelta, different=()) -> None:
    at = clock_module.now() - ago
    with transaction() as tx:
        tx.session.add(OrderCheck(shop_id=shop.id, began_at=at, finished_at=at, missed=[], different=list(different)))


@pytest.mark.both_databases
def test_the_tiles_say_how_the_day_goes():
    now = clock_module.now()
    early, late = make_shop(collected_at=time(12)), make_shop(collected_at=time(17, 30))
    make_order(shop=late, deliver_by=day(1), created_at=now - timedelta(hours=2))
    make_order(shop=early, deliver_by=day(1), status=ON_HOLD, created_at=now - timedelta(days=9))
    make_order(shop=early, deliver_by=None, created_at=now - timedelta(hours=1))
    for printed_at in (now, None):
        make_order(is_cancellation_requested=True, printed_at=printed_at, created_at=now - timedelta(days=8))
    done = [make_order(status=COMPLETE, ended_at=now - timedelta(hours=hours)) for hours in (0, 1, 24)]
    tell(done[0], "confirmed")
    tell(done[1], "needs-attention")
    tell(make_order(status=CANCELED, ended_at=now), "confirmed")
    assert today.figures() == today.Figures(
        ready=2,
        oldest_came_in_at=now - timedelta(hours=2),
        late_today=2,
        first_deadline=deadline_for(day(1), time(12)),
        requests=2,
        requests_begun=1,
        attention=Counts(messages=1),
        confirmed=1,
        complete=2,
    )


def test_on_a_day_without_orders_every_figure_is_nothing():
    make_shop()
    assert today.figures() == today.Figures(0, None, 0, None, 0, 0, Counts(), 0, 0)


@pytest.mark.both_databases
def test_an_order_counts_in_the_hour_in_which_it_was_placed_or_became_complete(clock):
    clock.set(amsterdam(2026, 11, 23, 14, 18))
    make_order(placed_at=amsterdam(2026, 11, 23, 0, 0))
    make_order(placed_at=amsterdam(2026, 11, 22, 23, 59))
    make_order(placed_at=amsterdam(2026, 11, 23, 13, 59), status=COMPLETE, ended_at=amsterdam(2026, 11, 23, 14, 0))
    make_order(placed_at=amsterdam(2026, 11, 20, 9), status=CANCELED, ended_at=amsterdam(2026, 11, 23, 14, 0))
    make_order(placed_at=amsterdam(2026, 11, 23, 9), status=DELETED, ended_at=amsterdam(2026, 11, 23, 10))
    hours = today.orders_by_hour(MONDAY)
    assert len(hours) == 24
    happened = {f"{hour.begins.astimezone(AMSTERDAM):%H}": (hour.placed, hour.complete) for hour in hours}
    assert {name: numbers for name, numbers in happened.items() if any(numbers)} == {
        "00": (1, 0),
        "09": (1, 0),
        "13": (1, 0),
        "14": (0, 1),
    }


@pytest.mark.parametrize(("changed", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25)])
def test_on_the_nights_when_the_clocks_change_no_order_is_lost_or_counted_twice(clock, changed, hours):
    clock.set(amsterdam(changed.year, changed.month, changed.day, 23, 30))
    around = [datetime(changed.year, changed.month, changed.day, hour, 30, tzinfo=UTC) for hour in (0, 1)]
    for moment in (*around, amsterdam(changed.year, changed.month, changed.day, 23, 10)):
        make_order(placed_at=moment)
    counted = today.orders_by_hour(changed)
    assert len(counted) == hours
    assert [hour.placed for hour in counted if hour.placed] == [1, 1, 1]
    assert counted[-1].placed == 1


@pytest.mark.both_databases
def test_each_shop_has_its_newest_check_and_what_waits_only_while_it_is_in_trouble():
    well, silent = make_shop("Home"), make_shop("Outdoor", trouble="silent")
    check(well, ago=timedelta(hours=1), different=["C1", "C2"])
    check(well, ago=timedelta(minutes=1))
    for shop in (well, silent, silent):
        tell(make_order(shop=shop, status=COMPLETE), "pending")
    first, second = today.shops()
    assert (first.health.shop.name, first.check.difference, first.health.waiting) == ("Home", 0, 0)
    assert (second.health.shop.name, second.check, second.health.waiting) == ("Outdoor", None, 2)


def test_the_number_of_questions_grows_neither_with_orders_nor_with_shops(app):
    def asked() -> int:
        db.session.rollback()
        with counted_queries(app) as statements:
            today.figures(), today.orders_by_hour(MONDAY), today.shops()
        return len(statements)

    product = make_product()
    shop = make_shop(trouble="silent")
    make_order(shop=shop, products=[product])
    few = asked()
    for number in range(5):
        shop = make_shop(trouble="silent")
        check(shop, ago=timedelta(minutes=number))
        for status in (ON_HOLD, "ready-to-pick", COMPLETE):
            made = make_order(shop=shop, products=[product], status=status, ended_at=clock_module.now())
            tell(made, "needs-attention")
    assert asked() == few


def test_no_question_reads_all_orders_or_all_messages():
    """However many there are, each question has an index to go by; SQLite says of each step whether it searches."""
    asked: list[tuple[str, object]] = []

    def note(_connection, _cursor, statement, parameters, *rest):
        asked.append((statement, parameters))

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        today.figures(), today.orders_by_hour(MONDAY), today.shops(), orders.page(orders.Wanted(tab="confirmed-today"))
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    connection = db.session.connection().connection.driver_connection
    steps = {
        row[3]
        for statement, parameters in asked
        for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
    }
    walked = {step.split()[1] for step in steps if step.startswith("SCAN")}
    assert walked & set(db.metadata.tables) == {"shops"}
    for index in ("ready_created_at", "status_ended_at", "cancellation_requested"):
        assert any(f"ix_sales_orders_{index} " in step for step in steps), index
    assert not any("ix_sales_orders_status_ended_at (status=?)" in step for step in steps)
