"""What RQ calls for what the marketplace pushes: a shop's id in, one service call."""

from stoqflow_web.services import push_subscriptions, signature_keys, webhook_work


def handle(shop_id: int) -> None:
    """Look at what the messages that came in tell of."""
    webhook_work.handle(shop_id, stay_seconds=webhook_work.STAY_SECONDS)


def refresh_keys(shop_id: int) -> None:
    """Read the keys that messages are signed with, for messages that wait for one."""
    signature_keys.refresh(shop_id)


def keep_subscription(shop_id: int) -> None:
    """Make the marketplace's subscription what it should be."""
    push_subscriptions.keep(shop_id)
