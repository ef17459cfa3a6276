"""Stock from a file: checked in a dry run, then applied. Nothing happens before somebody says so.

What a line asks for is kept as the difference to what the dry run saw, and that is what is applied (as with a
correction): what moves in between is not lost.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import delete, insert, select
from sqlalchemy.orm import InstrumentedAttribute, Session, load_only

from stoqflow_web import background, clock
from stoqflow_web.errors import NotFound, StoqflowError
from stoqflow_web.matching import normalise_ean
from stoqflow_web.models import Product, StockImport, StockImportRow
from stoqflow_web.models.stock_imports import CHECKED, QUEUED, REFUSED, SAME, WAITING
from stoqflow_web.services.correcting import MOST_UNITS
from stoqflow_web.services.stock_files import StockLine
from stoqflow_web.transaction import Transaction, transaction

ASKED_AT_ONCE = 500
DRAFTS_ARE_KEPT = timedelta(days=2)
LONGEST_NAME = 200


class NotApplicable(StoqflowError):
    """Nothing of the file can be applied, or it was applied already."""


@dataclass(frozen=True)
class _Products:
    """The products that the lines of a file name."""

    by_sku: dict[str, Product]
    by_ean: dict[str, list[Product]]

    def meant_by(self, line: StockLine) -> list[Product]:
        """By SKU when the line has one, else by EAN. A leading mark that our own files carry is no part of a SKU."""
        if line.sku:
            found = self.by_sku.get(line.sku) or self.by_sku.get(line.sku.removeprefix("'"))
            return [found] if found else []
        return self.by_ean.get(normalise_ean(line.ean.removeprefix("'")) or "", [])


def check(lines: Sequence[StockLine], *, file_name: str, user_id: int | None) -> StockImport:
    """Keep the lines of a file with what each would do, or why it can't be done. No stock changes."""
    with transaction() as tx:
        products = _products_of(tx.session, lines)
        named = Counter(found[0].id for line in lines if len(found := products.meant_by(line)) == 1)
        rows = [_row(line, products, named) for line in lines]
        draft = StockImport(
            file_name=file_name.replace("\x00", "")[:LONGEST_NAME],
            status=CHECKED,
            created_by_id=user_id,
            created_at=clock.now(),
            claim=0,
            total=len(rows),
            count_same=sum(row["outcome"] == SAME for row in rows),
            count_refused=sum(row["outcome"] == REFUSED for row in rows),
            count_done=0,
        )
        tx.session.add(draft)
        tx.session.flush()
        values = [row | {"stock_import_id": draft.id, "position": number} for number, row in enumerate(rows, start=1)]
        tx.session.connection().execute(insert(StockImportRow), values)  # past the ORM, which would look at each
        return draft


def apply(stock_import_id: int, *, user_id: int | None) -> StockImport:
    """Let a checked file happen, in the background. Applied twice it happens once. Raises NotFound, NotApplicable."""
    with transaction() as tx:
        found = _locked(tx, stock_import_id)
        if not found.is_draft:
            return found
        if not found.count_waiting:
            raise NotApplicable(_("Nothing in this file would change any stock."))
        found.status, found.started_at, found.created_by_id = QUEUED, clock.now(), user_id
        tx.after_commit(
            lambda: background.enqueue(
                "jobs.stock_imports.carry_on",
                stock_import_id,
                queue="urgent",
                job_id=f"stock-import-{stock_import_id}",
            )
        )
        return found


def discard(stock_import_id: int) -> None:
    """Throw a checked file away; nothing happened. Raises NotFound, NotApplicable."""
    with transaction() as tx:
        found = _locked(tx, stock_import_id)
        if not found.is_draft:
            raise NotApplicable(_("This was applied already."))
        _forget(tx, [found.id])


def forget_old_drafts() -> int:
    """Throw away files that nobody applied; how many that were. Called now and then."""
    too_old = select(StockImport.id).where(
        StockImport.status == CHECKED, StockImport.created_at < clock.now() - DRAFTS_ARE_KEPT
    )
    with transaction() as tx:
        ids = list(tx.session.scalars(too_old.limit(100)))
        _forget(tx, ids)
        return len(ids)


def _forget(tx: Transaction, ids: Sequence[int]) -> None:
    if ids:
        tx.session.execute(delete(StockImportRow).where(StockImportRow.stock_import_id.in_(ids)))
        tx.session.execute(delete(StockImport).where(StockImport.id.in_(ids)))


def _locked(tx: Transaction, stock_import_id: int) -> StockImport:
    found = tx.session.scalars(
        select(StockImport)
        .where(StockImport.id == stock_import_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise NotFound(_("This is not here, or not any more."))
    return found


def _products_of(session: Session, lines: Sequence[StockLine]) -> _Products:
    skus = {text for line in lines if line.sku for text in (line.sku, line.sku.removeprefix("'"))}
    eans = {ean for line in lines if not line.sku and (ean := normalise_ean(line.ean.removeprefix("'")))}
    by_ean: dict[str, list[Product]] = {}
    for product in _asked(session, Product.ean_normalised, eans):
        by_ean.setdefault(product.ean_normalised or "", []).append(product)
    return _Products({product.sku: product for product in _asked(session, Product.sku, skus)}, by_ean)


def _asked(session: Session, column: InstrumentedAttribute[Any], values: Iterable[str]) -> list[Product]:
    wanted = sorted(values)
    columns = load_only(Product.sku, Product.ean_normalised, Product.on_hand)
    return [
        product
        for start in range(0, len(wanted), ASKED_AT_ONCE)
        for product in session.scalars(
            select(Product).where(column.in_(wanted[start : start + ASKED_AT_ONCE])).options(columns)
        )
    ]


def _row(line: StockLine, products: _Products, named: Counter[int]) -> dict[str, Any]:
    found = products.meant_by(line)
    product = found[0] if len(found) == 1 else None
    refusal = line.complaint or _refusal(line, found, named)
    difference = None
    if product is not None and line.number is not None:
        difference = line.number if line.is_change else line.number - product.on_hand
    outcome = REFUSED if refusal else WAITING if difference else SAME
    return {
        "line_number": line.line_number,
        "product_text": line.product_text[:100],
        "asked_text": line.asked[:30],
        "product_id": product.id if product else None,
        "seen": product.on_hand if product else None,
        "difference": None if refusal else difference,
        "outcome": outcome,
        "sentence": refusal or None,
    }


def _refusal(line: StockLine, found: Sequence[Product], named: Counter[int]) -> str:
    """Why a line that can be read can't be applied, "" when it can."""
    if not found:
        return _("Unknown SKU.") if line.sku else _("Unknown EAN.")
    if len(found) > 1:
        return _("Several products have this EAN. Name the SKU.")
    (product,) = found
    number = line.number or 0
    if named[product.id] > 1:
        return _("This product stands in the file %(times)s times.", times=named[product.id])
    if abs(number) > MOST_UNITS:
        return _("At most 1,000,000 at once.")
    if line.is_change:
        return _("That is more than there is.") if number < 0 and product.on_hand + number < 0 else ""
    return _("Negative: there can't be fewer than none.") if number < 0 and number != product.on_hand else ""
