"""A thing in our warehouse, and why its stock changed."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from stoqflow_web.models.base import Base, BigId, Key, Moment, UtcDateTime, Word

OPENING = "opening"  # a movement's reason: bol.com's number when the product first came in
SHIPPED = "shipped"  # an order with it was completed
UNDONE = "undone"  # that was taken back
SHIPPED_ELSEWHERE = "shipped-elsewhere"  # it was shipped in the marketplace's own screens
TAKEN_OVER = "taken-over"  # the order was made to say what the marketplace says


class Product(Base):
    __tablename__ = "products"

    id: Mapped[Key]
    sku: Mapped[str] = mapped_column(String(100), unique=True)
    ean: Mapped[str | None] = mapped_column(String(50))  # as given
    ean_normalised: Mapped[str | None] = mapped_column(String(50), index=True)  # for matching: see matching.py
    title: Mapped[str | None] = mapped_column(String(500))
    image_url: Mapped[str | None] = mapped_column(Text)
    on_hand: Mapped[int] = mapped_column(default=0)  # the sum of its movements, kept alongside
    reserved: Mapped[int] = mapped_column(default=0)  # promised to orders that are ready to pick
    created_at: Mapped[Moment]
    content_checked_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)

    @property
    def free(self) -> int:
        return self.on_hand - self.reserved

    @property
    def name(self) -> str:
        return self.title or self.sku


class StockMovement(Base):
    """Append-only: one reason why a product's stock on hand changed, in units."""

    __tablename__ = "stock_movements"

    id: Mapped[Key]
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"), index=True)
    quantity: Mapped[int]
    reason: Mapped[str] = mapped_column(String(30))
    at: Mapped[Moment]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    import_run_id: Mapped[int | None] = mapped_column(ForeignKey("import_runs.id"))
    sales_order_id: Mapped[int | None] = mapped_column(ForeignKey("sales_orders.id"))

    product: Mapped[Product] = relationship()


class ProductWord(Base):
    """A word by whose beginning a product is found: of its SKU, EAN and title (see search_words.py)."""

    __tablename__ = "product_words"
    __table_args__ = (Index(None, "product_id"),)

    word: Mapped[str] = mapped_column(Word, primary_key=True)
    product_id: Mapped[int] = mapped_column(BigId, ForeignKey("products.id"), primary_key=True)
