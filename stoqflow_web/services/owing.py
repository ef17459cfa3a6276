"""Writes down what we owe the marketplace, in the transaction of the click that made us owe it."""

from datetime import timedelta

from stoqflow_web import background, clock
from stoqflow_web.models import MarketplaceOrder, SalesOrder, Shipment, Writeback
from stoqflow_web.models.writebacks import (
    CANCELLATION,
    DELETED_UNITS,
    NEEDS_ATTENTION,
    PENDING,
    SHIPMENT,
    WITHDRAWN,
)
from stoqflow_web.owed import OwedCancellation, owed
from stoqflow_web.transaction import Transaction


def settle_debts(tx: Transaction, family: MarketplaceOrder, *, user_id: int | None) -> list[Writeback]:
    """Add a writeback for everything that this family owes by now and that has none; those that were added.

    `family` comes from families.locked_family.
    """
    shop = family.shop
    debts = owed(family.sales_orders, waits_for_all=shop.waits_for_all_parts)
    rows = [row for part in family.sales_orders for row in part.writebacks if row.state != WITHDRAWN or row.is_given_up]
    told = {row.shipment_id for row in rows if row.kind == SHIPMENT}
    cancelled = {row.marketplace_item_id for row in rows if row.kind == CANCELLATION}
    added = [
        _row(family, shipment.sales_order, user_id, kind=SHIPMENT, shipment=shipment)
        for shipment in debts.shipments
        if shipment.id not in told
    ]
    added += [
        _cancellation(family, debt, user_id)
        for debt in debts.cancellations
        if debt.item.id not in cancelled and debt.item.is_open
    ]
    tx.session.add_all(added)
    tx.session.flush()
    if any(row.state == PENDING and row.not_before <= clock.now() for row in added):
        hurry(tx, shop.id)  # what is held is found by the sweep once its time has come
    return added


def settled_row(family: MarketplaceOrder, shipment: Shipment, *, state: str, why: str) -> Writeback:
    """A row for a parcel that waits for other parts of its family, and that is not told any more: so it isn't owed."""
    row = _row(family, shipment.sales_order, None, kind=SHIPMENT, shipment=shipment)
    row.state, row.why, row.claim, row.tries, row.looks, row.is_deliberate = state, why, 0, 0, 0, False
    row.ended_at = clock.now() if state == WITHDRAWN else None
    return row


def hurry(tx: Transaction, shop_id: int) -> None:
    """Have a worker look at the shop's outbox soon after the commit. The sweep finds it without this too."""
    tx.after_commit(
        lambda: background.enqueue("jobs.writebacks.deliver", shop_id, queue="urgent", job_id=f"deliver-{shop_id}")
    )


def _cancellation(family: MarketplaceOrder, debt: OwedCancellation, user_id: int | None) -> Writeback:
    row = _row(family, debt.sales_order, user_id, kind=CANCELLATION, item=debt.item, cancel_reason=debt.reason)
    if debt.takes_deleted_units:
        row.state, row.why = NEEDS_ATTENTION, DELETED_UNITS
    return row


def _row(
    family: MarketplaceOrder, sales_order: SalesOrder, user_id: int | None, *, kind: str, **what: object
) -> Writeback:
    now = clock.now()
    return Writeback(
        shop_id=family.shop_id,
        marketplace_order=family,
        sales_order=sales_order,
        kind=kind,
        state=PENDING,
        sort_day=sales_order.sort_day,
        created_at=now,
        created_by_id=user_id,
        not_before=now + timedelta(minutes=family.shop.hold_minutes),
        **what,
    )
