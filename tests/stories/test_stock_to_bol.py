"""bol.com is told how much can be sold: nothing before it is switched on, then each change once, and never too much."""

import json
import os
import signal

import pytest
from flask import Flask
from sqlalchemy import select

from stoqflow_web.bol.sandbox import RunningSandbox, SandboxOptions
from stoqflow_web.extensions import db
from stoqflow_web.models import Activity, OfferStock, StockComparison
from stoqflow_web.services import shops, stock_nights, stock_switch, syncing, telling_stock, trouble
from stoqflow_web.services.canceling import cancel
from stoqflow_web.services.deleting import delete
from stoqflow_web.services.stock_switch import NotSwitchable
from stoqflow_web.services.stock_to_tell import free_changed
from stoqflow_web.transaction import transaction
from tests.support.clocks import MONDAY_MORNING, FrozenClock
from tests.support.killing import dies_after, in_a_process_of_its_own
from tests.support.stock_desk import StockDesk, stock_desk
from tests.support.syncs import sync, tick


@pytest.fixture
def sandbox_options() -> SandboxOptions:
    return SandboxOptions(orders=0, offers=8, limits=False, process_delay=0.1, standing_clock=MONDAY_MORNING)


@pytest.fixture
def desk(ctx: Flask, sandbox: RunningSandbox, clock: FrozenClock) -> StockDesk:
    return stock_desk(sandbox, clock)


@pytest.fixture
def telling(desk: StockDesk) -> StockDesk:
    """It tells its stock, and bol.com shows the right numbers already."""
    desk.switch_on()
    assert desk.messages() == []
    return desk


def test_nothing_is_told_before_it_is_switched_on(desk: StockDesk) -> None:
    offer = desk.offer_ids()[0]
    desk.move(offer, -5)
    desk.complete(desk.order(offer_id=offer))
    desk.compare()
    assert telling_stock.sweep() == 0
    desk.tell()
    assert (desk.messages(), desk.stocks()) == ([], [])


def test_it_is_switched_on_only_after_a_fresh_look_at_what_would_change(desk: StockDesk) -> None:
    with pytest.raises(NotSwitchable):
        stock_switch.switch_on(desk.shop_id, margin=0, user_id=None)
    desk.compare()
    desk.jump(hours=2)
    with pytest.raises(NotSwitchable):
        stock_switch.switch_on(desk.shop_id, margin=0, user_id=None)
    assert not desk.shop().tells_stock


def test_it_is_not_switched_on_before_the_open_orders_are_here(desk: StockDesk) -> None:
    desk.set(synced_until=None)
    desk.compare()
    with pytest.raises(NotSwitchable):
        stock_switch.switch_on(desk.shop_id, margin=0, user_id=None)
    desk.world.place_order(offer_id=desk.offer_ids()[0], quantity=5)
    assert sync(desk.shop_id).status == "finished"
    desk.switch_on()
    assert (desk.offer_ids()[0], 7) in desk.messages()


def test_switching_on_tells_what_differs_and_what_bol_would_correct_a_second_time(desk: StockDesk) -> None:
    higher, lower, doubly, *_ = desk.offer_ids()
    desk.move(higher, 3)
    desk.move(lower, -3)
    desk.world.offers[doubly].managed_by_retailer = False
    assert desk.switch_on() == len(desk.offer_ids())
    assert sorted(desk.messages()) == sorted([(higher, 15), (lower, 9), (doubly, 12)])
    assert desk.world.offers[doubly].managed_by_retailer
    assert all(row.due_at is None for row in desk.stocks())


def test_what_lies_in_bols_own_warehouse_is_never_told(desk: StockDesk) -> None:
    desk.world.add_offer(method="FBB", regular_stock=7, reference="FBB-1")
    fbb = desk.offer_ids("FBB")[-1]
    desk.know(fbb, here=40)
    desk.switch_on()
    desk.move(fbb, -10)
    desk.settle()
    assert fbb not in [offer for offer, _ in desk.messages()]
    assert fbb not in [row.offer.external_id for row in desk.stocks()]


