"""Which orders a list holds, in what order, and how many a tab counts."""

from datetime import date, time, timedelta

import pytest
from sqlalchemy import event

from stoqflow_web import clock as clock_module
from stoqflow_web.extensions import db
from stoqflow_web.models import Writeback
from stoqflow_web.models.sales_orders import CANCELED, COMPLETE, ON_HOLD, READY_TO_PICK
from stoqflow_web.models.writebacks import CONFIRMED, PENDING, SUBMITTED, WITHDRAWN
from stoqflow_web.models.writebacks import NEEDS_ATTENTION as STUCK
from stoqflow_web.queries import orders, paging, words
from stoqflow_web.queries.orders import SHIP_BY, TABS, Wanted, days_of
from stoqflow_web.transaction import transaction
from stoqflow_web.wording.deadlines import deadline_pill
from stoqflow_web.wording.reporting import KNOWN, report_of
from tests.support.builders import make_order, make_product, make_shop

pytestmark = pytest.mark.usefixtures("clock", "ctx")
MONDAY = date(2026, 11, 23)


def numbers(page):
    return [order.number for order in page.rows]


def listed(**wanted):
    return numbers(orders.page(Wanted(**wanted)))


def day(number):
    return MONDAY + timedelta(days=number)


@pytest.mark.both_databases
def test_open_orders_are_sorted_by_deadline_whatever_their_status():
    shop = make_shop()
    later = make_order(shop=shop, deliver_by=day(2), status=READY_TO_PICK)
    soon = make_order(shop=shop, deliver_by=day(0), status=ON_HOLD)
    never = make_order(shop=shop, deliver_by=None, status=ON_HOLD)
    between = make_order(shop=shop, deliver_by=day(1), status=READY_TO_PICK)
    make_order(shop=shop, status=COMPLETE)
    assert listed() == [soon.number, between.number, later.number, never.number]


