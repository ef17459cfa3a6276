"""Random days at bol.com while it is polled, is down, and workers die: in the end here and there agree, by name.

What happens is drawn by Hypothesis, the same each time; STOQFLOW_DAYS draws more. Time is simulated, and a page of the
list has five orders instead of fifty, so that a dozen orders are several pages.
"""

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count
from random import Random
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from stoqflow_web import marketplace
from stoqflow_web.bol.sandbox import RunningSandbox, SandboxOptions
from stoqflow_web.bol.sandbox import orders as orders_there
from stoqflow_web.models import ImportRun, Shop
from stoqflow_web.services import import_work, imports, shops, syncing, writebacks
from stoqflow_web.services.import_work import Work
from stoqflow_web.transaction import reading, transaction
from tests.services.transfers import Killed, add_shop
from tests.soak.agenda import Agenda
from tests.soak.ground import Ground, Store
from tests.soak.judging import is_busy, judge, missed_by_a_pass
from tests.soak.staff import MOST_LOOKS, Staff
from tests.soak.workers import DoomedWork
from tests.support.clocks import MONDAY_MORNING
from tests.support.mortal_redis import MortalRedis
from tests.support.simulated_time import SimulatedTime

DAYS = int(os.environ.get("STOQFLOW_DAYS") or 12)
PAGE = 5
AT_FIRST = 12
MOST_ROUNDS = 60

# Who does what: (what, to which order, how). Between two pages of a list anything of bol.com's may happen.
AT_BOL = ("place", "place", "place_late", "ask", "bol_cancels", "bol_cancels_item", "expire", "ship_by_hand")
HERE = ("completed", "completed", "completed and undone", "canceled", "line canceled", "split", "deleted")
POLLS = ("poll", "poll", "poll", "poll_changing", "poll_changing", "poll_dying", "poll_dying")
FAULTS = ("go_down", "odd_answers", "lose_answer", "clock_wrong", "clock_right", "forget_tokens")
TIME = ("minute", "minutes", "hour", "day", "days")
EVENTS = st.tuples(
    st.sampled_from((*AT_BOL, *AT_BOL, *HERE, *POLLS, *POLLS, *FAULTS, *TIME)), st.integers(0, 11), st.integers(0, 9)
)
# An order that is handled between two pages of the catch-up pulls the one behind it onto the page that was read.
SLIPPING = [("days", 0, 0), ("place", 0, 0), ("poll_changing", 1, 4), ("poll", 0, 0)]
# Placed and cancelled in a gap so long that no list but that of its day tells of it.
UNSEEN = [("place", 0, 0), ("bol_cancels", 0, 0), ("days", 2, 0), ("poll", 0, 0)]


@pytest.fixture
def sandbox_options() -> SandboxOptions:
    return SandboxOptions(orders=0, offers=3, limits=False, token_lifetime=10**7)


