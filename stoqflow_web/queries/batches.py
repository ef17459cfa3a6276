"""Batches for their pages: one with a page of its rows, and those of late."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import case, func, select
from sqlalchemy.orm import joinedload

from stoqflow_web import clock
from stoqflow_web.errors import NotFound
from stoqflow_web.extensions import db
from stoqflow_web.models import Batch, BatchRow, MarketplaceOrder, SalesOrder, Writeback
from stoqflow_web.models.batches import CANCEL, COMPLETE, DONE, DRAFTS, UNDO, WAITING
from stoqflow_web.models.sales_orders import CANCELED
from stoqflow_web.models.sales_orders import COMPLETE as COMPLETED
from stoqflow_web.models.writebacks import (
    CANCELLATION,
    NEEDS_ATTENTION,
    PENDING,
    REJECTED,
    SHIPMENT,
    UNFINISHED,
    WITHDRAWN,
)
from stoqflow_web.queries.paging import HIGHEST_ID, Keyset, Page, Position, an_id, turn_to

ROWS_ON_A_PAGE = 50
OF_LATE = 50

BY_POSITION: Keyset[BatchRow] = Keyset(key_of=lambda row: (row.position,), readers=(an_id,))


@dataclass(frozen=True)
class Undoable:
    """How many orders of a batch nobody has begun to tell bol.com of, and when that ends (None: nothing is
    held back any more, so it may end at any moment, or waits for other parts)."""

    number: int = 0
    until: datetime | None = None


@dataclass(frozen=True)
class Told:
    """What bol.com made of the orders of a finished batch, counted in orders.

    `waiting`: queued or sent, without an answer. `attention`: not refused by bol.com, yet somebody must look.
    """

    confirmed: int = 0
    waiting: int = 0
    refused: int = 0
    attention: int = 0


def find(batch_id: int) -> Batch:
    """The batch with who began it. Raises NotFound."""
    batch = None
    if batch_id <= HIGHEST_ID:
        batch = db.session.scalar(select(Batch).where(Batch.id == batch_id).options(joinedload(Batch.created_by)))
    if batch is None:
        raise NotFound("This is not here, or not any more.")
    return batch


def of_late() -> Sequence[Batch]:
    """The newest batches that were confirmed, newest first."""
    return db.session.scalars(
        select(Batch)
        .where(Batch.status.not_in(DRAFTS))
        .options(joinedload(Batch.created_by))
        .order_by(Batch.id.desc())
        .limit(OF_LATE)
    ).all()


def rows_of(batch: Batch, *, outcome: str | None = None, cursor: str | None = None) -> Page[BatchRow]:
    """A page of rows with their orders, of one outcome or of all."""

    def fetch(position: Position | None, limit: int) -> Sequence[BatchRow]:
        asked = select(BatchRow).where(BatchRow.batch_id == batch.id)
        if outcome is not None:
            asked = asked.where(BatchRow.outcome == outcome)
        is_backwards = position is not None and position.is_backwards
        if position is not None:
            here = position.key[0]
            asked = asked.where(BatchRow.position < here if is_backwards else BatchRow.position > here)
        order = BatchRow.position.desc() if is_backwards else BatchRow.position
        loaded = asked.options(joinedload(BatchRow.sales_order).joinedload(SalesOrder.shop))
        return db.session.scalars(loaded.order_by(order).limit(limit)).all()

    return turn_to(BY_POSITION, cursor, fetch, size=ROWS_ON_A_PAGE)


def rows_to_fill_in(batch: Batch, limit: int) -> Sequence[BatchRow]:
    """The first rows whose order is known."""
    return db.session.scalars(
        select(BatchRow)
        .where(BatchRow.batch_id == batch.id, BatchRow.sales_order_id.is_not(None))
        .options(joinedload(BatchRow.sales_order).joinedload(SalesOrder.marketplace_order))
        .order_by(BatchRow.position)
        .limit(limit)
    ).all()


def refused_rows(batch: Batch, limit: int) -> Sequence[BatchRow]:
    return db.session.scalars(
        select(BatchRow)
        .where(BatchRow.batch_id == batch.id, BatchRow.outcome == "refused")
        .order_by(BatchRow.position)
        .limit(limit)
    ).all()


def count_uncommon(batch: Batch) -> int:
    """How many rows would go along if somebody said that their codes are right."""
    return (
        db.session.scalar(
            select(func.count()).where(BatchRow.batch_id == batch.id, BatchRow.outcome == WAITING, BatchRow.is_uncommon)
        )
        or 0
    )


def undoable(batch: Batch) -> Undoable:
    """What of a finished batch can still be undone. Undo itself decides anew, under a lock, for each order."""
    if not batch.is_finished or batch.kind not in (COMPLETE, CANCEL):
        return Undoable()
    if db.session.scalar(select(Batch.id).where(Batch.source_id == batch.id, Batch.kind == UNDO).limit(1)):
        return Undoable()
    done = select(BatchRow.sales_order_id).where(BatchRow.batch_id == batch.id, BatchRow.outcome == DONE)
    begun = (
        select(Writeback.id)
        .where(
            Writeback.sales_order_id == SalesOrder.id,
            (Writeback.state.not_in((PENDING, WITHDRAWN))) | (Writeback.sent_at.is_not(None)),
        )
        .exists()
    )
    status = COMPLETED if batch.kind == COMPLETE else CANCELED
    number = db.session.scalar(select(func.count()).where(SalesOrder.id.in_(done), SalesOrder.status == status, ~begun))
    until = db.session.scalar(
        select(func.min(Writeback.not_before)).where(
            Writeback.sales_order_id.in_(done), Writeback.state == PENDING, Writeback.sent_at.is_(None)
        )
    )
    return Undoable(number or 0, until if until and until > clock.now() else None)


def told_of(batch: Batch) -> Told:
    """The answers of bol.com. An order counts by what is worst of its messages; without any it isn't counted."""
    if not batch.is_finished or batch.kind not in (COMPLETE, CANCEL):
        return Told()
    worst = func.max(
        case(
            ((Writeback.state == NEEDS_ATTENTION) & (Writeback.why == REJECTED), 4),
            (Writeback.state == NEEDS_ATTENTION, 3),
            (Writeback.state.in_(UNFINISHED), 2),
            else_=1,
        )
    ).label("worst")
    orders = (
        select(worst)
        .join(BatchRow, BatchRow.sales_order_id == Writeback.sales_order_id)
        .where(
            BatchRow.batch_id == batch.id,
            BatchRow.outcome == DONE,
            Writeback.kind == (SHIPMENT if batch.kind == COMPLETE else CANCELLATION),
            Writeback.state != WITHDRAWN,
        )
        .group_by(Writeback.sales_order_id)
        .subquery()
    )
    counted: Any = {
        row.worst: row.number
        for row in db.session.execute(select(orders.c.worst, func.count().label("number")).group_by(orders.c.worst))
    }
    return Told(*(counted.get(how, 0) for how in (1, 2, 4, 3)))


def result_of(batch: Batch) -> Iterator[tuple[BatchRow, str | None]]:
    """Every row, with the marketplace's number of its order; read in parts, so that a long result costs little."""
    last = 0
    while True:
        rows: Any = db.session.execute(
            select(BatchRow, MarketplaceOrder.external_id)
            .outerjoin(BatchRow.sales_order)
            .outerjoin(SalesOrder.marketplace_order)
            .where(BatchRow.batch_id == batch.id, BatchRow.position > last)
            .order_by(BatchRow.position)
            .limit(500)
        ).all()
        yield from ((row, external_id) for row, external_id in rows)
        if len(rows) < 500:
            return
        last = rows[-1][0].position
