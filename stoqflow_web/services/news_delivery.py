"""Delivers news: claimed by one worker, sent with no transaction open, recorded, and tried again until it arrives.

A worker that is killed after sending leaves a message that is sent once more: under the same key, by which the other
side recognises it. A refusal for good is tried seldom, and at once when somebody mends the address.
"""

import json
import logging
import random
from datetime import timedelta

from sqlalchemy import and_, delete, func, or_, select, update
from sqlalchemy.sql.elements import ColumnElement

from stoqflow_web import background, clock
from stoqflow_web.extensions import settings, vault
from stoqflow_web.models import NewsItem, NewsMessage, NewsRecipient
from stoqflow_web.models.news import GIVEN_UP, PENDING, SENDING, SENT, TEST
from stoqflow_web.news import NotDelivered, mail, signed_webhooks
from stoqflow_web.services.claiming import take
from stoqflow_web.services.steps import Step, no_step
from stoqflow_web.transaction import Transaction, reading, transaction
from stoqflow_web.vault import SecretUnreadable
from stoqflow_web.wording import news as wording

log = logging.getLogger(__name__)

JOB_SECONDS = 240  # the longest talk with a mail server
LEASE = timedelta(seconds=JOB_SECONDS + 60)
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=30), timedelta(hours=1)
PAUSE_AFTER_REFUSAL = timedelta(hours=6)
JITTER = 0.2


def sweep() -> int:
    """Queue every message that is due and that nobody sends; how many. Called every few seconds."""
    with reading() as session:
        due = session.execute(
            select(NewsMessage.id, NewsMessage.claim, NewsMessage.topic).where(_is_due()).order_by(NewsMessage.id)
        ).all()
    return sum(hand_over(message_id, claim, is_test=topic == TEST) for message_id, claim, topic in due)


def hand_over(message_id: int, claim: int = 0, *, is_test: bool = False) -> bool:
    """Ask a worker to deliver. Somebody looks on while a test is sent, so that does not wait behind transfers."""
    return background.enqueue(
        "jobs.news.deliver",
        message_id,
        queue="urgent" if is_test else "slow",
        # The job of a killed worker keeps its id for a while, so each try has one of its own.
        job_id=f"news-{message_id}-{claim}",
        timeout=JOB_SECONDS,
    )


def deliver(message_id: int, *, on_step: Step = no_step) -> None:
    """Deliver one message, unless it is not due or somebody else is at it. Safe to call at any time and twice."""
    claim = _claim(message_id)
    if claim is None:
        return
    on_step("claimed")
    try:
        said = _send(message_id)
    except NotDelivered as refusal:
        _record_failure(message_id, claim, refusal)
    except Exception as fault:
        # A fault of ours must neither lose the news nor be met again at once.
        log.exception("News %s could not be sent", message_id)
        _record_failure(message_id, claim, NotDelivered(f"Stoqflow stumbled ({type(fault).__name__}); see its log."))
    else:
        on_step("sent")
        _record_arrival(message_id, claim, said)


def _is_due() -> ColumnElement[bool]:
    now = clock.now()
    return or_(
        and_(NewsMessage.state == PENDING, NewsMessage.not_before <= now),
        and_(NewsMessage.state == SENDING, NewsMessage.lease_until < now),
    )


def _claim(message_id: int) -> int | None:
    """Take the message; the number by which what we record is known, or None."""
    with transaction() as tx:
        return take(
            tx,
            NewsMessage,
            message_id,
            _is_due(),
            tries=NewsMessage.tries + 1,
            state=SENDING,
            lease_until=clock.now() + LEASE,
        )


