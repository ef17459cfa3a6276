"""What clients send back is known here, beside the order it belongs to, and is handled nowhere but at bol.com."""

from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from stoqflow_web.bol.sandbox import RunningSandbox, SandboxOptions
from stoqflow_web.exchange import ReturnListPage
from stoqflow_web.extensions import db
from stoqflow_web.marketplace import Marketplace
from stoqflow_web.models import ReturnItem, Shop, StockMovement
from stoqflow_web.models.readings import RETURNS
from stoqflow_web.queries import returns as queries
from stoqflow_web.services import reading_returns, readings
from tests.support.builders import make_product
from tests.support.clocks import MONDAY_MORNING, FrozenClock
from tests.support.desk import Desk
from tests.support.jobs import run_jobs


@pytest.fixture
def sandbox_options() -> SandboxOptions:
    return SandboxOptions(orders=0, offers=0, limits=False, standing_clock=MONDAY_MORNING, process_delay=0)


@pytest.fixture
def desk(ctx: Flask, sandbox: RunningSandbox, clock: FrozenClock) -> Desk:
    make_product("HK-1", stock=10, title="Pan")
    sandbox.world.add_offer(reference="HK-1", method="FBR", schedule="BOL_DELIVERY_PROMISE", title="Koekenpan")
    desk = Desk(sandbox, clock)
    desk.set(synced_until=MONDAY_MORNING)
    return desk


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run reads two pages of 50 instead of fifteen."""
    monkeypatch.setattr(reading_returns, "HANDLED_PAGES_AT_ONCE", 2)


def sent_back(desk: Desk, *, is_here: bool = True) -> str:
    """A client has sent one of two units of an order back; the return's id."""
    order_id = desk.world.place_order(reference="HK-1", quantity=2)
    if is_here:
        desk.fetch(order_id)
    desk.world.ship_by_hand(order_id, quantity=1)
    return desk.world.send_back(order_id)


def read(desk: Desk) -> None:
    readings.read(desk.shop_id, RETURNS)


def items() -> list[ReturnItem]:
    db.session.rollback()
    found = select(ReturnItem).order_by(ReturnItem.id).execution_options(populate_existing=True)
    return list(db.session.scalars(found))


def asked(desk: Desk) -> list[str]:
    seen = [f"{one.path}?{one.query}" for one in desk.world.requests_seen(path="/retailer/returns")]
    desk.world.forget_requests()
    return seen


def test_a_return_appears_beside_its_order_and_moves_no_stock(desk: Desk, app: Flask) -> None:
    return_id = sent_back(desk)
    before = len(list(db.session.scalars(select(StockMovement))))
    assert readings.sweep() == 2  # returns and service norms
    run_jobs(app)
    (item,) = items()
    kept = desk.world.returns[return_id]
    assert (item.rma_id, item.expected_quantity, item.main_reason) == (kept.rma_id, 1, kept.main_reason)
    assert (item.title, item.track_and_trace, item.carrier_name) == ("Koekenpan", f"3SRETO{return_id}", "PostNL")
    (shown,) = queries.page().rows
    assert shown.order is not None
    assert shown.order.marketplace_order.external_id == kept.order_id
    assert shown.product is not None
    assert shown.product.sku == "HK-1"
    assert len(list(db.session.scalars(select(StockMovement)))) == before
    assert readings.sweep() == 0
    desk.jump(minutes=30)
    assert readings.sweep() == 1


def test_read_now_does_not_wait_and_pressing_twice_asks_bol_once(desk: Desk, app: Flask) -> None:
    readings.sweep()
    run_jobs(app)
    desk.jump(minutes=5)
    sent_back(desk)
    asked(desk)
    assert queries.last_reading().is_under_way is False
    assert [readings.read_now(RETURNS), readings.read_now(RETURNS)] == [True, False]
    assert queries.last_reading().is_under_way is True
    run_jobs(app)
    assert readings.read_now(RETURNS) is False  # that was a moment ago
    run_jobs(app)
    assert len(items()) == 1
    assert len([one for one in asked(desk) if "handled=false" in one]) == 1
    db.session.rollback()
    last = queries.last_reading()
    assert (last.is_under_way, last.read_at) == (False, desk.clock.moment)
    assert last.next_at == desk.clock.moment + timedelta(minutes=30)


def test_read_now_does_not_ask_before_bol_wants_to_be_asked_again(desk: Desk, app: Flask) -> None:
    readings.sweep()
    run_jobs(app)
    desk.jump(minutes=31)
    desk.world.answer_next(503, headers={"Retry-After": "1200"}, path="/retailer/returns")
    read(desk)
    asked(desk)
    desk.jump(minutes=5)
    assert readings.read_now(RETURNS) is False
    run_jobs(app)
    assert asked(desk) == []
    desk.jump(minutes=16)
    readings.sweep()
    run_jobs(app)
    assert asked(desk) != []


