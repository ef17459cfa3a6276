"""A Track & Trace code that is put right after bol.com has confirmed the shipment."""

from flask import Blueprint, Response, flash, make_response, render_template, url_for
from flask_babel import gettext as _

from stoqflow_web.errors import Invalid, StoqflowError
from stoqflow_web.forms import show_refusal
from stoqflow_web.forms.repairs import CodeForm
from stoqflow_web.models import Shipment
from stoqflow_web.services.repairing import repair_code
from stoqflow_web.views.access import load_or_404, signed_in_user
from stoqflow_web.views.respond import redirect_to

blueprint = Blueprint("repairs", __name__)


@blueprint.get("/shipments/<int:shipment_id>/code")
def edit(shipment_id: int) -> Response:
    shipment = load_or_404(Shipment, shipment_id)
    return _page(shipment, CodeForm(carrier=shipment.carrier, track_and_trace=shipment.track_and_trace))


@blueprint.post("/shipments/<int:shipment_id>/code")
def save(shipment_id: int) -> Response:
    shipment, form = load_or_404(Shipment, shipment_id), CodeForm()
    order_id = shipment.sales_order_id
    if not form.validate():
        return _page(shipment, form, 422)
    try:
        repair_code(
            shipment_id,
            carrier=form.carrier.data,
            code=form.track_and_trace.data,
            is_confirmed=form.is_confirmed.data,
            user_id=signed_in_user().id,
        )
    except Invalid as refusal:
        show_refusal(form, refusal)
        return _page(load_or_404(Shipment, shipment_id), form, 422)
    except StoqflowError as refusal:
        flash(refusal.sentence, "warn")
    else:
        flash(_("The new code is on its way to bol.com. Both codes are shown until bol.com confirms it."), "info")
    return redirect_to(url_for("orders.show", order_id=order_id))


def _page(shipment: Shipment, form: CodeForm, status: int = 200) -> Response:
    order = shipment.sales_order
    return make_response(render_template("repairs/code.html", shipment=shipment, order=order, form=form), status)
