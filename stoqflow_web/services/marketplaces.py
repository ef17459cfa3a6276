"""Opens the marketplace of a shop for work in the background."""

from collections.abc import Iterator
from contextlib import contextmanager

from stoqflow_web import extensions
from stoqflow_web.exchange import AccessLost
from stoqflow_web.marketplace import Marketplace, OnWait, open_marketplace
from stoqflow_web.models import Shop
from stoqflow_web.sharing import RedisLimiter, RedisTokenStore
from stoqflow_web.transaction import reading
from stoqflow_web.vault import SecretUnreadable


@contextmanager
def connect(shop_id: int, *, on_wait: OnWait | None = None) -> Iterator[Marketplace]:
    """The shop's marketplace. No transaction is open when the block begins. Raises ExchangeError."""
    with reading() as session:
        shop = session.get_one(Shop, shop_id)
        api_key, locked = shop.api_key, shop.api_secret_encrypted
    try:
        api_secret = extensions.vault().unlock(locked)
    except SecretUnreadable:
        raise AccessLost(
            "The secret of this shop can't be read with the key file of this installation. Enter the keys again."
        ) from None
    redis = extensions.shared_redis()
    with open_marketplace(
        api_key,
        api_secret,
        extensions.settings(),
        tokens=RedisTokenStore(redis),
        limits=RedisLimiter(redis),
        on_wait=on_wait,
    ) as marketplace:
        yield marketplace
