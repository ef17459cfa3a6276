"""Takes back what was not sent yet: by Undo, or because the order is deleted."""

from collections.abc import Iterable

from sqlalchemy import update

from stoqflow_web import clock
from stoqflow_web.models import Writeback
from stoqflow_web.models.writebacks import PENDING, WITHDRAWN
from stoqflow_web.transaction import Transaction


def withdraw(tx: Transaction, rows: Iterable[Writeback]) -> bool:
    """Withdraw pending writebacks; False when a worker had begun with one of them (then roll back).

    The update repeats the condition, so that a worker that claims at this moment either comes first, and we see it
    here, or finds the row withdrawn.
    """
    ids = [row.id for row in rows]
    if not ids:
        return True
    tx.session.flush()
    taken_back = tx.session.execute(
        update(Writeback)
        .where(Writeback.id.in_(ids), Writeback.state == PENDING, Writeback.sent_at.is_(None))
        .values(state=WITHDRAWN, ended_at=clock.now())
        .execution_options(synchronize_session="fetch")
    )
    return bool(taken_back.rowcount == len(ids))  # type: ignore[attr-defined]
