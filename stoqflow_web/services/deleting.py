"""Deletes an order here. bol.com is never told: the order stays open there and will expire."""

from flask_babel import gettext as _
from sqlalchemy import select

from stoqflow_web import clock
from stoqflow_web.errors import NotFound, StoqflowError
from stoqflow_web.models import MarketplaceOrder, SalesOrder
from stoqflow_web.models.products import UNDONE
from stoqflow_web.models.sales_orders import DELETED, ON_HOLD, first_number
from stoqflow_web.models.writebacks import CONFIRMED, NEEDS_ATTENTION, ON_ITS_WAY, PENDING
from stoqflow_web.services import history, holding, stock
from stoqflow_web.services.families import locked_family, locked_order
from stoqflow_web.services.owing import settle_debts
from stoqflow_web.services.withdrawing import give_up, withdraw
from stoqflow_web.transaction import Transaction, transaction


class NotDeletable(StoqflowError):
    """Something of the order is being told to bol.com at this moment."""


def delete(order_id: int, *, user_id: int | None) -> None:
    """Take an order out of every list, for good. What waited to be sent for it is withdrawn, nothing is sent.

    A part of a split drops out of its family; if the others are final, they are told now. Raises NotFound or
    NotDeletable.
    """
    with transaction() as tx:
        order = locked_order(tx, order_id)
        family = order.marketplace_order
        if any(row.state in ON_ITS_WAY for row in order.writebacks):
            raise NotDeletable(
                _("%(number)s is being told to bol.com right now. Wait until bol.com answers.", number=order.number)
            )
        if not withdraw(tx, [row for row in order.writebacks if row.state == PENDING]):
            raise NotDeletable(_("%(number)s is being told to bol.com right now.", number=order.number))
        give_up(tx, [row for row in order.writebacks if row.state == NEEDS_ATTENTION])
        holding.give_up_reservation(tx, order)
        order.status, order.ended_at = DELETED, clock.now()
        order.note_requests()
        if not family.living_parts:
            family.deleted_at = clock.now()
        history.record(tx, "deleted", user_id=user_id, sales_order_id=order.id)
        tx.session.flush()
        settle_debts(tx, family, user_id=user_id)


def import_again(marketplace_order_id: int, *, user_id: int | None) -> SalesOrder:
    """Bring a deleted order back as it is known to be open at the marketplace: one order under its first number.

    Raises NotFound, NotDeletable when nothing of it is open any more.
    """
    with transaction() as tx:
        known = tx.session.scalar(select(MarketplaceOrder.id).where(MarketplaceOrder.id == marketplace_order_id))
        if known is None:
            raise NotFound(_("This order is not here."))
        family = locked_family(tx, marketplace_order_id)
        order = next((part for part in family.sales_orders if part.number == first_number(family.id)), None)
        if family.deleted_at is None or order is None:
            raise NotFound(_("This order is not deleted."))
        open_items = {item.id: item for item in family.our_items if item.is_open}
        if not open_items:
            raise NotDeletable(_("Nothing of this order is open at bol.com any more."))
        family.deleted_at = None
        order.status, order.ended_at = ON_HOLD, None
        _take_parcels_back(tx, family, user_id)
        _take_lines_back(family, order)
        order.note_requests()
        history.record(tx, "imported_again", user_id=user_id, sales_order_id=order.id)
        tx.session.flush()
        holding.settle(tx, [order.id])
        return order


def _take_parcels_back(tx: Transaction, family: MarketplaceOrder, user_id: int | None) -> None:
    """It begins anew, without parcels; what was in those that bol.com was never told of is to be packed again."""
    for part in family.sales_orders:
        confirmed = {row.shipment_id for row in part.writebacks if row.state == CONFIRMED}
        products = holding.products_of(tx, part)
        for shipment in part.parcels:
            shipment.undone_at = clock.now()
            for line in shipment.lines if shipment.id not in confirmed else []:
                if line.order_line.product_id is not None:
                    product = products[line.order_line.product_id]
                    stock.move(tx, product, line.quantity, UNDONE, user_id=user_id, sales_order_id=part.id)


def _take_lines_back(family: MarketplaceOrder, order: SalesOrder) -> None:
    """All that is open at the marketplace is on this one order again, whatever it had been split into."""
    for part in family.sales_orders:
        for row in part.writebacks:
            row.forget_given_up()
        for line in list(part.lines):
            line.canceled_at = line.cancel_reason = None
            line.quantity = line.shipped_elsewhere = 0
            if part is not order and all(own.item is not line.item for own in order.lines):
                line.sales_order = order
    for item in family.our_items:
        item.shipped_elsewhere = item.quantity_shipped
    for line in order.lines:
        line.quantity = line.item.quantity_open
