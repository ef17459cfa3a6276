"""Reads users for pages."""

from collections.abc import Sequence

from sqlalchemy import select

from stoqflow_web.extensions import db
from stoqflow_web.models import User


def everybody() -> Sequence[User]:
    """All users by name; those who can't sign in last. A firm has few, so there is no paging."""
    return db.session.scalars(select(User).order_by(User.is_enabled.desc(), User.name, User.id)).all()
