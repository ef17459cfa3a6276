"""What goes wrong on the way to bol.com, and what becomes of it: exactly one shipment, or a person decides."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from stoqflow_web.bol.sandbox import RunningSandbox, SandboxOptions
from stoqflow_web.extensions import db
from stoqflow_web.models import HistoryEntry, Shop
from stoqflow_web.services import shops, writebacks
from stoqflow_web.services.canceling import cancel
from stoqflow_web.services.splitting import split
from stoqflow_web.services.undoing import undo
from tests.support.clocks import MONDAY_MORNING, FrozenClock
from tests.support.desk import Desk

SHIPMENTS = "/retailer/shipments"


@pytest.fixture
def sandbox_options() -> SandboxOptions:
    return SandboxOptions(orders=0, offers=8, limits=False, standing_clock=MONDAY_MORNING)


@pytest.fixture
def desk(ctx: Flask, sandbox: RunningSandbox, clock: FrozenClock) -> Desk:
    return Desk(sandbox, clock)


@pytest.mark.parametrize("fault", ["lose_next_answer", "cut_next_answer"])
def test_a_shipment_whose_answer_got_lost_is_found_and_confirmed_by_itself(desk: Desk, fault: str) -> None:
    desk.complete(desk.order())
    getattr(desk.world, fault)("POST", SHIPMENTS)
    desk.deliver()
    assert desk.states() == [("shipment", "sending")]
    assert "outcome_unknown" in db.session.scalars(select(HistoryEntry.event)).all()
    desk.drain()
    assert desk.states() == [("shipment", "confirmed")]
    assert len(desk.shipped()) == len(desk.world.requests_seen("POST", SHIPMENTS)) == 1


@pytest.mark.parametrize("sandbox_options", [SandboxOptions(orders=0, offers=8, limits=False)], ids=["real time"])
def test_the_worker_that_lost_the_answer_stays_and_finds_the_shipment(ctx: Flask, sandbox: RunningSandbox) -> None:
    desk = Desk(sandbox)
    desk.complete(desk.order())
    desk.world.lose_next_answer("POST", SHIPMENTS)
    writebacks.deliver(desk.shop_id)
    assert desk.states() == [("shipment", "confirmed")]
    assert len(desk.world.requests_seen("POST", SHIPMENTS)) == 1


def test_a_cancellation_whose_answer_got_lost_is_found_and_confirmed_by_itself(desk: Desk) -> None:
    order = desk.order()
    cancel(order.id, "out-of-stock", user_id=None)
    desk.world.lose_next_answer("PUT", "/retailer/orders/cancellation")
    desk.drain()
    assert desk.states() == [("cancellation", "confirmed")]
    assert len(desk.told()) == 1


def test_a_part_whose_answer_got_lost_is_not_sent_twice_although_the_rest_of_its_item_is_open(desk: Desk) -> None:
    desk.set(waits_for_all_parts=False)
    order = desk.order(quantity=3)
    backorder = split(order.id, {order.lines[0].id: 1}, user_id=None)
    desk.complete(desk.read(backorder.id))
    desk.world.lose_next_answer("POST", SHIPMENTS)
    desk.drain()
    assert desk.states() == [("shipment", "confirmed")]
    assert [sum(parcel.values()) for parcel in desk.shipped()] == [1]


def test_a_shipment_that_bol_surely_never_got_is_sent_once_more_after_half_an_hour(desk: Desk) -> None:
    desk.complete(desk.order())
    desk.world.answer_next(503, method="POST", path=SHIPMENTS)
    began = desk.clock.moment  # type: ignore[union-attr]
    desk.drain()
    assert desk.states() == [("shipment", "confirmed")]
    assert len(desk.shipped()) == 1
    assert (desk.clock.moment - began).total_seconds() > 35 * 60  # type: ignore[union-attr]


def test_unknown_twice_is_for_a_person_and_trying_again_looks_first(desk: Desk) -> None:
    desk.complete(desk.order(quantity=2))
    desk.world.answer_next(503, method="POST", path=SHIPMENTS, count=2)
    desk.drain()
    assert desk.states() == [("shipment", "unknown-outcome")]
    assert desk.shipped() == []


def test_a_failure_needs_attention_with_bols_own_sentence(desk: Desk) -> None:
    desk.complete(desk.order())
    desk.world.fail_next("CREATE_SHIPMENT", "Bol finds this odd.")
    desk.drain()
    (row,) = desk.rows()
    assert (row.state, row.why, row.their_sentence) == ("needs-attention", "rejected", "Bol finds this odd.")
    assert len(desk.told()) == 1, "never repeated blindly"


def test_a_failure_because_bol_cancelled_says_so(desk: Desk) -> None:
    order = desk.order()
    desk.complete(order)
    desk.deliver()
    desk.world.cancel(order.marketplace_order.external_id)
    desk.drain()
    assert desk.states() == [("shipment", "cancelled-there")]


def test_a_refused_request_needs_attention_with_bols_own_sentence(desk: Desk) -> None:
    desk.complete(desk.order())
    problem = '{"title": "Error validating request.", "violations": [{"name": "transport", "reason": "No."}]}'
    desk.world.answer_next(400, problem, media="application/vnd.retailer.v10+json", method="POST", path=SHIPMENTS)
    desk.drain()
    (row,) = desk.rows()
    assert (row.why, row.their_sentence) == ("rejected", "transport: No.")


@pytest.mark.parametrize("applied", [True, False], ids=["done all the same", "not done"])
def test_a_time_out_at_bol_is_settled_by_reading_the_order(desk: Desk, applied: bool) -> None:
    desk.complete(desk.order())
    desk.world.time_out_next("CREATE_SHIPMENT", applied=applied)
    desk.drain()
    assert desk.states() == [("shipment", "confirmed")]
    assert len(desk.shipped()) == 1
    assert len(desk.told()) == (1 if applied else 2)


def test_pending_for_hours_and_then_forgotten_is_settled_by_reading_the_order(desk: Desk) -> None:
    desk.complete(desk.order(deliver_in_days=4))
    desk.world.hold_next(3 * 3600, "CREATE_SHIPMENT")
    desk.deliver()
    for _ in range(5):
        desk.jump(minutes=30)
        desk.follow()
    assert desk.states() == [("shipment", "submitted")]
    desk.jump(hours=30)  # nobody looks: done meanwhile, and forgotten a day later
    desk.follow()
    assert desk.states() == [("shipment", "confirmed")]
    assert len(desk.shipped()) == len(desk.told()) == 1


def test_what_never_ends_at_bol_is_for_a_person_after_a_day(desk: Desk) -> None:
    desk.complete(desk.order(deliver_in_days=4))
    desk.world.hold_next(event_type="CREATE_SHIPMENT")
    desk.deliver()
    desk.jump(hours=25)
    desk.follow()
    assert desk.states() == [("shipment", "unknown-outcome")]


def test_an_outage_postpones_all_to_one_moment_and_the_most_urgent_goes_first_afterwards(desk: Desk) -> None:
    orders = [desk.order(deliver_in_days=day) for day in (3, 1, 2) for _ in range(5)]
    for order in orders:
        desk.complete(order)
    desk.world.go_down(minutes=30)
    desk.deliver()
    assert {row.state for row in desk.rows()} == {"pending"}
    assert len({row.not_before for row in desk.rows()}) == 1
    assert sum(row.tries for row in desk.rows()) < len(orders), "only what was asked counts as tried"
    undo(orders[0].id, user_id=None)
    desk.world.come_back()
    desk.jump(minutes=6)
    desk.deliver()
    desk.drain()
    assert [row.state for row in desk.rows()] == ["withdrawn"] + ["confirmed"] * (len(orders) - 1)
    sent = [list(shipment.quantities) for shipment in desk.world.shipments.values()]
    assert len(sent) == len(orders) - 1


@pytest.mark.parametrize("how", ["the keys are checked", "the shop is resumed"])
def test_what_an_outage_postponed_is_due_at_once_when_bol_can_be_asked_again(desk: Desk, how: str) -> None:
    orders = [desk.order() for _ in range(3)]
    for order in orders:
        desk.complete(order)
    desk.world.go_down(minutes=30)
    desk.deliver()
    now = desk.clock.moment  # type: ignore[union-attr]
    assert all(now < row.not_before <= now + timedelta(seconds=15) for row in desk.rows())
    desk.world.come_back()
    if how == "the keys are checked":
        desk.set(account_id=desk.world.options.retailer_id)
        assert shops.check_keys(desk.shop_id).works
    else:
        shops.pause(desk.shop_id, user_id=None)
        shops.resume(desk.shop_id, user_id=None)
    assert [row.not_before for row in desk.rows()] == [now] * 3


def test_a_hold_is_not_cut_short_when_a_shop_is_resumed(desk: Desk) -> None:
    desk.set(hold_minutes=2)
    desk.complete(desk.order())
    shops.pause(desk.shop_id, user_id=None)
    shops.resume(desk.shop_id, user_id=None)
    assert desk.rows()[0].not_before == desk.clock.moment + timedelta(minutes=2)  # type: ignore[union-attr]


def test_a_429_is_surely_not_sent_and_waits_as_bol_says(desk: Desk) -> None:
    desk.complete(desk.order())
    desk.world.answer_next(429, headers={"Retry-After": "120"}, method="POST", path=SHIPMENTS, count=1)
    desk.deliver()
    (row,) = desk.rows()
    assert (row.state, row.sent_at, row.tries) == ("pending", None, 1)
    assert row.not_before > desk.clock.moment  # type: ignore[union-attr]


def test_refused_keys_stop_the_shop_and_lose_nothing(desk: Desk) -> None:
    desk.complete(desk.order())
    desk.world.revoke_keys()
    desk.world.expire_tokens()
    desk.deliver()
    assert desk.states() == [("shipment", "pending")]
    db.session.rollback()
    assert db.session.get_one(Shop, desk.shop_id, populate_existing=True).has_lost_access
    assert writebacks.sweep() == 0
    desk.world.restore_keys()
    desk.set(account_id=desk.world.options.retailer_id)
    shops.replace_keys(
        desk.shop_id, api_key=desk.sandbox.client_id, api_secret=desk.sandbox.client_secret, user_id=None
    )
    assert writebacks.sweep() == 1
    desk.drain()
    assert desk.states() == [("shipment", "confirmed")]


def test_a_paused_shop_sends_nothing(desk: Desk) -> None:
    desk.complete(desk.order())
    shops.pause(desk.shop_id, user_id=None)
    desk.deliver()
    assert writebacks.sweep() == 0
    assert desk.told() == []
    shops.resume(desk.shop_id, user_id=None)
    desk.drain()
    assert desk.states() == [("shipment", "confirmed")]