@pytest.mark.both_databases
@pytest.mark.parametrize("tab", [orders.OPEN, COMPLETE])
def test_each_order_is_on_one_page_also_when_deadlines_are_equal(tab, monkeypatch):
    monkeypatch.setattr(paging.turn_to, "__kwdefaults__", {"size": 3})
    shop, product = make_shop(), make_product()
    status = (READY_TO_PICK, ON_HOLD) if tab == orders.OPEN else (COMPLETE,)
    made = [
        make_order(shop=shop, products=[product], deliver_by=day(number // 6), status=status[number % len(status)])
        for number in range(11)
    ]
    made.sort(key=lambda order: (order.sort_day, order.id), reverse=tab == COMPLETE)
    seen, cursor, pages = [], None, 0
    while True:
        page = orders.page(Wanted(tab=tab), cursor)
        seen += numbers(page)
        pages += 1
        if not page.next:
            break
        cursor = page.next
    assert seen == [order.number for order in made]
    assert pages == 4
    assert numbers(orders.page(Wanted(tab=tab), page.previous)) == seen[6:9]


@pytest.mark.both_databases
def test_tabs_hold_and_count_the_same_orders():
    shop = make_shop()
    make_order(shop=shop, deliver_by=day(-1))
    make_order(shop=shop, deliver_by=day(0), status=ON_HOLD)
    make_order(shop=shop, deliver_by=day(1), is_cancellation_requested=True)
    make_order(shop=shop, deliver_by=day(-3), status=COMPLETE, is_cancellation_requested=True)
    make_order(shop=shop, status=CANCELED)
    make_order(deliver_by=day(0))
    counted = orders.counts()
    assert counted == {tab: len(listed(tab=tab)) for tab in TABS}
    assert counted == {
        "open": 4,
        "ready-to-pick": 2,
        "on-hold": 1,
        "late-today": 4,
        "cancellation-requested": 2,
        "needs-attention": 0,
        "complete": 1,
        "canceled": 1,
    }
    assert orders.counts(shop.id)["open"] == 3
    assert orders.count_open() == 4


@pytest.mark.both_databases
@pytest.mark.parametrize("status", [READY_TO_PICK, ON_HOLD])
def test_who_works_down_a_tab_never_meets_an_order_that_the_client_wants_canceled(status):
    make_order(status=status, deliver_by=day(0))
    asked = make_order(status=status, deliver_by=day(0), is_cancellation_requested=True)
    holding = [tab for tab in TABS if asked.number in listed(tab=tab)]
    assert holding == [orders.OPEN, orders.LATE_TODAY, orders.CANCELLATION_REQUESTED]
    assert {tab: orders.counts()[tab] for tab in (orders.OPEN, status)} == {orders.OPEN: 2, status: 1}


def test_counting_stops_where_it_gets_dear(monkeypatch):
    monkeypatch.setattr(orders, "COUNTED_UP_TO", 2)
    for status in (READY_TO_PICK, READY_TO_PICK, READY_TO_PICK, ON_HOLD):
        make_order(status=status)
    assert orders.counts()["ready-to-pick"] == 2
    assert orders.counts()["open"] == 2
    assert orders.count_open() == 2


def test_ship_by_chooses_days():
    for number in (0, 1, 2, 7, 8):
        make_order(external_id=f"day {number}", deliver_by=day(number))
    found = {
        choice: [order.marketplace_order.external_id for order in orders.page(Wanted(ship_by=choice)).rows]
        for choice in SHIP_BY
    }
    assert found == {
        "late": ["day 0"],
        "today": ["day 1"],
        "tomorrow": ["day 2"],
        "this-week": ["day 1", "day 2", "day 7"],  # what must be there on Monday leaves on Saturday
    }


def test_nothing_is_to_be_shipped_on_a_sunday():
    for choice in (orders.TODAY, orders.THIS_WEEK):
        first, last = days_of(choice, day(6))
        assert first > last


def test_the_tab_of_today_and_the_choice_of_days_hold_what_their_pills_say(clock):
    shops = [make_shop(collected_at=time(12)), make_shop(collected_at=time(17, 30))]
    for number in range(-2, 12):
        make_order(shop=shops[number % 2], deliver_by=day(number))
    make_order(deliver_by=None)
    for hours in (8, 1, 15) * 7:  # a week, at 09:12, at 17:12 and at 18:12
        pills = {order.number: deadline_pill(order, now=clock.moment) for order in orders.page(Wanted()).rows}

        def said(tone, word, pills=pills):
            found = pills.items()
            return [number for number, pill in found if pill and pill.tone == tone and pill.words.startswith(word)]

        late, today = said("danger", "Late"), said("danger", "Today")
        assert listed(tab=orders.LATE_TODAY) == late + today
        assert orders.counts()[orders.LATE_TODAY] == len(late + today)
        assert set(today) <= set(listed(ship_by=orders.TODAY))
        assert set(listed(ship_by=orders.LATE)) <= set(late)
        assert listed(ship_by=orders.TOMORROW) == said("warn", "Tomorrow")
        clock.jump(hours=hours)


@pytest.mark.both_databases
def test_confirmed_today_are_the_complete_orders_of_which_bol_confirmed_all():
    confirmed = make_order(status=COMPLETE, ended_at=clock_module.now())
    tell(confirmed, CONFIRMED)
    tell(make_order(status=COMPLETE, ended_at=clock_module.now() - timedelta(days=1)), CONFIRMED)
    for states in ([], [PENDING], [CONFIRMED, SUBMITTED], [CONFIRMED, STUCK], [WITHDRAWN]):
        tell(make_order(status=COMPLETE, ended_at=clock_module.now()), *states)
    tell(make_order(status=CANCELED, ended_at=clock_module.now()), CONFIRMED)
    again = make_order(status=COMPLETE, ended_at=clock_module.now())
    tell(again, WITHDRAWN, CONFIRMED)  # undone once, then done again
    given_up = make_order(status=COMPLETE, ended_at=clock_module.now())
    tell(given_up, WITHDRAWN, CONFIRMED, why="rejected")
    assert sorted(listed(tab=orders.CONFIRMED_TODAY)) == sorted([confirmed.number, again.number])
    for order in orders.page(Wanted(tab=COMPLETE)).rows:
        is_green = report_of(order, now=clock_module.now()).state == KNOWN
        is_listed = order.number in listed(tab=orders.CONFIRMED_TODAY)
        assert is_green == is_listed or order.ended_at.date() < MONDAY


def tell(order, *states, why=None):
    with transaction() as tx:
        for state in states:
            tx.session.add(
                Writeback(
                    shop_id=order.shop_id,
                    marketplace_order_id=order.marketplace_order_id,
                    sales_order_id=order.id,
                    kind="shipment",
                    state=state,
                    why=why if state == WITHDRAWN else None,
                    sort_day=order.sort_day,
                    created_at=clock_module.now(),
                    not_before=clock_module.now(),
                )
            )


def test_today_begins_at_midnight_in_amsterdam(clock):
    order = make_order(deliver_by=day(2))
    clock.jump(hours=14, minutes=49)  # 00:01 on Tuesday there, still Monday in UTC
    assert clock_module.now().date() == MONDAY
    assert listed(tab=orders.LATE_TODAY) == [order.number]


@pytest.fixture
def order_to_find():
    make_order(client="Jan Jansen")
    product = make_product("HK-2281", ean="0000007740404")
    return make_order(products=[product], client="Geneviève Dûpont", external_id="C000AB12CD")


@pytest.mark.both_databases
@pytest.mark.parametrize("few", [words.FEW, 0])
def test_an_order_is_found_by_the_beginnings_of_its_words(order_to_find, few, monkeypatch):
    monkeypatch.setattr(words, "FEW", few)
    questions = ("genevieve", "DUPO", "c000ab12cd", "hk-2281", "2281", "0000007740404", "dûp hk-", "C000AB dupont 0000")
    for question in (*questions, order_to_find.number):
        assert listed(words=question) == [order_to_find.number], question
    assert listed(words="7740404") == []  # the middle of a word


@pytest.mark.both_databases
@pytest.mark.parametrize("few", [words.FEW, 0])
def test_what_is_a_wildcard_elsewhere_is_a_letter_here(order_to_find, few, monkeypatch):
    monkeypatch.setattr(words, "FEW", few)
    for question in ("%", "_", "gen%", "g_nevieve", "dupont jansen", "\\", "a\x00b", "*", "gen*"):
        assert listed(words=question) == [], question


def test_a_search_keeps_to_the_tab_the_shop_and_the_day(order_to_find):
    shop_id = order_to_find.shop_id
    assert listed(words="dupont", shop_id=shop_id) == [order_to_find.number]
    assert listed(words="dupont", shop_id=shop_id + 1) == []
    assert listed(words="dupont", tab=COMPLETE) == []
    assert listed(words="dupont", ship_by=orders.TODAY) == []


def test_a_question_of_40_kb_is_answered():
    make_order()
    assert listed(words="x" * 40_000) == []
    assert listed(words="jan " * 10_000) == []


def count_queries(action):
    statements = []

    def note(connection, cursor, statement, *rest):
        statements.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        action()
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    return len(statements)


def test_more_orders_ask_no_more_of_the_database():
    def show():
        db.session.expunge_all()
        for order in orders.page(Wanted(words="anna")).rows:
            assert order.shop.name
            assert [(line.name, line.item.title) for line in order.lines]
            assert order.marketplace_order.client_name

    make_order()
    with_one = count_queries(show)
    for _ in range(8):
        make_order(lines=3)
    assert count_queries(show) == with_one


def plan_of(wanted, found=None):
    statement = orders._ids(wanted, found or words.Found(None, is_few=False), None, 51)
    text = str(statement.compile(db.engine, compile_kwargs={"literal_binds": True}))
    return " | ".join(row[3] for row in db.session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {text}"))


@pytest.mark.parametrize("tab", [READY_TO_PICK, ON_HOLD, COMPLETE, CANCELED])
@pytest.mark.parametrize("shop_id", [None, 1])
def test_a_page_is_a_walk_along_an_index_and_sorts_nothing(tab, shop_id):
    plan = plan_of(Wanted(tab=tab, shop_id=shop_id))
    assert "ix_sales_orders" in plan
    assert "TEMP B-TREE" not in plan


def test_few_known_orders_are_looked_up_instead_of_walking_a_status():
    make_order(client="Jan Jansen")
    found = words.found_by(db.session(), "jansen", words.OrderWord, orders.SalesOrder.id)
    assert found.is_few
    assert "ix_sales_orders" not in plan_of(Wanted(words="jansen", shop_id=1), found)
