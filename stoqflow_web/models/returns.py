"""What clients send back, as the marketplace told it. Read only: it is handled in the marketplace's own screens."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from stoqflow_web.models.base import Base, Key, Moment, UtcDateTime, Word
from stoqflow_web.models.shops import Shop


class Return(Base):
    """Announced by a client: one parcel, mostly with one thing in it."""

    __tablename__ = "returns"
    __table_args__ = (UniqueConstraint("shop_id", "external_id"),)

    id: Mapped[Key]
    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"))
    external_id: Mapped[str] = mapped_column(String(50))
    registered_at: Mapped[Moment]

    shop: Mapped[Shop] = relationship()
    items: Mapped[list["ReturnItem"]] = relationship(back_populates="parcel", cascade="all, delete-orphan")


class ReturnItem(Base):
    """A thing that comes back.

    Its order is found by the order's external id whenever somebody looks: an order that comes in later has it too.
    """

    __tablename__ = "return_items"
    __table_args__ = (
        UniqueConstraint("shop_id", "rma_id"),
        Index(None, "shop_id", "order_external_id"),
        Index(None, "is_handled", "registered_at", "id"),
        Index(None, "shop_id", "is_handled", "registered_at", "id"),
        Index(None, "rma_id"),
        Index(None, "order_external_id"),
        Index(None, "ean"),
        Index(None, "track_and_trace"),
    )

    id: Mapped[Key]
    return_id: Mapped[int] = mapped_column(ForeignKey("returns.id"), index=True)
    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"))
    rma_id: Mapped[str] = mapped_column(Word)
    order_external_id: Mapped[str] = mapped_column(Word)
    ean: Mapped[str] = mapped_column(Word)
    title: Mapped[str | None] = mapped_column(String(500))
    expected_quantity: Mapped[int]
    main_reason: Mapped[str] = mapped_column(Text)
    detailed_reason: Mapped[str] = mapped_column(Text)
    comments: Mapped[str] = mapped_column(Text)
    registered_at: Mapped[Moment]  # its parcel's: lists are sorted by it
    is_handled: Mapped[bool]
    handled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # when the marketplace says it was
    # What became of it, as exchange.ReturnResult has it.
    results: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    # How it travels; the lists don't tell, so it is looked up parcel by parcel, as far as the limit allows.
    track_and_trace: Mapped[str | None] = mapped_column(Word)
    carrier_name: Mapped[str | None] = mapped_column(String(100))
    looked_up_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    parcel: Mapped[Return] = relationship(back_populates="items")
    shop: Mapped[Shop] = relationship()
