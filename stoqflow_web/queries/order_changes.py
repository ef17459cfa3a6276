"""Tells cheaply whether anything happened to orders or stock, so that open pages read themselves again only then."""

from sqlalchemy import func, select

from stoqflow_web.extensions import db
from stoqflow_web.models import HistoryEntry, StockMovement

LATEST = 200  # rows; of two that are written at once the one with the higher id may be seen first


def version() -> str:
    """Another text after each change: what happens to an order is in its history, to stock in its movements."""
    return f"{_newest(HistoryEntry)}-{_newest(StockMovement)}"


def _newest(log: type[HistoryEntry] | type[StockMovement]) -> str:
    newest = select(func.max(log.id)).scalar_subquery()
    number, count = db.session.execute(select(func.max(log.id), func.count()).where(log.id > newest - LATEST)).one()
    return f"{number or 0}-{count}"
