"""By when a parcel must be with the carrier, so that the client has it on the day that was promised.

The marketplace tells days: the day by which the client must have it, and the day on which it cancels by itself what is
still open. All days are Amsterdam's, and the hour at which a carrier collects is one of the clock on the wall. Pure: no
database, and no words, which are in wording/deadlines.py.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from stoqflow_web.clock import AMSTERDAM

# How urgent it is to hand a parcel over
LATE = "late"  # the carrier has left without it
TODAY = "today"
TOMORROW = "tomorrow"
LATER = "later"

ONE_DAY = timedelta(days=1)
SATURDAY, SUNDAY = 5, 6


@dataclass(frozen=True)
class Deadline:
    """`ship_on` is the last day on which to hand the parcel over, `at` the moment on it: aware, UTC."""

    ship_on: date
    at: datetime

    def urgency(self, now: datetime) -> str:
        """LATE, TODAY, TOMORROW or LATER."""
        return self.turns(now)[0][1]

    def turns(self, now: datetime) -> list[tuple[datetime, str]]:
        """How urgent it is now, and since when; then what it becomes while time passes, and when."""
        begins = [
            (beginning_of(self.ship_on - ONE_DAY), TOMORROW),
            (beginning_of(self.ship_on), TODAY),
            (self.at, LATE),
        ]
        past = [turn for turn in begins if turn[0] <= now]
        return [past[-1] if past else (now, LATER), *begins[len(past) :]]


def deadline_for(day: date, collected_at: time) -> Deadline:
    """Of what must be with the client on `day`, from a warehouse whose carrier collects at `collected_at`.

    The hour is that of the clock on the wall, in summer and in winter. The clocks change on Sundays, when nothing is
    collected, so no hour is ever missing or there twice.
    """
    ship_on = ship_day(day)
    return Deadline(ship_on, datetime.combine(ship_on, collected_at, AMSTERDAM).astimezone(UTC))


def ship_day(day: date) -> date:
    """The last day on which to hand over what must be with the client on `day`: the day before.

    Carriers neither collect nor deliver on a Sunday, so for Monday that is Saturday. What leaves on Saturday is sorted
    over the weekend and delivered on Monday; what waits for Monday's van is delivered on Tuesday. To say Monday morning
    would be too late for every carrier that we know, and Saturday is at worst two days early.
    """
    eve = day - ONE_DAY
    return eve - ONE_DAY if eve.weekday() == SUNDAY else eve


def last_day_shipped_by(day: date) -> date:
    """The latest delivery day whose parcels must be handed over on `day` or before: `ship_day` the other way round.

    A later delivery day never ships earlier, so of orders sorted by delivery day these are the first ones.
    """
    return day + 2 * ONE_DAY if day.weekday() == SATURDAY else day + ONE_DAY


def beginning_of(day: date) -> datetime:
    """The moment at which an Amsterdam day begins: aware, UTC."""
    return datetime.combine(day, time(), AMSTERDAM).astimezone(UTC)


def hours_of(day: date) -> list[datetime]:
    """The moments at which the hours of an Amsterdam day begin, and its end: 24 hours, but 23 and 25 twice a year."""
    moment, end = beginning_of(day), beginning_of(day + ONE_DAY)
    moments = [moment]
    while moment < end:
        moment += timedelta(hours=1)
        moments.append(moment)
    return moments
