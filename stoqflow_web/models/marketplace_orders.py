"""What the marketplace last told us about an order, in our words. Compared, never edited by hand."""

from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import JSON, Date, Dialect, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.types import TypeDecorator

from stoqflow_web.exchange import FBB, FBR, Address
from stoqflow_web.models.base import Base, Key, Moment, Money, UtcDateTime
from stoqflow_web.models.shops import Shop

if TYPE_CHECKING:
    from stoqflow_web.models.sales_orders import SalesOrder

IS_HANDLED_AND_OURS = "quantity <= quantity_shipped + quantity_cancelled AND fulfilment_method <> 'FBB'"
IS_OPEN_AND_OURS = "quantity > quantity_shipped + quantity_cancelled AND fulfilment_method <> 'FBB'"
FAR_AWAY = date(9999, 12, 31)  # sorts an order without any deadline last


class AddressColumn(TypeDecorator[Address]):
    """An exchange.Address, kept as JSON: it is shown whole and never searched."""

    impl = JSON
    cache_ok = True

    def process_bind_param(self, value: Address | None, dialect: Dialect) -> Any:
        return None if value is None else msgspec.to_builtins(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Address | None:
        return None if value is None else msgspec.convert(value, Address)


class MarketplaceOrder(Base):
    __tablename__ = "marketplace_orders"
    __table_args__ = (UniqueConstraint("shop_id", "external_id"),)

    id: Mapped[Key]
    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"))
    external_id: Mapped[str] = mapped_column(String(50), index=True)
    placed_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    ship_to: Mapped[Address | None] = mapped_column(AddressColumn)
    invoice_to: Mapped[Address | None] = mapped_column(AddressColumn)
    client_name: Mapped[str | None] = mapped_column(String(300))
    client_city: Mapped[str | None] = mapped_column(String(200))
    pickup_point: Mapped[str | None] = mapped_column(String(200))  # "" when it is one without a name
    came_in_at: Mapped[Moment]
    checked_at: Mapped[Moment]
    # The tombstone: deleted here, so no poll and no transfer brings it back, and nothing of it is ever told.
    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)

    shop: Mapped[Shop] = relationship()
    sales_orders: Mapped[list["SalesOrder"]] = relationship(
        back_populates="marketplace_order", order_by="SalesOrder.id"
    )
    items: Mapped[list["MarketplaceItem"]] = relationship(
        back_populates="order", order_by="MarketplaceItem.id", cascade="all, delete-orphan"
    )

    @property
    def deliver_by(self) -> date | None:
        """The earliest day on which an open item of ours must be with the client."""
        days = [item.deliver_by for item in self.our_items if item.is_open and item.deliver_by]
        return min(days, default=None)

    @property
    def expires_on(self) -> date | None:
        """The first day on which the marketplace cancels by itself what is still open."""
        days = [item.expires_on for item in self.our_items if item.is_open and item.expires_on]
        return min(days, default=None)

    @property
    def our_items(self) -> list["MarketplaceItem"]:
        """The items that we ship; the others are shipped by the marketplace itself."""
        return [item for item in self.items if item.is_ours]

    @property
    def marketplaces_items(self) -> list["MarketplaceItem"]:
        return [item for item in self.items if not item.is_ours]

    @property
    def living_parts(self) -> list["SalesOrder"]:
        """The family: the sales orders that this order became, deleted ones left out."""
        return [part for part in self.sales_orders if not part.is_deleted]

    @property
    def is_split(self) -> bool:
        return len(self.living_parts) > 1


class MarketplaceItem(Base):
    __tablename__ = "marketplace_items"
    __table_args__ = (
        UniqueConstraint("shop_id", "external_id"),
        Index(None, "shop_id", "offer_external_id"),
        # What is open for us at the marketplace, which is compared with its own list every few minutes.
        Index(
            "ix_marketplace_items_open",
            "shop_id",
            "order_id",
            sqlite_where=text(IS_OPEN_AND_OURS),
            postgresql_where=text(IS_OPEN_AND_OURS),
        ),
        # What was shipped or cancelled in a week, and how much of it was cancelled: for the service norms.
        Index(
            "ix_marketplace_items_handled",
            "changed_at",
            "shop_id",
            "quantity_cancelled",
            sqlite_where=text(IS_HANDLED_AND_OURS),
            postgresql_where=text(IS_HANDLED_AND_OURS),
        ),
    )

    id: Mapped[Key]
    order_id: Mapped[int] = mapped_column(ForeignKey("marketplace_orders.id"), index=True)
    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"))
    external_id: Mapped[str] = mapped_column(String(50))
    offer_external_id: Mapped[str | None] = mapped_column(String(50))
    reference: Mapped[str | None] = mapped_column(String(100))
    ean: Mapped[str | None] = mapped_column(String(50))
    title: Mapped[str | None] = mapped_column(String(500))
    quantity: Mapped[int]
    quantity_shipped: Mapped[int]
    quantity_cancelled: Mapped[int]
    is_cancellation_requested: Mapped[bool]
    fulfilment_method: Mapped[str] = mapped_column(String(10))
    needs_marketplace_label: Mapped[bool]
    deliver_by: Mapped[date | None] = mapped_column(Date)
    is_delivery_day_exact: Mapped[bool]
    time_frame: Mapped[str | None] = mapped_column(String(30))
    expires_on: Mapped[date | None] = mapped_column(Date)
    unit_price: Mapped[Decimal | None] = mapped_column(Money)
    total_price: Mapped[Decimal | None] = mapped_column(Money)
    changed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # Ours, not the marketplace's: when the client's wish to cancel was first heard of, as exactly as it was told.
    cancellation_requested_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # Ours, not the marketplace's: units that were shipped without us and that no order line counts any more. What of
    # them had to be taken off our stock is taken off.
    shipped_elsewhere: Mapped[int] = mapped_column(default=0, server_default="0")

    order: Mapped[MarketplaceOrder] = relationship(back_populates="items")

    @property
    def quantity_open(self) -> int:
        return max(self.quantity - self.quantity_shipped - self.quantity_cancelled, 0)

    @property
    def is_open(self) -> bool:
        return self.quantity_open > 0

    @property
    def is_ours(self) -> bool:
        return self.fulfilment_method != FBB

    @property
    def fulfilment(self) -> str:
        """FBR, FBB, or VVB for an item of ours that must travel with a label of the marketplace."""
        return "VVB" if self.fulfilment_method == FBR and self.needs_marketplace_label else self.fulfilment_method