@pytest.mark.both_databases
def test_ten_movements_in_a_second_are_one_message(telling: StockDesk) -> None:
    offer = telling.offer_ids()[0]
    for _ in range(10):
        telling.move(offer, -1)
    telling_stock.tell(telling.shop_id, stay_seconds=0)
    assert telling.messages() == [], "it waits a second for more"
    telling.tell()
    telling.tell()
    assert telling.messages() == [(offer, 2)]


def test_the_most_that_can_be_told_is_told_again_after_each_order(telling: StockDesk) -> None:
    offer = telling.offer_ids()[0]
    telling.move(offer, 5000)
    telling.settle()
    telling.jump(seconds=1)
    telling.order(offer_id=offer, quantity=200)
    assert telling.sold_by_bol(offer) == 799
    telling.settle()
    assert telling.messages() == [(offer, 999), (offer, 999)]
    assert telling.sold_by_bol(offer) == 999


def test_an_order_that_comes_in_while_its_number_is_told_has_it_told_again(telling: StockDesk) -> None:
    offer = telling.offer_ids()[0]
    telling.move(offer, 5000)

    def an_order_comes_in(done: str) -> None:
        if done == "told":
            telling.jump(seconds=1)
            telling.order(offer_id=offer, quantity=200)

    telling.jump(seconds=2)
    telling_stock.tell(telling.shop_id, stay_seconds=0, on_step=an_order_comes_in)
    telling.settle()
    assert telling.messages() == [(offer, 999), (offer, 999)]
    assert telling.sold_by_bol(offer) == 999


def test_after_an_outage_the_orders_come_in_before_any_stock_is_told(telling: StockDesk) -> None:
    offer = telling.offer_ids()[0]
    telling.world.place_order(offer_id=offer, quantity=2)
    telling.move(offer, -1)
    telling.set(next_sync_at=MONDAY_MORNING)
    telling.tell()
    assert telling.messages() == [], "two units of it are sold, and nobody knows yet"
    assert sync(telling.shop_id).status == "finished"
    telling.tell()
    assert telling.messages() == [(offer, 9)]


def test_what_comes_and_goes_within_a_second_is_not_told(telling: StockDesk) -> None:
    offer = telling.offer_ids()[0]
    telling.move(offer, -4)
    telling.move(offer, 4)
    telling.tell()
    assert telling.messages() == []
    assert telling.stock_of(offer).due_at is None


def test_an_order_takes_its_units_off_at_once_and_completing_it_changes_nothing(telling: StockDesk) -> None:
    offer = telling.offer_ids()[0]
    order = telling.order(offer_id=offer, quantity=5)
    telling.tell()
    assert telling.messages() == [(offer, 7)]
    telling.complete(order)
    telling.drain()
    telling.settle()
    assert telling.messages() == [(offer, 7)]


def test_what_orders_on_hold_wait_for_is_not_sold_again(telling: StockDesk) -> None:
    offer = telling.offer_ids()[0]
    assert telling.order(offer_id=offer, quantity=20).status == "on-hold"
    telling.tell()
    telling.move(offer, 5)  # 17 on hand, 20 sold
    telling.tell()
    assert telling.messages() == [(offer, 0)]
    telling.move(offer, 10)
    telling.tell()
    assert telling.messages()[1:] == [(offer, 7)]


@pytest.mark.parametrize("end", ["delete", "cancel"])
def test_what_an_order_on_hold_waited_for_can_be_sold_once_it_has_gone(telling: StockDesk, end: str) -> None:
    offer = telling.offer_ids()[0]
    waiting = telling.order(offer_id=offer, quantity=20)
    telling.tell()
    if end == "delete":
        delete(waiting.id, user_id=None)
    else:
        cancel(waiting.id, "out-of-stock", user_id=None)
        telling.drain()
    telling.settle()
    assert telling.messages() == [(offer, 0), (offer, 12)]


