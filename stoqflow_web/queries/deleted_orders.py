"""The orders that were deleted here, for those who may bring one back."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from stoqflow_web.extensions import db
from stoqflow_web.models import HistoryEntry, MarketplaceOrder, OrderLine, OrderWord, SalesOrder
from stoqflow_web.queries.paging import Keyset, Page, Position, an_id, turn_to
from stoqflow_web.queries.words import found_by

NEWEST_FIRST: Keyset[Any] = Keyset(key_of=lambda order: (order.id,), readers=(an_id,))


def page(words: str = "", cursor: str | None = None) -> Page[MarketplaceOrder]:
    """One page, what came in last first; with shop, items and sales orders loaded."""
    session = db.session()

    def fetch(position: Position | None, limit: int) -> Sequence[MarketplaceOrder]:
        wanted = (
            select(MarketplaceOrder)
            .where(MarketplaceOrder.deleted_at.is_not(None), *_narrowing(session, words))
            .options(
                joinedload(MarketplaceOrder.shop),
                selectinload(MarketplaceOrder.items),
                selectinload(MarketplaceOrder.sales_orders).selectinload(SalesOrder.lines).joinedload(OrderLine.item),
            )
            .limit(limit)
        )
        if position is None:
            return session.scalars(wanted.order_by(MarketplaceOrder.id.desc())).all()
        (edge,) = position.key
        if position.is_backwards:
            return session.scalars(wanted.where(MarketplaceOrder.id > edge).order_by(MarketplaceOrder.id)).all()
        return session.scalars(wanted.where(MarketplaceOrder.id < edge).order_by(MarketplaceOrder.id.desc())).all()

    return turn_to(NEWEST_FIRST, cursor, fetch)


def deleted_by(orders: Sequence[MarketplaceOrder]) -> dict[int, str]:
    """The name of who deleted each order last, by marketplace order id; only where it was a person."""
    owner = {part.id: order.id for order in orders for part in order.sales_orders}
    entries = db.session.scalars(
        select(HistoryEntry)
        .where(HistoryEntry.sales_order_id.in_(list(owner)), HistoryEntry.event == "deleted")
        .options(joinedload(HistoryEntry.user))
        .order_by(HistoryEntry.id)
    )
    return {
        owner[entry.sales_order_id]: entry.user.name
        for entry in entries
        if entry.user is not None and entry.sales_order_id is not None
    }


def _narrowing(session: Session, words: str) -> list[Any]:
    found = found_by(session, words, OrderWord, SalesOrder.id)
    if found.condition is None:
        return []
    return [MarketplaceOrder.id.in_(select(SalesOrder.marketplace_order_id).where(found.condition))]
