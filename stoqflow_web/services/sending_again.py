"""Puts a message that needed attention back into the queue, as if it had never been tried."""

from typing import Any

from sqlalchemy import update

from stoqflow_web import clock
from stoqflow_web.models import Writeback
from stoqflow_web.models.writebacks import NEEDS_ATTENTION, PENDING
from stoqflow_web.services import history
from stoqflow_web.services.owing import hurry
from stoqflow_web.transaction import Transaction
from stoqflow_web.wording.writebacks import what_words


def send_again(tx: Transaction, row: Writeback, *, user_id: int | None, **values: Any) -> bool:
    """Let a worker send it now; whoever still held it has lost its claim. `values` are columns that change too.

    False when it does not need attention any more. Where the marketplace may have heard it, the worker looks first.
    """
    tx.session.flush()
    changed = tx.session.execute(
        update(Writeback)
        .where(Writeback.id == row.id, Writeback.state == NEEDS_ATTENTION)
        .values(
            {
                "state": PENDING,
                "why": None,
                "their_sentence": None,
                "not_before": clock.now(),
                "claim": Writeback.claim + 1,
                "lease_until": None,
                "tries": 0,
                "process_status_id": None,
                "submitted_at": None,
                "look_at": None,
                "looks": 0,
                "ended_at": None,
                **values,
            }
        )
        .execution_options(synchronize_session=False)
    )
    if changed.rowcount != 1:  # type: ignore[attr-defined]
        return False
    tx.session.expire(row)
    history.record(tx, "tried_again", user_id=user_id, sales_order_id=row.sales_order_id, what=what_words(row))
    hurry(tx, row.shop_id)
    return True
