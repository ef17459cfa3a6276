"""Counting what is on the shelf: one walk through the warehouse, and what was found of each product."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from stoqflow_web.models.base import Base, Key, Moment, UtcDateTime
from stoqflow_web.models.products import Product
from stoqflow_web.models.users import User

OPEN = "open"
APPLIED = "applied"
DISCARDED = "discarded"


class StockCount(Base):
    __tablename__ = "stock_counts"
    __table_args__ = (Index(None, "status", "id"),)

    id: Mapped[Key]
    status: Mapped[str] = mapped_column(String(20), default=OPEN)
    started_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    started_at: Mapped[Moment]
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    started_by: Mapped[User | None] = relationship(foreign_keys=[started_by_id])
    ended_by: Mapped[User | None] = relationship(foreign_keys=[ended_by_id])

    @property
    def is_open(self) -> bool:
        return self.status == OPEN

    @property
    def is_applied(self) -> bool:
        return self.status == APPLIED


class StockCountLine(Base):
    """What was counted of one product so far."""

    __tablename__ = "stock_count_lines"
    __table_args__ = (Index(None, "stock_count_id", "product_id", unique=True), Index(None, "stock_count_id", "at"))

    id: Mapped[Key]
    stock_count_id: Mapped[int] = mapped_column(ForeignKey("stock_counts.id"))
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"))
    counted: Mapped[int]
    # On hand when it was first scanned. What moves afterwards moves on top of what was counted.
    expected: Mapped[int]
    at: Mapped[Moment]  # when it was scanned last
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))  # by whom

    product: Mapped[Product] = relationship()
    user: Mapped[User | None] = relationship()

    @property
    def difference(self) -> int:
        return self.counted - self.expected
