"""A thing in our warehouse, and why its stock changed."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from stoqflow_web.models.base import Base, BigId, Key, Moment, UtcDateTime, Word

OPENING = "opening"  # a movement's reason: bol.com's number when the product first came in
SHIPPED = "shipped"  # an order with it was completed
UNDONE = "undone"  # that was taken back
SHIPPED_ELSEWHERE = "shipped-elsewhere"  # it was shipped in the marketplace's own screens
TAKEN_OVER = "taken-over"  # the order was made to say what the marketplace says
COUNTED = "counted"  # somebody counted what is on the shelf
IMPORTED = "imported"  # a file said so
# What a person says when they correct it
FOUND = "found"
LOST = "lost"
DAMAGED = "damaged"
RETURNED = "returned"
OWN_USE = "own-use"
OTHER = "other"
CORRECTIONS = (FOUND, LOST, DAMAGED, RETURNED, OWN_USE, OTHER)

MOST_ON_HAND = 2**31 - 1  # what the column holds


class Product(Base):
    __tablename__ = "products"
    __table_args__ = (
        # The few that the sweep must look at: they must not cost a look at all.
        Index(
            "ix_products_unsettled",
            "id",
            sqlite_where=text("is_unsettled = 1"),
            postgresql_where=text("is_unsettled"),
        ),
    )

    id: Mapped[Key]
    sku: Mapped[str] = mapped_column(String(100), unique=True)
    ean: Mapped[str | None] = mapped_column(String(50))  # as given
    ean_normalised: Mapped[str | None] = mapped_column(String(50), index=True)  # for matching: see matching.py
    title: Mapped[str | None] = mapped_column(String(500))
    image_url: Mapped[str | None] = mapped_column(Text)
    on_hand: Mapped[int] = mapped_column(default=0)  # the sum of its movements, kept alongside
    reserved: Mapped[int] = mapped_column(default=0)  # promised to orders that are ready to pick
    # Orders may still get their turn, or must give back what they were promised: services/holding.py goes on with it.
    is_unsettled: Mapped[bool] = mapped_column(default=False, server_default=false())
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
    __table_args__ = (Index(None, "product_id", "id"),)

    id: Mapped[Key]
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"))
    quantity: Mapped[int]
    on_hand_after: Mapped[int]  # the sum of this one and all before it
    reason: Mapped[str] = mapped_column(String(30))
    at: Mapped[Moment]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    import_run_id: Mapped[int | None] = mapped_column(ForeignKey("import_runs.id"))
    sales_order_id: Mapped[int | None] = mapped_column(ForeignKey("sales_orders.id"))
    stock_count_id: Mapped[int | None] = mapped_column(ForeignKey("stock_counts.id"))
    stock_import_id: Mapped[int | None] = mapped_column(ForeignKey("stock_imports.id"))
    note: Mapped[str | None] = mapped_column(String(200))  # what the person who corrected it wrote
    # Of the form that asked for it, so that the same click sent twice changes stock once.
    token: Mapped[str | None] = mapped_column(String(40), unique=True)

    product: Mapped[Product] = relationship()


class ProductWord(Base):
    """A word by whose beginning a product is found: of its SKU, EAN and title (see search_words.py)."""

    __tablename__ = "product_words"
    __table_args__ = (Index(None, "product_id"),)

    word: Mapped[str] = mapped_column(Word, primary_key=True)
    product_id: Mapped[int] = mapped_column(BigId, ForeignKey("products.id"), primary_key=True)
