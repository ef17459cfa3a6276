"""What pages say about deadlines, and what they will say while they stay open.

A countdown that is written once lies an hour later. So a pill carries its words of now, for a browser without scripts,
and all the words to come with the moments from which on they are true; static/js/countdown.js says them in time. In
these, {short} and {long} stand for the time between the deadline and now: `3 h`, `3 h 12 min`.
"""

from dataclasses import dataclass
from datetime import date, datetime

from flask_babel import gettext as _
from flask_babel import ngettext

from stoqflow_web.clock import AMSTERDAM
from stoqflow_web.deadlines import LATE, LATER, ONE_DAY, TODAY, TOMORROW, Deadline, beginning_of, deadline_for
from stoqflow_web.models import SalesOrder
from stoqflow_web.wording.statuses import Pill
from stoqflow_web.wording.times import DAY, HOUR, MINUTE, Language, short_date, time_of_day, weekday

TONES = {LATE: "danger", TODAY: "danger", TOMORROW: "warn", LATER: "neutral"}
DAYS_TOLD = 10  # of an expiry that is further away no page stays open for so long


@dataclass(frozen=True)
class Turn:
    """From `since` on these words are true, in this tone."""

    since: datetime
    words: str
    tone: str


@dataclass(frozen=True)
class Countdown(Pill):
    """A pill whose words change by themselves: `turns` are those of now and all to come, counted from or to `at`."""

    at: datetime | None = None
    turns: tuple[Turn, ...] = ()

    @property
    def data(self) -> dict[str, object]:
        """For the data-countdown of the page; empty when nothing will change. Moments are seconds since 1970."""
        if self.at is None or not self.turns:
            return {}
        turns = [[turn.since.timestamp(), turn.tone, turn.words] for turn in self.turns]
        return {"at": self.at.timestamp(), "turns": turns}


def deadline_of(order: SalesOrder) -> Deadline | None:
    """By when it must be handed over; None without any day. Needs its shop."""
    return None if order.due_day is None else deadline_for(order.due_day, order.shop.collected_at)


def deadline_pill(order: SalesOrder, *, now: datetime, locale: Language = "en") -> Pill | None:
    """`Today 17:30 · 3 h left`, for lists. Only an open order can be late, of others the plain day is said."""
    deadline = deadline_of(order)
    if deadline is None:
        return None
    day = weekday(deadline.ship_on, today=_today(now), locale=locale)
    if not order.is_open:
        return Pill(day)
    time = time_of_day(deadline.at, locale=locale)
    return _counting(
        deadline,
        {
            LATE: _("Late · %(span)s", span="{short}"),
            TODAY: _("Today %(time)s · %(span)s left", time=time, span="{short}"),
            TOMORROW: _("Tomorrow"),
            LATER: day,
        },
        now,
    )


def deadline_sentence(order: SalesOrder, *, now: datetime, locale: Language = "en") -> Pill | None:
    """`Ship today before 17:30 · 3 h 12 min left`, for the head of a page: nothing beside it says what is meant."""
    deadline = deadline_of(order)
    if deadline is None:
        return None
    later = _("Ship by %(day)s", day=weekday(deadline.ship_on, today=_today(now), locale=locale))
    if not order.is_open:
        return Pill(later)
    time = time_of_day(deadline.at, locale=locale)
    return _counting(
        deadline,
        {
            LATE: _("Ship now · %(span)s late", span="{long}"),
            TODAY: _("Ship today before %(time)s · %(span)s left", time=time, span="{long}"),
            TOMORROW: _("Ship tomorrow before %(time)s", time=time),
            LATER: later,
        },
        now,
    )


def ship_by(order: SalesOrder, *, now: datetime, locale: Language = "en") -> str:
    """`Mon 23 Nov 17:30`, for paper, on which nothing counts down. Empty without any day."""
    deadline = deadline_of(order)
    if deadline is None:
        return ""
    return f"{weekday(deadline.ship_on, today=_today(now), locale=locale)} {time_of_day(deadline.at, locale=locale)}"


