"""How many units of a product a marketplace is told. Pure; queries have the same rule as `sellable_sql`."""

from sqlalchemy import ColumnElement, case
from sqlalchemy.orm import InstrumentedAttribute

MOST_TOLD = 999  # bol's documentation: an offer's stock is 0 to 999


def sellable(*, on_hand: int, reserved: int, waiting: int, margin: int) -> int:
    """Units that can be sold once more: what is on hand, less what was sold already, less the shop's safety margin.

    `reserved` is promised to orders that are ready to pick, `waiting` to orders on hold: those have no reservation,
    and their clients have bought all the same.
    """
    return min(max(on_hand - reserved - waiting - margin, 0), MOST_TOLD)


def sellable_sql(
    on_hand: InstrumentedAttribute[int],
    reserved: InstrumentedAttribute[int],
    waiting: ColumnElement[int],
    margin: int | InstrumentedAttribute[int],
) -> ColumnElement[int]:
    """The same as an expression for the database."""
    units = on_hand - reserved - waiting - margin
    return case((units < 0, 0), (units > MOST_TOLD, MOST_TOLD), else_=units)