@pytest.fixture
def time(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[SimulatedTime]:
    monkeypatch.setattr(orders_there, "PAGE_SIZE", PAGE)
    monkeypatch.setattr(marketplace, "ORDERS_ON_A_PAGE", PAGE)
    time = SimulatedTime(MONDAY_MORNING, app.extensions["redis"])
    with time.governing():
        yield time


class Days:
    """A shop with a dozen orders at bol.com, and what befalls them."""

    def __init__(self, app: Flask, sandbox: RunningSandbox, time: SimulatedTime, name: str) -> None:
        self.sandbox, self.world, self.time = sandbox, sandbox.world, time
        self.world.clock = time
        self.world.come_back()
        self.world.empty()
        self.world.forget_requests()
        self.world.add_offer(method="FBR", schedule="BOL_DELIVERY_PROMISE")
        self.time.skew = 0.0
        self.store = Store(add_shop(sandbox, name), self.world)
        with transaction() as tx:
            tx.session.get_one(Shop, self.store.shop_id).hold_minutes = 0
        self.ground = Ground(app, time, MortalRedis(keeps=False), [self.store])
        self.agenda = Agenda()
        self.staff = Staff(self.ground, self.agenda, Random(1))
        self.placed: list[str] = []
        self.codes = count()
        for _ in range(AT_FIRST):
            self.place(0, 0)
            self.time.sleep(61)
        self.poll()  # what was handled long before the first sync is of no matter here, and not looked for

    def happens(self, what: str, which: int, how: int) -> None:
        if what in HERE:
            self.staff_does(what, which)
            return
        with suppress(LookupError):
            getattr(self, what)(which, how)

    # At bol.com

    def place(self, _: int, how: int) -> None:
        self.placed.append(self.world.place_order(lines=1 + how % 2, quantity=1 + how % 3))

    def place_late(self, _: int, how: int) -> None:
        self.placed.append(self.world.place_order(quantity=2, appears_after=10.0 * (how + 1)))

    def ask(self, which: int, _: int) -> None:
        self.world.ask_to_cancel(self._order(which))

    def bol_cancels(self, which: int, _: int) -> None:
        self._cancel(which, lambda order_id: self.world.cancel(order_id))

    def bol_cancels_item(self, which: int, how: int) -> None:
        items = self.world.orders[self._order(which)].items
        self._cancel(which, lambda order_id: self.world.cancel(order_id, items[how % len(items)].item_id))

    def expire(self, which: int, _: int) -> None:
        self._cancel(which, self.world.expire)

    def ship_by_hand(self, which: int, _: int) -> None:
        self.world.ship_by_hand(self._order(which), track_and_trace=f"3SHAND{next(self.codes):09d}")

    def _order(self, which: int) -> str:
        """The newest first: those are what is open."""
        return self.placed[-1 - which % len(self.placed)]

    def _cancel(self, which: int, deed: Callable[[str], object]) -> None:
        order_id = self._order(which)
        deed(order_id)
        for item in self.world.orders[order_id].items:
            if item.cancelled and not item.is_open:
                self.store.cancelled_there.setdefault(item.item_id, self.time.now())

    # Here

    def staff_does(self, what: str, which: int) -> None:
        self.staff.wants(what, self.store, self._order(which), MOST_LOOKS)

    # Between them

    def poll(self, *_: int) -> None:
        """What the scheduler starts at this moment, and the outbox with it."""
        self._work(imports.carry_on)

    def poll_changing(self, which: int, how: int) -> None:
        """Just before the answer to one of its requests, which takes long, something happens at bol.com."""
        answer, requests = self.sandbox._server.app, count()

        def changing(environ: dict[str, Any], start_response: Any) -> Any:
            if next(requests) == which % 4:
                self.time.sleep(6.0 * how)
                self.happens(AT_BOL[how % len(AT_BOL)], which, how)
            return answer(environ, start_response)

        self.sandbox._server.app = changing
        try:
            self.poll()
        finally:
            self.sandbox._server.app = answer

    def poll_dying(self, which: int, how: int) -> None:
        def claim(run_id: int) -> Work | None:
            work = import_work.claim(run_id)
            return work and DoomedWork(work, 1 + which % 8, committed=bool(how % 2))

        with pytest.MonkeyPatch.context() as exchange, suppress(Killed):
            exchange.setattr(imports, "claim", claim)
            self._work(imports.carry_on)

    def _work(self, carry_on: Callable[[int], None]) -> None:
        self.agenda.do_what_is_due(self.time.time())
        syncing.sweep()
        with reading() as session:
            mine = ImportRun.shop_id == self.store.shop_id
            run_ids = session.scalars(select(ImportRun.id).where(mine, ImportRun.active_key.is_not(None))).all()
        for run_id in run_ids:
            carry_on(run_id)
        writebacks.deliver(self.store.shop_id, follow_seconds=0)
        writebacks.follow(self.store.shop_id)

    def go_down(self, _: int, how: int) -> None:
        self.world.go_down(minutes=5 * how + 1)

    def odd_answers(self, which: int, how: int) -> None:
        self.world.answer_next(503, "<html>", method="GET", path="/retailer/orders", count=1 + how % 4)

    def lose_answer(self, which: int, how: int) -> None:
        method, path = (("GET", "/retailer/orders"), ("POST", "/retailer/shipments"), ("PUT", "/retailer/orders"))[
            how % 3
        ]
        self.world.lose_next_answer(method, path)

    def clock_wrong(self, which: int, how: int) -> None:
        self.time.skew = 37.0 * (how - 5)

    def clock_right(self, *_: int) -> None:
        self.time.skew = 0.0

    def forget_tokens(self, *_: int) -> None:
        self.world.expire_tokens()

    def minute(self, *_: int) -> None:
        self.time.sleep(61)

    def minutes(self, which: int, _: int) -> None:
        self.time.sleep(60 * (which + 2))

    def hour(self, which: int, _: int) -> None:
        self.time.sleep(3000 + 300 * which)

    def day(self, which: int, _: int) -> None:
        self.time.sleep(20 * 3600 + 1800 * which)

    def days(self, which: int, _: int) -> None:
        self.time.sleep((45 + 6 * which) * 3600)

    # In the end

    def end(self) -> None:
        """All is well again, people see to what needs them, and workers and time do the rest."""
        self.world.come_back()
        for _ in range(MOST_ROUNDS):
            self.time.sleep(601)
            self.poll()
            writebacks.learn(self.store.shop_id)
            self.staff.settle_attention()
            if self.agenda.is_done and not is_busy([self.store]):
                break
        for _ in range(2):
            self.time.sleep(121)
            self.poll()


def test_after_any_days_here_and_there_agree(
    ctx: Flask, sandbox: RunningSandbox, time: SimulatedTime, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    numbers = count()

    @settings(
        max_examples=DAYS,
        deadline=None,
        database=None,
        derandomize=True,
        phases=(Phase.explicit, Phase.generate),  # to make a failing one shorter would take minutes
        suppress_health_check=list(HealthCheck),
    )
    @given(script=st.lists(EVENTS, min_size=5, max_size=16))
    @example(script=SLIPPING)
    @example(script=UNSEEN)
    def tell(script: list[tuple[str, int, int]]) -> None:
        days = Days(ctx, sandbox, time, f"Days {next(numbers)}")
        try:
            for what, which, how in script:
                days.happens(what, which, how)
            days.end()
            assert not days.ground.stumbles, days.ground.stumbles[0]
            verdict = judge([days.store])
            assert verdict.is_clean, verdict
            assert missed_by_a_pass([days.store]) == [], "the proof found it, and a pass should have"
        finally:
            shops.pause(days.store.shop_id, user_id=None)  # the next days are about another shop

    tell()
