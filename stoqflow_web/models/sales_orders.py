"""What the warehouse does with an order."""

from datetime import date

from sqlalchemy import Date, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from stoqflow_web.models.base import Base, BigId, Key, Moment, Word
from stoqflow_web.models.marketplace_orders import MarketplaceItem, MarketplaceOrder
from stoqflow_web.models.products import Product
from stoqflow_web.models.shops import Shop

ON_HOLD = "on-hold"
READY_TO_PICK = "ready-to-pick"
COMPLETE = "complete"
CANCELED = "canceled"
OPEN_STATUSES = (ON_HOLD, READY_TO_PICK)
STATUSES = (ON_HOLD, READY_TO_PICK, COMPLETE, CANCELED)


class SalesOrder(Base):
    __tablename__ = "sales_orders"
    __table_args__ = (
        Index(None, "status", "sort_day", "id"),
        Index(None, "shop_id", "status", "sort_day", "id"),
    )

    id: Mapped[Key]
    number: Mapped[str] = mapped_column(String(40), unique=True)
    marketplace_order_id: Mapped[int] = mapped_column(ForeignKey("marketplace_orders.id"), index=True)
    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"))
    status: Mapped[str] = mapped_column(String(20))
    deliver_by: Mapped[date | None] = mapped_column(Date)
    sort_day: Mapped[date] = mapped_column(Date)  # deliver_by, or FAR_AWAY without one: keyset paging needs a value
    is_cancellation_requested: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[Moment]

    marketplace_order: Mapped[MarketplaceOrder] = relationship()
    shop: Mapped[Shop] = relationship()
    lines: Mapped[list["OrderLine"]] = relationship(
        back_populates="sales_order", order_by="OrderLine.position", cascade="all, delete-orphan"
    )

    @property
    def is_open(self) -> bool:
        return self.status in OPEN_STATUSES

    @property
    def has_unknown_products(self) -> bool:
        return any(line.product_id is None for line in self.lines)

    @property
    def units(self) -> int:
        return sum(line.quantity for line in self.lines)


def first_number(marketplace_order_id: int) -> str:
    """The number of an order before any split. One marketplace order has one: its backorders add -BO, -BO2, …"""
    return f"SO-{10_000 + marketplace_order_id}"


class OrderLine(Base):
    __tablename__ = "order_lines"

    id: Mapped[Key]
    sales_order_id: Mapped[int] = mapped_column(ForeignKey("sales_orders.id"), index=True)
    marketplace_item_id: Mapped[int] = mapped_column(ForeignKey("marketplace_items.id"), index=True)
    product_id: Mapped[int | None] = mapped_column(ForeignKey("products.id"), index=True)
    quantity: Mapped[int]
    position: Mapped[int]

    sales_order: Mapped[SalesOrder] = relationship(back_populates="lines")
    item: Mapped[MarketplaceItem] = relationship()
    product: Mapped[Product | None] = relationship()

    @property
    def name(self) -> str:
        """What to call the thing on this line: our own title before the marketplace's."""
        if self.product is not None and self.product.title:
            return self.product.title
        return self.item.title or self.item.reference or self.item.ean or "—"


class OrderWord(Base):
    """A word by whose beginning an order is found: number, external id, client, SKU, EAN (see search_words.py)."""

    __tablename__ = "order_words"
    __table_args__ = (Index(None, "sales_order_id"),)

    word: Mapped[str] = mapped_column(Word, primary_key=True)
    sales_order_id: Mapped[int] = mapped_column(BigId, ForeignKey("sales_orders.id"), primary_key=True)
