"""What needs a person's attention: the messages that bol.com did not take."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from stoqflow_web.errors import NotFound
from stoqflow_web.extensions import db
from stoqflow_web.models import SalesOrder, Writeback, WritebackAttempt
from stoqflow_web.models.writebacks import NEEDS_ATTENTION
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


def count() -> int:
    """How many messages need attention, at most COUNTED_UP_TO: for the navigation."""
    some = select(Writeback.id).where(Writeback.state == NEEDS_ATTENTION).limit(COUNTED_UP_TO).subquery()
    return db.session.scalar(select(func.count()).select_from(some)) or 0


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


_WHOLE = (
    joinedload(Writeback.shop),
    joinedload(Writeback.item),
    joinedload(Writeback.marketplace_order),
    joinedload(Writeback.sales_order).load_only(SalesOrder.number, SalesOrder.status),
    joinedload(Writeback.shipment),
)
