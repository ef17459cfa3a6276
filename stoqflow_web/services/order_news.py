"""Which orders a look at the marketplace changed or brought in, and what happened to them: for the page Activity."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from stoqflow_web.models import HistoryEntry, MarketplaceOrder, SalesOrder
from stoqflow_web.models.activities import DONE, SYNC
from stoqflow_web.models.sales_orders import DELETED
from stoqflow_web.services import activities
from stoqflow_web.services.storing_orders import Stored
from stoqflow_web.transaction import Transaction

MOST_NAMED = 5
TOLD = (
    "canceled_at_marketplace",
    "shipped_at_marketplace",
    "cancellation_requested",
    "request_taken_back",
    "request_accepted",
    "changed_at_marketplace",
)
"""What the history says of a change that is worth a word beside the order's number."""


def note_news(tx: Transaction, shop_id: int, event: str, stored: Stored) -> None:
    """One row for orders that were stored together, if any of them is new or changed."""
    if stored.new or stored.changed:
        activities.record(
            tx,
            shop_id,
            SYNC,
            DONE,
            event,
            new=len(stored.new) or None,
            changed=len(stored.changed) or None,
            orders=named_orders(tx, shop_id, stored) or None,
        )


def named_orders(tx: Transaction, shop_id: int, stored: Stored, most: int = MOST_NAMED) -> list[dict[str, Any]]:
    """The first few of them, what changed before what is new: id, number, and what storing wrote into the history."""
    external_ids = [*stored.changed, *stored.new][: max(most, 0)]
    if not external_ids:
        return []
    tx.session.flush()
    parts = tx.session.scalars(
        select(SalesOrder)
        .join(SalesOrder.marketplace_order)
        .where(
            MarketplaceOrder.shop_id == shop_id,
            MarketplaceOrder.external_id.in_(external_ids),
            SalesOrder.status != DELETED,
        )
        .order_by(SalesOrder.id)
    ).all()
    told = _told(tx, [part.id for part in parts], stored)
    named: dict[str, dict[str, Any]] = {}
    for part in sorted(parts, key=lambda part: not told[part.id]):  # of a split order the part that it happened to
        named.setdefault(
            part.marketplace_order.external_id, {"id": part.id, "number": part.number, "told": told[part.id]}
        )
    return [named[external_id] for external_id in external_ids if external_id in named]


def _told(tx: Transaction, order_ids: Sequence[int], stored: Stored) -> dict[int, list[tuple[str, dict[str, Any]]]]:
    """Of each order the events that this storing recorded, as the history words them."""
    told: dict[int, list[tuple[str, dict[str, Any]]]] = {order_id: [] for order_id in order_ids}
    entries = tx.session.scalars(
        select(HistoryEntry)
        .where(
            HistoryEntry.sales_order_id.in_(order_ids),
            HistoryEntry.at >= stored.began_at,
            HistoryEntry.event.in_(TOLD),
        )
        .order_by(HistoryEntry.id)
    )
    for entry in entries:
        told[entry.sales_order_id or 0].append((entry.event, entry.details))
    return told
