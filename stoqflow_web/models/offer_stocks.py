"""What a shop's marketplace is told of our stock: one row per offer of ours, the outbox of stock.

It is state, not events. Whatever changes how much can be sold marks the offer as due; a worker works the number out
when it tells it, so ten changes in a second are one message and the number is never an old one.
"""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from stoqflow_web.models.base import Base, BigId, UtcDateTime
from stoqflow_web.models.offers import Offer


class OfferStock(Base):
    """Exists while its shop tells its stock, for each offer that we fulfil and whose product is known."""

    __tablename__ = "offer_stocks"
    __table_args__ = (
        Index(None, "shop_id", "due_at"),
        Index(None, "shop_id", "lease_until"),
        Index(None, "shop_id", "refused_at"),
    )

    offer_id: Mapped[int] = mapped_column(BigId, ForeignKey("offers.id"), primary_key=True, autoincrement=False)
    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"))
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # None: nothing is owed
    told: Mapped[int | None]  # the number that the marketplace last accepted; None: unknown
    told_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    # Who works on it: as in the outbox of orders, a claim is a fencing token and a lease that runs out.
    claim: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    tries: Mapped[int] = mapped_column(default=0)  # in a row, that came to nothing

    # The number that the marketplace refused, and its sentence. It is not told again; another number is.
    refused: Mapped[int | None]
    refused_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    their_sentence: Mapped[str | None] = mapped_column(Text)

    nights: Mapped[int] = mapped_column(default=0)  # in a row in which the marketplace showed another number

    offer: Mapped[Offer] = relationship()
