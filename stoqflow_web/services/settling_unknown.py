"""Settles messages of which nobody knows whether the marketplace took them in. It looks; it never sends blindly.

bol.com queues what it is told and tries for about half an hour, so that nothing of a message is seen is proof only
after that. Then it is sent once more; if that ends unknown too, a person decides.
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, or_, select, update

from stoqflow_web import clock
from stoqflow_web.exchange import AskedWrongly, NotThere
from stoqflow_web.marketplace import Marketplace
from stoqflow_web.models import Writeback, WritebackAttempt
from stoqflow_web.models.writebacks import PENDING, SENDING, UNKNOWN_OUTCOME
from stoqflow_web.services import outbox
from stoqflow_web.services.following_changes import follow
from stoqflow_web.services.looking import DONE, NOTHING, Seen, happened, learn_ids, look, store
from stoqflow_web.services.messages import Message, message_of
from stoqflow_web.transaction import Transaction, reading, transaction

log = logging.getLogger(__name__)

QUEUED_THERE = timedelta(minutes=35)
PAUSES = (5.0, 15.0, 30.0, 60.0, 120.0, 300.0)  # seconds between looks
AT_ONCE = 10  # looking at shipments is a scarce call
RESENDS = 1


def free_abandoned(shop_id: int) -> int:
    """Put back what a killed worker had claimed and surely not sent; how many rows that were."""
    now = clock.now()
    with transaction() as tx:
        freed = tx.session.execute(
            update(Writeback)
            .where(Writeback.shop_id == shop_id, is_abandoned(now))
            .values(state=PENDING, lease_until=None)
            .execution_options(synchronize_session=False)
        )
        return int(freed.rowcount)  # type: ignore[attr-defined]


def is_abandoned(now: datetime) -> ColumnElement[bool]:
    """Of Writeback: claimed by a worker that is gone, and surely not sent."""
    return and_(Writeback.state == SENDING, Writeback.sent_at.is_(None), Writeback.lease_until < now)


def is_unsettled(now: datetime) -> ColumnElement[bool]:
    """Of Writeback: it may have been sent, its worker is gone or gave up on it, and it is time to look."""
    return and_(
        Writeback.state == SENDING,
        Writeback.sent_at.is_not(None),
        or_(Writeback.lease_until.is_(None), Writeback.lease_until < now),
        or_(Writeback.look_at.is_(None), Writeback.look_at <= now),
    )


def settle_unknown(shop_id: int, marketplace: Marketplace) -> int:
    """Look at what is unsettled; how many messages were settled one way or another. Raises ExchangeError."""
    now = clock.now()
    with reading() as session:
        ids = session.scalars(
            select(Writeback.id)
            .where(Writeback.shop_id == shop_id, is_unsettled(now))
            .order_by(Writeback.sort_day, Writeback.id)
            .limit(AT_ONCE)
        ).all()
    return sum(settle(shop_id, marketplace, message, SENDING) for message in messages_of(ids))


def messages_of(ids: Sequence[int]) -> list[Message]:
    """The messages of these rows, as they are now."""
    if not ids:
        return []
    with reading() as session:
        return [message_of(row) for row in outbox.whole_rows(session, ids)]


def settle(
    shop_id: int,
    marketplace: Marketplace,
    message: Message,
    state: str,
    *,
    is_over: bool = False,
    otherwise: tuple[str, str | None] | None = None,
) -> bool:
    """Read the order, and decide. True when nothing more has to be found out about this message.

    `is_over`: the marketplace has surely ended its own tries, so that nothing seen means nothing done. `otherwise`:
    (why, what it said) when the message was refused there: then it is not sent again. Raises ExchangeError.
    """
    try:
        seen = look(marketplace, [message], is_after=True)
    except (NotThere, AskedWrongly) as fault:
        with transaction() as tx:
            for lost in outbox.held(tx, [message], state=state).values():
                outbox.give_to_a_person(tx, lost, UNKNOWN_OUTCOME, fault.sentence)
        return True
    with transaction() as tx:
        store(tx, shop_id, [seen])
        row = outbox.held(tx, [message], state=state).get(message.id)
        if row is None:
            return False  # another worker was first
        learn_ids(row, seen)
        return _decide(tx, row, message, seen, is_over=is_over, otherwise=otherwise)


def _decide(
    tx: Transaction,
    row: Writeback,
    message: Message,
    seen: Seen,
    *,
    is_over: bool,
    otherwise: tuple[str, str | None] | None,
) -> bool:
    what = happened(message, seen)
    if what == DONE:
        outbox.confirmed(tx, row, how="found there")
    elif otherwise is not None:
        why, said = otherwise
        outbox.give_to_a_person(tx, row, why if what == NOTHING else what, said)
        follow(tx, [row.marketplace_order_id])  # now it is sure that it was not this that was shipped there
    elif what != NOTHING:
        outbox.give_to_a_person(tx, row, what)
        follow(tx, [row.marketplace_order_id])
    elif not is_over and clock.now() < (row.sent_at or row.created_at) + QUEUED_THERE:
        row.looks += 1
        row.look_at = clock.now() + timedelta(seconds=PAUSES[min(row.looks, len(PAUSES)) - 1])
        return False
    elif _resends(tx, row) >= RESENDS:
        outbox.give_to_a_person(tx, row, UNKNOWN_OUTCOME)
    else:
        outbox.note(tx, row, "nothing-there")
        outbox.put_back(tx, row, not_before=clock.now())
    return True


def _resends(tx: Transaction, row: Writeback) -> int:
    counted = select(func.count()).where(
        WritebackAttempt.writeback_id == row.id, WritebackAttempt.outcome == "nothing-there"
    )
    return tx.session.scalar(counted) or 0
