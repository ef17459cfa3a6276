"""What happened to an order or a shop: append-only."""

from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from stoqflow_web.models.base import Base, Key, Moment
from stoqflow_web.models.users import User

# Who did it, when it was not a user
MARKETPLACE = "bol.com"
SYSTEM = "system"
PERSON = "user"


class HistoryEntry(Base):
    """`event` picks the words (wording.py), `details` fills them in, so that the page can speak each language."""

    __tablename__ = "history_entries"
    __table_args__ = (Index(None, "sales_order_id", "id"), Index(None, "shop_id", "id"))

    id: Mapped[Key]
    at: Mapped[Moment]
    who: Mapped[str] = mapped_column(String(20))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    sales_order_id: Mapped[int | None] = mapped_column(ForeignKey("sales_orders.id"))
    shop_id: Mapped[int | None] = mapped_column(ForeignKey("shops.id"))
    event: Mapped[str] = mapped_column(String(40))
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)

    user: Mapped[User | None] = relationship()
