"""The rules of the service norms."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest

from stoqflow_web.deadlines import deadline_for
from stoqflow_web.service_norms import (
    Norm,
    Share,
    Week,
    cancellation_counts,
    days_to_deliver,
    last_day_missed,
    weeks_kept,
    weeks_to_ask,
)

COLLECTED = time(17, 30)
MONDAY, TUESDAY = date(2026, 11, 23), date(2026, 11, 24)


def at(*moment: int) -> datetime:
    return datetime(*moment, tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "week"),
    [
        # Midnight in Amsterdam, in winter at 23:00 and in summer at 22:00 UTC.
        (at(2026, 11, 22, 22, 59), "2026-W47"),
        (at(2026, 11, 22, 23, 0), "2026-W48"),
        (at(2026, 7, 5, 21, 59), "2026-W27"),
        (at(2026, 7, 5, 22, 0), "2026-W28"),
        # 2026 has 53 weeks: its last one holds the first days of January.
        (at(2027, 1, 1, 12, 0), "2026-W53"),
        (at(2027, 1, 3, 22, 59), "2026-W53"),
        (at(2027, 1, 3, 23, 0), "2027-W01"),
        # The end of December can be in week 1 of the year to come.
        (at(2024, 12, 30, 12, 0), "2025-W01"),
    ],
)
def test_a_week_begins_on_monday_at_midnight_in_amsterdam(moment: datetime, week: str) -> None:
    found = Week.of(moment)
    assert str(found) == week
    assert found.begins <= moment < found.ends
    assert Week.read(week) == found


def test_the_weeks_in_which_the_clocks_change_are_an_hour_shorter_and_longer() -> None:
    hours = {}
    for text in ("2026-W13", "2026-W43", "2026-W44"):
        week = Week.read(text)
        assert week is not None
        hours[text] = (week.ends - week.begins) / timedelta(hours=1)
    assert hours == {"2026-W13": 167, "2026-W43": 169, "2026-W44": 168}


def test_weeks_follow_one_another_over_the_end_of_a_year() -> None:
    kept = [str(week) for week in weeks_kept(at(2027, 1, 12, 12))]
    assert kept[:4] == ["2027-W02", "2027-W01", "2026-W53", "2026-W52"]
    assert len(kept) == 8


@pytest.mark.parametrize("text", ["", "2026", "2026-48", "2026-W54", "2025-W53", "0-W1", "x-Wy", "2026-W-1"])
def test_what_is_no_week_is_read_as_none(text: str) -> None:
    assert Week.read(text) is None


def test_a_week_is_asked_for_until_some_days_after_its_end() -> None:
    now = at(2026, 11, 25, 12)
    running, last, before = weeks_kept(now)[:3]
    assert weeks_to_ask(now, {}) == weeks_kept(now)
    asked = dict.fromkeys(weeks_kept(now), now)
    assert weeks_to_ask(now, asked) == [running, last]
    assert weeks_to_ask(now, asked | {before: before.ends + timedelta(days=3)}) == [running, last, before]


@pytest.mark.parametrize(
    ("reason", "wish", "cancelled_on", "counts"),
    [
        ("out-of-stock", False, MONDAY, True),
        ("requested-by-client", True, MONDAY, False),
        ("requested-by-client", True, TUESDAY, False),  # on the promised day itself
        ("requested-by-client", True, TUESDAY + timedelta(days=1), True),  # they have waited for it in vain
        (None, True, MONDAY, False),  # cancelled over there for a client who asked
        (None, False, MONDAY, True),
        (None, True, TUESDAY + timedelta(days=3), True),  # expired
    ],
)
def test_what_counts_as_a_cancellation(reason: str | None, wish: bool, cancelled_on: date, counts: bool) -> None:
    assert cancellation_counts(reason, is_clients_wish=wish, day=TUESDAY, cancelled_on=cancelled_on) is counts


def test_the_promised_day_is_not_needed_for_what_counts_anyway() -> None:
    assert cancellation_counts("other", is_clients_wish=True, day=None, cancelled_on=MONDAY)
    assert not cancellation_counts(None, is_clients_wish=True, day=None, cancelled_on=MONDAY)


def test_norms_ask_for_at_most_or_at_least() -> None:
    most, least = Norm("<=", Decimal("0.02")), Norm(">=", Decimal("0.93"))
    assert [most.is_met_by(Decimal(one)) for one in ("0.02", "0.0201")] == [True, False]
    assert [least.is_met_by(Decimal(one)) for one in ("0.93", "0.9299")] == [True, False]
    assert (most.distance(Decimal("0.03")), least.distance(Decimal("0.95"))) == (Decimal("-0.01"), Decimal("0.02"))
    assert (Share(1, 4).value, Share(0, 0).value) == (Decimal("0.25"), None)


@pytest.mark.parametrize("now", [at(2026, 11, 23, 8), at(2026, 11, 28, 18), at(2026, 10, 25, 1), at(2027, 1, 1, 0)])
def test_what_should_have_left_by_now_is_told_by_the_deadlines(now: datetime) -> None:
    missed = last_day_missed(now, COLLECTED)
    assert deadline_for(missed, COLLECTED).at <= now < deadline_for(missed + timedelta(days=1), COLLECTED).at


@pytest.mark.parametrize("week", ["2026-W13", "2026-W43", "2026-W48", "2026-W53"])
def test_every_delivery_day_has_to_leave_in_exactly_one_week(week: str) -> None:
    this = Week.read(week)
    assert this is not None
    days = days_to_deliver(this)
    assert {Week.of(deadline_for(day, COLLECTED).at) for day in days} == {this}
    assert days_to_deliver(this.before())[-1] + timedelta(days=1) == days[0]
