"""Who signs in."""

from sqlalchemy import Boolean, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from stoqflow_web.models.base import Base, Key, Moment

MANAGER = "manager"
STAFF = "staff"
ROLES = (MANAGER, STAFF)


class User(Base):
    __tablename__ = "users"

    id: Mapped[Key]
    email: Mapped[str] = mapped_column(String(254), unique=True)  # kept in lower case
    name: Mapped[str] = mapped_column(String(100))
    role: Mapped[str] = mapped_column(String(20))
    password_hash: Mapped[str] = mapped_column(String(200))
    # Part of each session's id: raising it ends every session of this user at once.
    session_epoch: Mapped[int] = mapped_column(default=0)
    is_enabled: Mapped[bool] = mapped_column(Boolean, default=True)
    created_at: Mapped[Moment]

    @property
    def is_manager(self) -> bool:
        return self.role == MANAGER

    # What Flask-Login asks of a user.
    is_authenticated = True
    is_anonymous = False

    @property
    def is_active(self) -> bool:
        return self.is_enabled

    def get_id(self) -> str:
        return f"{self.id}.{self.session_epoch}"


class FailedSignIn(Base):
    """One failed attempt, counted by e-mail address and by network address."""

    __tablename__ = "failed_sign_ins"
    __table_args__ = (Index(None, "counted_for", "at"),)

    id: Mapped[Key]
    counted_for: Mapped[str] = mapped_column(String(300))
    at: Mapped[Moment]
