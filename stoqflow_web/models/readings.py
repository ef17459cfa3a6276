"""What of a shop is read at the marketplace every so often, beside its orders: when next, and when last."""

from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from stoqflow_web.models.base import Base, Moment, UtcDateTime

# Kinds
RETURNS = "returns"
NORMS = "norms"
KINDS = (RETURNS, NORMS)

EVERY = {RETURNS: timedelta(minutes=30), NORMS: timedelta(hours=6)}
REST_AFTER = timedelta(minutes=1)  # the marketplace's limits begin anew


class Reading(Base):
    """One row a shop and kind, made by its first reading."""

    __tablename__ = "readings"

    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    next_at: Mapped[Moment]
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # when the last whole one ended
    rest_until: Mapped[datetime | None] = mapped_column(UtcDateTime)  # as the marketplace asked when it gave no answer
    # Of returns: where to go on in the list of handled ones; None when it was read as far as needed.
    next_page: Mapped[int | None]

    def is_under_way(self, now: datetime) -> bool:
        """Whether it is due, or began within the last two minutes and has not ended."""
        began_at = self.next_at - EVERY[self.kind]
        is_new = began_at > now - 2 * REST_AFTER and (self.read_at is None or self.read_at < began_at)
        return is_new or self.next_at <= now
