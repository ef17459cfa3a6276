"""What lies in a marketplace's own warehouse for a shop. It is shown and never touched."""

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from stoqflow_web.models.base import Base, BigId, Moment


class MarketplaceStock(Base):
    __tablename__ = "marketplace_stocks"
    __table_args__ = (Index(None, "ean_normalised"),)

    shop_id: Mapped[int] = mapped_column(BigId, ForeignKey("shops.id"), primary_key=True)
    ean_normalised: Mapped[str] = mapped_column(String(50), primary_key=True)
    regular: Mapped[int]  # can be sold
    graded: Mapped[int]  # came back, and can't be sold as new any more
    seen_at: Mapped[Moment]
