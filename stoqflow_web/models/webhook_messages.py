"""What a marketplace pushed: kept when it came in, and handled by a worker after that."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from stoqflow_web.models.base import Base, Key, Moment, UtcDateTime

# How a message ended
FETCHED = "fetched"  # its order was read and stored
LOOKED_AT = "looked-at"  # the message to the marketplace that it tells of is followed now
TESTED = "tested"
LEFT_TO_SYNC = "left-to-sync"  # what it tells of could not be fetched by its id; a sync was asked for
IGNORED = "ignored"  # nothing to do with it

IS_WAITING = text("handled_at IS NULL")


class WebhookMessage(Base):
    """A hint: nothing in it is believed. Until its signature is verified it is kept as it came, in `unverified`."""

    __tablename__ = "webhook_messages"
    __table_args__ = (
        UniqueConstraint("shop_id", "dedupe_key"),
        Index("ix_webhook_messages_waiting", "shop_id", "id", sqlite_where=IS_WAITING, postgresql_where=IS_WAITING),
        Index(None, "handled_at"),
    )

    id: Mapped[Key]
    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"))
    about: Mapped[str] = mapped_column(String(20))  # exchange.ABOUT_ORDER and the others there
    subject: Mapped[str] = mapped_column(String(60))  # an id over there: of an order or an item, of a process status
    sent_at: Mapped[str] = mapped_column(String(60))  # as it was written: it only tells messages apart
    received_at: Mapped[Moment]
    dedupe_key: Mapped[str] = mapped_column(String(64))
    unverified: Mapped[bytes | None] = mapped_column(LargeBinary)
    signature: Mapped[str | None] = mapped_column(Text)  # of an unverified one

    claimed_until: Mapped[datetime | None] = mapped_column(UtcDateTime)  # a worker handles it, or it waits for a pause
    handled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    outcome: Mapped[str | None] = mapped_column(String(20))
