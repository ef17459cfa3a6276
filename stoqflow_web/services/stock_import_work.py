"""Applies a file with stock, some lines in a transaction, so that a worker may be killed at any of them.

What became of a line commits together with its movement. Every step repeats the claim: a worker thought dead that wakes
up again finds that it may not write any more.
"""

import logging

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from stoqflow_web import clock
from stoqflow_web.models import Product, StockImport, StockImportRow
from stoqflow_web.models.products import IMPORTED, MOST_ON_HAND
from stoqflow_web.models.stock_imports import DONE, FINISHED, REFUSED, WAITING
from stoqflow_web.services import stock, stock_imports
from stoqflow_web.services.claiming import ClaimLost, hold_file, sweep_files, take_file
from stoqflow_web.services.stock_lock import lock_stock
from stoqflow_web.transaction import Transaction, transaction

log = logging.getLogger(__name__)

AT_A_TIME = 100


def carry_on(stock_import_id: int) -> None:
    """Apply a file until nothing of it waits. Safe to call twice, and again after a kill."""
    claim = _claim(stock_import_id)
    if claim is None:
        return
    try:
        while _apply_some(stock_import_id, claim):
            pass
    except ClaimLost:
        log.info("Stock import %s is carried on by another worker", stock_import_id)


def sweep() -> int:
    """Queue every file that is to be applied and that nobody works on; how many that were. Called every few seconds."""
    stock_imports.forget_old_drafts()
    return sweep_files(StockImport, "jobs.stock_imports.carry_on", "stock-import")


def _claim(stock_import_id: int) -> int | None:
    """Take the file if nobody works on it; the number by which our writes are known, or None."""
    with transaction() as tx:
        return take_file(tx, StockImport, stock_import_id)


def _apply_some(stock_import_id: int, claim: int) -> bool:
    """Apply the next lines; False when there were none, and the file is finished."""
    with transaction() as tx:
        hold_file(tx, StockImport, stock_import_id, claim)
        found = tx.session.get_one(StockImport, stock_import_id, populate_existing=True)
        lock_stock(tx)
        rows = tx.session.scalars(
            select(StockImportRow)
            .where(StockImportRow.stock_import_id == stock_import_id, StockImportRow.outcome == WAITING)
            .order_by(StockImportRow.position)
            .limit(AT_A_TIME)
            .options(joinedload(StockImportRow.product))
        ).all()
        if not rows:
            found.status, found.finished_at, found.lease_until = FINISHED, clock.now(), None
            return False
        for row in sorted(rows, key=lambda row: row.product_id or 0):
            _apply_one(tx, found, row)
        return True


def _apply_one(tx: Transaction, found: StockImport, row: StockImportRow) -> None:
    product, difference = tx.session.get_one(Product, row.product_id), row.difference or 0
    if abs(product.on_hand + difference) > MOST_ON_HAND:
        row.outcome, row.sentence = REFUSED, _("So many can't be kept.")
        found.count_refused += 1
        return
    stock.move(tx, product, difference, IMPORTED, user_id=found.created_by_id, stock_import_id=found.id)
    row.outcome, row.on_hand_after = DONE, product.on_hand
    found.count_done += 1
