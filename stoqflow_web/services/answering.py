"""Answers a client's wish to cancel, per line: it is canceled for the client, or shipped anyway.

The wish is about an item at the marketplace; where a split put the item into several parts, each part's line is
answered by itself, for one may be packed already. The marketplace hears one cancellation of the item, when no line of
it is open any more and what ships of it is confirmed (owed.py).
"""

from collections.abc import Collection, Sequence

from flask_babel import gettext as _

from stoqflow_web import clock
from stoqflow_web.errors import Invalid, StoqflowError
from stoqflow_web.exchange import REQUESTED_BY_CLIENT
from stoqflow_web.models import OrderLine, SalesOrder
from stoqflow_web.models.products import UNDONE
from stoqflow_web.models.sales_orders import CANCELED
from stoqflow_web.services import history, holding, stock
from stoqflow_web.services.canceling import cancel
from stoqflow_web.services.cancellation_requests import names_of, send_what_waited
from stoqflow_web.services.families import locked_order
from stoqflow_web.services.owing import settle_debts
from stoqflow_web.services.undoing import undo
from stoqflow_web.services.withdrawing import withdraw
from stoqflow_web.transaction import Transaction, transaction

LONGEST_REASON = 200


class NothingToAnswer(StoqflowError):
    """Somebody answered before, the client took the wish back, or it is too late; the sentence says which."""


def accept(order_id: int, line_ids: Collection[int], *, user_id: int | None) -> SalesOrder:
    """Cancel these lines for the client. A parcel that is packed and not told yet is taken back for it.

    What else is in such a parcel must be packed anew: then the order is open again, without these lines. Raises
    NotFound, NothingToAnswer, and NotUndoable when another parcel of the order was told already.
    """
    with transaction() as tx:
        order = locked_order(tx, order_id)
        lines = _lines_to_answer(order, line_ids)
        ids = [line.id for line in lines]
        if not order.is_open and _are_alone_in_their_parcels(order, lines):
            return _keep_back(tx, order, lines, user_id)
        if not order.is_open:
            undo(order_id, user_id=user_id)
        return cancel(order_id, REQUESTED_BY_CLIENT, user_id=user_id, line_ids=ids)


def ship_anyway(order_id: int, line_ids: Collection[int], reason: str, *, user_id: int | None) -> SalesOrder:
    """Ship these lines although the client asked to cancel. Raises NotFound, NothingToAnswer, Invalid (`reason`)."""
    reason = " ".join(reason.replace("\x00", "").split())
    if not reason:
        raise Invalid("reason", _("Say why it is shipped although the client asked to cancel."))
    if len(reason) > LONGEST_REASON:
        raise Invalid("reason", _("This is too long: at most %(most)s characters.", most=LONGEST_REASON))
    with transaction() as tx:
        order = locked_order(tx, order_id)
        lines = _lines_to_answer(order, line_ids)
        now = clock.now()
        for line in lines:
            # Never before the wish that it answers, although two clocks tell the two.
            line.ship_anyway_at = max(now, line.item.cancellation_requested_at or now)
            line.ship_anyway_reason = reason
        order.note_requests()
        history.record(
            tx,
            "ships_anyway",
            user_id=user_id,
            sales_order_id=order.id,
            lines=names_of(order, lines),
            reason=reason,
        )
        send_what_waited(tx, order, user_id=user_id)
        return order


def _lines_to_answer(order: SalesOrder, line_ids: Collection[int]) -> list[OrderLine]:
    lines = [line for line in order.lines_to_answer if line.id in line_ids]
    if not lines:
        raise NothingToAnswer(_why_not([line for line in order.lines if line.id in line_ids]))
    return lines


def _why_not(lines: Sequence[OrderLine]) -> str:
    if any(line.is_canceled for line in lines):
        return str(_("This was answered already: it is canceled."))
    if any(line.ships_anyway for line in lines):
        reasons = [line.ship_anyway_reason for line in lines if line.ships_anyway]
        return str(_("This was answered already: it is shipped anyway (%(reason)s).", reason=reasons[0]))
    if any(line.item.is_cancellation_requested and line.item.is_open for line in lines):
        return str(_("It is too late: the parcel was told to bol.com already. The client can return it."))
    return str(_("There is nothing to answer any more: see the order for what happened."))


def _are_alone_in_their_parcels(order: SalesOrder, lines: Sequence[OrderLine]) -> bool:
    return all(
        line in lines
        for parcel in order.parcels
        if any(line in parcel.order_lines for line in lines)
        for line in parcel.order_lines
    )


def _keep_back(tx: Transaction, order: SalesOrder, lines: Sequence[OrderLine], user_id: int | None) -> SalesOrder:
    """The parcels of these lines do not leave: their goods go back, and the rest of the order stays as it is."""
    parcels = [parcel for parcel in order.parcels if any(line in parcel.order_lines for line in lines)]
    names = names_of(order, lines)
    if not withdraw(tx, [row for row in order.writebacks if row.shipment in parcels and not row.is_taken_back]):
        raise NothingToAnswer(_("It is too late: bol.com is being told of the parcel at this moment."))
    products = holding.products_of(tx, order)
    for line in lines:
        line.canceled_at, line.cancel_reason = clock.now(), REQUESTED_BY_CLIENT
        if line.product_id is not None:
            stock.move(tx, products[line.product_id], line.quantity, UNDONE, user_id=user_id, sales_order_id=order.id)
    for parcel in parcels:
        parcel.undone_at = clock.now()
    if not order.lines_to_ship:
        order.status, order.ended_at = CANCELED, clock.now()
    order.note_requests()
    history.record(tx, "canceled", user_id=user_id, sales_order_id=order.id, reason=REQUESTED_BY_CLIENT, lines=names)
    tx.session.flush()
    settle_debts(tx, order.marketplace_order, user_id=user_id)
    return order
