"""The proof that nothing was missed: the marketplace's list of orders held against ours."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index
from sqlalchemy.orm import Mapped, deferred, mapped_column, relationship

from stoqflow_web.models.base import Base, Key, Moment, UtcDateTime
from stoqflow_web.models.shops import Shop


class OrderCheck(Base):
    """One comparison. A list too long for one pass is read in several: until then `finished_at` is empty.

    Checks of one hour that all found nothing are one row: `times` says how many, `finished_at` when the last was.
    """

    __tablename__ = "order_checks"
    __table_args__ = (Index(None, "shop_id", "finished_at"), Index(None, "finished_at"))

    id: Mapped[Key]
    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"))
    began_at: Mapped[Moment]
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    is_nightly: Mapped[bool] = mapped_column(default=False)
    times: Mapped[int] = mapped_column(default=1)

    # Orders with something for us to ship, and orders that were handled in the last 48 hours: as many as the
    # marketplace lists, and as many of the same as are here.
    open_there: Mapped[int] = mapped_column(default=0)
    open_here: Mapped[int] = mapped_column(default=0)
    handled_there: Mapped[int] = mapped_column(default=0)
    handled_here: Mapped[int] = mapped_column(default=0)
    deleted_here: Mapped[int] = mapped_column(default=0)  # of the open ones: deleted here, and left alone

    # External order ids. `missed` was different although no pass should have left it so, and was fetched by this check;
    # `different` is so still. What changed while the lists were compared is neither.
    missed: Mapped[list[str]] = mapped_column(JSON, default=list)
    different: Mapped[list[str]] = mapped_column(JSON, default=list)

    # While it goes on: the next page of the list, and what the pages so far said, {external id: [open, ...]}.
    next_page: Mapped[int] = mapped_column(default=1)
    listed: Mapped[dict[str, Any] | None] = deferred(mapped_column(JSON))

    shop: Mapped[Shop] = relationship()

    @property
    def open_difference(self) -> int:
        return abs(self.open_there - self.open_here)

    @property
    def handled_difference(self) -> int:
        return abs(self.handled_there - self.handled_here)

    @property
    def difference(self) -> int:
        return len(self.different)
