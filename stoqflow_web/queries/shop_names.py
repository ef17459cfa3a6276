"""The shops as far as everybody may know them: their names."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import load_only

from stoqflow_web.extensions import db
from stoqflow_web.models import Shop


def all_shops() -> Sequence[Shop]:
    """Id and name of every shop, by name."""
    return db.session.scalars(select(Shop).options(load_only(Shop.name)).order_by(Shop.name, Shop.id)).all()
