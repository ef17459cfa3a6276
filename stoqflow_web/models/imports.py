"""One transfer of a shop's data, and what in it a person must solve."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from stoqflow_web.models.base import Base, BigId, Key, Moment, UtcDateTime
from stoqflow_web.models.shops import Shop

# Kinds
PRODUCTS = "products"
ORDERS = "orders"
CONTENT = "content"  # titles and pictures
READINESS = "readiness"
STOCK = "stock"  # a comparison of the stock that the marketplace shows
KINDS = (PRODUCTS, ORDERS, CONTENT, READINESS, STOCK)  # the transfers that a person starts
SYNC = "sync"  # starts by itself, again and again

# Statuses
QUEUED = "queued"
RUNNING = "running"
FINISHED = "finished"
STOPPED = "stopped"
FAILED = "failed"

# Phases, in the order a run goes through them (each kind has its own few)
LISTING = "listing"
FETCHING = "fetching"
MATCHING = "matching"
COMPARING = "comparing"


class ImportRun(Base):
    __tablename__ = "import_runs"
    __table_args__ = (Index(None, "shop_id", "kind", "id"),)

    id: Mapped[Key]
    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"))
    kind: Mapped[str] = mapped_column(String(20))
    # Of a sync: what time it was at the marketplace when the list was asked for that this run works through.
    watermark: Mapped[datetime | None] = mapped_column(UtcDateTime)
    is_catch_up: Mapped[bool] = mapped_column(default=False, server_default=false())  # after a gap, or the first ever
    status: Mapped[str] = mapped_column(String(20), index=True)
    # "shop:kind" while active, empty afterwards. Unique, so the database itself allows one active run of each.
    active_key: Mapped[str | None] = mapped_column(String(60), unique=True)
    started_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[Moment] = mapped_column(UtcDateTime, index=True)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    # Who works on it: a worker holds the lease; `attempt` is the fencing token that an outdated worker lacks.
    attempt: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    not_before: Mapped[datetime | None] = mapped_column(UtcDateTime)  # after a fault at the marketplace: when to go on
    stop_requested_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    # Where it is, so that another worker can go on after a kill.
    phase: Mapped[str] = mapped_column(String(20), default=LISTING)
    cursor: Mapped[str | None] = mapped_column(Text)
    phase_started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    phase_started_done: Mapped[int] = mapped_column(default=0)  # `done` when this attempt began the phase: for the rate
    waiting_until: Mapped[datetime | None] = mapped_column(UtcDateTime)  # the marketplace's limit makes it wait

    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int | None]
    count_new: Mapped[int] = mapped_column(default=0)
    count_matched: Mapped[int] = mapped_column(default=0)  # products: found here; orders: already here and changed
    count_unchanged: Mapped[int] = mapped_column(default=0)
    count_skipped: Mapped[int] = mapped_column(default=0)
    count_problems: Mapped[int] = mapped_column(default=0)
    # Of a sync: the first few orders that it changed or brought in (services/order_news.py).
    named_orders: Mapped[list[dict[str, Any]] | None] = mapped_column(JSON)
    faults: Mapped[int] = mapped_column(default=0)  # in a row, at the marketplace; a good answer sets it back to 0
    trouble: Mapped[str | None] = mapped_column(Text)  # the sentence of the last fault, or why it failed

    shop: Mapped[Shop] = relationship()

    @property
    def is_active(self) -> bool:
        return self.active_key is not None

    @property
    def is_stopping(self) -> bool:
        return self.is_active and self.stop_requested_at is not None


class ImportItem(Base):
    """An order that a run must fetch. Listed first, then fetched: a killed run knows exactly what is left."""

    __tablename__ = "import_items"
    __table_args__ = (Index(None, "run_id", "is_waiting", "position"),)

    run_id: Mapped[int] = mapped_column(BigId, ForeignKey("import_runs.id"), primary_key=True)
    external_id: Mapped[str] = mapped_column(String(50), primary_key=True)
    position: Mapped[int]
    is_waiting: Mapped[bool] = mapped_column(default=True)


class ImportProblem(Base):
    """Something in a run that a person can solve. `code` picks the words and the next step; `details` fills them in."""

    __tablename__ = "import_problems"
    __table_args__ = (Index(None, "run_id", "id"),)

    id: Mapped[Key]
    run_id: Mapped[int] = mapped_column(ForeignKey("import_runs.id"))
    code: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(120))  # the order, offer or product it is about, as people know it
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    offer_id: Mapped[int | None] = mapped_column(ForeignKey("offers.id"))
    order_line_id: Mapped[int | None] = mapped_column(ForeignKey("order_lines.id"))
    created_at: Mapped[Moment]
    solved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    run: Mapped[ImportRun] = relationship()
