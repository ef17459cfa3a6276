"""Undo: while nothing was sent, complete and canceled can be taken back."""

from flask_babel import gettext as _

from stoqflow_web import clock
from stoqflow_web.errors import StoqflowError
from stoqflow_web.models import SalesOrder, Writeback
from stoqflow_web.models.products import UNDONE
from stoqflow_web.models.sales_orders import COMPLETE, ON_HOLD
from stoqflow_web.models.writebacks import CANCELLATION, PENDING, WITHDRAWN
from stoqflow_web.services import history, holding, stock
from stoqflow_web.services.families import locked_order
from stoqflow_web.services.following_changes import follow
from stoqflow_web.services.owing import hurry, settle_debts
from stoqflow_web.services.withdrawing import withdraw
from stoqflow_web.transaction import Transaction, transaction


class NotUndoable(StoqflowError):
    """It is too late: bol.com may have heard it."""


def undo(order_id: int, *, user_id: int | None) -> SalesOrder:
    """Open a complete or canceled order again, or the canceled lines of an open one. Raises NotFound, NotUndoable."""
    with transaction() as tx:
        order = locked_order(tx, order_id)
        if order.is_open and not any(line.is_canceled for line in order.lines):
            raise NotUndoable(_("There is nothing to undo: %(number)s is open.", number=order.number))
        if not order.is_open and not any(line.quantity for line in order.lines):
            raise NotUndoable(_("bol.com ended this order itself; that can't be undone here."))
        if not withdraw(tx, rows_to_withdraw(order)):
            raise NotUndoable(
                _("It is too late to undo: this was sent to bol.com. See the order's history for what it said.")
            )
        if order.status == COMPLETE:
            _take_back_parcels(tx, order, user_id)
        else:
            holding.give_up_reservation(tx, order)
            for line in order.lines:
                line.canceled_at = line.cancel_reason = None
        for row in order.writebacks:
            row.forget_given_up()
        order.status, order.ended_at = ON_HOLD, None
        order.note_requests()
        history.record(tx, "undone", user_id=user_id, sales_order_id=order.id)
        tx.session.flush()
        holding.settle(tx, [order.id])
        follow(tx, [order.marketplace_order_id])  # it may have been cancelled or shipped there meanwhile
        settle_debts(tx, order.marketplace_order, user_id=user_id)
        return order


def send_now(order_id: int, *, user_id: int | None) -> int:
    """End the hold: what waits for it is sent at once; how many messages that are. Raises NotFound."""
    with transaction() as tx:
        order = locked_order(tx, order_id)
        waiting = [
            row
            for part in order.marketplace_order.living_parts
            for row in part.writebacks
            if row.state == PENDING and row.not_before > clock.now() and row.tries == 0
        ]
        for row in waiting:
            row.not_before = clock.now()
        if waiting:
            history.record(tx, "sent_now", user_id=user_id, sales_order_id=order.id)
            hurry(tx, order.shop_id)
        return len(waiting)


def rows_to_withdraw(order: SalesOrder) -> list[Writeback]:
    """What must be taken back with this order: its own, and what its family may only tell once all parts are final."""
    family = order.marketplace_order
    waits_for_all = family.shop.waits_for_all_parts
    return [
        row
        for part in family.living_parts
        for row in part.writebacks
        if row.state != WITHDRAWN and (part is order or waits_for_all or row.kind == CANCELLATION)
    ]


def can_be_undone(order: SalesOrder) -> bool:
    """Whether Undo makes sense on the page; `undo` decides again, under a lock."""
    is_changed = not order.is_open or any(line.is_canceled for line in order.lines)
    return (
        is_changed
        and any(line.quantity for line in order.lines)
        and all(row.can_be_undone for row in rows_to_withdraw(order))
    )


def _take_back_parcels(tx: Transaction, order: SalesOrder, user_id: int | None) -> None:
    products = holding.products_of(tx, order)
    for product_id, units in holding.needs(order).items():
        stock.move(tx, products[product_id], units, UNDONE, user_id=user_id, sales_order_id=order.id)
    for shipment in order.parcels:
        shipment.undone_at = clock.now()
