"""Writes down what happened, inside the transaction in which it happened."""

from stoqflow_web import clock
from stoqflow_web.models import HistoryEntry
from stoqflow_web.models.history import PERSON, SYSTEM
from stoqflow_web.transaction import Transaction


def record(
    tx: Transaction,
    event: str,
    *,
    who: str | None = None,
    user_id: int | None = None,
    sales_order_id: int | None = None,
    shop_id: int | None = None,
    **details: str | int | None,
) -> None:
    """Add one history entry. `who` follows from `user_id` unless it was the marketplace."""
    tx.session.add(
        HistoryEntry(
            at=clock.now(),
            who=who or (PERSON if user_id else SYSTEM),
            user_id=user_id,
            sales_order_id=sales_order_id,
            shop_id=shop_id,
            event=event,
            details=details,
        )
    )
