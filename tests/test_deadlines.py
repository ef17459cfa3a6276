"""By when a parcel must be handed over: rules that need no database."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from stoqflow_web.clock import AMSTERDAM
from stoqflow_web.deadlines import (
    LATE,
    LATER,
    TODAY,
    TOMORROW,
    beginning_of,
    deadline_for,
    hours_of,
    last_day_shipped_by,
    ship_day,
)

HALF_PAST_FIVE = time(17, 30)
WEDNESDAY = date(2026, 11, 25)


def amsterdam(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=AMSTERDAM).astimezone(UTC)


@pytest.mark.parametrize(
    ("day", "ship_on"),
    [
        (date(2026, 11, 24), date(2026, 11, 23)),  # Tuesday: on Monday
        (date(2026, 11, 28), date(2026, 11, 27)),  # Saturday: on Friday
        (date(2026, 11, 29), date(2026, 11, 28)),  # Sunday, as some are promised: on Saturday
        (date(2026, 11, 30), date(2026, 11, 28)),  # Monday: nobody collects on Sunday
        (date(2027, 1, 1), date(2026, 12, 31)),
    ],
)
def test_a_parcel_leaves_the_day_before_and_never_on_a_sunday(day, ship_on):
    assert ship_day(day) == ship_on


def test_the_last_delivery_day_of_a_ship_day_is_the_same_rule_the_other_way_round():
    days = [date(2026, 1, 1) + timedelta(days=number) for number in range(400)]
    for today in days[:100]:
        assert [day for day in days if ship_day(day) <= today] == [
            day for day in days if day <= last_day_shipped_by(today)
        ]


@pytest.mark.parametrize(
    ("day", "moment"),
    [
        (date(2026, 11, 24), datetime(2026, 11, 23, 16, 30, tzinfo=UTC)),  # winter: an hour ahead of UTC
        (date(2026, 7, 2), datetime(2026, 7, 1, 15, 30, tzinfo=UTC)),  # summer: two
        (date(2026, 3, 30), datetime(2026, 3, 28, 16, 30, tzinfo=UTC)),  # the Monday after summer time began
        (date(2026, 3, 31), datetime(2026, 3, 30, 15, 30, tzinfo=UTC)),
        (date(2026, 10, 26), datetime(2026, 10, 24, 15, 30, tzinfo=UTC)),  # the Monday after it ended
        (date(2026, 10, 27), datetime(2026, 10, 26, 16, 30, tzinfo=UTC)),
    ],
)
def test_the_carrier_comes_by_the_clock_on_the_wall_in_summer_and_in_winter(day, moment):
    assert deadline_for(day, HALF_PAST_FIVE).at == moment


@pytest.mark.parametrize(
    ("now", "urgency"),
    [
        (amsterdam(2026, 11, 22, 23, 59), LATER),
        (amsterdam(2026, 11, 23, 0, 0), TOMORROW),
        (amsterdam(2026, 11, 23, 23, 59), TOMORROW),
        (amsterdam(2026, 11, 24, 0, 0), TODAY),
        (amsterdam(2026, 11, 24, 17, 29), TODAY),
        (amsterdam(2026, 11, 24, 17, 30), LATE),
        (amsterdam(2026, 12, 24, 12, 0), LATE),
    ],
)
def test_it_gets_more_urgent_at_midnight_and_late_when_the_carrier_has_left(now, urgency):
    assert deadline_for(WEDNESDAY, HALF_PAST_FIVE).urgency(now) == urgency


def test_for_monday_saturday_is_the_day_and_on_sunday_it_is_late():
    deadline = deadline_for(date(2026, 11, 30), HALF_PAST_FIVE)
    assert deadline.urgency(amsterdam(2026, 11, 27, 12)) == TOMORROW
    assert deadline.urgency(amsterdam(2026, 11, 28, 12)) == TODAY
    assert deadline.urgency(amsterdam(2026, 11, 29, 12)) == LATE


def test_the_turns_say_what_is_still_to_come():
    deadline = deadline_for(WEDNESDAY, HALF_PAST_FIVE)
    now = amsterdam(2026, 11, 23, 9)
    assert deadline.turns(now) == [
        (amsterdam(2026, 11, 23), TOMORROW),
        (amsterdam(2026, 11, 24), TODAY),
        (amsterdam(2026, 11, 24, 17, 30), LATE),
    ]
    assert deadline.turns(deadline.at) == [(deadline.at, LATE)]
    week_before = amsterdam(2026, 11, 17, 9)
    assert deadline.turns(week_before)[0] == (week_before, LATER)
    assert len(deadline.turns(week_before)) == 4


@pytest.mark.parametrize(
    ("day", "hours"),
    [(date(2026, 11, 23), 24), (date(2026, 3, 29), 23), (date(2026, 10, 25), 25)],
)
def test_a_day_has_as_many_hours_as_the_clock_on_the_wall_shows(day, hours):
    moments = hours_of(day)
    assert len(moments) == hours + 1
    assert (moments[0], moments[-1]) == (beginning_of(day), beginning_of(day + timedelta(days=1)))
