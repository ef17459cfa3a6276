"""What the warehouse does with an order."""

from datetime import date, datetime
from typing import TYPE_CHECKING

from sqlalchemy import Date, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from stoqflow_web.models.base import Base, BigId, Key, Moment, UtcDateTime, Word
from stoqflow_web.models.marketplace_orders import FAR_AWAY, MarketplaceItem, MarketplaceOrder
from stoqflow_web.models.products import Product
from stoqflow_web.models.shops import Shop

if TYPE_CHECKING:
    from stoqflow_web.models.shipments import Shipment
    from stoqflow_web.models.writebacks import Writeback

ON_HOLD = "on-hold"
READY_TO_PICK = "ready-to-pick"
COMPLETE = "complete"
CANCELED = "canceled"
DELETED = "deleted"  # gone from every list, and bol.com is never told: what is left is a tombstone
OPEN_STATUSES = (ON_HOLD, READY_TO_PICK)
STATUSES = (ON_HOLD, READY_TO_PICK, COMPLETE, CANCELED)


class SalesOrder(Base):
    __tablename__ = "sales_orders"
    __table_args__ = (
        Index(None, "status", "sort_day", "id"),
        Index(None, "shop_id", "status", "sort_day", "id"),
        # What was done today. Only of what has ended: SQLite would go by it for open orders, which it says nothing of,
        # rather than by the small indexes below.
        Index(
            "ix_sales_orders_status_ended_at",
            "status",
            "ended_at",
            sqlite_where=text("ended_at IS NOT NULL"),
            postgresql_where=text("ended_at IS NOT NULL"),
        ),
        # How long the oldest of those to pick waits already: this must not read all of them.
        Index(
            "ix_sales_orders_ready_created_at",
            "status",
            "created_at",
            sqlite_where=text("status = 'ready-to-pick' AND is_cancellation_requested = 0"),
            postgresql_where=text("status = 'ready-to-pick' AND NOT is_cancellation_requested"),
        ),
        # The few whose client asked to cancel: their tab must not read all open orders.
        Index(
            "ix_sales_orders_cancellation_requested",
            "status",
            "sort_day",
            "id",
            sqlite_where=text("is_cancellation_requested = 1"),
            postgresql_where=text("is_cancellation_requested"),
        ),
    )

    id: Mapped[Key]
    number: Mapped[str] = mapped_column(String(40), unique=True)
    marketplace_order_id: Mapped[int] = mapped_column(ForeignKey("marketplace_orders.id"), index=True)
    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"))
    status: Mapped[str] = mapped_column(String(20))
    deliver_by: Mapped[date | None] = mapped_column(Date)
    sort_day: Mapped[date] = mapped_column(Date)  # deliver_by, else the day it expires, else FAR_AWAY
    is_cancellation_requested: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[Moment]
    printed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # on a pick list or packing slip: work has begun
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # when it became complete, canceled or deleted

    marketplace_order: Mapped[MarketplaceOrder] = relationship(back_populates="sales_orders")
    shop: Mapped[Shop] = relationship()
    lines: Mapped[list["OrderLine"]] = relationship(
        back_populates="sales_order", order_by="OrderLine.position", cascade="all, delete-orphan"
    )
    shipments: Mapped[list["Shipment"]] = relationship(back_populates="sales_order", order_by="Shipment.id")
    writebacks: Mapped[list["Writeback"]] = relationship(back_populates="sales_order", order_by="Writeback.id")

    @property
    def is_open(self) -> bool:
        return self.status in OPEN_STATUSES

    @property
    def is_deleted(self) -> bool:
        return self.status == DELETED

    @property
    def due_day(self) -> date | None:
        """The day on which the client must have it; without one the day on which the marketplace cancels it."""
        return None if self.sort_day == FAR_AWAY else self.sort_day

    @property
    def expires_on(self) -> date | None:
        """The first day on which the marketplace cancels by itself something of it."""
        days = [line.item.expires_on for line in self.lines_to_ship if line.item.is_open and line.item.expires_on]
        return min(days, default=None)

    @property
    def lines_to_ship(self) -> list["OrderLine"]:
        """The lines with something to put into a parcel: not canceled, not cancelled at the marketplace."""
        return [line for line in self.lines if line.quantity and not line.is_canceled]

    @property
    def lines_to_answer(self) -> list["OrderLine"]:
        """The lines that the client asked to cancel, and nobody has said yet whether they are."""
        return [line for line in self.lines if line.awaits_answer]

    def note_requests(self) -> None:
        """Keep for the lists whether a line of it awaits an answer. Needs its lines, items, parcels and writebacks."""
        self.is_cancellation_requested = bool(self.lines_to_answer)

    @property
    def parcels(self) -> list["Shipment"]:
        """Its shipments, but for those that were undone."""
        return [shipment for shipment in self.shipments if shipment.undone_at is None]

    @property
    def related(self) -> list["SalesOrder"]:
        """The other parts of its family, deleted ones left out."""
        return [part for part in self.marketplace_order.living_parts if part.id != self.id]

    @property
    def units(self) -> int:
        return sum(line.quantity for line in self.lines_to_ship)


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
    # Units that were on it and that somebody shipped in the marketplace's own screens: `quantity` is less by them.
    shipped_elsewhere: Mapped[int] = mapped_column(default=0, server_default="0")
    position: Mapped[int]
    # Set when the line was canceled here, alone or with its order. What the marketplace cancelled itself has no reason
    # of ours and is never told back.
    canceled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cancel_reason: Mapped[str | None] = mapped_column(String(40))  # a key of exchange.CANCEL_REASONS
    # The answer to the client's wish to cancel: ship it anyway, and why. Without one the line must not leave.
    ship_anyway_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ship_anyway_reason: Mapped[str | None] = mapped_column(String(200))

    sales_order: Mapped[SalesOrder] = relationship(back_populates="lines")
    item: Mapped[MarketplaceItem] = relationship()
    product: Mapped[Product | None] = relationship()

    @property
    def is_canceled(self) -> bool:
        return self.canceled_at is not None

    @property
    def awaits_answer(self) -> bool:
        """Whether the client asked to cancel what is on it, and nobody has answered yet."""
        return (
            self.item.is_cancellation_requested
            and self.item.is_open
            and not self.ships_anyway
            and not self.is_canceled
            and self.quantity > 0
            and self.can_be_kept_back
        )

    @property
    def ships_anyway(self) -> bool:
        """Whether somebody has answered the client's wish, as it is now, with: it is shipped anyway."""
        asked_at = self.item.cancellation_requested_at
        return self.ship_anyway_at is not None and (asked_at is None or asked_at <= self.ship_anyway_at)

    @property
    def can_be_kept_back(self) -> bool:
        """Whether it is open, or complete while the marketplace has heard of none of its parcels."""
        if self.sales_order.status != COMPLETE:
            return self.sales_order.is_open
        parcels = {parcel.id for parcel in self.sales_order.parcels if self in parcel.order_lines}
        told = [row for row in self.sales_order.writebacks if row.shipment_id in parcels]
        return all(row.can_be_undone or row.is_taken_back for row in told)

    @property
    def is_open(self) -> bool:
        """Whether it must still be shipped or canceled."""
        return self.sales_order.is_open and not self.is_canceled and self.quantity > 0

    @property
    def name(self) -> str:
        """What to call the thing on this line: our own title before the marketplace's."""
        if self.product is not None and self.product.title:
            return self.product.title
        return self.item.title or self.item.reference or self.item.ean or "—"


class OrderWord(Base):
    """A word by whose beginning an order is found: number, bol order, client, city, SKU, EAN (see search_words.py)."""

    __tablename__ = "order_words"
    __table_args__ = (Index(None, "sales_order_id"),)

    word: Mapped[str] = mapped_column(Word, primary_key=True)
    sales_order_id: Mapped[int] = mapped_column(BigId, ForeignKey("sales_orders.id"), primary_key=True)