def _send(message_id: int) -> str:
    with reading() as session:
        message = session.get_one(NewsMessage, message_id)
        recipient, key, topic = message.recipient, message.key, message.topic
        address, locked, created_at = recipient.address, recipient.secret_encrypted, message.created_at
        is_webhook = recipient.is_webhook
        mine = NewsItem.message_id == message_id
        number = session.scalar(select(func.count(NewsItem.id)).where(mine)) or 0
        facts = session.scalars(
            select(NewsItem.facts).where(mine).order_by(NewsItem.id).limit(wording.most_listed(is_webhook=is_webhook))
        ).all()
    told = wording.Told(topic=topic, number=number, facts=list(facts), public_url=settings().pages_url)
    if is_webhook:
        body = json.dumps(wording.payload(told, created_at), ensure_ascii=False).encode()
        return signed_webhooks.post(address, body, key=key, secret=_unlocked(locked), now=clock.now())
    server, sender = settings().mail_server, settings().mail_from
    if server is None or not sender:
        raise NotDelivered("No mail server is set: STOQFLOW_SMTP_URL and STOQFLOW_MAIL_FROM say which, and from whom.")
    return mail.send(server, wording.letter(told, key), sender=sender, to=address, now=clock.now())


def _unlocked(locked: bytes | None) -> str:
    try:
        return vault().unlock(locked or b"")
    except SecretUnreadable:
        raise NotDelivered("The webhook's secret can't be read any more: make a new one.", is_final=True) from None


def _record_arrival(message_id: int, claim: int, said: str) -> None:
    now = clock.now()
    with transaction() as tx:
        message = _held(tx, message_id, claim)
        if message is None:
            return
        message.state, message.sent_at, message.said, message.lease_until = SENT, now, said, None
        recipient = message.recipient
        recipient.delivered_at, recipient.failing_since, recipient.said = now, None, said
        _forget_failed_tests(tx, recipient)
        tx.session.flush()
        go_on(tx, recipient)
    log.info("News %s arrived: %s", message_id, said)


def _record_failure(message_id: int, claim: int, refusal: NotDelivered) -> None:
    now = clock.now()
    with transaction() as tx:
        message = _held(tx, message_id, claim)
        if message is None:
            return
        message.said, message.lease_until = refusal.sentence, None
        if message.topic == TEST or not message.recipient.wants(message.topic):
            message.state = GIVEN_UP
            tx.session.execute(delete(NewsItem).where(NewsItem.message_id == message_id))
            return
        message.state, message.not_before = PENDING, now + _pause(message.tries, refusal)
        message.recipient.said = refusal.sentence
        if message.recipient.failing_since is None:
            message.recipient.failing_since = now
        log.warning("News %s did not arrive, next try %s: %s", message_id, message.not_before, refusal.sentence)


def _forget_failed_tests(tx: Transaction, recipient: NewsRecipient) -> None:
    """They say that nothing arrives, and something did."""
    tx.session.execute(
        delete(NewsMessage).where(
            NewsMessage.recipient_id == recipient.id, NewsMessage.topic == TEST, NewsMessage.state == GIVEN_UP
        )
    )


def go_on(tx: Transaction, recipient: NewsRecipient) -> None:
    """What waits for this recipient is due at once: it is reachable again, or its address was mended."""
    tx.session.execute(
        update(NewsMessage)
        .where(NewsMessage.recipient_id == recipient.id, NewsMessage.state == PENDING)
        .values(not_before=clock.now())
        .execution_options(synchronize_session=False)
    )


def _held(tx: Transaction, message_id: int, claim: int) -> NewsMessage | None:
    """The message, while it is still ours; its recipient may have been removed meanwhile."""
    return tx.session.scalars(
        select(NewsMessage)
        .where(NewsMessage.id == message_id, NewsMessage.claim == claim, NewsMessage.state == SENDING)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()


def _pause(tries: int, refusal: NotDelivered) -> timedelta:
    pause: timedelta = min(FIRST_PAUSE * 2 ** min(tries - 1, 16), LONGEST_PAUSE)
    if refusal.is_final:
        pause = PAUSE_AFTER_REFUSAL
    spread: float = 1 + random.uniform(-JITTER, JITTER)  # noqa: S311 - spreads the load, guards nothing
    return max(pause * spread, refusal.retry_after or timedelta(0))