def test_the_margin_is_held_back_and_another_one_counts_at_once(desk: StockDesk) -> None:
    assert desk.switch_on(margin=3) == len(desk.offer_ids())
    assert {number for _, number in desk.messages()} == {9}
    stock_switch.set_margin(desk.shop_id, 14, user_id=None)
    desk.settle()
    assert {desk.at_bol(offer) for offer in desk.offer_ids()} == {0}, "never less than nothing"


def test_more_than_999_is_told_as_999(telling: StockDesk) -> None:
    offer = telling.offer_ids()[0]
    telling.move(offer, 5_000)
    telling.tell()
    telling.move(offer, -1)
    telling.tell()
    assert telling.messages() == [(offer, 999)]


def test_two_shops_with_the_same_product_hear_the_same_number(
    desk: StockDesk, sandbox: RunningSandbox, clock: FrozenClock
) -> None:
    other = StockDesk(sandbox, clock, name="Other")
    other.begin(there=12)
    desk.switch_on()
    other.switch_on()
    offer = desk.offer_ids()[0]
    desk.order(offer_id=offer, quantity=5)
    desk.tell()
    other.tell()
    assert desk.messages() == [(offer, 7), (offer, 7)]


def test_it_is_told_again_after_a_cancellation(telling: StockDesk) -> None:
    offer = telling.offer_ids()[0]
    order = telling.order(offer_id=offer, quantity=2)
    telling.move(offer, -2)  # damaged: the number stays what it is when the order is gone
    telling.tell()
    cancel(order.id, "bad-condition", user_id=None)
    telling.drain()
    assert telling.at_bol(offer) == 0, "bol.com sets it to 0 by itself"
    telling.settle()
    assert telling.messages() == [(offer, 8), (offer, 10)]
    order = telling.order(offer_id=offer, quantity=2)
    telling.move(offer, 2)  # what is sold comes in: the number stays, but bol.com has taken off what was ordered
    telling.settle()
    cancel(order.id, "bad-condition", user_id=None)
    telling.move(offer, -2)
    telling.drain()
    assert telling.at_bol(offer) == 0
    telling.settle()
    assert telling.messages()[2:] == [(offer, 10), (offer, 10)]


def test_it_is_told_again_after_bol_has_cancelled(telling: StockDesk) -> None:
    offer = telling.offer_ids()[0]
    order = telling.order(offer_id=offer, quantity=2)
    telling.tell()
    external_id = order.marketplace_order.external_id
    telling.world.cancel(external_id)
    telling.world.change_stock(offer, 0)
    telling.fetch(external_id)
    telling.settle()
    assert telling.at_bol(offer) == 12


def test_messages_about_orders_go_first(telling: StockDesk) -> None:
    offer = telling.offer_ids()[0]
    telling.complete(telling.order(offer_id=offer, quantity=2))
    telling.tell()
    assert telling.messages() == [], "a shipment is due"
    telling.deliver()
    telling.tell()
    assert telling.messages() == [(offer, 10)]


def test_a_pass_over_the_orders_goes_first(telling: StockDesk) -> None:
    offer = telling.offer_ids()[0]
    telling.move(offer, -2)
    telling.set(next_sync_at=None)
    syncing.sweep()
    telling.tell()
    assert telling.messages() == []
    tick()
    telling.tell()
    assert telling.messages() == [(offer, 10)]


def test_with_limits_cut_a_little_is_told_at_a_time(telling: StockDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telling_stock, "AT_ONCE_WHEN_LIMITED", 2)
    for offer in telling.offer_ids():
        telling.move(offer, -2)
    trouble.went_well(telling.shop_id, strictness=0.4)
    telling.tell()
    assert len(telling.messages()) == 2
    telling.settle()
    assert len(telling.messages()) == len(telling.offer_ids())


