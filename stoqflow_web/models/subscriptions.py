"""What a shop's marketplace pushes to us: the subscription over there, and the keys it signs with."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from stoqflow_web.models.base import Base, Key, Moment, UtcDateTime
from stoqflow_web.models.shops import Shop


class PushSubscription(Base):
    """One per shop, from the press on *Switch on* until it is gone over there after *Switch off*.

    What should be stands in `is_wanted`; a worker makes it so over there, and looks each hour whether it still is.
    """

    __tablename__ = "push_subscriptions"

    id: Mapped[Key]
    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"), unique=True)
    token: Mapped[str] = mapped_column(String(60), unique=True)  # the secret end of the address that is pushed to
    is_wanted: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[Moment]
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))

    external_id: Mapped[str | None] = mapped_column(String(60))
    subscribed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # A test message: asked for here, asked for over there, and come in.
    test_wanted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    test_sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    tested_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    checked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # when it was last seen over there as it should be
    check_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)  # when to look next
    mended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # it was off or gone, and was switched on again
    trouble: Mapped[str | None] = mapped_column(Text)  # why the last look or change did not go well

    refused: Mapped[int] = mapped_column(default=0)  # messages with a bad signature or of another account
    refused_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    keys_asked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    shop: Mapped[Shop] = relationship()

    @property
    def is_on(self) -> bool:
        """Whether the marketplace pushes, as far as we know."""
        return self.is_wanted and self.external_id is not None

    @property
    def awaits_test(self) -> bool:
        """Whether a test message was asked for and has not come in."""
        return self.test_wanted_at is not None and (self.tested_at is None or self.tested_at < self.test_wanted_at)

    @property
    def is_test_sent(self) -> bool:
        """Whether the marketplace was asked for the newest one, not only for one before it."""
        wanted, sent = self.test_wanted_at, self.test_sent_at
        return wanted is not None and sent is not None and sent >= wanted


class SignatureKey(Base):
    """A key that a shop's marketplace signs with. Kept, because it tells them only a few times an hour."""

    __tablename__ = "signature_keys"
    __table_args__ = (UniqueConstraint("shop_id", "external_id"),)

    id: Mapped[Key]
    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"))
    external_id: Mapped[str] = mapped_column(String(60))
    public_key: Mapped[str] = mapped_column(Text)
