"""Puts right the Track & Trace code of a shipment that bol.com has confirmed already."""

from flask_babel import gettext as _
from sqlalchemy import select

from stoqflow_web import clock
from stoqflow_web.errors import Invalid, NotFound, StoqflowError
from stoqflow_web.models import Shipment, Writeback
from stoqflow_web.models.writebacks import CONFIRMED, NEEDS_ATTENTION, PENDING, SHIPMENT, TRANSPORT, UNFINISHED
from stoqflow_web.next_steps import is_changed_only_once
from stoqflow_web.services.attention import judged_code
from stoqflow_web.services.families import locked_order
from stoqflow_web.services.owing import hurry
from stoqflow_web.transaction import Transaction, transaction


class NotRepairable(StoqflowError):
    """The code of this shipment can't be changed at the marketplace (now); the sentence says why."""


def repair_code(
    shipment_id: int, *, carrier: str, code: str | None, is_confirmed: bool = False, user_id: int | None
) -> Writeback:
    """Owe the marketplace another code for a shipment that it has confirmed. It is sent without a hold.

    The shipment keeps its code until the marketplace confirms the new one. `is_confirmed`: the person says that an
    uncommon code is right. Raises NotFound, NotRepairable, and Invalid with field `carrier` or `track_and_trace`.
    """
    with transaction() as tx:
        known = tx.session.get(Shipment, shipment_id)
        if known is None:
            raise NotFound(_("This shipment is not here."))
        order = locked_order(tx, known.sales_order_id)
        shipment = tx.session.get_one(Shipment, shipment_id)
        rows = _rows_of(tx, shipment)
        check_repairable(shipment, rows)
        text = judged_code(
            carrier,
            code,
            own_numbers=(order.number, order.marketplace_order.external_id),
            is_confirmed=is_confirmed,
        )
        if text is None:
            raise Invalid("track_and_trace", _("Fill in the code: bol.com takes no empty one."))
        if text == shipment.track_and_trace and carrier == shipment.carrier:
            raise Invalid("track_and_trace", _("This is the code that bol.com has already."))
        now = clock.now()
        row = Writeback(
            shop_id=order.shop_id,
            marketplace_order=order.marketplace_order,
            sales_order=order,
            kind=TRANSPORT,
            shipment=shipment,
            carrier=carrier,
            track_and_trace=text,
            state=PENDING,
            sort_day=order.sort_day,
            created_at=now,
            created_by_id=user_id,
            not_before=now,
        )
        tx.session.add(row)
        tx.session.flush()
        hurry(tx, order.shop_id)
        return row


def check_repairable(shipment: Shipment, rows: list[Writeback]) -> None:
    """`rows` are the shipment's writebacks. Raises NotRepairable."""
    if shipment.undone_at is not None or not any(row.kind == SHIPMENT and row.state == CONFIRMED for row in rows):
        raise NotRepairable(
            _("bol.com has not confirmed this shipment. Undo it while that is possible, or wait until bol.com answers.")
        )
    if any(is_changed_only_once(row) for row in rows):
        raise NotRepairable(
            _("bol.com changes the code of a shipment only once. Send the client the right code in a message.")
        )
    if any(row.kind == TRANSPORT and row.state in (*UNFINISHED, NEEDS_ATTENTION) for row in rows):
        raise NotRepairable(_("A new code for this shipment is on its way to bol.com already, or needs attention."))


def _rows_of(tx: Transaction, shipment: Shipment) -> list[Writeback]:
    return list(tx.session.scalars(select(Writeback).where(Writeback.shipment_id == shipment.id)))