def first_words(deadline: Deadline, *, now: datetime) -> str:
    """`first in 3 h 12 min`, or how late the first of some orders is."""
    span = long_span(abs((deadline.at - now).total_seconds()))
    if deadline.urgency(now) == LATE:
        return _("first is %(span)s late", span=span)
    return _("first in %(span)s", span=span)


def expiry_pill(order: SalesOrder, *, now: datetime, locale: Language = "en") -> Pill | None:
    """`Expires 27 Nov · 2 days left`, `bol.com cancels it tonight`: only of an open order, and only once it is late or
    the day is near. Before that it is not what anybody goes by. Needs its lines with their items."""
    deadline, expires_on = deadline_of(order), order.expires_on
    if expires_on is None or not order.is_open:
        return None
    is_late = deadline is not None and deadline.urgency(now) == LATE
    if not is_late and (expires_on - _today(now)).days > 1:
        return None
    pill = expiry_words(expires_on, now=now, locale=locale)
    starting = [_starting_with_expires(turn, expires_on, now, locale) for turn in pill.turns]
    return Countdown(starting[0].words, starting[0].tone, pill.at, tuple(starting))


def expiry_words(expires_on: date, *, now: datetime, locale: Language = "en") -> Countdown:
    """`2 days left`: how long until the marketplace cancels by itself what is still open.

    It names only the day, and may cancel as soon as that begins: so on the eve it is tonight.
    """
    today = _today(now)
    last = min(expires_on, today + DAYS_TOLD * ONE_DAY)
    days = [today + number * ONE_DAY for number in range(max((last - today).days, 0) + 1)]
    turns = tuple(Turn(beginning_of(day), *_expiry(expires_on, day)) for day in days)
    return Countdown(turns[0].words, turns[0].tone, beginning_of(expires_on), turns)


def long_span(seconds: float) -> str:
    """`3 h 12 min`, `12 min`, `2 days`. Less than a minute is a minute: nothing is ever said to be zero away."""
    words = span_words()
    if seconds >= DAY or seconds < HOUR:
        return short_span(seconds)
    return words["both"].format(hours=int(seconds // HOUR), minutes=int(seconds % HOUR // MINUTE))


def short_span(seconds: float) -> str:
    """`3 h`, `12 min`, `2 days`."""
    words = span_words()
    days = int(seconds // DAY)
    if days:
        return words["day"] if days == 1 else words["days"].format(number=days)
    if seconds >= HOUR:
        return words["hours"].format(number=int(seconds // HOUR))
    return words["minutes"].format(number=max(int(seconds // MINUTE), 1))


def span_words() -> dict[str, str]:
    """The parts that spans are made of; the browser makes them of the same."""
    return {
        "minutes": _("%(number)s min", number="{number}"),
        "hours": _("%(number)s h", number="{number}"),
        "both": _("%(hours)s h %(minutes)s min", hours="{hours}", minutes="{minutes}"),
        "day": _("1 day"),
        "days": _("%(number)s days", number="{number}"),
    }


def _counting(deadline: Deadline, words: dict[str, str], now: datetime) -> Countdown:
    turns = tuple(Turn(since, words[urgency], TONES[urgency]) for since, urgency in deadline.turns(now))
    seconds = abs((deadline.at - now).total_seconds())
    said = turns[0].words.replace("{short}", short_span(seconds)).replace("{long}", long_span(seconds))
    return Countdown(said, turns[0].tone, deadline.at, turns)


def _expiry(expires_on: date, day: date) -> tuple[str, str]:
    left = (expires_on - day).days
    if left > 1:
        return ngettext("%(num)s day left", "%(num)s days left", left), "neutral"
    if left == 1:
        return _("bol.com cancels it tonight"), "danger"
    return _("bol.com cancels it any moment"), "danger"


def _starting_with_expires(turn: Turn, expires_on: date, now: datetime, locale: Language) -> Turn:
    if turn.tone == "danger":
        return turn
    day = short_date(expires_on, today=_today(now), locale=locale)
    return Turn(turn.since, _("Expires %(day)s · %(left)s", day=day, left=turn.words), "warn")


def _today(now: datetime) -> date:
    return now.astimezone(AMSTERDAM).date()