def test_read_now_leaves_a_shop_alone_that_may_not_be_asked(desk: Desk, app: Flask) -> None:
    readings.sweep()
    run_jobs(app)
    desk.jump(minutes=5)
    desk.set(paused_at=desk.clock.moment)
    asked(desk)
    assert readings.read_now(RETURNS) is False
    run_jobs(app)
    assert asked(desk) == []
    assert queries.last_reading().next_at is None


def test_a_return_that_is_handled_at_bol_becomes_handled_with_what_came_of_it(desk: Desk) -> None:
    return_id = sent_back(desk)
    read(desk)
    desk.jump(minutes=31)
    desk.world.handle_return(return_id, "RETURN_DOES_NOT_MEET_CONDITIONS")
    read(desk)
    (item,) = items()
    assert (item.is_handled, item.handled_at) == (True, desk.clock.moment)
    (result,) = item.results
    assert (result["quantity"], result["asked"], result["made_of_it"]) == (1, "refused", "rejected")


def test_a_return_older_than_our_orders_is_shown_and_finds_its_order_when_that_comes_in(desk: Desk) -> None:
    return_id = sent_back(desk, is_here=False)
    read(desk)
    (shown,) = queries.page().rows
    assert (shown.order, shown.item.title) == (None, "Koekenpan")
    desk.fetch(desk.world.returns[return_id].order_id)
    (shown,) = queries.page().rows
    assert shown.order is not None
    assert queries.of_order(shown.order.marketplace_order)[0].rma_id == shown.item.rma_id


@pytest.mark.usefixtures("small_pages")
def test_pages_that_move_double_nothing_and_lose_nothing(desk: Desk) -> None:
    for _ in range(120):
        desk.world.handle_return(sent_back(desk, is_here=False))
    read(desk)
    assert len(items()) == 100
    for _ in range(7):  # newer ones push what was read down the list
        desk.jump(seconds=1)
        desk.world.handle_return(sent_back(desk, is_here=False))
    desk.jump(minutes=1)
    read(desk)
    desk.jump(minutes=31)
    read(desk)
    assert sorted(item.rma_id for item in items()) == sorted(one.rma_id for one in desk.world.returns.values())
    desk.jump(minutes=31)
    asked(desk)
    read(desk)
    assert asked(desk) == [
        "/retailer/returns?page=1&handled=false&fulfilment-method=FBR",
        "/retailer/returns?page=1&handled=true&fulfilment-method=FBR",
    ]


def test_an_outage_in_the_middle_costs_a_page_and_no_return(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(120):
        desk.world.handle_return(sent_back(desk, is_here=False))
    pages = count()
    answers = Marketplace.returns

    def goes_down_before_the_third(self: Marketplace, *args: Any, **kwargs: Any) -> ReturnListPage:
        if next(pages) == 2:
            desk.world.go_down(minutes=3)
        return answers(self, *args, **kwargs)

    monkeypatch.setattr(Marketplace, "returns", goes_down_before_the_third)
    read(desk)
    assert len(items()) == 50
    desk.jump(minutes=6)
    desk.world.handle_return(sent_back(desk, is_here=False))
    read(desk)
    desk.jump(minutes=31)
    read(desk)
    assert sorted(item.rma_id for item in items()) == sorted(one.rma_id for one in desk.world.returns.values())


def test_a_return_handled_deep_in_the_list_is_looked_up_by_itself(desk: Desk) -> None:
    old = sent_back(desk, is_here=False)
    read(desk)
    desk.jump(days=3)
    for _ in range(60):
        desk.world.handle_return(sent_back(desk, is_here=False))
    read(desk)
    desk.jump(minutes=31)
    desk.world.handle_return(old)
    asked(desk)
    read(desk)
    assert all(item.is_handled for item in items())
    assert f"/retailer/returns/{old}?" in asked(desk)


def test_nothing_is_asked_while_access_is_lost_or_the_shop_is_paused(desk: Desk) -> None:
    sent_back(desk)
    desk.world.revoke_keys()
    desk.world.expire_tokens()
    read(desk)
    db.session.rollback()
    assert db.session.get_one(Shop, desk.shop_id, populate_existing=True).has_lost_access
    desk.jump(days=1)
    desk.world.forget_requests()
    assert readings.sweep() == 0
    read(desk)
    assert (desk.world.requests_seen(), items()) == ([], [])
