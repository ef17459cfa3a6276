"""News to people: who gets it, what there is to tell, and the messages that tell it."""

from datetime import datetime, time
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, Text, Time, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from stoqflow_web.models.base import Base, Key, Moment, UtcDateTime

# Kinds of recipients
MAIL = "mail"
WEBHOOK = "webhook"
KINDS = (MAIL, WEBHOOK)

# Topics
EXPIRING = "expiring"  # orders that the marketplace will soon cancel by itself
REFUSED = "refused"  # messages to the marketplace that need a person
ACCESS = "access"  # a shop that can't ask its marketplace: keys refused, or no answer
DIFFERENCE = "difference"  # a check found what is not the same at the marketplace and here
SUMMARY = "summary"  # how the day before went, and what must leave today
TOPICS = (EXPIRING, REFUSED, ACCESS, DIFFERENCE, SUMMARY)
TEST = "test"  # what the test button sends; nobody chooses it

# What differs
ORDERS_DIFFER = "orders"
STOCK_DIFFERS = "stock"

# States of a message
PENDING = "pending"
SENDING = "sending"
SENT = "sent"
GIVEN_UP = "given-up"
UNFINISHED = (PENDING, SENDING)


class NewsRecipient(Base):
    """An e-mail address or a web address of somebody who wants to hear. Off until somebody switches it on."""

    __tablename__ = "news_recipients"
    __table_args__ = (UniqueConstraint("kind", "address"),)

    id: Mapped[Key]
    kind: Mapped[str] = mapped_column(String(10))
    name: Mapped[str] = mapped_column(String(100))
    address: Mapped[str] = mapped_column(String(500))
    topics: Mapped[list[str]] = mapped_column(JSON, default=list)
    summary_at: Mapped[time] = mapped_column(Time, default=time(7), server_default=text("'07:00:00'"))  # Amsterdam time
    # What a webhook is signed with: encrypted (vault.py), shown once when it is made.
    secret_encrypted: Mapped[bytes | None] = mapped_column(LargeBinary)
    on_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[Moment]
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    delivered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # Since the first try that went wrong after the last that went well; and what was said of the newest try,
    # but for a test that did not arrive: that says so itself.
    failing_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    said: Mapped[str | None] = mapped_column(Text)

    @property
    def is_on(self) -> bool:
        return self.on_since is not None

    @property
    def is_webhook(self) -> bool:
        return self.kind == WEBHOOK

    @property
    def is_failing(self) -> bool:
        return self.failing_since is not None

    def wants(self, topic: str) -> bool:
        return self.is_on and topic in self.topics


class NewsMessage(Base):
    """One e-mail, or one call of a webhook. What it says is in its items; the words are found when it is sent."""

    __tablename__ = "news_messages"
    __table_args__ = (Index(None, "recipient_id", "topic", "id"), Index(None, "state", "not_before"))

    id: Mapped[Key]
    recipient_id: Mapped[int] = mapped_column(ForeignKey("news_recipients.id"))
    topic: Mapped[str] = mapped_column(String(20))
    key: Mapped[str] = mapped_column(String(60), unique=True)  # the same at each try, so that a repeat is recognised
    state: Mapped[str] = mapped_column(String(10), default=PENDING)
    created_at: Mapped[Moment]
    not_before: Mapped[Moment]
    # Who sends it: the token fences off a worker that was thought dead; the lease tells when it must be.
    claim: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    tries: Mapped[int] = mapped_column(default=0)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    said: Mapped[str | None] = mapped_column(Text)  # by the other side, of the newest try

    recipient: Mapped[NewsRecipient] = relationship()

    @property
    def is_active(self) -> bool:
        return self.state in UNFINISHED

    @property
    def has_arrived(self) -> bool:
        return self.state == SENT


class NewsItem(Base):
    """Something to tell a recipient, noted once. Without `message_id` it waits for the next message of its topic.

    `facts` are as they were when it was noted. `subject` is the thing it is about: of what lasts (`is_open`), one
    item tells the beginning and another, once it is over, the end.
    """

    __tablename__ = "news_items"
    __table_args__ = (
        UniqueConstraint("recipient_id", "topic", "key"),
        Index(None, "message_id"),
        Index(None, "noted_at"),
    )

    id: Mapped[Key]
    recipient_id: Mapped[int] = mapped_column(ForeignKey("news_recipients.id"))
    topic: Mapped[str] = mapped_column(String(20))
    key: Mapped[str] = mapped_column(String(120))
    subject: Mapped[str] = mapped_column(String(60))
    is_open: Mapped[bool] = mapped_column(default=False)
    facts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    noted_at: Mapped[Moment]
    message_id: Mapped[int | None] = mapped_column(ForeignKey("news_messages.id"))
