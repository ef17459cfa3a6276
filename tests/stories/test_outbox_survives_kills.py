"""A worker is killed with SIGKILL after each step of a delivery, and two do it at once: bol.com gets one shipment."""

import os
import signal
import threading
from collections import Counter

import pytest
from flask import Flask

from stoqflow_web.bol.sandbox import RunningSandbox, SandboxOptions
from stoqflow_web.services import outbox, writebacks
from stoqflow_web.services.completing import NotCompletable
from stoqflow_web.services.settling_unknown import free_abandoned
from tests.support.clocks import MONDAY_MORNING, FrozenClock
from tests.support.desk import Desk
from tests.support.killing import dies_after, in_a_process_of_its_own

SHIPMENTS = "/retailer/shipments"


@pytest.fixture
def sandbox_options() -> SandboxOptions:
    return SandboxOptions(orders=0, offers=8, limits=False, standing_clock=MONDAY_MORNING)


@pytest.fixture
def desk(ctx: Flask, sandbox: RunningSandbox, clock: FrozenClock) -> Desk:
    return Desk(sandbox, clock)


@pytest.mark.both_databases
@pytest.mark.parametrize("step", ["claimed", "read", "marked", "answered", "recorded"])
def test_a_worker_killed_after_this_step_leaves_exactly_one_shipment(desk: Desk, step: str) -> None:
    desk.complete(desk.order(quantity=3))
    pid = in_a_process_of_its_own(lambda: writebacks.deliver(desk.shop_id, follow_seconds=0, on_step=dies_after(step)))
    assert os.WTERMSIG(os.waitpid(pid, 0)[1]) == signal.SIGKILL
    desk.deliver()  # restarted at once: the dead worker's lease still holds
    assert len(desk.shipped()) <= 1
    desk.drain()
    assert desk.states() == [("shipment", "confirmed")]
    assert [sum(parcel.values()) for parcel in desk.shipped()] == [3]


@pytest.mark.both_databases
def test_two_workers_at_once_send_each_shipment_once(desk: Desk) -> None:
    codes = [desk.complete(desk.order()) for _ in range(30)]
    workers = [in_a_process_of_its_own(desk.deliver) for _ in range(2)]
    assert [os.waitpid(pid, 0)[1] for pid in workers] == [0, 0]
    assert len(desk.world.requests_seen("POST", SHIPMENTS)) == len(codes)
    desk.drain()
    there = Counter(shipment.track_and_trace for shipment in desk.world.shipments.values())
    assert there == Counter(codes)


@pytest.mark.both_databases
def test_two_clicks_at_once_are_one_shipment(app: Flask, desk: Desk) -> None:
    order = desk.order()
    refused: list[str] = []
    together = threading.Barrier(2)

    def click() -> None:
        with app.app_context():
            together.wait()
            try:
                desk.complete(order)
            except NotCompletable as refusal:
                refused.append(refusal.sentence)

    clicks = [threading.Thread(target=click) for _ in range(2)]
    for one in clicks:
        one.start()
    for one in clicks:
        one.join()
    desk.drain()
    assert len(refused) == 1
    assert desk.states() == [("shipment", "confirmed")]
    assert len(desk.shipped()) == 1


@pytest.mark.both_databases
def test_a_worker_that_was_thought_dead_sends_nothing_any_more(desk: Desk) -> None:
    desk.complete(desk.order())

    def sleeps_through_its_lease(step: str) -> None:
        if step == "claimed" and desk.rows()[0].claim == 1:
            desk.jump(seconds=120)
            free_abandoned(desk.shop_id)
            assert len(outbox.claim(desk.shop_id, 1)) == 1  # another worker is at it

    writebacks.deliver(desk.shop_id, follow_seconds=0, on_step=sleeps_through_its_lease)
    assert desk.told() == []
    desk.drain()
    assert len(desk.shipped()) == 1
    assert desk.states() == [("shipment", "confirmed")]


@pytest.mark.both_databases
def test_the_most_urgent_goes_first_and_what_is_claimed_is_not_claimed_again(desk: Desk) -> None:
    orders = {day: desk.order(deliver_in_days=day) for day in (3, 1, 2)}
    for order in orders.values():
        desk.complete(order)
    first, second = outbox.claim(desk.shop_id, 2), outbox.claim(desk.shop_id, 2)
    claimed = [message.order_external_id for message in [*first, *second]]
    assert claimed == [orders[day].marketplace_order.external_id for day in (1, 2, 3)]
    assert outbox.claim(desk.shop_id, 2) == []
