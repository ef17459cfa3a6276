"""Remembers that orders went onto paper: from then on somebody may be working on them."""

from collections.abc import Sequence

from sqlalchemy import select

from stoqflow_web import clock
from stoqflow_web.models import SalesOrder
from stoqflow_web.models.sales_orders import OPEN_STATUSES
from stoqflow_web.services import history
from stoqflow_web.transaction import transaction

PICK_LIST = "pick_list"
PACKING_SLIPS = "packing_slips"


def note_printed(order_ids: Sequence[int], what: str, *, user_id: int | None) -> int:
    """Note that these orders are on a PICK_LIST or on PACKING_SLIPS; how many open ones were on no paper before."""
    with transaction() as tx:
        orders = tx.session.scalars(
            select(SalesOrder)
            .where(SalesOrder.id.in_(order_ids), SalesOrder.status.in_(OPEN_STATUSES), SalesOrder.printed_at.is_(None))
            .order_by(SalesOrder.id)
            .with_for_update()
        ).all()
        for order in orders:
            order.printed_at = clock.now()
            history.record(tx, "printed", user_id=user_id, sales_order_id=order.id, what=what)
        return len(orders)
