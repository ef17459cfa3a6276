"""Cancels an order, or single lines of it: the stock is free again and the marketplace is owed a cancellation."""

from collections.abc import Collection

from flask_babel import gettext as _

from stoqflow_web import clock
from stoqflow_web.errors import Invalid, StoqflowError
from stoqflow_web.exchange import CANCEL_REASONS
from stoqflow_web.models import OrderLine, SalesOrder
from stoqflow_web.models.sales_orders import CANCELED
from stoqflow_web.services import history, holding
from stoqflow_web.services.families import locked_order
from stoqflow_web.services.owing import settle_debts
from stoqflow_web.transaction import transaction


class NotCancelable(StoqflowError):
    """The order can't be canceled as it is; the sentence says why."""


def cancel(order_id: int, reason: str, *, user_id: int | None, line_ids: Collection[int] | None = None) -> SalesOrder:
    """Cancel an open order, or only these lines of it. With its last line the order itself is canceled.

    `reason` is one of exchange.CANCEL_REASONS. Raises NotFound, NotCancelable, and Invalid with field `reason` or
    `lines`.
    """
    if reason not in CANCEL_REASONS:
        raise Invalid("reason", _("Choose a reason."))
    with transaction() as tx:
        order = locked_order(tx, order_id)
        lines = _lines(order, line_ids)
        holding.give_up_reservation(tx, order)
        for line in lines:
            line.canceled_at, line.cancel_reason = clock.now(), reason
        is_whole = not order.lines_to_ship
        if is_whole:
            order.status, order.ended_at = CANCELED, clock.now()
        order.note_requests()
        names = None if is_whole else ", ".join(line.name for line in lines)[:500]
        history.record(tx, "canceled", user_id=user_id, sales_order_id=order.id, reason=reason, lines=names)
        settle_debts(tx, order.marketplace_order, user_id=user_id)
        holding.settle(tx, [order.id])
        return order


def _lines(order: SalesOrder, line_ids: Collection[int] | None) -> list[OrderLine]:
    if not order.is_open:
        raise NotCancelable(_("%(number)s is %(status)s already.", number=order.number, status=order.status))
    lines = [line for line in order.lines_to_ship if line_ids is None or line.id in line_ids]
    if not lines:
        raise Invalid("lines", _("Choose at least one line that is still open."))
    return lines
