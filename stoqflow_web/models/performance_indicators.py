"""How the marketplace measures a shop against its service norms, per ISO week."""

from decimal import Decimal

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from stoqflow_web.models.base import Base, Key, Moment, Money
from stoqflow_web.service_norms import Norm, Week


class PerformanceIndicator(Base):
    """One of exchange.INDICATORS in one week. Without a norm: asked for, and the marketplace told nothing."""

    __tablename__ = "performance_indicators"
    __table_args__ = (UniqueConstraint("shop_id", "year", "week", "name"),)

    id: Mapped[Key]
    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"))
    name: Mapped[str] = mapped_column(String(30))
    year: Mapped[int]
    week: Mapped[int]
    is_share: Mapped[bool] = mapped_column(default=True)  # of 1; else an average, such as a mark
    norm_condition: Mapped[str | None] = mapped_column(String(2))  # at most or at least: service_norms.Norm
    norm_value: Mapped[Decimal | None] = mapped_column(Money)
    # What was measured; all None when nothing was.
    numerator: Mapped[int | None]
    denominator: Mapped[int | None]
    score: Mapped[Decimal | None] = mapped_column(Money)
    conforms: Mapped[bool | None]
    fetched_at: Mapped[Moment]

    @property
    def norm(self) -> Norm | None:
        if self.norm_condition is None or self.norm_value is None:
            return None
        return Norm(self.norm_condition, self.norm_value)

    @property
    def of_week(self) -> Week:
        return Week(self.year, self.week)
