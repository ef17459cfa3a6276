"""Work that lies in a row: one worker has it at a time, and one that was thought dead may not write any more.

Taking the row raises its `claim`, a fencing token that each later write repeats. The lease says until when the worker
is thought to be alive.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, or_, select, update

from stoqflow_web import background, clock
from stoqflow_web.models import Batch, NewsMessage, StockImport
from stoqflow_web.models.batches import ACTIVE, RUNNING
from stoqflow_web.transaction import Transaction, reading

Claimable = type[Batch] | type[StockImport] | type[NewsMessage]
File = type[Batch] | type[StockImport]
"""What is worked through line by line."""

LEASE = timedelta(seconds=30)  # of a file


class ClaimLost(Exception):
    """Another worker goes on with it. Whoever gets this stops without a trace."""


def take(tx: Transaction, kind: Claimable, row_id: int, condition: ColumnElement[bool], **values: Any) -> int | None:
    """Take the row where the condition holds, and set these columns; the claim, or None when it could not be taken."""
    taken = tx.session.execute(
        update(kind)
        .where(kind.id == row_id, condition)
        .values(claim=kind.claim + 1, **values)
        .execution_options(synchronize_session=False)
    )
    if taken.rowcount != 1:  # type: ignore[attr-defined]
        return None
    return tx.session.scalars(select(kind.claim).where(kind.id == row_id)).one()


def take_file(tx: Transaction, kind: File, row_id: int) -> int | None:
    """Take a file that is to be worked through, if nobody works on it."""
    now = clock.now()
    return take(tx, kind, row_id, _is_left(kind, now), lease_until=now + LEASE, status=RUNNING)


def hold_file(tx: Transaction, kind: File, row_id: int, claim: int) -> None:
    """Keep it for another while. Raises ClaimLost when it is not ours any more."""
    held = tx.session.execute(
        update(kind)
        .where(kind.id == row_id, kind.claim == claim, kind.status == RUNNING)
        .values(lease_until=clock.now() + LEASE)
        .execution_options(synchronize_session=False)
    )
    if held.rowcount != 1:  # type: ignore[attr-defined]
        raise ClaimLost


def sweep_files(kind: File, job: str, name: str) -> int:
    """Queue the job for every file that is to be worked through and that nobody works on; how many that were."""
    with reading() as session:
        left = session.execute(select(kind.id, kind.claim).where(_is_left(kind, clock.now()))).all()
    # The job of a killed worker keeps its id for a while, so what was begun is queued under another one.
    return sum(
        background.enqueue(job, row_id, queue="urgent", job_id=f"{name}-{row_id}" + (f"-{claim}" if claim else ""))
        for row_id, claim in left
    )


def _is_left(kind: File, now: datetime) -> ColumnElement[bool]:
    return kind.status.in_(ACTIVE) & or_(kind.lease_until.is_(None), kind.lease_until < now)
