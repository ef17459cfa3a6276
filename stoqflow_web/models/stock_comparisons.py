"""The stock that a marketplace shows, held against what it was told: once a night, and when somebody asks."""

from typing import Any

from sqlalchemy import JSON, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from stoqflow_web.models.base import Base, Key, Moment


class StockComparison(Base):
    """One comparison that has ended. `examples` has some of the differences: sku, there, here, nights."""

    __tablename__ = "stock_comparisons"
    __table_args__ = (Index(None, "shop_id", "id"), Index(None, "finished_at"))

    id: Mapped[Key]
    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"))
    run_id: Mapped[int] = mapped_column(ForeignKey("import_runs.id"), unique=True)
    finished_at: Mapped[Moment]
    is_nightly: Mapped[bool]
    compared: Mapped[int]
    different: Mapped[int]
    mended: Mapped[int]  # of the different ones: told once more
    stayed: Mapped[int]  # of the different ones: so the night before too
    examples: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
