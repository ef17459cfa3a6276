"""How far an order is whose client asked to cancel, in words."""

from flask_babel import gettext as _

from stoqflow_web.models import SalesOrder
from stoqflow_web.models.sales_orders import COMPLETE, READY_TO_PICK
from stoqflow_web.wording.statuses import Pill


def started_pill(order: SalesOrder) -> Pill:
    """How much was done with it when the client asked."""
    if order.status == COMPLETE:
        return Pill(_("Complete, not sent"), "warn")
    if order.printed_at is not None:
        return Pill(_("Printed"), "warn")
    return Pill(_("Ready to pick"), "info") if order.status == READY_TO_PICK else Pill(_("On hold"))


def started_note(order: SalesOrder) -> str:
    """What that means for the goods; empty when nobody has touched them."""
    if order.status == COMPLETE:
        return str(_("The parcel may be packed: keep it back."))
    return str(_("Somebody may be picking it.")) if order.printed_at is not None else ""
