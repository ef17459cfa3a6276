"""Many orders handled with one click: what was asked, of which orders, and what came of each."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from stoqflow_web.models.base import Base, Key, Moment, UtcDateTime
from stoqflow_web.models.sales_orders import SalesOrder
from stoqflow_web.models.users import User

# Kinds
COMPLETE = "complete"
CANCEL = "cancel"
DELETE = "delete"
UNDO = "undo"
KINDS = (COMPLETE, CANCEL, DELETE, UNDO)
CHOSEN_KINDS = (COMPLETE, CANCEL, DELETE)  # what is done with orders chosen from a list; undo is done with a batch

# Statuses
CHOSEN = "chosen"  # to be completed, but the codes are still missing
CHECKED = "checked"  # the dry run is on the page, nothing happened yet
QUEUED = "queued"
RUNNING = "running"
FINISHED = "finished"
DRAFTS = (CHOSEN, CHECKED)
ACTIVE = (QUEUED, RUNNING)

# Outcomes of a row
WAITING = "waiting"
DONE = "done"
REFUSED = "refused"
OUTCOMES = (WAITING, DONE, REFUSED)


class Batch(Base):
    __tablename__ = "batches"
    __table_args__ = (Index(None, "status", "id"),)

    id: Mapped[Key]
    kind: Mapped[str] = mapped_column(String(20))
    status: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str | None] = mapped_column(String(40))  # of a cancellation: one of exchange.CANCEL_REASONS
    source_id: Mapped[int | None] = mapped_column(ForeignKey("batches.id"), index=True)  # what it tries again or undoes
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[Moment]
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # when somebody confirmed it
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # Who works on it: `claim` is the fencing token that a worker thought dead lacks.
    claim: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    total: Mapped[int] = mapped_column(default=0)
    count_done: Mapped[int] = mapped_column(default=0)
    count_refused: Mapped[int] = mapped_column(default=0)

    created_by: Mapped[User | None] = relationship()

    @property
    def is_draft(self) -> bool:
        return self.status in DRAFTS

    @property
    def is_active(self) -> bool:
        return self.status in ACTIVE

    @property
    def is_finished(self) -> bool:
        return self.status == FINISHED

    @property
    def can_be_retried(self) -> bool:
        return self.is_finished and self.count_refused > 0 and self.kind != UNDO

    @property
    def count_waiting(self) -> int:
        return self.total - self.count_done - self.count_refused

    @property
    def count_handled(self) -> int:
        return self.count_done + self.count_refused


class BatchRow(Base):
    """One order of a batch, or one line of a list of codes, whether or not its order was found."""

    __tablename__ = "batch_rows"
    __table_args__ = (Index(None, "batch_id", "outcome", "position"), Index(None, "batch_id", "position"))

    id: Mapped[Key]
    batch_id: Mapped[int] = mapped_column(ForeignKey("batches.id"))
    position: Mapped[int]
    line_number: Mapped[int | None]  # in the list that was pasted or uploaded
    order_text: Mapped[str] = mapped_column(String(60))  # as it was written there, or the order's number
    sales_order_id: Mapped[int | None] = mapped_column(ForeignKey("sales_orders.id"), index=True)
    carrier: Mapped[str | None] = mapped_column(String(30))  # a key of carriers.py
    track_and_trace: Mapped[str | None] = mapped_column(String(100))
    # Not what this carrier's codes look like: goes along only when somebody says that these codes are right.
    is_uncommon: Mapped[bool] = mapped_column(default=False)
    outcome: Mapped[str] = mapped_column(String(20), default=WAITING)
    sentence: Mapped[str | None] = mapped_column(Text)  # why it was refused, or what to look at before it is confirmed
    handled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    sales_order: Mapped[SalesOrder | None] = relationship()

    @property
    def is_refused(self) -> bool:
        return self.outcome == REFUSED

    @property
    def has_warning(self) -> bool:
        return self.outcome == WAITING and bool(self.sentence)
