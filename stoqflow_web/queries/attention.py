"""What needs a person: messages that bol.com did not take, lines whose product nobody knows, shops without access."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import Select, func, select
from sqlalchemy.orm import joinedload

from stoqflow_web.errors import NotFound
from stoqflow_web.extensions import db
from stoqflow_web.models import OrderLine, SalesOrder, Shop, Writeback, WritebackAttempt
from stoqflow_web.models.sales_orders import OPEN_STATUSES
from stoqflow_web.models.writebacks import NEEDS_ATTENTION, REJECTED
from stoqflow_web.queries.paging import HIGHEST_ID, Keyset, Page, Position, an_id, turn_to
from stoqflow_web.services.taking_over import NOT_TAKEN_OVER

COUNTED_UP_TO = 1_000
OLDEST_FIRST: Keyset[Any] = Keyset(key_of=lambda row: (row.id,), readers=(an_id,))


@dataclass(frozen=True)
class Tried:
    """How often it was tried, when last, and what came of taking over bol's state if that was tried since."""

    times: int = 0
    last_at: datetime | None = None
    not_taken_over: str = ""


@dataclass(frozen=True)
class Counts:
    """`messages`, of which `refused` by the marketplace, `lines` whose product must be chosen, `shops` locked out.

    Each is counted up to COUNTED_UP_TO.
    """

    messages: int = 0
    refused: int = 0
    lines: int = 0
    shops: int = 0

    @property
    def total(self) -> int:
        return min(self.messages + self.lines + self.shops, COUNTED_UP_TO)


def counts() -> Counts:
    """In one question."""
    some = select(Writeback.why).where(Writeback.state == NEEDS_ATTENTION).limit(COUNTED_UP_TO).subquery()
    lines = select(func.count()).select_from(_lines_to_choose(OrderLine.id).limit(COUNTED_UP_TO).subquery())
    shops = select(func.count()).select_from(Shop).where(Shop.access_lost_at.is_not(None))
    found = db.session.execute(
        select(
            func.count(),
            func.count().filter(some.c.why == REJECTED),
            lines.scalar_subquery().label("lines"),
            shops.scalar_subquery().label("shops"),
        ).select_from(some)
    ).one()
    return Counts(*found)


def first_lines(number: int) -> Sequence[OrderLine]:
    """Lines whose product must be chosen, of the most urgent orders first, with order, shop and item."""
    return db.session.scalars(
        _lines_to_choose(OrderLine)
        .options(joinedload(OrderLine.item), joinedload(OrderLine.sales_order).joinedload(SalesOrder.shop))
        .order_by(SalesOrder.sort_day, SalesOrder.id, OrderLine.id)
        .limit(number)
    ).all()


def page(cursor: str | None = None) -> Page[Writeback]:
    """One page, what waits longest first, with all that its rows show but for `tried_of`."""
    session = db.session()

    def fetch(position: Position | None, limit: int) -> Sequence[Writeback]:
        wanted = select(Writeback).where(Writeback.state == NEEDS_ATTENTION).options(*_WHOLE).limit(limit)
        if position is None:
            return session.scalars(wanted.order_by(Writeback.id)).all()
        (after,) = position.key
        if position.is_backwards:
            return session.scalars(wanted.where(Writeback.id < after).order_by(Writeback.id.desc())).all()
        return session.scalars(wanted.where(Writeback.id > after).order_by(Writeback.id)).all()

    return turn_to(OLDEST_FIRST, cursor, fetch)


def first(number: int) -> Sequence[Writeback]:
    """Those that wait longest, with all that their rows show but for `tried_of`."""
    wanted = select(Writeback).where(Writeback.state == NEEDS_ATTENTION).options(*_WHOLE)
    return db.session.scalars(wanted.order_by(Writeback.id).limit(number)).all()


def find(writeback_id: int) -> Writeback:
    """Raises NotFound."""
    row = None
    if writeback_id <= HIGHEST_ID:
        row = db.session.scalar(select(Writeback).where(Writeback.id == writeback_id).options(*_WHOLE))
    if row is None:
        raise NotFound(_("This is not here, or not any more."))
    return row


def tried_of(rows: Sequence[Writeback]) -> dict[int, Tried]:
    """How often each was tried, by id, in one question however many rows."""
    tried: dict[int, Tried] = {row.id: Tried(row.tries) for row in rows}
    latest = (
        select(func.max(WritebackAttempt.id))
        .where(WritebackAttempt.writeback_id.in_(list(tried)))
        .group_by(WritebackAttempt.writeback_id)
    )
    for attempt in db.session.scalars(select(WritebackAttempt).where(WritebackAttempt.id.in_(latest))):
        said = str(attempt.details.get("said", "")) if attempt.outcome == NOT_TAKEN_OVER else ""
        tried[attempt.writeback_id] = Tried(tried[attempt.writeback_id].times, attempt.at, said)
    return tried


def _lines_to_choose(what: Any) -> Select[Any]:
    """OrderLine.is_open of those without a product, as a query: it begins with the few lines that have none."""
    return (
        select(what)
        .join(OrderLine.sales_order)
        .where(
            OrderLine.product_id.is_(None),
            OrderLine.canceled_at.is_(None),
            OrderLine.quantity > 0,
            SalesOrder.status.in_(OPEN_STATUSES),
        )
    )


_WHOLE = (
    joinedload(Writeback.shop),
    joinedload(Writeback.item),
    joinedload(Writeback.marketplace_order),
    joinedload(Writeback.sales_order).load_only(SalesOrder.number, SalesOrder.status),
    joinedload(Writeback.shipment),
)
