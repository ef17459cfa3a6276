"""Moments, days and amounts as people say them, in Amsterdam's time and the reader's language.

All are pure: the present is an argument, and `locale` is a Babel locale or its name.
"""

from datetime import date, datetime, timedelta
from decimal import Decimal

from babel import Locale
from babel.dates import format_date, format_time
from babel.numbers import format_currency, format_decimal
from flask_babel import gettext

from stoqflow_web.clock import AMSTERDAM

NOTHING = "—"
MINUTE, HOUR, DAY = 60, 3600, 86400

Language = Locale | str


def _(words: str, **values: object) -> str:
    return str(gettext(words, **values))


def when(moment: datetime | None, *, now: datetime, locale: Language = "en") -> str:
    """`today 09:12`, `yesterday 17:40`, `21 Nov 09:12`, and with the year when that is another."""
    if moment is None:
        return NOTHING
    local, today = moment.astimezone(AMSTERDAM), now.astimezone(AMSTERDAM).date()
    time = time_of_day(moment, locale=locale)
    near = {
        today - timedelta(days=1): _("yesterday %(time)s", time=time),
        today: _("today %(time)s", time=time),
        today + timedelta(days=1): _("tomorrow %(time)s", time=time),
    }
    return near.get(local.date()) or f"{short_date(local.date(), today=today, locale=locale)} {time}"


def time_of_day(moment: datetime, *, locale: Language = "en") -> str:
    """`09:12`."""
    return format_time(moment.astimezone(AMSTERDAM).time(), "HH:mm", locale=locale)


def brief(moment: datetime, *, now: datetime, locale: Language = "en") -> str:
    """`09:12` of today, `22 Nov 09:12` of another day: where there is little room."""
    day, today = (one.astimezone(AMSTERDAM).date() for one in (moment, now))
    time = time_of_day(moment, locale=locale)
    return time if day == today else f"{short_date(day, today=today, locale=locale)} {time}"


def to_the_second(moment: datetime, *, locale: Language = "en") -> str:
    """`09:12:41`."""
    return format_time(moment.astimezone(AMSTERDAM).time(), "HH:mm:ss", locale=locale)


def short_date(day: date, *, today: date, locale: Language = "en") -> str:
    """`21 Nov`, or `21 Nov 2025` in another year."""
    return format_date(day, "d MMM" if day.year == today.year else "d MMM y", locale=locale)


def weekday(day: date, *, today: date, locale: Language = "en") -> str:
    """`Wed 25 Nov`, and with the year when that is another."""
    return format_date(day, "EEE d MMM" if day.year == today.year else "EEE d MMM y", locale=locale)


def long_day(day: date, *, locale: Language = "en") -> str:
    """`Monday 23 November`."""
    return format_date(day, "EEEE d MMMM", locale=locale)


def ago(moment: datetime | None, *, now: datetime) -> str:
    """`14 s ago`, `3 min ago`, `2 h ago`, `5 days ago`. A moment to come is `just now`: clocks differ a little."""
    if moment is None:
        return NOTHING
    seconds, words = int((now - moment).total_seconds()), ago_words()
    if seconds < 1:
        return words["now"]
    if seconds < MINUTE:
        return words["seconds"].format(number=seconds)
    if seconds < HOUR:
        return words["minutes"].format(number=seconds // MINUTE)
    if seconds < DAY:
        return words["hours"].format(number=seconds // HOUR)
    days = seconds // DAY
    return words["day"] if days == 1 else words["days"].format(number=days)


def ago_words() -> dict[str, str]:
    """The words of `ago`; the browser says the same of a page that stays open (static/js/ago.js)."""
    return {
        "now": _("just now"),
        "seconds": _("%(number)s s ago", number="{number}"),
        "minutes": _("%(number)s min ago", number="{number}"),
        "hours": _("%(number)s h ago", number="{number}"),
        "day": _("1 day ago"),
        "days": _("%(number)s days ago", number="{number}"),
    }


def euro(amount: Decimal | None, *, locale: Language = "en") -> str:
    """`€ 44.95`; the amount is in euros."""
    if amount is None:
        return NOTHING
    return format_currency(amount, "EUR", format="¤ #,##0.00", locale=locale, currency_digits=False)


def count(number: int | None, *, locale: Language = "en") -> str:
    """`1,204`."""
    return NOTHING if number is None else format_decimal(number, locale=locale)
