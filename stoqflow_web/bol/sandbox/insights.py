"""How bol measures the seller, per week (v10): scores come from what happened in this world in that week."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from stoqflow_web.bol.sandbox.answers import Answer, Call
from stoqflow_web.bol.sandbox.checking import Parameters, wrong_value
from stoqflow_web.bol.sandbox.clock import AMSTERDAM, beginning_of
from stoqflow_web.bol.sandbox.records import Item, Shipment
from stoqflow_web.bol.sandbox.state import State
from stoqflow_web.bol.sandbox.wire import fields

# Letter mail has no Track & Trace, and a delivery by appointment needs none.
WITHOUT_CODE = ("BRIEFPOST", "COURIER")


@dataclass(frozen=True, slots=True)
class Week:
    begins: datetime
    ends: datetime

    def holds(self, moment: datetime | None) -> bool:
        return moment is not None and self.begins <= moment < self.ends


Count = Callable[[State, Week], tuple[int, int] | None]


def get_indicator(state: State, call: Call) -> Answer:
    """GET /retailer/insights/performance/indicator: one indicator in one ISO week of Amsterdam."""
    ask = Parameters(call)
    for name in ("name", "year", "week"):
        ask.text(name, required=True)
    name = str(ask.choice("name", tuple(INDICATORS)) or "")
    year, number = ask.whole("year", None, 1, 9998), ask.whole("week", None, 1, 53)
    week = _week(year, number)
    if year and number and week is None:
        ask.refuse("week", wrong_value(number))
    ask.done()
    assert week is not None
    kind, condition, norm, count = INDICATORS[name]
    counted = count(state, week)
    score = None if counted is None or not counted[1] else _score(*counted, condition, norm)
    details = fields(
        state.nulls,
        period={"year": f"{year:04}", "week": f"{number:02}"},
        score=score,
        norm={"condition": condition, "value": norm},
    )
    return call.answer({"performanceIndicators": [{"name": name, "type": kind, "details": details}]})


def _week(year: int | None, number: int | None) -> Week | None:
    try:
        monday = date.fromisocalendar(year or 0, number or 0, 1)
    except ValueError:
        return None
    return Week(beginning_of(monday), beginning_of(monday + timedelta(days=7)))


def _score(numerator: int, denominator: int, condition: str, norm: float) -> dict[str, Any]:
    value = round(numerator / denominator, 4)
    return {
        "conforms": value <= norm if condition == "<=" else value >= norm,
        "numerator": numerator,
        "denominator": denominator,
        "value": value,
        "distanceToNorm": round(abs(norm - value), 4),
    }


def _cancellations(state: State, week: Week) -> tuple[int, int]:
    """Of the items that were handled: those that the seller cancelled or let expire, or the client after the day."""
    handled = [item for item in state.items.values() if item.method == "FBR" and week.holds(item.handled_at)]
    return sum(_counts(item) for item in handled), len(handled)


def _counts(item: Item) -> bool:
    if not item.cancelled:
        return False
    if item.cancel_reason not in (None, "REQUESTED_BY_CUSTOMER"):
        return True
    day = item.exact_delivery_date or item.latest_delivery_date
    return bool(day and item.handled_at and item.handled_at.astimezone(AMSTERDAM).date() > day)


def _on_time(state: State, week: Week) -> tuple[int, int]:
    """Of the items that were shipped: those that left before the day on which the client was to have them."""
    shipped = [
        (state.items[item_id], shipment.shipped_at.astimezone(AMSTERDAM).date())
        for shipment in _shipments(state, week)
        for item_id in shipment.quantities
    ]
    days = [(item.exact_delivery_date or item.latest_delivery_date, left_on) for item, left_on in shipped]
    return sum(day is None or left_on < day for day, left_on in days), len(shipped)


def _with_code(state: State, week: Week) -> tuple[int, int]:
    parcels = [parcel for parcel in _shipments(state, week) if parcel.transporter_code not in WITHOUT_CODE]
    return sum(bool(parcel.track_and_trace or parcel.shipping_label_id) for parcel in parcels), len(parcels)


def _returned(state: State, week: Week) -> tuple[int, int]:
    made = sum(one.method == "FBR" and week.holds(one.registered_at) for one in state.returns.values())
    shipped = sum(len(shipment.quantities) for shipment in _shipments(state, week))
    return made, max(shipped, made)


def _not_measured(state: State, week: Week) -> None:
    """Nobody calls or writes a review in this world."""


def _shipments(state: State, week: Week) -> Iterator[Shipment]:
    return (one for one in state.shipments.values() if one.method == "FBR" and week.holds(one.shipped_at))


# Kind, condition and value of the norm, and what is counted. The norms are those told to sellers in 2026.
INDICATORS: dict[str, tuple[str, str, float, Count]] = {
    "CANCELLATIONS": ("PERCENTAGE", "<=", 0.02, _cancellations),
    "FULFILMENT": ("PERCENTAGE", ">=", 0.93, _on_time),
    "PHONE_AVAILABILITY": ("PERCENTAGE", ">=", 0.9, _not_measured),
    "RESPONSE_TIME": ("PERCENTAGE", ">=", 0.9, _not_measured),
    "CASE_ITEM_RATIO": ("PERCENTAGE", "<=", 0.05, _not_measured),
    "TRACK_AND_TRACE": ("PERCENTAGE", ">=", 1, _with_code),
    "RETURNS": ("PERCENTAGE", "<=", 0.1, _returned),
    "REVIEWS": ("AVERAGE", ">=", 8, _not_measured),
}
