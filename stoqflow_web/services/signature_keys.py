"""The keys that a shop's marketplace signs with. It tells them only ten times an hour, so they are kept."""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, exists, or_, select, update
from sqlalchemy.exc import IntegrityError

from stoqflow_web import background, clock
from stoqflow_web.exchange import GENUINE, AccessLost, ExchangeError
from stoqflow_web.marketplace import judge_signature, read_pushed
from stoqflow_web.models import PushSubscription, SignatureKey, WebhookMessage
from stoqflow_web.services import shops, webhook_work
from stoqflow_web.services.marketplaces import connect
from stoqflow_web.services.outbox import may_be_asked
from stoqflow_web.services.webhook_dedupe import dedupe_key
from stoqflow_web.transaction import Transaction, reading, transaction

log = logging.getLogger(__name__)

ASKED_EVERY = timedelta(minutes=7)  # at most, so that ten an hour are never used up
AFTER_A_FAULT = timedelta(seconds=30)
TIMEOUT_SECONDS = 120


def keep_keys(tx: Transaction, shop_id: int, keys: Mapping[str, str]) -> None:
    """These are the keys now, and no others."""
    tx.session.execute(delete(SignatureKey).where(SignatureKey.shop_id == shop_id))
    tx.session.add_all(
        SignatureKey(shop_id=shop_id, external_id=key_id, public_key=key) for key_id, key in keys.items()
    )


def may_be_asked_for(now: datetime) -> ColumnElement[bool]:
    """Of PushSubscription: the last question for the keys was long enough ago."""
    return or_(
        PushSubscription.keys_asked_at.is_(None),
        PushSubscription.keys_asked_at <= now - ASKED_EVERY,
        PushSubscription.keys_asked_at > now + ASKED_EVERY,  # this machine's clock was set back
    )


def ask_soon(shop_id: int) -> bool:
    """Have a worker refresh the keys. The sweep finds that it is to be done, too."""
    return background.enqueue(
        "jobs.webhooks.refresh_keys", shop_id, queue="urgent", job_id=f"keys-{shop_id}", timeout=TIMEOUT_SECONDS
    )


def refresh(shop_id: int) -> None:
    """Ask for the keys, unless that was done lately, and judge the messages that waited for them."""
    now = clock.now()
    with transaction() as tx:
        turn = tx.session.execute(
            update(PushSubscription)
            .where(PushSubscription.shop_id == shop_id, may_be_asked_for(now))
            .values(keys_asked_at=now)
            .execution_options(synchronize_session=False)
        )
    if turn.rowcount != 1:  # type: ignore[attr-defined]
        return
    try:
        with connect(shop_id) as marketplace:
            keys = marketplace.signature_keys()
    except AccessLost as lost:
        shops.mark_access_lost(shop_id, lost.sentence, because=lost.because, tried_at=now)
        return
    except ExchangeError as fault:
        log.warning("The keys of shop %s's messages could not be read: %s", shop_id, fault.sentence)
        _ask_again(shop_id, now - ASKED_EVERY + AFTER_A_FAULT)
        return
    with transaction() as tx:
        keep_keys(tx, shop_id, keys)
        waiting = tx.session.scalars(
            select(WebhookMessage).where(
                WebhookMessage.shop_id == shop_id,
                WebhookMessage.handled_at.is_(None),
                WebhookMessage.unverified.is_not(None),
            )
        ).all()
        for message in waiting:
            _judge(tx, message, keys)
    webhook_work.hand_over(shop_id)


def sweep() -> int:
    """Queue a refresh for every shop with messages that wait for a key, if one may be asked for; how many."""
    waits = exists(
        select(WebhookMessage.id).where(
            WebhookMessage.shop_id == PushSubscription.shop_id,
            WebhookMessage.handled_at.is_(None),
            WebhookMessage.unverified.is_not(None),
        )
    )
    with reading() as session:
        due = session.scalars(
            select(PushSubscription.shop_id)
            .join(PushSubscription.shop)
            .where(may_be_asked(), may_be_asked_for(clock.now()), waits)
        ).all()
    return sum(ask_soon(shop_id) for shop_id in due)


def _judge(tx: Transaction, message: WebhookMessage, keys: Mapping[str, str]) -> None:
    """Verified it is one like the others, unless it came in twice; else it is dropped."""
    body = message.unverified or b""
    pushed = read_pushed(body)
    if pushed is None or judge_signature(body, message.signature, keys) != GENUINE:
        log.warning("A message for shop %s was not signed by its marketplace; it is dropped", message.shop_id)
        tx.session.delete(message)
        webhook_work.count_refused(tx, message.shop_id)
        return
    try:
        with tx.session.begin_nested():
            message.dedupe_key, message.unverified, message.signature = dedupe_key(pushed), None, None
    except IntegrityError:
        tx.session.delete(message)


def _ask_again(shop_id: int, asked_at: datetime) -> None:
    with transaction() as tx:
        tx.session.execute(
            update(PushSubscription)
            .where(PushSubscription.shop_id == shop_id)
            .values(keys_asked_at=asked_at)
            .execution_options(synchronize_session=False)
        )


def keys_of(shop_id: int) -> dict[str, str]:
    """Those that are kept here, by id."""
    with reading() as session:
        rows = session.scalars(select(SignatureKey).where(SignatureKey.shop_id == shop_id))
        return {row.external_id: row.public_key for row in rows}
