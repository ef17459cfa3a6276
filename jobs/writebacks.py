"""What RQ calls for the outbox: a shop's id in, one service call."""

from stoqflow_web.services import writebacks


def deliver(shop_id: int) -> None:
    """Send what a shop owes its marketplace."""
    writebacks.deliver(shop_id)


def follow(shop_id: int) -> None:
    """Learn how what was sent has fared."""
    writebacks.follow(shop_id)


def learn(shop_id: int) -> None:
    """Read under which ids the marketplace keeps what was confirmed."""
    writebacks.learn(shop_id)
