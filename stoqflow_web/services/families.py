"""Reads an order with its whole family for an action, so that nothing of it changes underneath."""

from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from stoqflow_web.errors import NotFound
from stoqflow_web.models import MarketplaceOrder, OrderLine, SalesOrder, Shipment, ShipmentLine
from stoqflow_web.transaction import Transaction


def locked_order(tx: Transaction, order_id: int) -> SalesOrder:
    """The sales order, with lines, parcels, related orders and shop; the family is locked until the commit.

    Two clicks on parts of one family wait for each other here. Raises NotFound; a deleted order is not found.
    """
    marketplace_order_id = tx.session.scalar(select(SalesOrder.marketplace_order_id).where(SalesOrder.id == order_id))
    order = None if marketplace_order_id is None else _part(locked_family(tx, marketplace_order_id), order_id)
    if order is None or order.is_deleted:
        raise NotFound("This order is not here, or it was deleted.")
    return order


def locked_family(tx: Transaction, marketplace_order_id: int) -> MarketplaceOrder:
    """The marketplace order with all its sales orders, deleted ones too, locked until the commit."""
    (family,) = locked_families(tx, [marketplace_order_id])
    return family


def locked_families(tx: Transaction, marketplace_order_ids: Collection[int]) -> Sequence[MarketplaceOrder]:
    """Like `locked_family`, for several; they are locked in the order of their ids, as everywhere."""
    tx.session.flush()
    is_wanted = MarketplaceOrder.id.in_(marketplace_order_ids)
    tx.session.execute(select(MarketplaceOrder.id).where(is_wanted).order_by(MarketplaceOrder.id).with_for_update())
    return tx.session.scalars(
        select(MarketplaceOrder)
        .where(is_wanted)
        .order_by(MarketplaceOrder.id)
        .options(
            joinedload(MarketplaceOrder.shop),
            selectinload(MarketplaceOrder.items),
            selectinload(MarketplaceOrder.sales_orders).options(
                selectinload(SalesOrder.lines).options(joinedload(OrderLine.item), joinedload(OrderLine.product)),
                selectinload(SalesOrder.shipments).selectinload(Shipment.lines).joinedload(ShipmentLine.order_line),
                selectinload(SalesOrder.writebacks),
            ),
        )
        .execution_options(populate_existing=True)
    ).all()


def _part(family: MarketplaceOrder, order_id: int) -> SalesOrder | None:
    return next((part for part in family.sales_orders if part.id == order_id), None)
