"""The one place that knows what time it is. All times inside Stoqflow are aware UTC."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

AMSTERDAM = ZoneInfo("Europe/Amsterdam")


def _machine_clock() -> datetime:
    return datetime.now(UTC)


_read: Callable[[], datetime] = _machine_clock


def now() -> datetime:
    """The present moment, aware, UTC."""
    return _read()


def today() -> date:
    """The present day in Amsterdam, where bol.com's delivery days begin and end."""
    return now().astimezone(AMSTERDAM).date()


def set_clock(read: Callable[[], datetime] | None) -> None:
    """Let tests decide what time it is; None goes back to the machine's clock."""
    global _read
    _read = read or _machine_clock
