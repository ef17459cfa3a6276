"""Counts for their pages."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from stoqflow_web.errors import NotFound
from stoqflow_web.extensions import db
from stoqflow_web.models import StockCount, StockCountLine
from stoqflow_web.models.stock_counts import APPLIED, OPEN
from stoqflow_web.queries.paging import HIGHEST_ID, Keyset, Page, Position, an_id, turn_to

SCANNED_LAST = 15
OF_LATE = 20

IN_ORDER: Keyset[StockCountLine] = Keyset(key_of=lambda line: (line.id,), readers=(an_id,))


@dataclass(frozen=True)
class Sums:
    """What is in a count: products, units, and products of which there are more or fewer units than expected."""

    products: int
    units: int
    different: int
    more: int
    fewer: int


def open_one() -> StockCount | None:
    return db.session.scalars(
        select(StockCount).where(StockCount.status == OPEN).options(joinedload(StockCount.started_by)).limit(1)
    ).first()


def find(count_id: int) -> StockCount:
    """Raises NotFound."""
    count = None
    if count_id <= HIGHEST_ID:
        count = db.session.scalar(
            select(StockCount)
            .where(StockCount.id == count_id)
            .options(joinedload(StockCount.started_by), joinedload(StockCount.ended_by))
        )
    if count is None:
        raise NotFound(_("This count is not here, or not any more."))
    return count


def of_late() -> Sequence[StockCount]:
    """The counts that were applied, newest first."""
    return db.session.scalars(
        select(StockCount)
        .where(StockCount.status == APPLIED)
        .options(joinedload(StockCount.ended_by))
        .order_by(StockCount.id.desc())
        .limit(OF_LATE)
    ).all()


def sums_of(count: StockCount) -> Sums:
    difference = StockCountLine.counted - StockCountLine.expected
    found = db.session.execute(
        select(
            func.count(),
            func.coalesce(func.sum(StockCountLine.counted), 0),
            func.count().filter(difference != 0),
            func.coalesce(func.sum(difference).filter(difference > 0), 0),
            func.coalesce(func.sum(-difference).filter(difference < 0), 0),
        ).where(StockCountLine.stock_count_id == count.id)
    ).one()
    return Sums(*found)


def largest_difference(count: StockCount) -> StockCountLine | None:
    """The line that would change the stock of its product most."""
    difference = func.abs(StockCountLine.counted - StockCountLine.expected)
    return db.session.scalars(
        select(StockCountLine)
        .where(StockCountLine.stock_count_id == count.id, difference > 0)
        .options(joinedload(StockCountLine.product))
        .order_by(difference.desc(), StockCountLine.id)
        .limit(1)
    ).first()


def version_of(count: StockCount) -> str:
    """Another text after each change of what is counted; cheap, for open pages ask for it again and again."""
    lines, latest = db.session.execute(
        select(func.count(), func.max(StockCountLine.at)).where(StockCountLine.stock_count_id == count.id)
    ).one()
    return f"{lines}-{latest.timestamp() if latest else 0}"


def scanned_last(count: StockCount) -> Sequence[StockCountLine]:
    """The products that were scanned last, the latest first."""
    return db.session.scalars(
        select(StockCountLine)
        .where(StockCountLine.stock_count_id == count.id)
        .options(joinedload(StockCountLine.product), joinedload(StockCountLine.user))
        .order_by(StockCountLine.at.desc(), StockCountLine.id.desc())
        .limit(SCANNED_LAST)
    ).all()


def line_of(count: StockCount, line_id: int | None) -> StockCountLine | None:
    """A line of this count, for saying what was just scanned."""
    if line_id is None or not 0 < line_id <= HIGHEST_ID:
        return None
    return db.session.scalar(
        select(StockCountLine)
        .where(StockCountLine.id == line_id, StockCountLine.stock_count_id == count.id)
        .options(joinedload(StockCountLine.product))
    )


def lines_of(count: StockCount, *, only_different: bool, cursor: str | None) -> Page[StockCountLine]:
    """A page of what was counted, in the order in which the products were first scanned."""

    def fetch(position: Position | None, limit: int) -> Sequence[StockCountLine]:
        asked = select(StockCountLine).where(StockCountLine.stock_count_id == count.id)
        if only_different:
            asked = asked.where(StockCountLine.counted != StockCountLine.expected)
        is_backwards = position is not None and position.is_backwards
        if position is not None:
            here = position.key[0]
            asked = asked.where(StockCountLine.id < here if is_backwards else StockCountLine.id > here)
        order = StockCountLine.id.desc() if is_backwards else StockCountLine.id
        loaded = asked.options(joinedload(StockCountLine.product), joinedload(StockCountLine.user))
        return db.session.scalars(loaded.order_by(order).limit(limit)).all()

    return turn_to(IN_ORDER, cursor, fetch)
