"""What pages say of the service norms."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from babel.numbers import format_decimal
from flask_babel import gettext as _

from stoqflow_web.exchange import CANCELLATIONS, INDICATORS, ON_TIME, TRACK_AND_TRACE
from stoqflow_web.models import PerformanceIndicator
from stoqflow_web.models.sales_orders import COMPLETE
from stoqflow_web.queries.service_norms import COUNTED_BY_US, Cause, ShopNorms, WeekOfShop
from stoqflow_web.service_norms import AT_MOST, Norm, Share, Week
from stoqflow_web.wording.cancel_reasons import reason_word
from stoqflow_web.wording.times import Language, short_date


@dataclass(frozen=True)
class Figure:
    """A score as people read it. `word` says that it is beyond the norm, and is empty when it is not."""

    value: str
    of: str = ""
    word: str = ""


@dataclass(frozen=True)
class Measure:
    """One indicator of the running week, for the home page; `shop` names the one it is of, where there are several."""

    name: str
    label: str
    figure: Figure | None
    norm: str
    shop: str = ""


@dataclass(frozen=True)
class Row:
    """One indicator of a week: bol.com's score, its norm, our count. None: nothing to show."""

    name: str
    label: str
    theirs: Figure | None
    norm: str
    ours: Figure | None
    is_counted: bool


def labels() -> dict[str, str]:
    """The words of each of exchange.INDICATORS."""
    return {
        CANCELLATIONS: _("Cancellations"),
        ON_TIME: _("On time"),
        TRACK_AND_TRACE: _("Track & Trace"),
        "returns": _("Returns"),
        "response-time": _("Answered in time"),
        "phone-availability": _("Reached by phone"),
        "case-item-ratio": _("Questions per item"),
        "reviews": _("Reviews"),
    }


def measures(told: Sequence[ShopNorms], *, locale: Language = "en") -> list[Measure]:
    """The three that we count too, each of the shop that does worst. Empty when nothing was counted yet."""
    if not any(shop.counts[name].whole for shop in told for name in COUNTED_BY_US):
        return []
    return [_worst(name, told, locale) for name in COUNTED_BY_US]


def rows(told: WeekOfShop, *, locale: Language = "en") -> list[Row]:
    """Each indicator that there is something to say of."""
    shown = [name for name in INDICATORS if name in told.told or name in COUNTED_BY_US]
    return [_row(name, told, locale) for name in shown]


def figure_of(row: PerformanceIndicator | None, *, locale: Language = "en") -> Figure | None:
    """What the marketplace measured; None when it did not."""
    if row is None or row.score is None or row.norm is None:
        return None
    value = _shown(row.score, row, locale)
    word = _beyond(row.norm) if row.conforms is False else ""
    return Figure(value, _of(row.numerator, row.denominator, locale), word)


def week_words(week: Week, *, today: date, locale: Language = "en") -> str:
    """`Week 48 · 23 Nov to 29 Nov`."""
    first, last = (short_date(day, today=today, locale=locale) for day in (week.monday, week.sunday))
    return _("Week %(number)s · %(first)s to %(last)s", number=week.number, first=first, last=last)


def cause_words(name: str, cause: Cause) -> str:
    """What happened to an order that made a score worse."""
    if name == CANCELLATIONS:
        why = reason_word(cause.reason) if cause.reason else _("Canceled at bol.com: expired, or in its own screens")
        return _("%(what)s · %(why)s", what=cause.what, why=why)
    if name == TRACK_AND_TRACE:
        return _("Parcel %(reference)s has no Track & Trace", reference=cause.what)
    return _("Left too late") if cause.what == COMPLETE else _("Should have left, and is still here")


def cause_titles() -> dict[str, str]:
    """The heading of the causes of each indicator that we count."""
    return {
        CANCELLATIONS: _("Cancellations that count"),
        ON_TIME: _("Too late"),
        TRACK_AND_TRACE: _("Parcels without Track & Trace"),
    }


def _worst(name: str, told: Sequence[ShopNorms], locale: Language) -> Measure:
    counted = [shop for shop in told if shop.counts[name].whole]
    if not counted:
        return Measure(name, labels()[name], None, "")
    worst = min(counted, key=lambda shop: _goodness(name, shop))
    norm = worst.norms.get(name)
    return Measure(
        name,
        labels()[name],
        _counted(worst.counts[name], norm, name, locale),
        _percent(norm.value, locale) if norm else "",
        worst.shop.name if len(told) > 1 else "",
    )


def _goodness(name: str, shop: ShopNorms) -> Decimal:
    value, norm = shop.counts[name].value or Decimal(0), shop.norms.get(name)
    if norm:
        return norm.distance(value)
    return 1 - _bad(name, shop.counts[name])


def _bad(name: str, share: Share) -> Decimal:
    """The part that is not as it should be."""
    value = share.value or Decimal(0)
    return value if name == CANCELLATIONS else 1 - value


def _row(name: str, told: WeekOfShop, locale: Language) -> Row:
    row = told.told.get(name)
    norm = row.norm if row else None
    shown = ""
    if row and norm:
        value = _shown(norm.value, row, locale)
        is_most = norm.condition == AT_MOST
        shown = _("at most %(value)s", value=value) if is_most else _("at least %(value)s", value=value)
    ours = _counted(told.counts[name], norm, name, locale) if name in COUNTED_BY_US else None
    return Row(name, labels()[name], figure_of(row, locale=locale), shown, ours, name in COUNTED_BY_US)


def _counted(share: Share, norm: Norm | None, name: str, locale: Language) -> Figure | None:
    if share.value is None:
        return None
    word = _beyond(norm) if norm and not norm.is_met_by(share.value) else ""
    return Figure(_percent(share.value, locale), _of(share.part, share.whole, locale), word)


def _of(part: int | None, whole: int | None, locale: Language) -> str:
    if part is None or whole is None:
        return ""
    shown = [format_decimal(number, locale=locale) for number in (part, whole)]
    return _("%(part)s of %(whole)s", part=shown[0], whole=shown[1])


def _beyond(norm: Norm) -> str:
    return _("too high") if norm.condition == AT_MOST else _("too low")


def _shown(number: Decimal, row: PerformanceIndicator, locale: Language) -> str:
    return _percent(number, locale) if row.is_share else format_decimal(number, "#,##0.#", locale=locale)


def _percent(share: Decimal, locale: Language) -> str:
    """`0.8 %`. Never rounded to all or to nothing: 99.97 of 100 is not 100 %."""
    value = share * 100
    rounded = round(value, 1)
    if rounded in (0, 100) and value != rounded:
        rounded = Decimal("0.1") if rounded == 0 else Decimal("99.9")
    return f"{format_decimal(rounded, '#,##0.#', locale=locale)} %"
