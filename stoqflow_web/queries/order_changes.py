"""Tells cheaply whether anything happened to an order, so that open pages read themselves again only then."""

from sqlalchemy import func, select

from stoqflow_web.extensions import db
from stoqflow_web.models import HistoryEntry

LATEST = 200  # entries; of two that are written at once the one with the higher id may be seen first


def version() -> str:
    """Another text after each change of an order. Whatever happens to one is written into its history."""
    newest = select(func.max(HistoryEntry.id)).scalar_subquery()
    number, count = db.session.execute(
        select(func.max(HistoryEntry.id), func.count()).where(HistoryEntry.id > newest - LATEST)
    ).one()
    return f"{number or 0}-{count}"
