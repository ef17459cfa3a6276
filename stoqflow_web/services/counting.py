"""Counts what is on the shelf by scanning. What was counted is in the database at once, so a dying phone loses nothing.

There is one open count at a time, and everybody scans into it. What was on hand is noted when a product is scanned for
the first time; what moves afterwards, moves on top of what was counted.
"""

from dataclasses import dataclass

from flask_babel import gettext as _
from sqlalchemy import delete, select

from stoqflow_web import clock
from stoqflow_web.errors import Invalid, NotFound, StoqflowError
from stoqflow_web.matching import normalise_ean
from stoqflow_web.models import Product, StockCount, StockCountLine
from stoqflow_web.models.products import COUNTED
from stoqflow_web.models.stock_counts import APPLIED, DISCARDED, OPEN
from stoqflow_web.services import stock
from stoqflow_web.services.stock_lock import lock_stock
from stoqflow_web.transaction import Transaction, transaction

MOST_UNITS = 100_000
LONGEST_CODE = 100
SHOWN_SKUS = 5


class NotCountable(StoqflowError):
    """The count has ended, or there is nothing in it."""


@dataclass(frozen=True)
class Applied:
    """What applying a count came to: products counted, and how many of them had another number."""

    products: int
    corrected: int


def start(*, user_id: int | None) -> StockCount:
    """Begin to count; the open count when there is one, for two people scan into the same."""
    with transaction() as tx:
        lock_stock(tx)  # of two who begin at once the second finds what the first one began
        count = tx.session.scalars(select(StockCount).where(StockCount.status == OPEN).limit(1)).first()
        if count is None:
            count = StockCount(status=OPEN, started_by_id=user_id, started_at=clock.now())
            tx.session.add(count)
        return count


def scan(count_id: int, code: str, *, units: int = 1, user_id: int | None) -> StockCountLine:
    """Add units of the product with this EAN or SKU. Raises NotFound, NotCountable, Invalid (`code`, `units`)."""
    code = code.strip()
    if not 1 <= units <= MOST_UNITS:
        raise Invalid("units", _("Enter a number from 1 to 100,000."))
    with transaction() as tx:
        count = _open(tx, count_id)
        product = _product_with(tx, code)
        line = _line(tx, count, product)
        return _say(tx, line, line.counted + units, user_id)


def say(count_id: int, line_id: int, counted: int, *, user_id: int | None) -> StockCountLine:
    """Say how many were counted of a product in all. Raises NotFound, NotCountable, Invalid (`counted`)."""
    with transaction() as tx:
        return _say(tx, _line_of(tx, _open(tx, count_id), line_id), counted, user_id)


def leave_out(count_id: int, line_id: int) -> None:
    """Take a product out of the count, as if it had never been scanned. Raises NotFound, NotCountable."""
    with transaction() as tx:
        tx.session.delete(_line_of(tx, _open(tx, count_id), line_id))


def apply(count_id: int, *, user_id: int | None) -> Applied:
    """Make the stock what was counted; products that were not scanned stay as they are.

    Raises NotFound, NotCountable when it has ended, or when nothing was scanned.
    """
    with transaction() as tx:
        count = _open(tx, count_id)
        lock_stock(tx)
        lines = tx.session.scalars(
            select(StockCountLine).where(StockCountLine.stock_count_id == count.id).order_by(StockCountLine.product_id)
        ).all()
        if not lines:
            raise NotCountable(_("Nothing was scanned yet."))
        different = [line for line in lines if line.difference]
        products = _products(tx, [line.product_id for line in different])
        for line in different:
            product = products[line.product_id]
            stock.move(tx, product, line.difference, COUNTED, user_id=user_id, stock_count_id=count.id)
        _end(count, APPLIED, user_id)
        return Applied(products=len(lines), corrected=len(different))


def discard(count_id: int, *, user_id: int | None) -> None:
    """End a count without changing anything. Raises NotFound, NotCountable."""
    with transaction() as tx:
        count = _open(tx, count_id)
        tx.session.execute(delete(StockCountLine).where(StockCountLine.stock_count_id == count.id))
        _end(count, DISCARDED, user_id)


def _open(tx: Transaction, count_id: int) -> StockCount:
    """The count, locked: two scans of one product at once both count."""
    count = tx.session.scalars(
        select(StockCount)
        .where(StockCount.id == count_id)
        .with_for_update(of=StockCount)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if count is None:
        raise NotFound(_("This count is not here, or not any more."))
    if count.status == APPLIED:
        raise NotCountable(_("This count was applied already."))
    if count.status == DISCARDED:
        raise NotCountable(_("This count was discarded."))
    return count


def _product_with(tx: Transaction, code: str) -> Product:
    if not code:
        raise Invalid("code", _("Scan an EAN or a SKU."))
    is_readable = len(code) <= LONGEST_CODE and "\x00" not in code
    found = _found(tx, code) if is_readable else []
    if not found:
        raise Invalid("code", _("No product here has this EAN or SKU. Nothing was counted."))
    if len(found) > 1:
        skus = ", ".join(product.sku for product in found[:SHOWN_SKUS])
        raise Invalid("code", _("Several products have this EAN. Type the SKU: %(skus)s.", skus=skus))
    return found[0]


def _found(tx: Transaction, code: str) -> list[Product]:
    """By SKU, which is unique, before EAN. A phone writes small letters where the SKU has large ones."""
    with_sku = tx.session.scalars(select(Product).where(Product.sku.in_((code, code.upper())))).all()
    if with_sku:
        return [next((product for product in with_sku if product.sku == code), with_sku[0])]
    ean = normalise_ean(code)
    if ean is None:
        return []
    return list(tx.session.scalars(select(Product).where(Product.ean_normalised == ean).order_by(Product.sku)))


def _line(tx: Transaction, count: StockCount, product: Product) -> StockCountLine:
    line = tx.session.scalars(
        select(StockCountLine).where(StockCountLine.stock_count_id == count.id, StockCountLine.product_id == product.id)
    ).one_or_none()
    if line is None:
        expected = tx.session.scalars(select(Product.on_hand).where(Product.id == product.id)).one()
        line = StockCountLine(stock_count_id=count.id, product=product, counted=0, expected=expected, at=clock.now())
        tx.session.add(line)
    return line


def _line_of(tx: Transaction, count: StockCount, line_id: int) -> StockCountLine:
    line = tx.session.get(StockCountLine, line_id, populate_existing=True)
    if line is None or line.stock_count_id != count.id:
        raise NotFound(_("This product is not in the count, or not any more."))
    return line


def _say(tx: Transaction, line: StockCountLine, counted: int, user_id: int | None) -> StockCountLine:
    if not 0 <= counted <= MOST_UNITS:
        raise Invalid("counted", _("Enter a number from 0 to 100,000."))
    line.counted, line.at, line.user_id = counted, clock.now(), user_id
    tx.session.flush()
    return line


def _products(tx: Transaction, ids: list[int]) -> dict[int, Product]:
    products = tx.session.scalars(
        select(Product)
        .where(Product.id.in_(ids))
        .order_by(Product.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {product.id: product for product in products}


def _end(count: StockCount, status: str, user_id: int | None) -> None:
    count.status, count.ended_by_id, count.ended_at = status, user_id, clock.now()