@pytest.mark.both_databases
@pytest.mark.parametrize("step", ["claimed", "told", "recorded"])
def test_a_worker_killed_after_this_step_leaves_the_right_number(telling: StockDesk, step: str) -> None:
    offer = telling.offer_ids()[0]
    telling.move(offer, -5)
    telling.jump(seconds=2)
    work = lambda: telling_stock.tell(telling.shop_id, stay_seconds=0, on_step=dies_after(step))  # noqa: E731
    assert os.WTERMSIG(os.waitpid(in_a_process_of_its_own(work), 0)[1]) == signal.SIGKILL
    telling.move(offer, -1)
    telling.tell()  # the dead worker's lease still holds
    telling.jump(minutes=3)
    assert telling_stock.sweep() == (step != "recorded")
    telling.settle()
    assert telling.at_bol(offer) == 6


@pytest.mark.both_databases
def test_a_worker_that_was_thought_dead_records_nothing_any_more(telling: StockDesk) -> None:
    offer = telling.offer_ids()[0]
    telling.move(offer, -5)
    telling.jump(seconds=2)

    def sleeps_through_its_lease(step: str) -> None:
        if step == "told" and telling.stock_of(offer).claim == 2:
            telling.jump(minutes=3)
            assert telling_stock.claim(telling.shop_id, 1), "another worker is at it"

    with transaction() as tx:
        row = tx.session.get_one(OfferStock, telling.stock_of(offer).offer_id)
        row.claim = 1
    telling_stock.tell(telling.shop_id, stay_seconds=0, on_step=sleeps_through_its_lease)
    assert telling.stock_of(offer).told == 12
    telling.jump(minutes=3)
    telling.settle()
    assert telling.stock_of(offer).told == 7


@pytest.mark.both_databases
def test_what_changes_while_it_is_told_is_told_again(telling: StockDesk) -> None:
    offer = telling.offer_ids()[0]
    telling.move(offer, -5)
    telling.jump(seconds=2)

    def sells_one_meanwhile(step: str) -> None:
        if step == "told" and len(telling.messages()) == 1:
            telling.move(offer, -1)

    telling_stock.tell(telling.shop_id, stay_seconds=0, on_step=sells_one_meanwhile)
    assert telling.stock_of(offer).due_at is not None
    telling.settle()
    assert telling.messages() == [(offer, 7), (offer, 6)]


def test_what_bol_refuses_is_kept_with_its_sentence_until_the_number_changes(telling: StockDesk) -> None:
    offer, other = telling.offer_ids()[:2]
    refuse_next(telling, "The offer is being changed.")
    telling.move(offer, -1)
    telling.settle()
    row = telling.stock_of(offer)
    assert (row.refused, row.told, row.their_sentence) == (11, 12, "The offer is being changed.")
    telling.move(other, -1)
    with transaction() as tx:  # something else about the product, the number stays
        free_changed(tx, [row.offer.product_id])
    telling.settle()
    assert telling.messages() == [(offer, 11), (other, 11)]
    telling.move(offer, -1)
    telling.settle()
    assert telling.at_bol(offer) == 10
    assert telling.stock_of(offer).refused_at is None


def test_an_offer_that_is_gone_at_bol_stops_no_other(telling: StockDesk) -> None:
    gone, *others = telling.offer_ids()
    telling.world.remove_offer(gone)
    for offer in [gone, *others]:
        telling.move(offer, -1)
    telling.settle()
    assert {telling.at_bol(offer) for offer in others} == {11}
    assert "not found" in (telling.stock_of(gone).their_sentence or "")
    assert len([one for one, _ in telling.messages() if one == gone]) == 1


def test_an_outage_is_waited_out(telling: StockDesk) -> None:
    for offer in telling.offer_ids():
        telling.move(offer, -1)
    telling.world.answer_next(503, method="PATCH", count=1000)
    telling.tell()
    asked = len(telling.messages())
    telling.tell()
    assert len(telling.messages()) <= asked + len(telling.offer_ids()), "one moment for all"
    telling.world.come_back()
    telling.settle()
    assert {telling.at_bol(offer) for offer in telling.offer_ids()} == {11}


