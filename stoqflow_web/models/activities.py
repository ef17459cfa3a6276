"""What Stoqflow did for its shops, one row each, for the page *Activity*. Kept for a while only."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from stoqflow_web.models.base import Base, Key, Moment, UtcDateTime
from stoqflow_web.models.shops import Shop
from stoqflow_web.models.users import User

# Kinds
SYNC = "sync"
TRANSFER = "transfer"
WRITEBACKS = "writebacks"  # one delivery of what a shop owed
SETTINGS = "settings"  # what a person changed of a shop
CONNECTION = "connection"  # the marketplace can't be asked as usual, or can again
STOCK = "stock"  # what the marketplace is told of it

# Outcomes
NOTHING_NEW = "nothing-new"  # it went well, and there was nothing to do
DONE = "done"
TROUBLE = "trouble"
OUTCOMES = (DONE, NOTHING_NEW, TROUBLE)


class Activity(Base):
    """`event` and `details` fill the words in (wording/activities.py). `began_at` is None of what takes no time."""

    __tablename__ = "activities"
    __table_args__ = (
        Index(None, "shop_id", "id"),
        Index(None, "outcome", "id"),
        Index(None, "shop_id", "outcome", "id"),
        Index(None, "at"),
    )

    id: Mapped[Key]
    at: Mapped[Moment]
    began_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"))
    kind: Mapped[str] = mapped_column(String(20))
    outcome: Mapped[str] = mapped_column(String(20))
    event: Mapped[str] = mapped_column(String(40))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)

    shop: Mapped[Shop] = relationship()
    user: Mapped[User | None] = relationship()
