"""One soak: days of shops, clients, staff and faults, in minutes, by a seed.

The same seed injects the same things at the same moments. No shop is synced each minute: twenty shops for two days
would be 58,000 syncs, twenty times as many as these minutes have room for, and nearly all alike. Longer intervals, as
the settings allow them, let more happen between two of them.
"""

import logging
import multiprocessing
import random as global_random
import sys
import time as real_time
from collections import Counter
from dataclasses import dataclass, field, replace
from random import Random

from sqlalchemy import func, select

from stoqflow_web.models import SalesOrder, Writeback
from stoqflow_web.models.writebacks import CONFIRMED
from stoqflow_web.transaction import reading
from tests.soak.agenda import Agenda
from tests.soak.asked import Asked, add_up, what_was_asked
from tests.soak.clients import Clients
from tests.soak.faults import Faults
from tests.soak.ground import Ground, prepared_ground
from tests.soak.judging import Verdict, is_busy, judge, missed_by_a_pass, sum_up
from tests.soak.staff import Staff
from tests.soak.workers import Workers

TICK = 300.0  # simulated seconds between two rounds of the scheduler; what it finds is done before the next
ATTENTION_EVERY = 3600.0
ACCESS_EVERY = 1800.0
LAST_ORDERS = 0.5  # hours before the end: then no more are placed, and soon nothing goes wrong any more
LONGEST_DRAIN = 8.0  # hours
QUIET = 3900.0  # seconds without anything to tell before it is over: every shop was synced meanwhile
OFFERS = 12  # of each shop
SHOW_EVERY = 2.0  # simulated hours


@dataclass(frozen=True)
class Plan:
    hours: float = 48.0
    shops: int = 20
    orders: int = 5000
    seed: int = 1
    density: float = 1.0  # of the faults
    database_url: str | None = None


@dataclass
class Outcome:
    """`counted`: under a heading each, what there was how often."""

    plan: Plan
    verdict: Verdict
    counted: dict[str, Counter[str]]
    asked: list[Asked]
    stumbles: list[str] = field(default_factory=list)
    drained_hours: float = 0.0
    seconds: float = 0.0

    @property
    def is_clean(self) -> bool:
        return self.verdict.is_clean and not self.stumbles


def run(plan: Plan, *, is_quiet: bool = False) -> Outcome:
    """The whole story; an app context is pushed meanwhile, and time is simulated."""
    began = real_time.monotonic()
    logging.disable(logging.WARNING)  # of the outages, which are told by number
    global_random.seed(plan.seed)  # pauses are drawn with it
    random = Random(plan.seed)
    with prepared_ground(plan.shops, offers=OFFERS, database_url=plan.database_url) as ground:
        agenda = Agenda()
        workers = Workers(ground, Random(random.random()))
        staff = Staff(ground, agenda, Random(random.random()))
        clients = Clients(ground, agenda, staff, Random(random.random()))
        faults = Faults(ground, agenda, workers, staff, Random(random.random()))
        with workers.hired():
            workers.round()  # the products come in
            clients.plan(plan.orders, hours=plan.hours - LAST_ORDERS)
            faults.plan(hours=plan.hours - LAST_ORDERS, density=plan.density)
            _live(ground, agenda, workers, staff, plan.hours, is_quiet=is_quiet)
            faults.end()
            drained = _drain(ground, agenda, workers, staff)
        return Outcome(
            plan=plan,
            verdict=judge(ground.stores),
            counted={
                "Injected": faults.injected + workers.kills,
                "At bol.com": clients.happened,
                "Done here": staff.done,
                "Refused here": staff.refused,
                "Jobs": workers.done,
                "Kept": _what_is_kept(ground),
            },
            asked=what_was_asked([store.world for store in ground.stores]),
            stumbles=ground.stumbles,
            drained_hours=drained,
            seconds=real_time.monotonic() - began,
        )


def run_houses(plan: Plan, houses: int) -> Outcome:
    """The shops of a plan divided over so many installations, which live side by side in a process each."""
    houses = min(houses, plan.shops)
    if houses == 1:
        return run(plan)
    shares = [
        replace(
            plan,
            seed=plan.seed * 100 + number,
            shops=_share(plan.shops, houses, number),
            orders=_share(plan.orders, houses, number),
        )
        for number in range(houses)
    ]
    with multiprocessing.get_context("spawn").Pool(houses) as pool:
        return _together(plan, pool.map(run, shares))


def _share(whole: int, houses: int, number: int) -> int:
    return whole // houses + (number < whole % houses)


def _together(plan: Plan, outcomes: list[Outcome]) -> Outcome:
    headings = outcomes[0].counted
    return Outcome(
        plan=plan,
        verdict=sum_up(outcome.verdict for outcome in outcomes),
        counted={heading: sum((outcome.counted[heading] for outcome in outcomes), Counter()) for heading in headings},
        asked=add_up(asked for outcome in outcomes for asked in outcome.asked),
        stumbles=[stumble for outcome in outcomes for stumble in outcome.stumbles],
        drained_hours=max(outcome.drained_hours for outcome in outcomes),
        seconds=max(outcome.seconds for outcome in outcomes),
    )


def _live(ground: Ground, agenda: Agenda, workers: Workers, staff: Staff, hours: float, *, is_quiet: bool) -> None:
    end = ground.time.time() + hours * 3600
    _look_after(ground, agenda, staff, end)
    show = ground.time.time() + SHOW_EVERY * 3600
    while ground.time.time() < end:
        agenda.do_what_is_due(ground.time.time())
        workers.round()
        ground.time.sleep(TICK)
        if not is_quiet and ground.time.time() >= show:
            print(f"  {ground.time.now():%A %H:%M} UTC, {workers.done.total()} jobs", file=sys.stderr, flush=True)
            show += SHOW_EVERY * 3600


def _look_after(ground: Ground, agenda: Agenda, staff: Staff, end: float) -> None:
    """People look at the pages now and then: each round of theirs is on the agenda beforehand."""
    for every, deed in ((ATTENTION_EVERY, staff.settle_attention), (ACCESS_EVERY, staff.mend_access)):
        moment = ground.time.time() + every
        while moment < end:
            agenda.add(moment, deed)
            moment += every


def _drain(ground: Ground, agenda: Agenda, workers: Workers, staff: Staff) -> float:
    """Work on, with everything well, until nothing is left to do and each shop was synced since; hours that it took."""
    began = ground.time.time()
    quiet_since = began
    while ground.time.time() - quiet_since < QUIET and ground.time.time() - began < LONGEST_DRAIN * 3600:
        ground.time.sleep(TICK)
        agenda.do_what_is_due(ground.time.time())
        workers.round()
        staff.mend_access()
        staff.settle_attention()
        quiet_since = ground.time.time() if is_busy(ground.stores) else quiet_since
    return (ground.time.time() - began) / 3600


def _what_is_kept(ground: Ground) -> Counter[str]:
    with reading() as session:
        by_status = session.execute(select(SalesOrder.status, func.count()).group_by(SalesOrder.status))
        kept = Counter({f"sales orders {status}": number for status, number in by_status})
        kept["messages confirmed"] = (
            session.scalar(select(func.count()).select_from(Writeback).where(Writeback.state == CONFIRMED)) or 0
        )
    kept["missed by a pass, found by the proof after it"] = len(missed_by_a_pass(ground.stores))
    return kept