def test_a_429_is_obeyed(telling: StockDesk) -> None:
    offer = telling.offer_ids()[0]
    telling.world.answer_next(429, "{}", media="application/vnd.retailer.v11+json", method="PATCH")
    telling.move(offer, -1)
    telling.settle()
    assert telling.at_bol(offer) == 11


def test_refused_keys_stop_this_shop_and_lose_nothing(telling: StockDesk) -> None:
    offer = telling.offer_ids()[0]
    telling.move(offer, -1)
    telling.world.revoke_keys()
    telling.tell()
    assert telling.shop().has_lost_access
    assert telling_stock.sweep() == 0
    telling.world.restore_keys()
    telling.set(account_id=telling.world.options.retailer_id)
    assert shops.check_keys(telling.shop_id, user_id=None).works
    telling.settle()
    assert telling.at_bol(offer) == 11


def test_switching_off_ends_it(telling: StockDesk) -> None:
    offer = telling.offer_ids()[0]
    telling.move(offer, -1)
    stock_switch.switch_off(telling.shop_id, user_id=None)
    telling.tell()
    assert (telling.messages(), telling.stocks()) == ([], [])


# Every night


def night(desk: StockDesk) -> None:
    """The next comparison by itself, and what it has told."""
    desk.clock.jump(days=1)  # type: ignore[union-attr]
    desk.world.jump(days=1)
    assert stock_nights.sweep() == 1
    assert stock_nights.sweep() == 0
    tick()
    desk.settle()


def test_the_nightly_comparison_shows_and_mends_what_was_changed_at_bol(telling: StockDesk) -> None:
    offer = telling.offer_ids()[0]
    telling.world.change_stock(offer, 40)
    night(telling)
    (found,) = comparisons(telling)
    assert (found.is_nightly, found.different, found.mended, found.stayed) == (True, 1, 1, 0)
    assert found.compared == len(telling.offer_ids())
    assert (found.examples[0]["there"], found.examples[0]["here"]) == (40, 12)
    assert telling.at_bol(offer) == 12
    night(telling)
    assert [one.different for one in comparisons(telling)] == [1, 0]
    assert telling.stock_of(offer).nights == 0
    assert activities(telling) == ["stock_compared", "stock_compared"]


def test_a_difference_that_stays_two_nights_is_named(telling: StockDesk) -> None:
    offer = telling.offer_ids()[0]
    for _ in range(2):
        telling.world.change_stock(offer, 40)
        night(telling)
    assert [one.stayed for one in comparisons(telling)] == [0, 1]
    assert comparisons(telling)[-1].examples[0]["nights"] == 2


def test_what_is_due_or_was_just_told_is_no_difference(telling: StockDesk) -> None:
    due, told = telling.offer_ids()[:2]
    telling.move(told, -2)
    telling.tell()
    telling.world.offers[told].stock = 12  # the list lags
    telling.move(due, -1)
    found = telling.compare()
    assert found is not None
    assert found.different == 0
    assert {telling.stock_of(offer).told for offer in (due, told)} == {12, 10}


def test_the_night_tries_once_more_what_bol_refused(telling: StockDesk) -> None:
    offer = telling.offer_ids()[0]
    refuse_next(telling, "The offer is being changed.")
    telling.move(offer, -1)
    telling.settle()
    assert telling.at_bol(offer) == 12
    night(telling)
    assert telling.at_bol(offer) == 11


def refuse_next(desk: StockDesk, said: str) -> None:
    body = json.dumps({"title": "Conflict", "status": 409, "detail": said})
    desk.world.answer_next(409, body, media="application/vnd.retailer.v11+json", method="PATCH")


def comparisons(_: StockDesk) -> list[StockComparison]:
    db.session.rollback()
    return list(db.session.scalars(select(StockComparison).order_by(StockComparison.id)))


def activities(_: StockDesk) -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(select(Activity.event).where(Activity.kind == "stock").order_by(Activity.id)))
