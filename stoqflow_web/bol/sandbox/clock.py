"""The clock of the pretend bol.com: real time, moved by jumps, or standing still for tests."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

# bol speaks Amsterdam time with an explicit offset; bare dates are Amsterdam days.
AMSTERDAM = ZoneInfo("Europe/Amsterdam")


def beginning_of(day: date) -> datetime:
    """The first moment of a day in Amsterdam."""
    return datetime.combine(day, time(), AMSTERDAM).astimezone(UTC)


class Clock:
    """Tells the time as aware UTC. With `standing_at` it only moves when it is told to jump."""

    def __init__(self, standing_at: datetime | None = None) -> None:
        self._standing_at = standing_at.astimezone(UTC) if standing_at else None
        self._ahead = timedelta()

    def now(self) -> datetime:
        return (self._standing_at or datetime.now(UTC)) + self._ahead

    def today(self) -> date:
        """The day it is in Amsterdam."""
        return self.now().astimezone(AMSTERDAM).date()

    def jump(self, step: timedelta) -> None:
        """Moves forward; bol never goes back in time."""
        if step < timedelta():
            raise ValueError("The clock can only jump forward.")
        self._ahead += step
