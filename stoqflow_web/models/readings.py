"""What of a shop is read at the marketplace every so often, beside its orders: when next, and when last."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from stoqflow_web.models.base import Base, Moment, UtcDateTime

# Kinds
RETURNS = "returns"
NORMS = "norms"
KINDS = (RETURNS, NORMS)


class Reading(Base):
    """One row a shop and kind, made by its first reading."""

    __tablename__ = "readings"

    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    next_at: Mapped[Moment]
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # when the last whole one ended
    # Of returns: where to go on in the list of handled ones; None when it was read as far as needed.
    next_page: Mapped[int | None]
