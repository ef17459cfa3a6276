"""How bol measures the seller against its service norms, per week: reading only."""

from decimal import Decimal

import msgspec

from .record import Record

# bol's names of what it measures; it answers for one of them a call.
INDICATORS = (
    "CANCELLATIONS",
    "FULFILMENT",
    "PHONE_AVAILABILITY",
    "RESPONSE_TIME",
    "CASE_ITEM_RATIO",
    "TRACK_AND_TRACE",
    "RETURNS",
    "REVIEWS",
)
PERCENTAGE, AVERAGE = "PERCENTAGE", "AVERAGE"


class IndicatorPeriod(Record, frozen=True, kw_only=True):
    """An ISO week as bol writes it: "05" of "2019"."""

    year: str
    week: str


class Norm(Record, frozen=True, kw_only=True):
    """What bol wants: a score `<=` or `>=` the value."""

    condition: str
    value: Decimal


class Score(Record, frozen=True, kw_only=True):
    """What bol measured so far. A PERCENTAGE comes as a fraction: 0.02 is two in a hundred."""

    numerator: int
    denominator: int
    value: Decimal
    conforms: bool
    distance_to_norm: Decimal | None = None


class IndicatorDetails(Record, frozen=True, kw_only=True):
    """bol leaves `score` out when it measured nothing."""

    period: IndicatorPeriod
    norm: Norm
    score: Score | None = None


class PerformanceIndicator(Record, frozen=True, kw_only=True):
    """One of INDICATORS in one week. `type` is PERCENTAGE or AVERAGE."""

    name: str
    type: str
    details: IndicatorDetails


class PerformanceIndicatorList(Record, frozen=True, kw_only=True):
    """The answer to one question."""

    performance_indicators: tuple[PerformanceIndicator, ...] = msgspec.field(default=())
