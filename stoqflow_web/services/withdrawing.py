"""Takes back what was not sent yet (by Undo, or because the order is deleted), and gives up what needs attention."""

from collections.abc import Iterable

from sqlalchemy import update

from stoqflow_web import clock
from stoqflow_web.models import Writeback
from stoqflow_web.models.writebacks import NEEDS_ATTENTION, PENDING, WITHDRAWN
from stoqflow_web.transaction import Transaction


def withdraw(tx: Transaction, rows: Iterable[Writeback]) -> bool:
    """Withdraw writebacks that were never sent; False when a worker had begun with one of them (then roll back).

    The update repeats the condition, so that a worker that claims at this moment either comes first, and we see it
    here, or finds the row withdrawn.
    """
    ids = [row.id for row in rows]
    if not ids:
        return True
    tx.session.flush()
    taken_back = tx.session.execute(
        update(Writeback)
        .where(Writeback.id.in_(ids), Writeback.state.in_((PENDING, NEEDS_ATTENTION)), Writeback.sent_at.is_(None))
        .values(state=WITHDRAWN, why=None, ended_at=clock.now())
        .execution_options(synchronize_session="fetch")
    )
    return bool(taken_back.rowcount == len(ids))  # type: ignore[attr-defined]


def give_up(tx: Transaction, rows: Iterable[Writeback]) -> int:
    """Withdraw what needs attention, sent or not, for good; how many that were. Why it needed attention stays known."""
    ids = [row.id for row in rows]
    if not ids:
        return 0
    tx.session.flush()
    given_up = tx.session.execute(
        update(Writeback)
        .where(Writeback.id.in_(ids), Writeback.state == NEEDS_ATTENTION)
        .values(state=WITHDRAWN, ended_at=clock.now())
        .execution_options(synchronize_session="fetch")
    )
    return int(given_up.rowcount)  # type: ignore[attr-defined]
