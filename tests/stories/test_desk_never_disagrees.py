"""Random actions and faults: in the end an order is as bol.com has it, or a person is asked. Never shipped twice.

What is done is drawn by Hypothesis; a failing sequence is shown as short as it can be made.
"""

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from itertools import count

import pytest
from flask import Flask
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from stoqflow_web.bol.sandbox import RunningSandbox, SandboxOptions
from stoqflow_web.errors import StoqflowError
from stoqflow_web.models import SalesOrder
from stoqflow_web.models.sales_orders import COMPLETE
from stoqflow_web.services.canceling import cancel
from stoqflow_web.services.deleting import delete
from stoqflow_web.services.splitting import split
from stoqflow_web.services.undoing import send_now, undo
from tests.support.clocks import MONDAY_MORNING, FrozenClock
from tests.support.desk import Desk

SEQUENCES = 100
EVENTS = ("CREATE_SHIPMENT", "CANCEL_ORDER")
WRITES = (("POST", "/retailer/shipments"), ("PUT", "/retailer/orders/cancellation"))

# (name, which order or kind of write, which part of the order)
ACTIONS = (
    *(["complete"] * 6 + ["split"] * 3 + ["deliver"] * 5 + ["lose_next_answer"] * 3),
    *("cancel", "cancel", "cancel_line", "delete", "undo", "send_now", "follow", "jump", "jump_far"),
    *("fail_next", "time_out_next", "time_out_applied", "unavailable", "go_down", "come_back"),
    *("bol_cancels", "client_asks", "client_asks", "fetch", "fetch", "ship_anyway", "accept"),
)
# Rarely drawn, and where a blind resend would ship twice: what is left of the item is still open at bol.com.
LOST_PART = [("split", 1, 0), ("complete", 1, 1), ("lose_next_answer", 0, 0), ("deliver", 0, 0)]
SCRIPTS = st.lists(st.tuples(st.sampled_from(ACTIONS), st.integers(0, 1), st.integers(0, 3)), min_size=4, max_size=12)


@pytest.fixture
def sandbox_options() -> SandboxOptions:
    return SandboxOptions(orders=0, offers=3, limits=False, standing_clock=MONDAY_MORNING)


