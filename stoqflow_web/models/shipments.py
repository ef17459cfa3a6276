"""A parcel: what is in it, who carries it, under which code."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from stoqflow_web.models.base import Base, Key, Moment, UtcDateTime
from stoqflow_web.models.sales_orders import OrderLine, SalesOrder


class Shipment(Base):
    """Made when its order is completed. Undoing that marks it `undone_at`: then bol hears nothing of it."""

    __tablename__ = "shipments"

    id: Mapped[Key]
    sales_order_id: Mapped[int] = mapped_column(ForeignKey("sales_orders.id"), index=True)
    # Ours, unique for ever, and sent along: by it a shipment is found at the marketplace when an answer got lost.
    reference: Mapped[str] = mapped_column(String(60), unique=True)
    carrier: Mapped[str] = mapped_column(String(30))  # a key of carriers.py
    track_and_trace: Mapped[str | None] = mapped_column(String(100), index=True)
    # The code before it was repaired at the marketplace: both values are kept.
    replaced_code: Mapped[str | None] = mapped_column(String(100))
    created_at: Mapped[Moment] = mapped_column(UtcDateTime, index=True)
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    external_id: Mapped[str | None] = mapped_column(String(50))  # known once the marketplace confirmed it
    transport_external_id: Mapped[str | None] = mapped_column(String(50))

    sales_order: Mapped[SalesOrder] = relationship(back_populates="shipments")
    lines: Mapped[list["ShipmentLine"]] = relationship(back_populates="shipment", cascade="all, delete-orphan")

    @property
    def order_lines(self) -> list[OrderLine]:
        """The lines of which something is in this parcel."""
        return [line.order_line for line in self.lines]

    @property
    def quantities(self) -> dict[int, int]:
        """Units per marketplace item id (ours) in this parcel."""
        units: dict[int, int] = {}
        for line in self.lines:
            units[line.order_line.marketplace_item_id] = (
                units.get(line.order_line.marketplace_item_id, 0) + line.quantity
            )
        return units


class ShipmentLine(Base):
    __tablename__ = "shipment_lines"

    shipment_id: Mapped[int] = mapped_column(ForeignKey("shipments.id"), primary_key=True)
    order_line_id: Mapped[int] = mapped_column(ForeignKey("order_lines.id"), primary_key=True)
    quantity: Mapped[int]

    shipment: Mapped[Shipment] = relationship(back_populates="lines")
    order_line: Mapped[OrderLine] = relationship()
