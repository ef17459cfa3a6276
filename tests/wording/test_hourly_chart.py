"""The chart of a day's orders: bars, scale, words."""

from datetime import date, datetime

import pytest

from stoqflow_web.deadlines import hours_of
from stoqflow_web.queries.today import Hour
from stoqflow_web.wording.hourly_chart import BOTTOM, LEFT, LOWEST_BAR, RIGHT, TOP, hourly_chart, nice_top

MONDAY = date(2026, 11, 23)
SUMMER_BEGINS, WINTER_BEGINS = date(2026, 3, 29), date(2026, 10, 25)


@pytest.fixture(autouse=True)
def words(app):
    with app.test_request_context():
        yield


def a_day(day: date = MONDAY, **happened: tuple[int, int]) -> list[Hour]:
    """a_day(h9=(30, 24)): in the tenth hour of the day 30 were placed and 24 complete."""
    begins: list[datetime] = hours_of(day)[:-1]
    return [Hour(moment, *happened.get(f"h{place}", (0, 0))) for place, moment in enumerate(begins)]


def test_an_hour_has_two_bars_as_high_as_its_numbers():
    chart = hourly_chart(a_day(h9=(40, 20)))
    column = chart.columns[9]
    assert column.placed_bar.height == BOTTOM - TOP
    assert column.complete_bar.height == (BOTTOM - TOP) / 2
    assert column.placed_bar.x + column.placed_bar.width <= column.complete_bar.x
    assert column.words == "09:00 · 40 placed, 20 complete"
    assert chart.columns[10].placed_bar is None
    assert chart.sentence == "40 placed and 20 complete today."
    assert [line.words for line in chart.lines] == ["20", "40"]


@pytest.mark.parametrize(
    ("most", "top"), [(0, 1), (1, 1), (2, 2), (3, 4), (5, 6), (7, 10), (10, 10), (11, 20), (55, 60), (123_456, 200_000)]
)
def test_the_scale_ends_at_a_round_number_that_everything_fits_below(most, top):
    assert nice_top(most) == top


def test_big_numbers_fit_and_one_beside_them_is_still_seen():
    chart = hourly_chart(a_day(h8=(9_876, 1), h23=(0, 10_000)))
    bars = [bar for column in chart.columns for bar in (column.placed_bar, column.complete_bar) if bar]
    assert all(bar.y >= TOP and bar.y + bar.height == BOTTOM for bar in bars)
    assert all(bar.x >= LEFT and bar.x + bar.width <= RIGHT for bar in bars)
    assert chart.columns[8].complete_bar.height == LOWEST_BAR
    assert [line.words for line in chart.lines] == ["5,000", "10,000"]


def test_every_third_hour_is_named_below():
    assert [column.label for column in hourly_chart(a_day()).columns if column.label] == [
        f"{hour:02}" for hour in range(0, 24, 3)
    ]


@pytest.mark.parametrize(("day", "hours"), [(SUMMER_BEGINS, 23), (WINTER_BEGINS, 25)])
def test_days_on_which_the_clocks_change_are_drawn_whole_and_no_two_hours_have_one_name(day, hours):
    columns = hourly_chart(a_day(day)).columns
    assert len({column.hour for column in columns}) == hours
    assert [column.label for column in columns if column.label] == [f"{hour:02}" for hour in range(0, 24, 3)]
    assert columns[-1].x + columns[-1].width == pytest.approx(RIGHT)


def test_a_day_without_orders_has_nothing_to_draw():
    chart = hourly_chart(a_day())
    assert chart.is_empty
    assert not any(column.placed_bar or column.complete_bar for column in chart.columns)
