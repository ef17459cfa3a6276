"""Opens the marketplace of a shop for work in the background."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from redis import Redis

from stoqflow_web import extensions
from stoqflow_web.exchange import ExchangeError, KeysUnusable
from stoqflow_web.marketplace import Marketplace, OnWait, open_marketplace
from stoqflow_web.models import Shop
from stoqflow_web.services import trouble
from stoqflow_web.sharing import RedisLimiter, RedisTokenStore
from stoqflow_web.transaction import reading
from stoqflow_web.vault import SecretUnreadable

log = logging.getLogger(__name__)


@contextmanager
def connect(shop_id: int, *, on_wait: OnWait | None = None) -> Iterator[Marketplace]:
    """The shop's marketplace. No transaction is open when the block begins. Raises ExchangeError.

    Whether it answered is noted on the shop when the block ends.
    """
    with _connected(shop_id, extensions.shared_redis(), on_wait) as marketplace:
        try:
            yield marketplace
        except ExchangeError as fault:
            _note_answers(shop_id, marketplace)
            trouble.note_fault(shop_id, fault)
            raise
        _note_answers(shop_id, marketplace)


def forget_refusal(shop_id: int) -> None:
    """Let workers use the shop's keys at once: a person has just proven them good.

    Workers share the memory that keys were refused, so that they don't ask bol.com again and again. Without Redis that
    memory stays for the little while it lasts anyway.
    """
    try:
        with (
            extensions.impatient_redis_client(extensions.settings()) as redis,
            _connected(shop_id, redis, None) as marketplace,
        ):
            marketplace.forget_refusal()
    except ExchangeError as fault:
        log.warning("Shop %s may have to wait a minute before its keys are used again: %s", shop_id, fault.sentence)


def _note_answers(shop_id: int, marketplace: Marketplace) -> None:
    if marketplace.has_answered:
        trouble.answered(shop_id)


@contextmanager
def _connected(shop_id: int, redis: Redis, on_wait: OnWait | None) -> Iterator[Marketplace]:
    with reading() as session:
        shop = session.get_one(Shop, shop_id)
        api_key, locked = shop.api_key, shop.api_secret_encrypted
    try:
        api_secret = extensions.vault().unlock(locked)
    except SecretUnreadable:
        raise KeysUnusable(
            "The secret of this shop can't be read with the keys this process was started with. "
            "If keys were changed, restart Stoqflow; else enter the keys again."
        ) from None
    with open_marketplace(
        api_key,
        api_secret,
        extensions.settings(),
        tokens=RedisTokenStore(redis),
        limits=RedisLimiter(redis),
        on_wait=on_wait,
    ) as marketplace:
        yield marketplace