class Story:
    """Two orders at one desk, and what befalls them."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.world = desk, desk.world
        self.orders = [
            desk.order(lines=2, quantity=2, deliver_in_days=4).marketplace_order.external_id,
            desk.order(quantity=3, deliver_in_days=4).marketplace_order.external_id,
        ]

    def happens(self, action: str, which: int, part: int) -> None:
        verbs: dict[str, Callable[[SalesOrder], object]] = {
            "complete": lambda order: self.desk.complete(order),
            "ship_anyway": lambda order: self.desk.ship_anyway(order),
            "accept": lambda order: self.desk.accept(order),
            "cancel": lambda order: cancel(order.id, "out-of-stock", user_id=None),
            "cancel_line": lambda order: cancel(
                order.id, "out-of-stock", user_id=None, line_ids=[order.lines_to_ship[-1].id]
            ),
            "split": lambda order: split(order.id, {order.lines_to_ship[0].id: 1}, user_id=None),
            "delete": lambda order: delete(order.id, user_id=None),
            "undo": lambda order: undo(order.id, user_id=None),
            "send_now": lambda order: send_now(order.id, user_id=None),
        }
        if action in verbs:
            parts = self.desk.ours(self.orders[which])
            with suppress(StoqflowError, IndexError):
                verbs[action](parts[part % len(parts)])
        else:
            getattr(self, action)(which)

    def deliver(self, _: int) -> None:
        self.desk.deliver()

    def follow(self, _: int) -> None:
        self.desk.follow()

    def jump(self, which: int) -> None:
        self.desk.jump(seconds=(3, 130)[which])

    def jump_far(self, _: int) -> None:
        self.desk.jump(minutes=40)

    def fail_next(self, which: int) -> None:
        self.world.fail_next(EVENTS[which])

    def time_out_next(self, which: int) -> None:
        self.world.time_out_next(EVENTS[which])

    def time_out_applied(self, which: int) -> None:
        self.world.time_out_next(EVENTS[which], applied=True)

    def lose_next_answer(self, which: int) -> None:
        self.world.lose_next_answer(*WRITES[which])

    def unavailable(self, which: int) -> None:
        method, path = WRITES[which]
        self.world.answer_next(503, method=method, path=path)

    def go_down(self, _: int) -> None:
        """For writes only: reads would be tried again after seconds of real time."""
        for method, path in WRITES:
            self.world.answer_next(503, method=method, path=path, count=3)

    def come_back(self, _: int) -> None:
        self.world.come_back()

    def bol_cancels(self, which: int) -> None:
        with suppress(LookupError):
            self.world.cancel(self.orders[which])

    def client_asks(self, which: int) -> None:
        with suppress(LookupError):
            self.world.ask_to_cancel(self.orders[which])

    def fetch(self, which: int) -> None:
        self.desk.fetch(self.orders[which])

    def ends(self) -> None:
        """All is well again at bol.com, and workers and time do the rest."""
        self.world.come_back()
        self.world.outcomes.clear()
        for order in self.orders:
            self.desk.fetch(order)
        self.desk.drain()
        for order in self.orders:
            self.desk.fetch(order)
        self.desk.drain()

    # What must be true then

    def check(self) -> None:
        there = {shipment.reference: shipment for shipment in self.world.shipments.values()}
        references = Counter(shipment.reference for shipment in self.world.shipments.values())
        assert max(references.values(), default=1) == 1, f"shipped twice: {references}"
        for row in self.desk.rows():
            assert row.state in ("confirmed", "withdrawn", "needs-attention", "pending"), row.state
            if row.state == "pending":
                assert self.desk._waits(row), "something that is due was left"
            if row.kind == "shipment" and row.shipment is not None:
                units = {line.order_line.item.external_id: line.quantity for line in row.shipment.lines}
                if row.state == "confirmed":
                    assert there[row.shipment.reference].quantities == units
                if row.state == "withdrawn":
                    assert row.shipment.reference not in there
            if row.kind == "cancellation" and row.state == "confirmed" and row.item is not None:
                item = self.world.items[row.item.external_id]
                assert (item.open, item.cancelled > 0) == (0, True)
        for order in self.orders:
            self._check_family(order)

    def _check_family(self, external_id: str) -> None:
        parts = self.desk.ours(external_id)
        if any(row.state in ("needs-attention", "pending") for part in parts for row in part.writebacks):
            return
        if any(part.is_open or part.is_deleted for part in parts):
            return  # it is still worked on, or bol.com is not to be told
        lines = [line for part in parts for line in part.lines]
        for item in self.world.orders[external_id].items:
            ours = [line for line in lines if line.item.external_id == item.item_id and line.quantity]
            shipped = sum(x.quantity for x in ours if x.sales_order.status == COMPLETE and not x.is_canceled)
            assert (item.open, item.shipped) == (0, shipped), f"{external_id}: {item}"


def test_after_any_story_bol_and_we_agree_or_a_person_is_asked(
    ctx: Flask, sandbox: RunningSandbox, clock: FrozenClock
) -> None:
    numbers = count()

    @settings(
        max_examples=SEQUENCES,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(hold_minutes=st.sampled_from((0, 2)), waits=st.booleans(), script=SCRIPTS)
    @example(hold_minutes=0, waits=False, script=LOST_PART)
    def tell(hold_minutes: int, waits: bool, script: list[tuple[str, int, int]]) -> None:
        desk = Desk(sandbox, clock, hold_minutes=hold_minutes, name=f"Desk {next(numbers)}")
        desk.set(waits_for_all_parts=waits)
        sandbox.world.come_back()
        sandbox.world.outcomes.clear()
        story = Story(desk)
        for action, which, part in script:
            story.happens(action, which, part)
        story.ends()
        story.check()

    tell()
