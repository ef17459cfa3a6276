"""A file with stock: what each of its lines asks for, and what came of it."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from stoqflow_web.models import batches
from stoqflow_web.models.base import Base, Key, Moment, UtcDateTime
from stoqflow_web.models.products import Product
from stoqflow_web.models.users import User

# Statuses and outcomes of a row: those of a batch, which is worked through alike
CHECKED, QUEUED, RUNNING, FINISHED = batches.CHECKED, batches.QUEUED, batches.RUNNING, batches.FINISHED
ACTIVE = batches.ACTIVE
WAITING, DONE, REFUSED = batches.WAITING, batches.DONE, batches.REFUSED
SAME = "same"  # it says what is here already
OUTCOMES = (WAITING, SAME, DONE, REFUSED)


class StockImport(Base):
    __tablename__ = "stock_imports"
    __table_args__ = (Index(None, "status", "id"),)

    id: Mapped[Key]
    file_name: Mapped[str] = mapped_column(String(200))
    status: Mapped[str] = mapped_column(String(20), default=CHECKED)
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[Moment]
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # when somebody applied it
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # Who works on it: `claim` is the fencing token that a worker thought dead lacks.
    claim: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    total: Mapped[int] = mapped_column(default=0)
    count_same: Mapped[int] = mapped_column(default=0)
    count_done: Mapped[int] = mapped_column(default=0)
    count_refused: Mapped[int] = mapped_column(default=0)

    created_by: Mapped[User | None] = relationship()

    @property
    def is_draft(self) -> bool:
        return self.status == CHECKED

    @property
    def is_active(self) -> bool:
        return self.status in ACTIVE

    @property
    def is_finished(self) -> bool:
        return self.status == FINISHED

    @property
    def count_waiting(self) -> int:
        return self.total - self.count_same - self.count_done - self.count_refused

    @property
    def count_handled(self) -> int:
        return self.total - self.count_waiting


class StockImportRow(Base):
    """One line of the file."""

    __tablename__ = "stock_import_rows"
    __table_args__ = (
        Index(None, "stock_import_id", "outcome", "position"),
        Index(None, "stock_import_id", "position"),
    )

    id: Mapped[Key]
    stock_import_id: Mapped[int] = mapped_column(ForeignKey("stock_imports.id"))
    position: Mapped[int]
    line_number: Mapped[int]
    product_text: Mapped[str] = mapped_column(String(100))  # the SKU or EAN as it is written there
    asked_text: Mapped[str] = mapped_column(String(30))  # the number as it is written there
    product_id: Mapped[int | None] = mapped_column(ForeignKey("products.id"))
    # On hand in the dry run, and the difference that was asked for then. The difference is what is applied.
    seen: Mapped[int | None]
    difference: Mapped[int | None]
    on_hand_after: Mapped[int | None]
    outcome: Mapped[str] = mapped_column(String(20), default=WAITING)
    sentence: Mapped[str | None] = mapped_column(Text)  # why it was refused

    product: Mapped[Product | None] = relationship()

    @property
    def would_be(self) -> int | None:
        """On hand afterwards, if nothing moved in between."""
        return None if self.seen is None or self.difference is None else self.seen + self.difference

    @property
    def is_refused(self) -> bool:
        return self.outcome == REFUSED

    @property
    def is_done(self) -> bool:
        return self.outcome == DONE
