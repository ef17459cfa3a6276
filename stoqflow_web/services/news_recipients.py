"""Who hears news: managers add, change, test, switch on and off, and remove them."""

from collections.abc import Collection
from datetime import time

from flask_babel import gettext as _
from sqlalchemy import delete, select, update

from stoqflow_web import clock
from stoqflow_web.errors import Invalid, NotFound
from stoqflow_web.extensions import vault
from stoqflow_web.models import NewsItem, NewsMessage, NewsRecipient
from stoqflow_web.models.news import GIVEN_UP, KINDS, MAIL, PENDING, TEST, TOPICS, WEBHOOK
from stoqflow_web.news import mail, signed_webhooks
from stoqflow_web.services.news import new_key
from stoqflow_web.services.news_delivery import LEASE, go_on, hand_over
from stoqflow_web.services.shop_rules import tidy_name
from stoqflow_web.transaction import Transaction, transaction
from stoqflow_web.vault import SecretUnreadable


def add(
    *, kind: str, name: str, address: str, topics: Collection[str], summary_at: time, user_id: int | None
) -> tuple[NewsRecipient, str | None]:
    """A recipient, off, and of a webhook the secret in clear: it is never shown again.

    Raises Invalid with the field `kind`, `name`, `address` or `topics`.
    """
    if kind not in KINDS:
        raise Invalid("kind", _("Choose e-mail or webhook."))
    secret = signed_webhooks.new_secret() if kind == WEBHOOK else None
    with transaction() as tx:
        recipient = NewsRecipient(
            kind=kind,
            name=tidy_name(name),
            address=_free_address(tx, kind, address),
            topics=_tidy_topics(topics),
            summary_at=summary_at,
            secret_encrypted=vault().lock(secret) if secret else None,
            created_at=clock.now(),
            created_by_id=user_id,
        )
        tx.session.add(recipient)
        tx.session.flush()
    return recipient, secret


def change(recipient_id: int, *, name: str, address: str, topics: Collection[str], summary_at: time) -> None:
    """With a new address what waits is sent there, at once. Raises NotFound, and Invalid as `add` does."""
    with transaction() as tx:
        recipient = _locked(tx, recipient_id)
        tidy = _free_address(tx, recipient.kind, address, besides=recipient.id)
        wanted = _tidy_topics(topics)
        for topic in set(recipient.topics) - set(wanted):
            _forget_untold(tx, recipient, topic)
        recipient.name, recipient.topics, recipient.summary_at = tidy_name(name), wanted, summary_at
        if tidy != recipient.address:
            recipient.address, recipient.failing_since, recipient.said = tidy, None, None
            go_on(tx, recipient)


def switch_on(recipient_id: int) -> NewsRecipient:
    """From now on it hears what is the matter. Raises NotFound."""
    with transaction() as tx:
        recipient = _locked(tx, recipient_id)
        recipient.on_since = recipient.on_since or clock.now()
        return recipient


def switch_off(recipient_id: int) -> NewsRecipient:
    """It hears nothing more; what was not told is told if it still matters when it is switched on. Raises NotFound."""
    with transaction() as tx:
        recipient = _locked(tx, recipient_id)
        recipient.on_since = recipient.failing_since = None
        for topic in TOPICS:
            _forget_untold(tx, recipient, topic)
        return recipient


def remove(recipient_id: int) -> str:
    """Its name, for the page. Raises NotFound."""
    with transaction() as tx:
        recipient = _locked(tx, recipient_id)
        tx.session.execute(delete(NewsItem).where(NewsItem.recipient_id == recipient.id))
        tx.session.execute(delete(NewsMessage).where(NewsMessage.recipient_id == recipient.id))
        tx.session.delete(recipient)
        return recipient.name


def renew_secret(recipient_id: int) -> str:
    """A webhook's new secret, in clear: it is never shown again. Raises NotFound, or Invalid of an e-mail address."""
    secret = signed_webhooks.new_secret()
    with transaction() as tx:
        recipient = _locked(tx, recipient_id)
        if not recipient.is_webhook:
            raise Invalid("kind", _("E-mail has no secret."))
        recipient.secret_encrypted = vault().lock(secret)
        go_on(tx, recipient)
    return secret


def send_test(recipient_id: int) -> NewsMessage:
    """Send a test message, also to a recipient that is off; while one is on its way, that one. Raises NotFound."""
    now = clock.now()
    with transaction() as tx:
        recipient = _locked(tx, recipient_id)
        last = tx.session.scalars(
            select(NewsMessage)
            .where(NewsMessage.recipient_id == recipient.id, NewsMessage.topic == TEST)
            .order_by(NewsMessage.id.desc())
            .limit(1)
        ).one_or_none()
        if last is not None and last.is_active and now - last.created_at < LEASE:
            return last  # a button that is pressed often is no flood
        message = NewsMessage(recipient_id=recipient.id, topic=TEST, key=new_key(), created_at=now, not_before=now)
        tx.session.add(message)
        tx.session.flush()
        message_id = message.id
        tx.after_commit(lambda: hand_over(message_id, is_test=True))
    return message


def rotate_secrets() -> int:
    """Encrypt every webhook's secret with the newest key; how many. One that no key opens stays as it is."""
    rotated = 0
    with transaction() as tx:
        for recipient in tx.session.scalars(select(NewsRecipient).where(NewsRecipient.secret_encrypted.is_not(None))):
            try:
                recipient.secret_encrypted = vault().relock(recipient.secret_encrypted or b"")
                rotated += 1
            except SecretUnreadable:
                continue
    return rotated


def _locked(tx: Transaction, recipient_id: int) -> NewsRecipient:
    recipient = tx.session.get(NewsRecipient, recipient_id, with_for_update=True, populate_existing=True)
    if recipient is None:
        raise NotFound(_("This is not here, or not any more."))
    return recipient


def _free_address(tx: Transaction, kind: str, text: str, besides: int | None = None) -> str:
    address = text.strip()
    if kind == MAIL:
        if not mail.is_address(address):
            raise Invalid("address", _("This is not an e-mail address."))
    else:
        try:
            signed_webhooks.check_address(address)
        except ValueError as refusal:
            raise Invalid("address", str(refusal)) from None
    taken = tx.session.scalar(
        select(NewsRecipient.id).where(NewsRecipient.kind == kind, NewsRecipient.address == address)
    )
    if taken is not None and taken != besides:
        raise Invalid("address", _("This address is here already."))
    return address


def _tidy_topics(topics: Collection[str]) -> list[str]:
    if not topics:
        raise Invalid("topics", _("Choose at least one."))
    return [topic for topic in TOPICS if topic in topics]


def _forget_untold(tx: Transaction, recipient: NewsRecipient, topic: str) -> None:
    """Give up what was not delivered and forget that it was noted, and what lasts. What is being sent at this moment is
    settled when that ends."""
    undelivered = select(NewsMessage.id).where(
        NewsMessage.recipient_id == recipient.id, NewsMessage.topic == topic, NewsMessage.state == PENDING
    )
    mine = (NewsItem.recipient_id == recipient.id, NewsItem.topic == topic)
    untold = NewsItem.message_id.is_(None) | NewsItem.message_id.in_(undelivered) | NewsItem.is_open
    tx.session.execute(delete(NewsItem).where(*mine, untold).execution_options(synchronize_session=False))
    tx.session.execute(
        update(NewsMessage)
        .where(NewsMessage.recipient_id == recipient.id, NewsMessage.topic == topic, NewsMessage.state == PENDING)
        .values(state=GIVEN_UP)
        .execution_options(synchronize_session=False)
    )
