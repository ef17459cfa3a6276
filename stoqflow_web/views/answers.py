"""The two answers to a client who asked to cancel: canceled for the client, or shipped anyway. Staff may give both.

They stand in the inbox and on the order's own page, for one order line each.
"""

from flask import Blueprint, Response, flash, request, url_for
from flask_babel import gettext as _

from stoqflow_web.errors import Invalid, StoqflowError
from stoqflow_web.forms import show_refusal
from stoqflow_web.forms.answers import ReasonForm
from stoqflow_web.models import OrderLine, SalesOrder
from stoqflow_web.queries import order_details
from stoqflow_web.services import answering
from stoqflow_web.views.access import local_path, signed_in_user
from stoqflow_web.views.respond import redirect_to, respond
from stoqflow_web.wording.telling import canceled_sentence

blueprint = Blueprint("answers", __name__)


@blueprint.post("/order-lines/<int:line_id>/acceptance")
def accept(line_id: int) -> Response:
    line = order_details.find_line(line_id)
    was_open, order_id, name = line.sales_order.is_open, line.sales_order_id, line.name
    try:
        answering.accept(order_id, [line_id], user_id=signed_in_user().id)
    except StoqflowError as refusal:
        return _refused(refusal)
    flash(_accepted(order_details.find(order_id), line_id, name, was_open=was_open), "info")
    return _back()


@blueprint.get("/order-lines/<int:line_id>/shipping-anyway")
def ask_why(line_id: int) -> Response:
    return _reason_page(order_details.find_line(line_id), ReasonForm(formdata=None))


@blueprint.post("/order-lines/<int:line_id>/shipping-anyway")
def ship_anyway(line_id: int) -> Response:
    line, form = order_details.find_line(line_id), ReasonForm()
    order_id, name = line.sales_order_id, line.name
    if not form.validate():
        return _reason_page(line, form, 422)
    try:
        answering.ship_anyway(order_id, [line_id], form.reason.data, user_id=signed_in_user().id)
    except Invalid as refusal:
        show_refusal(form, refusal)
        return _reason_page(order_details.find_line(line_id), form, 422)
    except StoqflowError as refusal:
        return _refused(refusal)
    flash(_ships_anyway(order_details.find(order_id), name), "info")
    return _back()


def _reason_page(line: OrderLine, form: ReasonForm, status: int = 200) -> Response:
    return respond(
        "answers/ship_anyway.html",
        "answers/_ship_anyway.html",
        status=status,
        line=line,
        order=line.sales_order,
        form=form,
        action=url_for("orders.answers.ship_anyway", line_id=line.id),
        back=_where_from(),
    )


def _accepted(order: SalesOrder, line_id: int, name: str, *, was_open: bool) -> str:
    if was_open:
        return canceled_sentence(order, {line_id})
    if order.is_open:
        return str(
            _(
                "%(line)s is canceled for the client, and %(number)s is open again without it. Take it out of the "
                "parcel, then complete the order anew.",
                line=name,
                number=order.number,
            )
        )
    return f"{canceled_sentence(order, {line_id})} {_('Keep the parcel back.')}"


def _ships_anyway(order: SalesOrder, name: str) -> str:
    if not order.is_open:
        return str(_("%(line)s is shipped anyway. bol.com is told of the parcel.", line=name))
    if order.lines_to_answer:
        return str(_("%(line)s is shipped anyway. Another line still awaits an answer.", line=name))
    return str(
        _("%(line)s is shipped anyway. %(number)s can be completed like any other.", line=name, number=order.number)
    )


def _refused(refusal: StoqflowError) -> Response:
    if refusal.status == 404:
        raise refusal
    flash(refusal.sentence, "warn")
    return _back()


def _where_from() -> str:
    """The page that the answer was begun on; empty for the inbox."""
    return local_path(request.values.get("back")) or ""


def _back() -> Response:
    return redirect_to(_where_from() or url_for("cancellation_requests.index"))
