"""How values look in bol's JSON: numbers, moments, and fields that are left out rather than null."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from stoqflow_web.bol.sandbox.clock import AMSTERDAM


def number(amount: Decimal) -> int | float:
    """Whole amounts come as integers, others with cents: `50` beside `49.99`, as bol sends them."""
    return int(amount) if amount == amount.to_integral_value() else float(amount)


def moment(at: datetime) -> str:
    """v10: Amsterdam time to the second, with its offset."""
    return at.astimezone(AMSTERDAM).isoformat(timespec="seconds")


def fine_moment(at: datetime) -> str:
    """v11: the same with microseconds."""
    return at.astimezone(AMSTERDAM).isoformat(timespec="microseconds")


def day(on: date | None) -> str | None:
    return on.isoformat() if on else None


def fields(nulls: bool, **values: Any) -> dict[str, Any]:
    """The fields that have a value; with `nulls` the others too, as null."""
    if nulls:
        return values
    return {name: value for name, value in values.items() if value is not None}
