"""What goes wrong: at bol.com, on the line to it, with keys and limits, with workers, Redis and the clock."""

from collections import Counter
from collections.abc import Callable
from functools import partial
from random import Random

from tests.soak.agenda import Agenda
from tests.soak.ground import Ground, Store
from tests.soak.staff import Staff
from tests.soak.workers import Workers

MINUTE, HOUR = 60.0, 3600.0
PAGE = "<html><body><h1>502 Bad Gateway</h1></body></html>"
TOO_MANY = '{"title":"Too Many Requests","status":429,"detail":"Too many requests, retry in 9 seconds."}'
PATHS = (
    ("GET", "/retailer/orders"),
    ("GET", "/retailer/orders/"),
    ("POST", "/retailer/shipments"),
    ("GET", "/retailer/shipments"),
    ("PUT", "/retailer/orders/cancellation"),
    ("POST", "/shared/process-status"),
    ("POST", "/token"),
)
WRITES = ("CREATE_SHIPMENT", "CANCEL_ORDER")
HALVED = {
    "GET /retailer/orders": 25,
    "GET /retailer/orders/*": 25,
    "POST /retailer/shipments": 25,
    "GET /retailer/shipments": 25,
}


class Faults:
    def __init__(self, ground: Ground, agenda: Agenda, workers: Workers, staff: Staff, random: Random) -> None:
        self._ground, self._agenda, self._workers, self._staff = ground, agenda, workers, staff
        self._random = random
        self.injected: Counter[str] = Counter()

    def plan(self, *, hours: float, density: float) -> None:
        """At random moments; with density 1 so often that each shop has each of them several times in two days."""
        of_a_shop: list[tuple[float, Callable[[Store], object]]] = [  # hours between two of them
            (3.0, self._lose_answer),
            (3.0, self._cut_answer),
            (2.0, self._odd_answer),
            (3.0, self._too_many),
            (6.0, self._slow),
            (4.0, self._refuse_write),
            (6.0, self._time_out_write),
            (6.0, self._hold_write),
            (8.0, self._expire_tokens),
            (9.0, self._short_outage),
            (30.0, self._long_outage),
            (30.0, self._revoke_keys),
            (40.0, self._deactivate),
            (12.0, self._halve_limits),
        ]
        of_us: list[tuple[float, Callable[[], object]]] = [
            (0.1, self._kill_worker),
            (3.0, self._flush_redis),
            (7.0, self._restart_redis),
            (9.0, self._lose_redis),
            (20.0, self._bol_is_down),
            (12.0, self._move_clock),
        ]
        for store in self._ground.stores:
            for between, fault in of_a_shop:
                self._spread(hours, between / density, partial(fault, store))
        for between, happening in of_us:
            self._spread(hours, between / density, happening)

    def end(self) -> None:
        """All is well again: what was cut, revoked or broken works, and what was to go wrong does not."""
        if not self._ground.is_redis_up:
            self._ground.start_redis()
        for store in self._ground.stores:
            world = store.world
            world.come_back()
            world.outcomes.clear()
            world.restore_keys()
            world.activate_account()
            world.send_retry_after = True
            self._restore_limits(store)

    def _spread(self, hours: float, between: float, deed: Callable[[], object]) -> None:
        moment = self._random.expovariate(1 / between)
        while moment < hours:
            self._agenda.add(self._ground.time.time() + moment * HOUR, deed)
            moment += self._random.expovariate(1 / between)

    def _later(self, seconds: float, deed: Callable[[], object]) -> None:
        self._agenda.add(self._ground.time.time() + seconds, deed)

    # On the line

    def _lose_answer(self, store: Store) -> None:
        store.world.lose_next_answer(*self._random.choice(PATHS))
        self.injected["answers lost"] += 1

    def _cut_answer(self, store: Store) -> None:
        store.world.cut_next_answer(*self._random.choice(PATHS))
        self.injected["answers cut off"] += 1

    def _odd_answer(self, store: Store) -> None:
        method, path = self._random.choice(PATHS)
        status, count = self._random.choice((500, 502, 503, 504)), self._random.randint(1, 4)
        store.world.answer_next(status, PAGE, method=method, path=path, count=count)
        self.injected["answers 5xx in HTML"] += count

    def _too_many(self, store: Store) -> None:
        method, path = self._random.choice(PATHS[:-1])
        says_when = self._random.random() < 0.5
        headers = {"Retry-After": "9"} if says_when else {}
        store.world.answer_next(
            429, TOO_MANY, media="application/vnd.retailer.v10+json", headers=headers, method=method, path=path
        )
        self.injected["answers 429, with Retry-After" if says_when else "answers 429, without Retry-After"] += 1

    def _slow(self, store: Store) -> None:
        store.world.slow_down(self._random.uniform(2, 20), count=5)
        self.injected["slow answers"] += 5

    # With writes

    def _refuse_write(self, store: Store) -> None:
        store.world.fail_next(self._random.choice(WRITES))
        self.injected["writes that end in FAILURE"] += 1

    def _time_out_write(self, store: Store) -> None:
        applied = self._random.random() < 0.5
        store.world.time_out_next(self._random.choice(WRITES), applied=applied)
        self.injected["writes that end in TIMEOUT" + (", done all the same" if applied else "")] += 1

    def _hold_write(self, store: Store) -> None:
        store.world.hold_next(self._random.uniform(1, 25) * MINUTE)
        self.injected["writes that stay PENDING for minutes"] += 1

    # With the account

    def _expire_tokens(self, store: Store) -> None:
        store.world.expire_tokens()
        self.injected["tokens expired at once"] += 1

    def _revoke_keys(self, store: Store) -> None:
        store.world.revoke_keys()
        self._later(self._random.uniform(5, 90) * MINUTE, store.world.restore_keys)
        self.injected["keys revoked for a while"] += 1

    def _deactivate(self, store: Store) -> None:
        store.world.deactivate_account()
        self._later(self._random.uniform(5, 60) * MINUTE, store.world.activate_account)
        self.injected["accounts inactive for a while"] += 1

    def _halve_limits(self, store: Store) -> None:
        for rule, usual in HALVED.items():
            store.world.set_limit(rule, usual // 2)
        self._later(self._random.uniform(10, 150) * MINUTE, partial(self._restore_limits, store))
        self.injected["limits cut in half for a while"] += 1

    def _restore_limits(self, store: Store) -> None:
        for rule, usual in HALVED.items():
            store.world.set_limit(rule, usual)

    # With all of bol.com

    def _short_outage(self, store: Store) -> None:
        store.world.go_down(self._random.uniform(1, 15))
        self.injected["outages of minutes"] += 1

    def _long_outage(self, store: Store) -> None:
        store.world.go_down(self._random.uniform(45, 240))
        self.injected["outages of hours"] += 1

    def _bol_is_down(self) -> None:
        minutes = self._random.uniform(10, 100)
        for store in self._ground.stores:
            store.world.go_down(minutes)
        self.injected["outages of all of bol.com"] += 1

    # With us

    def _kill_worker(self) -> None:
        self._workers.doom_next()

    def _flush_redis(self) -> None:
        if self._ground.is_redis_up:
            self._ground.flush_redis()
            self.injected["Redis emptied"] += 1

    def _restart_redis(self) -> None:
        if self._ground.is_redis_up:
            self._ground.kill_redis()
            self._ground.start_redis()
            self.injected["Redis killed and started"] += 1

    def _lose_redis(self) -> None:
        if not self._ground.is_redis_up:
            return
        self._ground.kill_redis()
        self._later(self._random.uniform(2, 12) * MINUTE, self._redis_returns)
        self.injected["Redis away for minutes"] += 1

    def _redis_returns(self) -> None:
        if not self._ground.is_redis_up:
            self._ground.start_redis()

    def _move_clock(self) -> None:
        """Somebody sets the machine's clock, or its keeper does."""
        self._ground.time.skew = self._random.uniform(-90, 90)
        self.injected["our clock set otherwise"] += 1
