"""A clock that stands still until a test moves it."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

# A Monday morning, 09:12 in Amsterdam.
MONDAY_MORNING = datetime(2026, 11, 23, 8, 12, tzinfo=UTC)


class FrozenClock:
    def __init__(self, moment: datetime = MONDAY_MORNING) -> None:
        self.moment = moment

    def __call__(self) -> datetime:
        return self.moment

    def jump(self, **span: float) -> datetime:
        """clock.jump(minutes=5), clock.jump(days=-1)"""
        self.moment += timedelta(**span)
        return self.moment

    def set(self, moment: datetime) -> None:
        self.moment = moment.astimezone(UTC)


def wait_until(condition: Callable[[], Any], seconds: float = 10) -> Any:
    """The condition's first true value. For what another thread or process does; fails after `seconds`."""
    until = time.monotonic() + seconds
    while True:
        if value := condition():
            return value
        assert time.monotonic() < until, f"did not become true within {seconds} s: {condition}"
        time.sleep(0.02)
