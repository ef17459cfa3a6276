"""Works through a confirmed batch, one order in a transaction of its own.

The outcome of a row commits together with what was done to its order, so a worker that is killed at any line leaves an
order either untouched and waiting, or done and marked so. Every step repeats the claim: a worker thought dead that
wakes up again finds that it may not write any more.
"""

import logging
from collections.abc import Callable

from flask_babel import gettext as _
from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError

from stoqflow_web import clock
from stoqflow_web.errors import NotFound, StoqflowError
from stoqflow_web.models import Batch, BatchRow
from stoqflow_web.models.batches import (
    CANCEL,
    COMPLETE,
    DELETE,
    DONE,
    FINISHED,
    REFUSED,
    RUNNING,
    UNDO,
    WAITING,
)
from stoqflow_web.services import batches, canceling, completing, deleting, undoing
from stoqflow_web.services.claiming import ClaimLost, hold_file, sweep_files, take_file
from stoqflow_web.services.completing import Parcel
from stoqflow_web.transaction import Transaction, reading, transaction

log = logging.getLogger(__name__)

AT_A_TIME = 100


def carry_on(batch_id: int) -> None:
    """Work on a batch until nothing of it waits. Safe to call twice, and again after a kill."""
    claim = _claim(batch_id)
    if claim is None:
        return
    try:
        while row_ids := _waiting(batch_id):
            for row_id in row_ids:
                _handle(batch_id, claim, row_id)
        _finish(batch_id, claim)
    except ClaimLost:
        log.info("Batch %s is carried on by another worker", batch_id)


def sweep() -> int:
    """Queue every batch that is confirmed and that nobody works on; how many that were. Called every few seconds."""
    batches.forget_old_drafts()
    return sweep_files(Batch, "jobs.batches.carry_on", "batch")


def _claim(batch_id: int) -> int | None:
    """Take the batch if nobody works on it; the number by which our writes are known, or None."""
    with transaction() as tx:
        return take_file(tx, Batch, batch_id)


def _waiting(batch_id: int) -> list[int]:
    with reading() as session:
        return list(
            session.scalars(
                select(BatchRow.id)
                .where(BatchRow.batch_id == batch_id, BatchRow.outcome == WAITING)
                .order_by(BatchRow.position)
                .limit(AT_A_TIME)
            )
        )


def _handle(batch_id: int, claim: int, row_id: int) -> None:
    try:
        with transaction() as tx:
            row = _take(tx, batch_id, claim, row_id, DONE)
            if row is not None:
                batch = tx.session.get_one(Batch, batch_id, populate_existing=True)
                HANDLERS[batch.kind](batch, row)
    except StoqflowError as refusal:
        _refuse(batch_id, claim, row_id, refusal.sentence)
    except DBAPIError:
        raise  # the database is away for a moment: the sweep lets somebody go on later
    except ClaimLost:
        raise
    except Exception as fault:
        # A fault of ours with one order must not keep the others from being handled, nor be met for ever.
        log.exception("Batch %s stumbled over row %s", batch_id, row_id)
        _refuse(
            batch_id,
            claim,
            row_id,
            _("Stoqflow stumbled over this order (%(fault)s); the log says more.", fault=type(fault).__name__),
        )


def _take(
    tx: Transaction, batch_id: int, claim: int, row_id: int, outcome: str, sentence: str | None = None
) -> BatchRow | None:
    """Mark the row while the batch is ours and the row still waits; None when it was handled before."""
    counter = Batch.count_done if outcome == DONE else Batch.count_refused
    hold_file(tx, Batch, batch_id, claim)
    marked = tx.session.execute(
        update(BatchRow)
        .where(BatchRow.id == row_id, BatchRow.outcome == WAITING)
        .values(outcome=outcome, sentence=sentence, handled_at=clock.now())
        .execution_options(synchronize_session=False)
    )
    if marked.rowcount != 1:  # type: ignore[attr-defined]
        return None
    tx.session.execute(
        update(Batch)
        .where(Batch.id == batch_id)
        .values({counter: counter + 1})
        .execution_options(synchronize_session=False)
    )
    return tx.session.get_one(BatchRow, row_id, populate_existing=True)


def _refuse(batch_id: int, claim: int, row_id: int, sentence: str) -> None:
    with transaction() as tx:
        _take(tx, batch_id, claim, row_id, REFUSED, sentence)


def _finish(batch_id: int, claim: int) -> None:
    with transaction() as tx:
        tx.session.execute(
            update(Batch)
            .where(Batch.id == batch_id, Batch.claim == claim, Batch.status == RUNNING)
            .values(status=FINISHED, finished_at=clock.now(), lease_until=None)
            .execution_options(synchronize_session=False)
        )


def _complete(batch: Batch, row: BatchRow) -> None:
    parcel = Parcel(
        carrier=row.carrier or "", track_and_trace=row.track_and_trace, is_confirmed=row.is_uncommon
    )  # uncommon codes that nobody vouched for are not waiting any more
    completing.complete(_order_of(row), [parcel], user_id=batch.created_by_id)


def _cancel(batch: Batch, row: BatchRow) -> None:
    canceling.cancel(_order_of(row), batch.reason or "", user_id=batch.created_by_id)


def _delete(batch: Batch, row: BatchRow) -> None:
    deleting.delete(_order_of(row), user_id=batch.created_by_id)


def _undo(batch: Batch, row: BatchRow) -> None:
    undoing.undo(_order_of(row), user_id=batch.created_by_id)


def _order_of(row: BatchRow) -> int:
    if row.sales_order_id is None:
        raise NotFound(_("Unknown order."))
    return row.sales_order_id


HANDLERS: dict[str, Callable[[Batch, BatchRow], None]] = {
    COMPLETE: _complete,
    CANCEL: _cancel,
    DELETE: _delete,
    UNDO: _undo,
}
