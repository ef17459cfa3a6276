"""The chart of a day's orders by the hour, as figures for an SVG and as words for who can't see it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _

from stoqflow_web.clock import AMSTERDAM
from stoqflow_web.queries.today import Hour
from stoqflow_web.wording.times import Language, count

# In units of the view box
WIDTH, HEIGHT = 760, 200
LEFT, RIGHT, TOP, BOTTOM = 44, 752, 14, 170
LOWEST_BAR = 2  # one of ten thousand is still to be seen
HOURS_PER_LABEL = 3
USUAL_HOURS = 24


@dataclass(frozen=True)
class Bar:
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Column:
    """One hour. `hour` stands beside it in the table; `label` below it, empty where there would be too many."""

    x: float
    middle: float
    width: float
    hour: str
    label: str
    words: str
    placed: str
    complete: str
    placed_bar: Bar | None
    complete_bar: Bar | None


@dataclass(frozen=True)
class Line:
    """A line across, and the number it stands for."""

    y: float
    words: str


@dataclass(frozen=True)
class HourlyChart:
    """`sentence` tells in one go what there is to see. Without any order `is_empty`, and nothing is to be drawn."""

    columns: list[Column]
    lines: list[Line]
    sentence: str
    is_empty: bool


def hourly_chart(hours: Sequence[Hour], *, locale: Language = "en") -> HourlyChart:
    """Two bars for each hour, however many hours the day has and however many orders there are."""
    top = nice_top(max((max(hour.placed, hour.complete) for hour in hours), default=0))
    step = (RIGHT - LEFT) / (len(hours) or 1)
    return HourlyChart(
        columns=[_column(hours, place, step, top, locale) for place in range(len(hours))],
        lines=[Line(_y(number, top), count(number, locale=locale)) for number in _marks(top)],
        sentence=_(
            "%(placed)s placed and %(complete)s complete today.",
            placed=count(sum(hour.placed for hour in hours), locale=locale),
            complete=count(sum(hour.complete for hour in hours), locale=locale),
        ),
        is_empty=not any(hour.placed or hour.complete for hour in hours),
    )


def nice_top(most: int) -> int:
    """The end of the scale: 1, 2, 4, 6 or 10 times a power of ten, and never below what must fit."""
    power = 1
    while most > 10 * power:
        power *= 10
    return next(factor * power for factor in (1, 2, 4, 6, 10) if factor * power >= most)


def _column(hours: Sequence[Hour], place: int, step: float, top: int, locale: Language) -> Column:
    hour, x = hours[place], LEFT + place * step
    name = _name(hour.begins, is_odd_day=len(hours) != USUAL_HOURS)
    placed, complete = (count(number, locale=locale) for number in (hour.placed, hour.complete))
    local = hour.begins.astimezone(AMSTERDAM)
    width = round(step * 0.36, 2)
    middle = round(x + step / 2, 2)
    return Column(
        x=round(x, 2),
        middle=middle,
        width=round(step, 2),
        hour=name,
        label=f"{local:%H}" if local.hour % HOURS_PER_LABEL == 0 else "",
        words=_("%(hour)s · %(placed)s placed, %(complete)s complete", hour=name, placed=placed, complete=complete),
        placed=placed,
        complete=complete,
        placed_bar=_bar(middle - width - 0.5, width, hour.placed, top),
        complete_bar=_bar(middle + 0.5, width, hour.complete, top),
    )


def _bar(x: float, width: float, number: int, top: int) -> Bar | None:
    if not number:
        return None
    height = max(BOTTOM - _y(number, top), LOWEST_BAR)
    return Bar(round(x, 2), BOTTOM - height, width, height)


def _y(number: int, top: int) -> int:
    return round(BOTTOM - (BOTTOM - TOP) * number / top)


def _marks(top: int) -> list[int]:
    """Where lines are drawn: at the end of the scale and in its middle, if that is a number of orders."""
    return [top] if top % 2 else [top // 2, top]


def _name(begins: datetime, *, is_odd_day: bool) -> str:
    """`09:00`; where the clocks change also which of the two times, since 02:00 may be there twice."""
    local = begins.astimezone(AMSTERDAM)
    return f"{local:%H:%M %Z}" if is_odd_day else f"{local:%H:%M}"
