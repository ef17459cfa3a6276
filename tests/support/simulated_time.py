"""Time that passes only when it is told to, or when somebody sleeps: here, at the pretend bol.com and in Redis alike.

Hours of waiting for limits, tokens and pauses then take no time, and stay as long as they are for whoever waits. The
code is the real one; what is exchanged is the clock it reads: the machine's (`time`), ours (clock.py), that of each
pretend bol.com, and for the scripts of the rate limits that of Redis.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import redis

from stoqflow_web import clock as clock_module
from stoqflow_web import marketplace, sharing
from stoqflow_web.bol import client, connection, limiter, tokens
from stoqflow_web.bol.sandbox import app as sandbox_app
from stoqflow_web.bol.sandbox.clock import AMSTERDAM

KEY = "simulated:seconds"
_REDIS_TIME = "redis.call('TIME')"
_OUR_TIME = "{redis.call('GET', '" + KEY + "'), 0}"
SCRIPTS = ("_RESERVE", "_LEARN", "_PAUSE", "_PAUSED")


class SimulatedTime:
    """Stands in for the module `time` where it is put, and for the clock of a pretend bol.com.

    Whoever sleeps wakes up at once, later. Several that sleep side by side wake up at the end of the longest sleep, not
    of all of them together.
    """

    def __init__(self, begin: datetime, connection: redis.Redis | None = None) -> None:
        self._seconds = begin.timestamp()
        self._redis = connection
        self._lock = threading.Lock()
        self.skew = 0.0  # seconds that our own clock is ahead of bol's
        self.tell_redis()

    # As the clock of ours and of a pretend bol.com

    def now(self) -> datetime:
        return datetime.fromtimestamp(self._seconds, UTC)

    def ours(self) -> datetime:
        """What the clock of our machine says: not quite what it is."""
        return datetime.fromtimestamp(self._seconds + self.skew, UTC)

    def today(self) -> date:
        return self.now().astimezone(AMSTERDAM).date()

    def jump(self, step: timedelta) -> None:
        self.sleep(step.total_seconds())

    # As the module `time`

    def time(self) -> float:
        return self._seconds

    monotonic = time

    def sleep(self, seconds: float) -> None:
        until = self._seconds + seconds
        with self._lock:
            if until > self._seconds:
                self._seconds = until
        self.tell_redis()

    def tell_redis(self) -> None:
        """Also for a Redis that has forgotten it."""
        if self._redis is not None:
            try:
                self._redis.set(KEY, f"{self._seconds:.6f}")
            except redis.RedisError:
                return  # it is away, and is told when it is back

    @contextmanager
    def governing(self) -> Iterator[None]:
        """From here to the end of the block this is what time it is."""
        with pytest.MonkeyPatch.context() as exchange:
            for module in (connection, marketplace, sandbox_app):
                exchange.setattr(module, "time", self)
            for function, name, read in self._defaults():
                exchange.setitem(function.__kwdefaults__, name, read)
            exchange.setattr(limiter.MemoryLimiter.__init__, "__defaults__", (self.time,))
            for script in SCRIPTS if self._redis is not None else ():
                told = getattr(sharing, script).replace(_REDIS_TIME, _OUR_TIME)
                assert KEY in told, f"{script} asks for the time in another way than it did"
                exchange.setattr(sharing, script, told)
            clock_module.set_clock(self.ours)
            try:
                yield
            finally:
                clock_module.set_clock(None)

    def _defaults(self) -> list[tuple[Any, str, Callable[..., Any]]]:
        return [(client.BolClient.__init__, "sleep", self.sleep), (tokens.TokenSource.__init__, "clock", self.time)]
