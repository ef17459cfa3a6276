"""Makes a sales order say what the marketplace says of it, when the two could not be brought together by telling."""

import logging
from collections.abc import Iterable

from flask_babel import gettext as _

from stoqflow_web import clock
from stoqflow_web.errors import StoqflowError
from stoqflow_web.exchange import ExchangeError, OrderRecord
from stoqflow_web.models import MarketplaceOrder, OrderLine, SalesOrder, Writeback, WritebackAttempt
from stoqflow_web.models.products import TAKEN_OVER
from stoqflow_web.models.sales_orders import COMPLETE
from stoqflow_web.models.writebacks import NEEDS_ATTENTION
from stoqflow_web.services import history, holding, stock
from stoqflow_web.services.families import locked_family
from stoqflow_web.services.following_changes import status_of_ended
from stoqflow_web.services.refreshing import read_order
from stoqflow_web.services.storing_orders import store_orders
from stoqflow_web.services.undoing import undo
from stoqflow_web.services.withdrawing import give_up
from stoqflow_web.transaction import Transaction, reading, transaction
from stoqflow_web.wording.writebacks import what_words

log = logging.getLogger(__name__)

NOT_TAKEN_OVER = "not-taken-over"  # outcome of an attempt; details: said


def take_over(writeback_id: int, *, goods_are_back: bool, user_id: int | None) -> None:
    """Read the order at the marketplace and make ours agree: complete, canceled, or open again. For background work.

    `goods_are_back`: what was shipped here and cancelled there lies on the shelf again. When it can't be done now, that
    is noted as an attempt and the writeback goes on needing attention. Nothing happens when it does not need any more.
    """
    with reading() as session:
        row = session.get(Writeback, writeback_id)
        if row is None or row.state != NEEDS_ATTENTION:
            return
        marketplace_order_id = row.marketplace_order_id
    try:
        record = read_order(marketplace_order_id)
        _agree(writeback_id, record, goods_are_back=goods_are_back, user_id=user_id)
    except (ExchangeError, StoqflowError) as trouble:
        log.warning("Writeback %s was not taken over: %s", writeback_id, trouble.sentence)
        _note(writeback_id, trouble.sentence)


def _agree(writeback_id: int, record: OrderRecord, *, goods_are_back: bool, user_id: int | None) -> None:
    with transaction() as tx:
        row = tx.session.get_one(Writeback, writeback_id)
        order_id, what = row.sales_order_id, what_words(row)
        family = locked_family(tx, row.marketplace_order_id)
        waiting = [one for one in _part(family, order_id).writebacks if one.state == NEEDS_ATTENTION]
        if row not in waiting:
            return
        store_orders(tx, family.shop, [record])
        order = _part(family, order_id)
        history.record(tx, "taken_over", user_id=user_id, sales_order_id=order_id, what=what)
        if not order.is_open and any(_is_open_there(line, family) for line in order.lines if line.quantity):
            _open_again(tx, order_id, waiting, user_id)
            return
        give_up(tx, waiting)
        order = _part(locked_family(tx, family.id), order_id)
        _follow(tx, order, family, goods_are_back=goods_are_back, user_id=user_id)


def _is_open_there(line: OrderLine, family: MarketplaceOrder) -> bool:
    """Whether some of the item is open there that no open part of the family accounts for."""
    elsewhere = sum(other.quantity for other in _lines_of(family, line) if other.is_open)
    return line.item.quantity_open > elsewhere


def _open_again(tx: Transaction, order_id: int, waiting: Iterable[Writeback], user_id: int | None) -> None:
    """The marketplace still waits for it, so it is worked on again; undoing it leaves what is open there."""
    for row in waiting:
        row.sent_at = None  # what may have been sent then has not arrived: the marketplace has just been asked
    tx.session.flush()
    undo(order_id, user_id=user_id)


def _follow(
    tx: Transaction, order: SalesOrder, family: MarketplaceOrder, *, goods_are_back: bool, user_id: int | None
) -> None:
    """All is handled there: what it shipped is complete here, what it cancelled is canceled, and the stock follows."""
    products = holding.products_of(tx, order)
    for line in order.lines:
        if order.is_open or line.is_canceled:
            continue  # storing the record has taken care of it
        shipped = _shipped_there(line, family)
        moved = line.quantity - shipped if goods_are_back else 0
        line.quantity = shipped
        if line.product_id is not None:
            stock.move(tx, products[line.product_id], moved, TAKEN_OVER, user_id=user_id, sales_order_id=order.id)
    if not order.is_open:
        order.status, order.ended_at = status_of_ended(order), clock.now()
    order.note_requests()


def _shipped_there(line: OrderLine, family: MarketplaceOrder) -> int:
    """How many of the line's units the marketplace has as shipped; other complete parts are given theirs first."""
    others = sum(
        other.quantity
        for other in _lines_of(family, line)
        if other is not line and other.sales_order.status == COMPLETE and not other.is_canceled
    )
    on_lines = line.item.quantity_shipped - line.item.shipped_elsewhere
    return min(line.quantity, max(0, on_lines - others))


def _lines_of(family: MarketplaceOrder, line: OrderLine) -> list[OrderLine]:
    """All lines of the line's item in the family."""
    return [other for part in family.living_parts for other in part.lines if other.item is line.item]


def _part(family: MarketplaceOrder, order_id: int) -> SalesOrder:
    return next(part for part in family.sales_orders if part.id == order_id)


def _note(writeback_id: int, said: str) -> None:
    with transaction() as tx:
        tx.session.add(
            WritebackAttempt(
                writeback_id=writeback_id,
                at=clock.now(),
                outcome=NOT_TAKEN_OVER,
                details={"said": said or _("bol.com could not be asked.")},
            )
        )
