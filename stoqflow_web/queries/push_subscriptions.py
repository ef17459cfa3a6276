"""Reads how push from the marketplace fares for a shop."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from stoqflow_web.extensions import db
from stoqflow_web.models import PushSubscription, WebhookMessage


@dataclass(frozen=True)
class PushState:
    """The shop's subscription, None when nothing is switched on, and when the last message came in."""

    subscription: PushSubscription | None
    last_message_at: datetime | None


def state_of(shop_id: int) -> PushState:
    row = db.session.scalars(select(PushSubscription).where(PushSubscription.shop_id == shop_id)).one_or_none()
    if row is None:
        return PushState(None, None)
    newest = select(func.max(WebhookMessage.id)).where(WebhookMessage.shop_id == shop_id).scalar_subquery()
    last = db.session.scalar(select(WebhookMessage.received_at).where(WebhookMessage.id == newest))
    return PushState(row, last)
