"""What we owe the marketplace: the outbox. A row is written with the click and outlives Redis, workers and outages."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Date, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from stoqflow_web.models.base import Base, Key, Moment, UtcDateTime
from stoqflow_web.models.marketplace_orders import MarketplaceItem, MarketplaceOrder
from stoqflow_web.models.sales_orders import SalesOrder
from stoqflow_web.models.shipments import Shipment
from stoqflow_web.models.shops import Shop

# Kinds
SHIPMENT = "shipment"
CANCELLATION = "cancellation"
TRANSPORT = "transport"  # a Track & Trace repaired afterwards

# States: pending → sending → submitted → confirmed, or needs attention, or withdrawn
PENDING = "pending"
SENDING = "sending"
SUBMITTED = "submitted"
CONFIRMED = "confirmed"
NEEDS_ATTENTION = "needs-attention"
WITHDRAWN = "withdrawn"
UNFINISHED = (PENDING, SENDING, SUBMITTED)
ON_ITS_WAY = (SENDING, SUBMITTED)  # bol may have heard it: can't be taken back any more

# Why it needs attention
REJECTED = "rejected"  # bol said FAILURE or refused the request
CREDENTIALS = "credentials"
EXHAUSTED = "exhausted"  # tried as often as makes sense
UNKNOWN_OUTCOME = "unknown-outcome"
CANCELLED_THERE = "cancelled-there"  # cancelled at the marketplace while the shipment waited here
CANCELLATION_REQUESTED = "cancellation-requested"  # the client asked to cancel while it waited here
SHIPPED_THERE = "shipped-there"  # shipped at the marketplace by somebody else: nothing is open for this message
NOT_OURS = "not-ours"  # shipped by the marketplace (FBB) or only with its label (VVB): we can't tell it
DELETED_UNITS = "deleted-units"  # a cancellation there would take units along that were deleted here


class Writeback(Base):
    __tablename__ = "writebacks"
    __table_args__ = (
        Index(None, "shop_id", "state", "not_before"),
        Index(None, "state", "id"),
    )

    id: Mapped[Key]
    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"))
    marketplace_order_id: Mapped[int] = mapped_column(ForeignKey("marketplace_orders.id"), index=True)
    sales_order_id: Mapped[int] = mapped_column(ForeignKey("sales_orders.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    shipment_id: Mapped[int | None] = mapped_column(ForeignKey("shipments.id"), index=True)
    marketplace_item_id: Mapped[int | None] = mapped_column(ForeignKey("marketplace_items.id"), index=True)
    cancel_reason: Mapped[str | None] = mapped_column(String(40))
    carrier: Mapped[str | None] = mapped_column(String(30))  # of a repaired Track & Trace
    track_and_trace: Mapped[str | None] = mapped_column(String(100))

    state: Mapped[str] = mapped_column(String(20), default=PENDING)
    why: Mapped[str | None] = mapped_column(String(30))  # it needs attention
    their_sentence: Mapped[str | None] = mapped_column(Text)  # what the marketplace said
    sort_day: Mapped[datetime] = mapped_column(Date)  # the most urgent deadline goes first
    # Of a cancellation: somebody knows that it takes units along which were deleted here.
    is_deliberate: Mapped[bool] = mapped_column(default=False)

    created_at: Mapped[Moment]
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    not_before: Mapped[Moment]  # the hold in which it can be undone, or the pause before the next try
    # Who sends it: the token fences off a worker that was thought dead; the lease tells when it must be.
    claim: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # Set, and committed, just before the request leaves. Without it the marketplace surely heard nothing.
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    tries: Mapped[int] = mapped_column(default=0)
    process_status_id: Mapped[str | None] = mapped_column(String(60), index=True)
    submitted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    look_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # when to ask next how it went
    looks: Mapped[int] = mapped_column(default=0)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    shop: Mapped[Shop] = relationship()
    marketplace_order: Mapped[MarketplaceOrder] = relationship()
    sales_order: Mapped[SalesOrder] = relationship(back_populates="writebacks")
    shipment: Mapped[Shipment | None] = relationship()
    item: Mapped[MarketplaceItem | None] = relationship()
    attempts: Mapped[list["WritebackAttempt"]] = relationship(order_by="WritebackAttempt.id")

    @property
    def can_be_undone(self) -> bool:
        """Whether nobody has begun to send it."""
        return self.state in (PENDING, NEEDS_ATTENTION) and self.sent_at is None

    @property
    def is_taken_back(self) -> bool:
        """Whether it was undone before anything of it was sent."""
        return self.state == WITHDRAWN and self.why is None

    @property
    def is_given_up(self) -> bool:
        """Whether a person decided that the marketplace is never told: it is not owed anew."""
        return self.state == WITHDRAWN and self.why is not None

    def forget_given_up(self) -> None:
        """What it was about is open again: what is done with it now is owed anew."""
        if self.is_given_up:
            self.why = None


class WritebackAttempt(Base):
    """One try to send a writeback or to learn how it went, and what came of it. Append-only."""

    __tablename__ = "writeback_attempts"

    id: Mapped[Key]
    writeback_id: Mapped[int] = mapped_column(ForeignKey("writebacks.id"), index=True)
    at: Mapped[Moment]
    outcome: Mapped[str] = mapped_column(String(40))
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
