"""Follows what was sent to its end: in bulk by process status, and by reading the order where that says too little."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, select

from stoqflow_web import clock
from stoqflow_web.exchange import FAILURE, STILL_PENDING, SUCCESS, TIMEOUT, Outcome
from stoqflow_web.marketplace import Marketplace
from stoqflow_web.models import Writeback
from stoqflow_web.models.writebacks import CONFIRMED, REJECTED, SUBMITTED, UNKNOWN_OUTCOME
from stoqflow_web.services import outbox
from stoqflow_web.services.looking import learn_ids, look, store
from stoqflow_web.services.messages import Message
from stoqflow_web.services.settling_unknown import messages_of, settle
from stoqflow_web.transaction import reading, transaction

AT_ONCE = 1000  # ids in one bulk question
RECORDED_TOGETHER = 50
LONGEST = timedelta(hours=24)  # bol.com's documentation: a final state takes half an hour at most
LEARNED_AT_ONCE = 5
LEARN_AGAIN = timedelta(minutes=10)
MOST_LEARNING = timedelta(hours=2)


def is_to_be_followed(now: datetime) -> ColumnElement[bool]:
    """Of Writeback: time to ask how it fared."""
    return and_(Writeback.state == SUBMITTED, Writeback.look_at <= now)


def is_to_be_learned(now: datetime) -> ColumnElement[bool]:
    """Of Writeback: confirmed, and its ids and quantities at the marketplace are still to be read."""
    return and_(Writeback.state == CONFIRMED, Writeback.look_at <= now)


def follow_submitted(shop_id: int, marketplace: Marketplace) -> int:
    """Ask how the messages fare whose time to look has come; how many have ended. Raises ExchangeError."""
    with reading() as session:
        ids = session.scalars(
            select(Writeback.id)
            .where(Writeback.shop_id == shop_id, is_to_be_followed(clock.now()))
            .order_by(Writeback.look_at)
            .limit(AT_ONCE)
        ).all()
    messages = messages_of(ids)
    if not messages:
        return 0
    outcomes = marketplace.outcomes(message.process_status_id or "" for message in messages)
    plain: list[tuple[Message, Outcome | None]] = []
    puzzling: list[tuple[Message, Outcome | None]] = []
    for message in messages:
        outcome = outcomes.get(message.process_status_id or "")
        is_plain = outcome is not None and outcome.state in (SUCCESS, STILL_PENDING) and not _is_too_long(message)
        (plain if is_plain else puzzling).append((message, outcome))
    ended = 0
    for start in range(0, len(plain), RECORDED_TOGETHER):
        ended += _record(plain[start : start + RECORDED_TOGETHER])
    for message, outcome in puzzling:
        ended += _settle(shop_id, marketplace, message, outcome)
    return ended


def learn_about_confirmed(shop_id: int, marketplace: Marketplace) -> int:
    """Read the orders of what was just confirmed: our truth follows, and shipments get their ids over there.

    Never urgent; a call that would have to wait for the limit is better left for later. Raises ExchangeError.
    """
    now = clock.now()
    with reading() as session:
        ids = session.scalars(
            select(Writeback.id)
            .where(Writeback.shop_id == shop_id, is_to_be_learned(now))
            .order_by(Writeback.look_at, Writeback.id)
            .limit(LEARNED_AT_ONCE)
        ).all()
    for message in messages_of(ids):
        seen = look(marketplace, [message], is_after=True)
        with transaction() as tx:
            store(tx, shop_id, [seen])
            row = outbox.held(tx, [message], state=CONFIRMED).get(message.id)
            if row is None:
                continue
            learn_ids(row, seen)
            is_known = row.shipment is None or row.shipment.external_id is not None
            is_hopeless = now > (row.ended_at or now) + MOST_LEARNING
            row.look_at = None if is_known or is_hopeless else now + LEARN_AGAIN
    return len(ids)


def _record(told: Collection[tuple[Message, Outcome | None]]) -> int:
    with transaction() as tx:
        rows = outbox.held(tx, [message for message, _ in told], state=SUBMITTED)
        for message, outcome in told:
            row = rows.get(message.id)
            if row is None:
                continue
            if outcome is not None and outcome.state == SUCCESS:
                outbox.confirmed(tx, row, how="process status")
            else:
                outbox.look_later(row)
        return sum(row.state == CONFIRMED for row in rows.values())


def _settle(shop_id: int, marketplace: Marketplace, message: Message, outcome: Outcome | None) -> int:
    """A refusal, a time-out over there, or no word at all: the order says what is true."""
    if outcome is None:  # forgotten over there: that is so a day after its end, and odd before
        return settle(shop_id, marketplace, message, SUBMITTED)
    if outcome.state == FAILURE:
        return settle(shop_id, marketplace, message, SUBMITTED, otherwise=(REJECTED, outcome.sentence))
    if outcome.state == TIMEOUT:
        return settle(shop_id, marketplace, message, SUBMITTED, is_over=True)
    return settle(shop_id, marketplace, message, SUBMITTED, otherwise=(UNKNOWN_OUTCOME, outcome.sentence))


def _is_too_long(message: Message) -> bool:
    return message.sent_at is not None and clock.now() > message.sent_at + LONGEST
