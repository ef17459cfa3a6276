"""What RQ calls for news: a message's id in, one service call."""

from stoqflow_web.services import news_delivery


def deliver(message_id: int) -> None:
    """Deliver one message."""
    news_delivery.deliver(message_id)
