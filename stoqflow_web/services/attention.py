"""What a person does about a writeback that needs attention. Whoever comes second finds that it is done."""

from typing import Any

from flask_babel import gettext as _
from sqlalchemy import update
from sqlalchemy.orm import joinedload

from stoqflow_web.carriers import carriers, judge
from stoqflow_web.errors import Invalid, NotFound, StoqflowError
from stoqflow_web.models import Shipment, Writeback
from stoqflow_web.models.writebacks import (
    CANCELLATION,
    DELETED_UNITS,
    NEEDS_ATTENTION,
    PENDING,
    REJECTED,
    SHIPMENT,
    TRANSPORT,
)
from stoqflow_web.next_steps import ACCEPT, CANCEL_ALL, EDIT_CODE, SHIP_ANYWAY, TRY_AGAIN, possible_steps
from stoqflow_web.services import answering, history
from stoqflow_web.services.families import locked_family
from stoqflow_web.services.sending_again import send_again
from stoqflow_web.services.withdrawing import give_up
from stoqflow_web.transaction import Transaction, transaction
from stoqflow_web.wording.writebacks import what_words


class AlreadyDealtWith(StoqflowError):
    """It does not need attention any more: somebody else was there first, or the marketplace answered meanwhile."""

    def __init__(self) -> None:
        super().__init__(_("This has been dealt with already."))


class NotPossible(StoqflowError):
    """This step does not help with what is the matter."""


def try_again(writeback_id: int, *, user_id: int | None) -> None:
    """Send it once more. Where the marketplace may have heard it, the worker looks there before it sends.

    Raises NotFound, AlreadyDealtWith, NotPossible.
    """
    _send_again(writeback_id, TRY_AGAIN, user_id)


def cancel_all(writeback_id: int, *, user_id: int | None) -> None:
    """Cancel all that is open of the item, the units that were deleted here too. Raises as `try_again`."""
    _send_again(writeback_id, CANCEL_ALL, user_id, is_deliberate=True)


def ship_anyway(writeback_id: int, reason: str, *, user_id: int | None) -> None:
    """Ship what is in the parcel although the client asked to cancel. Raises as `try_again`, and as
    answering.ship_anyway.
    """
    with transaction() as tx:
        row = _locked(tx, writeback_id)
        _check(row, SHIP_ANYWAY)
        answering.ship_anyway(row.sales_order_id, _lines_in(row), reason, user_id=user_id)


def withdraw(writeback_id: int, *, user_id: int | None) -> None:
    """Never tell it: the order keeps its status here. Raises NotFound, AlreadyDealtWith.

    A cancellation that waits and would take the units of a withdrawn shipment along needs attention then.
    """
    with transaction() as tx:
        row = _locked(tx, writeback_id)
        if not give_up(tx, [row]):
            raise AlreadyDealtWith
        if row.kind == SHIPMENT and row.shipment is not None:
            _stop_cancellations_of(tx, row, row.shipment)
        history.record(tx, "withdrawn", user_id=user_id, sales_order_id=row.sales_order_id, what=what_words(row))


def accept_cancellation(writeback_id: int, *, user_id: int | None) -> None:
    """The client wanted no parcel: keep it back and cancel what they asked for. Raises as `try_again`, and as
    answering.accept.
    """
    with transaction() as tx:
        row = _locked(tx, writeback_id)
        _check(row, ACCEPT)
        answering.accept(row.sales_order_id, _lines_in(row), user_id=user_id)


def edit_code(
    writeback_id: int, *, carrier: str, code: str | None, is_confirmed: bool = False, user_id: int | None
) -> None:
    """Give a rejected shipment (or repaired code) another carrier and code, and send it again.

    `is_confirmed`: the person says that an uncommon code is right. Raises NotFound, AlreadyDealtWith, NotPossible, and
    Invalid with field `carrier` or `track_and_trace`.
    """
    with transaction() as tx:
        row = _locked(tx, writeback_id)
        _check(row, EDIT_CODE)
        shipment = row.shipment
        if shipment is None or row.why != REJECTED:
            raise NotPossible(_("The code of this one can't be edited."))
        order = row.sales_order
        text = judged_code(
            carrier, code, own_numbers=(order.number, row.marketplace_order.external_id), is_confirmed=is_confirmed
        )
        before = row.track_and_trace if row.kind == TRANSPORT else shipment.track_and_trace
        if row.kind == TRANSPORT:
            row.carrier, row.track_and_trace = carrier, text
        else:
            shipment.carrier, shipment.track_and_trace = carrier, text
        tx.session.flush()
        history.record(
            tx,
            "code_changed",
            user_id=user_id,
            sales_order_id=row.sales_order_id,
            before=before or _("none"),
            after=text or _("none"),
        )
        _to_be_sent(tx, row, user_id, sent_at=None)


def judged_code(carrier: str, code: str | None, *, own_numbers: tuple[str, ...], is_confirmed: bool) -> str | None:
    """The tidied code. Raises Invalid with field `carrier` or `track_and_trace`."""
    known = carriers().get(carrier)
    if known is None:
        raise Invalid("carrier", _("Choose a carrier."))
    verdict = judge(known, code, own_numbers=own_numbers)
    if verdict.refusal:
        raise Invalid("track_and_trace", verdict.refusal)
    if verdict.is_uncommon and not is_confirmed:
        raise Invalid(
            "track_and_trace",
            _("This does not look like a code of %(name)s. Check it; if it is right, confirm it.", name=known.name),
        )
    return verdict.code


def _send_again(writeback_id: int, step: str, user_id: int | None, **values: Any) -> None:
    with transaction() as tx:
        row = _locked(tx, writeback_id)
        _check(row, step)
        if row.why == REJECTED:
            values["sent_at"] = None  # bol.com said no: there is nothing there to look for
        _to_be_sent(tx, row, user_id, **values)


def _locked(tx: Transaction, writeback_id: int) -> Writeback:
    """The writeback, its family locked. Raises NotFound."""
    row = tx.session.get(Writeback, writeback_id)
    if row is None:
        raise NotFound(_("This is not here, or not any more."))
    locked_family(tx, row.marketplace_order_id)
    return tx.session.get_one(
        Writeback,
        writeback_id,
        options=[joinedload(Writeback.shipment), joinedload(Writeback.item)],
        populate_existing=True,
    )


def _check(row: Writeback, step: str) -> None:
    if row.state != NEEDS_ATTENTION:
        raise AlreadyDealtWith
    if step not in possible_steps(row):
        raise NotPossible(_("This step does not help here. Look at what else is offered."))


def _to_be_sent(tx: Transaction, row: Writeback, user_id: int | None, **values: Any) -> None:
    if not send_again(tx, row, user_id=user_id, **values):
        raise AlreadyDealtWith


def _lines_in(row: Writeback) -> list[int]:
    """The ids of the order lines in the parcel."""
    return [line.id for line in row.shipment.order_lines] if row.shipment is not None else []


def _stop_cancellations_of(tx: Transaction, row: Writeback, shipment: Shipment) -> None:
    """A cancellation cancels whatever is open of its item: that would be the units of this parcel too."""
    tx.session.execute(
        update(Writeback)
        .where(
            Writeback.marketplace_order_id == row.marketplace_order_id,
            Writeback.kind == CANCELLATION,
            Writeback.state == PENDING,
            Writeback.sent_at.is_(None),
            Writeback.marketplace_item_id.in_(list(shipment.quantities)),
        )
        .values(state=NEEDS_ATTENTION, why=DELETED_UNITS)
        .execution_options(synchronize_session=False)
    )
