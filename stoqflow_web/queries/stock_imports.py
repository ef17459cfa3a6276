"""Files with stock for their pages."""

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from stoqflow_web.errors import NotFound
from stoqflow_web.extensions import db
from stoqflow_web.models import StockImport, StockImportRow
from stoqflow_web.models.stock_imports import CHECKED
from stoqflow_web.queries.paging import HIGHEST_ID, Keyset, Page, Position, an_id, turn_to

OF_LATE = 20

BY_POSITION: Keyset[Any] = Keyset(key_of=lambda row: (row.position,), readers=(an_id,))


def find(stock_import_id: int) -> StockImport:
    """Raises NotFound."""
    found = None
    if stock_import_id <= HIGHEST_ID:
        found = db.session.scalar(
            select(StockImport).where(StockImport.id == stock_import_id).options(joinedload(StockImport.created_by))
        )
    if found is None:
        raise NotFound(_("This is not here, or not any more."))
    return found


def of_late() -> Sequence[StockImport]:
    """The newest files that were applied, newest first."""
    return db.session.scalars(
        select(StockImport)
        .where(StockImport.status != CHECKED)
        .options(joinedload(StockImport.created_by))
        .order_by(StockImport.id.desc())
        .limit(OF_LATE)
    ).all()


def rows_of(found: StockImport, *, outcome: str | None, cursor: str | None) -> Page[StockImportRow]:
    """A page of its lines with their products, of one outcome or of all."""

    def fetch(position: Position | None, limit: int) -> Sequence[StockImportRow]:
        asked = select(StockImportRow).where(StockImportRow.stock_import_id == found.id)
        if outcome is not None:
            asked = asked.where(StockImportRow.outcome == outcome)
        is_backwards = position is not None and position.is_backwards
        if position is not None:
            here = position.key[0]
            asked = asked.where(StockImportRow.position < here if is_backwards else StockImportRow.position > here)
        order = StockImportRow.position.desc() if is_backwards else StockImportRow.position
        return db.session.scalars(asked.options(joinedload(StockImportRow.product)).order_by(order).limit(limit)).all()

    return turn_to(BY_POSITION, cursor, fetch)
