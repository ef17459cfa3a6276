"""Taking turns: one budget per (account, rule), in windows that begin at the whole second, minute or hour."""

import math
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import msgspec

MINUTE, HOUR = 60.0, 3600.0
_PHASE_FROM = 10.0  # windows shorter than this tell too little about where they begin: bol rounds to whole seconds
_PHASE_DOUBT = 2.0  # seconds a window may seem to begin elsewhere before we believe it


class Permit(msgspec.Struct, frozen=True, kw_only=True):
    """An answer to `reserve`. All durations in seconds.

    Granted: send after `wait`, and before `valid_for` is over (later it would count in another window).
    Not granted: nothing was taken, and `wait` says when it makes sense to ask again.
    """

    granted: bool
    wait: float
    valid_for: float = 0.0
    opened: float = 0.0  # when the window of this permit begins
    window: float = 1.0
    limit: int = 0
    left: int = 0  # permits left in the window after this one


class RateLimiter(Protocol):
    """Shared by all workers that use the same credentials. Every method may raise SharedStoreUnavailable."""

    def reserve(self, key: str, *, limit: int, window: float, max_wait: float) -> Permit:
        """Take the next free place, unless it is more than `max_wait` seconds away."""

    def learn(self, key: str, permit: Permit, *, limit: int, remaining: int, reset: float, age: float = 0.0) -> None:
        """Correct the budget by the headers of the answer to the request that was sent with `permit`.

        `age` is how many seconds ago bol may have written them: as long as the request took.
        """

    def pause(self, key: str, seconds: float) -> None:
        """bol said no: nobody sends under this key for so long."""

    def paused(self, key: str) -> float:
        """Seconds the pause still lasts, 0 without one."""


def front_guard(window: float) -> float:
    """How long after a window begins we first send: our clock may be a little ahead of bol's."""
    return min(1.0, max(0.02, window / 50))


def tail_guard(window: float) -> float:
    """How long before a window ends we stop sending: a request on its way would count in the next one."""
    return min(1.0, window / 10)


def longer_window(window: float, reset: float) -> float:
    """bol's windows are a second, a minute or an hour; one that ends later than ours can last must be a longer one."""
    if reset <= window + 1:
        return window
    return MINUTE if reset <= MINUTE + 1 else HOUR


def is_worth_learning(permit: Permit, *, limit: int, remaining: int, reset: float) -> bool:
    """Most answers tell nothing new; those need no trip to the shared store."""
    if permit.window >= _PHASE_FROM or reset > permit.window + 1:
        return True
    return limit != permit.limit or remaining < permit.left


@dataclass
class _Budget:
    opened: float = 0.0
    used: int = 0
    phase: float = 0.0
    pause_until: float = 0.0
    limit: int | None = None
    window: float | None = None


class MemoryLimiter:
    """The limiter for one process; `clock` gives seconds since the epoch."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._budgets: defaultdict[str, _Budget] = defaultdict(_Budget)

    def reserve(self, key: str, *, limit: int, window: float, max_wait: float) -> Permit:
        with self._lock:
            return _reserve(self._budgets[key], self._clock(), limit, float(window), max_wait)

    def learn(self, key: str, permit: Permit, *, limit: int, remaining: int, reset: float, age: float = 0.0) -> None:
        with self._lock:
            _learn(self._budgets[key], self._clock(), permit, limit, remaining, reset, age)

    def pause(self, key: str, seconds: float) -> None:
        with self._lock:
            budget = self._budgets[key]
            budget.pause_until = max(budget.pause_until, self._clock() + seconds)

    def paused(self, key: str) -> float:
        with self._lock:
            return max(0.0, self._budgets[key].pause_until - self._clock())


class Unlimited:
    """No limits at all: only for measuring, and against a pretend bol.com that has none."""

    def reserve(self, key: str, *, limit: int, window: float, max_wait: float) -> Permit:
        return Permit(granted=True, wait=0.0, valid_for=math.inf, window=window, limit=limit)

    def learn(self, key: str, permit: Permit, *, limit: int, remaining: int, reset: float, age: float = 0.0) -> None:
        """Nothing is learned."""

    def pause(self, key: str, seconds: float) -> None:
        """Nobody waits."""

    def paused(self, key: str) -> float:
        return 0.0


def _reserve(budget: _Budget, now: float, limit: int, window: float, max_wait: float) -> Permit:
    """The same steps as RESERVE in stoqflow_web/sharing.py: the tests hold both to the same promises."""
    limit, window = budget.limit or limit, budget.window or window
    earliest = max(now, budget.pause_until)
    begin = math.floor((earliest - budget.phase) / window) * window + budget.phase
    if earliest > begin + window - tail_guard(window):
        begin += window
    opened, used = budget.opened, budget.used
    if begin > opened + window / 2:
        opened, used = begin, 0
    elif used >= limit:
        opened, used = opened + window, 0
    wait = max(0.0, max(earliest, opened + front_guard(window)) - now)
    if wait > max_wait:
        return Permit(granted=False, wait=wait, window=window, limit=limit)
    budget.opened, budget.used = opened, used + 1
    return Permit(
        granted=True,
        wait=wait,
        valid_for=opened + window - tail_guard(window) / 2 - now,
        opened=opened,
        window=window,
        limit=limit,
        left=limit - used - 1,
    )


def _learn(budget: _Budget, now: float, permit: Permit, limit: int, remaining: int, reset: float, age: float) -> None:
    window = longer_window(permit.window, reset)
    phase = _phase(budget, window, end=now + reset, doubt=_PHASE_DOUBT + age)
    is_another_window = (window, phase) != (budget.window or permit.window, budget.phase)
    budget.limit, budget.window, budget.phase = limit, window, phase
    if is_another_window:
        budget.opened, budget.used = math.floor((now - phase) / window) * window + phase, limit - remaining
    elif abs(budget.opened - permit.opened) < window / 2:
        budget.used = max(budget.used, limit - remaining)


def _phase(budget: _Budget, window: float, *, end: float, doubt: float) -> float:
    """Where on our clock bol's windows begin; 0 is the whole minute or hour. Rounding alone changes nothing."""
    phase = end % window
    apart = min((phase - budget.phase) % window, (budget.phase - phase) % window)
    return phase if window >= _PHASE_FROM and apart > doubt else budget.phase
