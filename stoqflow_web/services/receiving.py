"""Takes in what a marketplace pushes: verified over the bytes as they came, stored, and handed to a worker.

Nothing is asked of the marketplace here, and nothing a message says is believed. It must be answered well within five
seconds, or the marketplace sends it again, and after ten minutes of that nothing more.
"""

import logging
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from stoqflow_web import clock
from stoqflow_web.errors import NotFound, StoqflowError
from stoqflow_web.exchange import FORGED, GENUINE, Pushed
from stoqflow_web.marketplace import is_signature, judge_signature, read_pushed
from stoqflow_web.models import PushSubscription, Shop, WebhookMessage
from stoqflow_web.services import signature_keys, webhook_work
from stoqflow_web.services.webhook_dedupe import dedupe_key, unverified_key
from stoqflow_web.transaction import Transaction, reading, transaction

log = logging.getLogger(__name__)

MOST_UNVERIFIED = 50  # of a shop: messages signed with a key that we don't know yet


class NotGenuine(StoqflowError):
    """The signature is missing, or not the marketplace's."""

    status = 401


class OfAnotherAccount(StoqflowError):
    """It is about another seller account than the shop's."""

    status = 403


class NotUnderstood(StoqflowError):
    """It is no message at all."""

    status = 400


class TooManyUnverified(StoqflowError):
    """Others wait for the keys already; it may be sent again."""

    status = 503


@dataclass(frozen=True)
class _Destination:
    shop_id: int
    account_id: str


def receive(token: str, body: bytes, signature: str | None) -> None:
    """Keep a message; one that is here already changes nothing.

    Raises NotFound for an address that is nobody's, NotGenuine, OfAnotherAccount, NotUnderstood, TooManyUnverified.
    """
    destination = _destination(token)
    shop_id = destination.shop_id
    verdict = judge_signature(body, signature, signature_keys.keys_of(shop_id))
    if not is_signature(signature) or verdict == FORGED:
        _refuse(shop_id, "its signature is not bol.com's")
        raise NotGenuine("The signature is not good.")
    pushed = read_pushed(body)
    if pushed is None:
        if verdict == GENUINE:  # refusing it would only make bol.com send it again, and switch us off in the end
            log.warning("Shop %s was pushed a message in a form that is not known; it is left alone", shop_id)
            return
        raise NotUnderstood("This is no message.")
    if pushed.account_id != destination.account_id:
        _refuse(shop_id, "it is about another account")
        raise OfAnotherAccount("The message is about another account.")
    if verdict == GENUINE:
        _store(shop_id, pushed, key=dedupe_key(pushed))
    else:
        _store(shop_id, pushed, key=unverified_key(body, signature or ""), unverified=body, signature=signature)


def _destination(token: str) -> _Destination:
    with reading() as session:
        found = session.execute(
            select(PushSubscription.shop_id, Shop.account_id)
            .join(PushSubscription.shop)
            .where(PushSubscription.token == token)
        ).one_or_none()
    if found is None:
        raise NotFound("Nobody receives messages here.")
    return _Destination(*found)


def _store(
    shop_id: int, pushed: Pushed, *, key: str, unverified: bytes | None = None, signature: str | None = None
) -> None:
    message = WebhookMessage(
        shop_id=shop_id,
        about=pushed.about,
        subject=pushed.subject,
        sent_at=pushed.sent_at,
        received_at=clock.now(),
        dedupe_key=key,
        unverified=unverified,
        signature=signature,
    )
    try:
        with transaction() as tx:
            if unverified is not None:
                _leave_room(tx, shop_id)
                tx.after_commit(lambda: signature_keys.ask_soon(shop_id))
            elif not webhook_work.is_awaited(tx, shop_id):
                tx.after_commit(lambda: webhook_work.hand_over(shop_id))
            tx.session.add(message)
    except IntegrityError:
        log.debug("Shop %s was pushed a message twice", shop_id)


def _leave_room(tx: Transaction, shop_id: int) -> None:
    waiting = tx.session.scalar(
        select(func.count())
        .select_from(WebhookMessage)
        .where(
            WebhookMessage.shop_id == shop_id,
            WebhookMessage.handled_at.is_(None),
            WebhookMessage.unverified.is_not(None),
        )
    )
    if (waiting or 0) >= MOST_UNVERIFIED:
        raise TooManyUnverified("Too many messages wait for the keys they are signed with.")


def _refuse(shop_id: int, why: str) -> None:
    log.warning("A message for shop %s is refused: %s", shop_id, why)
    with transaction() as tx:
        webhook_work.count_refused(tx, shop_id)
