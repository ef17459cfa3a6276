"""Moments, days and amounts as people say them."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from stoqflow_web.wording import times

NOW = datetime(2026, 11, 23, 8, 12, tzinfo=UTC)  # Monday, 09:12 in Amsterdam
TODAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        (NOW, "today 09:12"),
        (NOW - timedelta(hours=15, minutes=32), "yesterday 17:40"),
        (NOW + timedelta(days=1), "tomorrow 09:12"),
        (NOW - timedelta(days=2), "21 Nov 09:12"),
        (datetime(2025, 11, 21, 8, 12, tzinfo=UTC), "21 Nov 2025 09:12"),
        (datetime(2026, 7, 1, 7, 12, tzinfo=UTC), "1 Jul 09:12"),  # summer: two hours ahead of UTC
        (None, "—"),
    ],
)
def test_a_moment_is_said_as_amsterdam_sees_it(moment, words):
    assert times.when(moment, now=NOW) == words


def test_just_before_midnight_in_utc_is_already_tomorrow_in_amsterdam():
    late_evening = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)
    assert times.when(late_evening, now=NOW) == "today 00:30"


def test_the_night_the_clocks_go_back_keeps_its_hours():
    before, after = datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    assert times.time_of_day(before) == times.time_of_day(after) == "02:30"


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(seconds=14), "14 s ago"),
        (timedelta(minutes=3, seconds=59), "3 min ago"),
        (timedelta(hours=2), "2 h ago"),
        (timedelta(days=1), "1 day ago"),
        (timedelta(days=5), "5 days ago"),
        (timedelta(seconds=-2), "just now"),
    ],
)
def test_how_long_ago_is_said_in_its_largest_unit(span, words):
    assert times.ago(NOW - span, now=NOW) == words


@pytest.mark.parametrize(
    ("amount", "locale", "words"),
    [
        (Decimal("44.95"), "en", "€ 44.95"),
        (Decimal("1204.5"), "en", "€ 1,204.50"),
        (Decimal("1204.5"), "nl", "€ 1.204,50"),
        (Decimal("-3"), "en", "-€ 3.00"),
        (Decimal("0.105"), "en", "€ 0.10"),
        (None, "en", "—"),
    ],
)
def test_amounts_are_euros_and_cents(amount, locale, words):
    assert times.euro(amount, locale=locale) == words


def test_dates_and_counts_speak_the_readers_language():
    assert times.weekday(date(2026, 11, 25), today=TODAY, locale="nl") == "wo 25 nov"
    assert times.count(1204, locale="nl") == "1.204"
    assert times.count(1204) == "1,204"
