"""A sync: what changed at bol.com is here after one pass, over gaps, clocks that are wrong, and lists that move."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from stoqflow_web.bol.sandbox import RunningSandbox, SandboxOptions
from stoqflow_web.extensions import db
from stoqflow_web.models import ImportRun, MarketplaceItem, MarketplaceOrder
from stoqflow_web.services.deleting import delete
from stoqflow_web.services.orders_sync import sync_orders
from tests.services.transfers import add_shop, problems, transfer_with_kills
from tests.support.clocks import FrozenClock
from tests.support.desk import Desk
from tests.support.linking import after_requests
from tests.support.runs import orders_here
from tests.support.syncs import checks, shop_now, sync, tick

on_both = pytest.mark.both_databases


@pytest.fixture
def sandbox_options(clock: FrozenClock) -> SandboxOptions:
    return SandboxOptions(orders=0, offers=8, process_delay=0.1, limits=False, standing_clock=clock.moment)


@pytest.fixture
def desk(ctx: Flask, sandbox: RunningSandbox, clock: FrozenClock) -> Desk:
    return Desk(sandbox, clock)


@on_both
def test_the_first_sync_brings_what_is_open_and_knows_what_was_handled(desk: Desk, sandbox: RunningSandbox) -> None:
    placed = [sandbox.world.place_order() for _ in range(60)]
    sandbox.world.ship_by_hand(placed[0])
    run = sync(desk.shop_id)
    assert (run.status, run.is_catch_up, run.count_new) == ("finished", True, 59)
    assert orders_here() == Counter(placed[1:])
    (check,) = checks(desk.shop_id)
    assert (check.open_there, check.open_here, check.handled_there, check.handled_here) == (59, 59, 1, 1)
    assert check.difference == 0


@on_both
def test_a_new_order_comes_in_with_the_next_sync_that_is_due(desk: Desk, sandbox: RunningSandbox) -> None:
    sync(desk.shop_id)
    placed = sandbox.world.place_order()
    assert tick() == []
    desk.jump(minutes=1)
    (run,) = tick()
    assert (run.kind, run.count_new, run.is_catch_up) == ("sync", 1, False)
    assert orders_here() == Counter([placed])


def test_an_idle_sync_asks_twice_and_fetches_nothing(desk: Desk, sandbox: RunningSandbox) -> None:
    for _ in range(10):
        sandbox.world.place_order()
    sync(desk.shop_id)
    desk.jump(minutes=5)
    sandbox.world.forget_requests()
    sync(desk.shop_id)
    assert len(sandbox.world.requests_seen("GET", "/retailer/orders")) == 2  # the changes, and the list for the proof


def test_the_watermark_stays_when_the_pass_does_not_end(desk: Desk, sandbox: RunningSandbox) -> None:
    sync(desk.shop_id)
    before = shop_now(desk.shop_id).synced_until
    placed = [sandbox.world.place_order() for _ in range(3)]
    desk.jump(minutes=1)
    sandbox.world.answer_next(503, method="GET", path="/retailer/orders/", count=100)
    (run,) = tick()
    assert (run.status, run.faults) == ("running", 1)
    assert shop_now(desk.shop_id).synced_until == before
    sandbox.world.come_back()
    desk.jump(minutes=2)
    tick()
    assert orders_here() == Counter(placed)
    after = shop_now(desk.shop_id).synced_until
    assert before is not None
    assert after is not None
    assert after > before


@pytest.mark.parametrize("gap", [timedelta(hours=2), timedelta(days=3), timedelta(days=20)])
def test_a_gap_is_caught_up_with(desk: Desk, sandbox: RunningSandbox, gap: timedelta) -> None:
    early = [sandbox.world.place_order(deliver_in_days=200) for _ in range(3)]
    sync(desk.shop_id)
    desk.jump(minutes=30)
    sandbox.world.cancel(early[0])
    sandbox.world.ship_by_hand(early[1])
    desk.jump(seconds=gap.total_seconds())
    late = sandbox.world.place_order()
    (run,) = tick()
    assert (run.status, run.is_catch_up) == ("finished", True)
    assert [desk.ours(one)[0].status for one in early] == ["canceled", "complete", "on-hold"]
    assert desk.ours(late)
    assert checks(desk.shop_id)[0].difference == 0


def test_what_ended_over_three_months_ago_is_found_too(desk: Desk, sandbox: RunningSandbox) -> None:
    early = sandbox.world.place_order()
    sync(desk.shop_id)
    sandbox.world.cancel(early)
    desk.jump(days=100)
    tick()
    assert desk.ours(early)[0].status == "canceled"


@pytest.mark.parametrize(
    "moment",
    [datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2027, 3, 28, 0, 30, tzinfo=UTC)],
    ids=["an hour twice", "an hour never"],
)
def test_the_hour_that_comes_twice_or_never_hides_no_order(
    ctx: Flask, clock: FrozenClock, sandbox: RunningSandbox, moment: datetime
) -> None:
    desk = Desk(sandbox, clock)
    desk.jump(seconds=(moment - clock.moment).total_seconds()) if moment > clock.moment else _go_back(
        clock, sandbox, moment
    )
    sync(desk.shop_id)
    placed = []
    for _ in range(6):
        desk.jump(minutes=20)
        placed.append(sandbox.world.place_order())
        desk.jump(minutes=1)
        tick()
    assert orders_here() == Counter(placed)
    assert checks(desk.shop_id)[0].difference == 0


def _go_back(clock: FrozenClock, sandbox: RunningSandbox, moment: datetime) -> None:
    clock.set(moment)
    sandbox.world.clock._standing_at = moment


@pytest.mark.parametrize("step", [timedelta(hours=-30), timedelta(hours=-1), timedelta(hours=1), timedelta(days=30)])
def test_a_machine_whose_clock_jumps_misses_nothing(
    desk: Desk, sandbox: RunningSandbox, clock: FrozenClock, step: timedelta
) -> None:
    sync(desk.shop_id)
    clock.jump(seconds=step.total_seconds())  # ours alone
    placed = []
    for _ in range(3):
        placed.append(sandbox.world.place_order())
        desk.jump(minutes=2)
        assert [run.is_catch_up for run in tick()] == [False], "the gap is two minutes by bol.com's clock"
    assert orders_here() == Counter(placed)
    assert checks(desk.shop_id)[0].difference == 0


def test_orders_that_drop_out_of_the_list_between_two_pages_hide_no_other(
    app: Flask, desk: Desk, sandbox: RunningSandbox
) -> None:
    early = [sandbox.world.place_order() for _ in range(60)]
    desk.jump(hours=1)
    for _ in range(10):
        sandbox.world.place_order()
    desk.jump(minutes=2)
    sync(desk.shop_id)
    desk.jump(minutes=2, seconds=58)
    for external_id in early:
        sandbox.world.ask_to_cancel(external_id)
    # Between the two pages the ten newer ones, which stood first, grow too old for what page 1 asked for.
    after_requests(sandbox, "/retailer/orders", 1, lambda: sandbox.world.jump(seconds=10))
    asked: set[str] = set()
    after_requests(sandbox, "/retailer/orders", 3, lambda: asked.update(_asked_to_cancel(app)))  # as the proof begins
    sync(desk.shop_id)
    assert asked == set(early)


def _asked_to_cancel(app: Flask) -> set[str]:
    with app.app_context():
        wanted = MarketplaceOrder.items.any(MarketplaceItem.is_cancellation_requested)
        return set(db.session.scalars(select(MarketplaceOrder.external_id).where(wanted)))


@on_both
@pytest.mark.parametrize("committed", [True, False])
def test_a_sync_that_is_killed_in_any_step_is_carried_on(
    ctx: Flask, sandbox: RunningSandbox, clock: FrozenClock, committed: bool
) -> None:
    shop_id = add_shop(sandbox)
    placed = [sandbox.world.place_order() for _ in range(4)]
    run, deaths = transfer_with_kills(sync_orders, shop_id, "sync", clock, committed=committed)
    assert deaths > 4
    assert orders_here() == Counter(placed)
    assert run.count_new == 4
    assert checks(shop_id)[0].difference == 0


def test_a_deleted_order_does_not_come_back_by_a_sync(desk: Desk, sandbox: RunningSandbox) -> None:
    order = desk.order()
    delete(order.id, user_id=None)
    sandbox.world.ask_to_cancel(order.marketplace_order.external_id)
    for _ in range(3):
        desk.jump(minutes=1)
        sync(desk.shop_id)
    assert desk.read(order.id).status == "deleted"
    latest = checks(desk.shop_id)[0]
    assert (latest.deleted_here, latest.difference) == (1, 0)


def test_an_order_that_can_not_be_stored_keeps_no_other_out(desk: Desk, sandbox: RunningSandbox) -> None:
    sync(desk.shop_id)
    placed = [sandbox.world.place_order() for _ in range(5)]
    desk.fetch(placed[3])
    # bol.com gives an item of that order to another order too, which can't be: an item belongs to one order.
    missing, taken = placed[0], sandbox.world.orders[placed[0]].items[0]
    rightful, taken.item_id = taken.item_id, sandbox.world.orders[placed[3]].items[0].item_id
    desk.jump(minutes=2)
    run = sync(desk.shop_id)
    assert run.status == "finished"
    assert set(orders_here()) == set(placed) - {missing}
    assert checks(desk.shop_id)[0].different == [missing]
    assert _not_stored(run) == [missing]

    for _ in range(2):  # told once, however often it is found
        desk.jump(minutes=1)
        again = sync(desk.shop_id)
    assert _not_stored(again) == [missing]

    taken.item_id = rightful
    desk.jump(minutes=1)
    sync(desk.shop_id)
    assert desk.ours(missing)
    assert _not_stored(again) == []


def _not_stored(run: ImportRun) -> list[str]:
    return [one.subject for one in problems(run) if one.code == "order_not_stored" and one.solved_at is None]
