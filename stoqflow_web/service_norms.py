"""The rules of the service norms: the weeks they are measured in, what counts, and what a norm asks for.

A week is the ISO week of Amsterdam. What counts follows what bol.com tells its sellers; it keeps the count itself, and
ours only says early where a week is going. Pure: no database, and no words, which are in wording/service_norms.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from stoqflow_web.clock import AMSTERDAM
from stoqflow_web.deadlines import ONE_DAY, beginning_of, deadline_for, last_day_shipped_by
from stoqflow_web.exchange import REQUESTED_BY_CLIENT

WEEKS_KEPT = 8
SETTLED_AFTER = timedelta(days=4)  # since its end; bol.com judges a week on the Wednesday after it

AT_MOST, AT_LEAST = "<=", ">="


@dataclass(frozen=True, order=True)
class Week:
    """An ISO week. Its year is that of its Thursday, so 1 January can belong to the year before."""

    year: int
    number: int

    @classmethod
    def of(cls, moment: datetime) -> "Week":
        return cls(*moment.astimezone(AMSTERDAM).isocalendar()[:2])

    @classmethod
    def read(cls, text: str) -> "Week | None":
        """From `2026-W48`, as an address has it; None for what is no week."""
        year, dash, number = text.partition("-W")
        try:
            week = cls(int(year), int(number)) if dash else None
            return week if week and week.monday else None
        except ValueError:
            return None

    def __str__(self) -> str:
        return f"{self.year:04}-W{self.number:02}"

    @property
    def monday(self) -> date:
        return date.fromisocalendar(self.year, self.number, 1)

    @property
    def sunday(self) -> date:
        return self.monday + 6 * ONE_DAY

    @property
    def begins(self) -> datetime:
        """Its first moment: aware, UTC."""
        return beginning_of(self.monday)

    @property
    def ends(self) -> datetime:
        """The first moment after it."""
        return beginning_of(self.monday + 7 * ONE_DAY)

    def before(self, weeks: int = 1) -> "Week":
        return Week(*(self.monday - 7 * weeks * ONE_DAY).isocalendar()[:2])


@dataclass(frozen=True)
class Share:
    """So many of so many."""

    part: int
    whole: int

    @property
    def value(self) -> Decimal | None:
        """From 0 to 1; None of nothing at all."""
        return Decimal(self.part) / self.whole if self.whole else None


@dataclass(frozen=True)
class Norm:
    """What the marketplace asks for: a score of at most or at least `value`."""

    condition: str
    value: Decimal

    def is_met_by(self, score: Decimal) -> bool:
        return score >= self.value if self.condition == AT_LEAST else score <= self.value

    def distance(self, score: Decimal) -> Decimal:
        """How far the score lies on the good side; below zero on the bad one."""
        return score - self.value if self.condition == AT_LEAST else self.value - score


def weeks_kept(now: datetime) -> list[Week]:
    """The running week and those before it, newest first."""
    running = Week.of(now)
    return [running.before(weeks) for weeks in range(WEEKS_KEPT)]


def weeks_to_ask(now: datetime, asked: Mapping[Week, datetime]) -> list[Week]:
    """The weeks whose scores can still be news. `asked`: when each week was asked for last."""
    return [week for week in weeks_kept(now) if week not in asked or asked[week] < week.ends + SETTLED_AFTER]


def cancellation_counts(reason: str | None, *, is_clients_wish: bool, day: date | None, cancelled_on: date) -> bool:
    """Whether a cancelled item counts against the norm.

    `reason` is ours, None when it was not canceled here. `day` is the one that was promised. A client who does not want
    it any more counts only after that day; an order that expired always does, and so does what the seller gave up.
    """
    is_late = day is not None and cancelled_on > day
    if reason == REQUESTED_BY_CLIENT or (reason is None and is_clients_wish):
        return is_late
    return True


def last_day_missed(now: datetime, collected_at: time) -> date:
    """The latest delivery day whose parcels should all have left by now."""
    day = now.astimezone(AMSTERDAM).date() + 2 * ONE_DAY
    while deadline_for(day, collected_at).at > now:
        day -= ONE_DAY
    return day


def days_to_deliver(week: Week) -> list[date]:
    """The delivery days of the parcels that have to leave in the week."""
    first = last_day_shipped_by(week.monday - ONE_DAY) + ONE_DAY
    last = last_day_shipped_by(week.sunday)
    return [first + step * ONE_DAY for step in range((last - first).days + 1)]
