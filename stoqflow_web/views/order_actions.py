"""What is done with one order: complete, cancel, split, delete, undo, send now. Staff may do all of it.

Each action is sent as a plain form. A second click on what is done already says so calmly and does nothing.
"""

from flask import Blueprint, Response, flash, make_response, render_template, request, session, url_for
from flask_babel import gettext as _

from stoqflow_web.errors import Invalid, NotFound
from stoqflow_web.forms import show_refusal
from stoqflow_web.forms.order_actions import CancellationForm, CompletionForm, SplitForm, completion_form
from stoqflow_web.models import SalesOrder
from stoqflow_web.queries import order_details
from stoqflow_web.services import canceling, completing, deleting, splitting, undoing
from stoqflow_web.services.canceling import NotCancelable
from stoqflow_web.services.completing import NotCompletable
from stoqflow_web.services.deleting import NotDeletable
from stoqflow_web.services.splitting import AlreadySplit, NotSplittable
from stoqflow_web.services.undoing import NotUndoable
from stoqflow_web.views.access import signed_in_user
from stoqflow_web.views.order_page import (
    cancellation_of,
    completion_context,
    deletion_context,
    mark_of,
    order_page,
    reporting_context,
    split_of,
)
from stoqflow_web.views.respond import redirect_to, wants_fragment
from stoqflow_web.wording.telling import canceled_sentence, completed_sentence, undone_sentence

blueprint = Blueprint("order_actions", __name__)


@blueprint.get("/orders/<int:order_id>/completion")
@blueprint.get("/orders/<int:order_id>/packing", endpoint="unpack")
def complete_on_page(order_id: int) -> Response:
    """These forms stand on the order's own page; loading a refused one again leads there."""
    return _to(order_id)


@blueprint.post("/orders/<int:order_id>/completion")
def complete(order_id: int) -> Response:
    order = order_details.find(order_id)
    if not order.is_open:
        return _is_done_already(order)
    form = completion_form(order, is_typed=True)
    form.take_guesses(default=order.shop.default_carrier, is_final=True)
    if not form.validate():
        return order_page(order, 422, completion=form)
    try:
        completing.complete(
            order_id,
            form.parcels(),
            user_id=signed_in_user().id,
            despite_shortage=form.despite_shortage.data,
            units_seen=form.units_seen(),
        )
    except (Invalid, NotCompletable) as refusal:
        return _completion_refused(order_id, refusal)
    flash(completed_sentence(order_details.find(order_id)), "info")
    return _to(order_id)


@blueprint.post("/orders/<int:order_id>/packing")
def pack(order_id: int) -> Response:
    """The completion form with a parcel more or less, or with its code looked at; nothing is saved."""
    order = order_details.find(order_id)
    if not order.is_open and "parcel" in request.args:
        return Response(status=204)  # a scanner pressed Enter before its code was looked at: that is done by now
    if not order.is_open:
        return _is_done_already(order)
    form = completion_form(order, is_typed=True, change=request.args.get("change", ""))
    before = [form.parcel(number, "carrier").data for number in range(form.count.data)]
    if "chosen" not in request.args:
        form.take_guesses(default=order.shop.default_carrier, is_final=False)
    if not wants_fragment():
        return order_page(order, completion=form)
    form.seen_now = form.seen.data or form.seen_now  # the lines on the page are not loaded anew
    context = completion_context(order, form)
    if "parcel" not in request.args or context["completion"] is None:
        return make_response(render_template("orders/_completion.html", order=order, **context))
    number = min(request.args.get("parcel", 0, type=int), form.count.data - 1)
    is_guessed = form.parcel(number, "carrier").data != before[number]
    return make_response(
        render_template("orders/_code.html", order=order, number=number, is_guessed=is_guessed, **context)
    )


@blueprint.get("/orders/<int:order_id>/cancellation")
def ask_to_cancel(order_id: int) -> Response:
    order = order_details.find(order_id)
    return _cancellation_page(order, cancellation_of(order)) if order.is_open else _is_done_already(order)


@blueprint.post("/orders/<int:order_id>/cancellation")
def cancel(order_id: int) -> Response:
    order = order_details.find(order_id)
    if not order.is_open:
        return _is_done_already(order)
    form = cancellation_of(order, is_typed=True)
    chosen = set(form.lines.data or ())
    if _are_canceled(order, chosen):
        return _lines_are_canceled_already(order_id)
    if not form.validate():
        return _cancellation_page(order, form, 422)
    try:
        canceling.cancel(order_id, form.reason.data, user_id=signed_in_user().id, line_ids=chosen)
    except (Invalid, NotCancelable) as refusal:
        order = order_details.find(order_id)
        if not order.is_open:
            return _is_done_already(order)
        if _are_canceled(order, chosen):
            return _lines_are_canceled_already(order_id)
        form = cancellation_of(order, is_typed=True)
        _show(form, refusal)
        return _cancellation_page(order, form, 422)
    flash(canceled_sentence(order_details.find(order_id), chosen), "info")
    return _to(order_id)


@blueprint.get("/orders/<int:order_id>/split")
def ask_to_split(order_id: int) -> Response:
    order = order_details.find(order_id)
    return _split_page(order, split_of(order)) if order.is_open else _is_done_already(order)


@blueprint.post("/orders/<int:order_id>/split")
def split(order_id: int) -> Response:
    order = order_details.find(order_id)
    if not order.is_open:
        return _is_done_already(order)
    form = split_of(order, is_typed=True)
    if not form.validate():
        return _split_page(order, form, 422)
    try:
        backorder = splitting.split(
            order_id, form.units(), user_id=signed_in_user().id, parts_seen=form.parts.data or None
        )
    except AlreadySplit as refusal:
        flash(refusal.sentence, "info")
        return _to(order_id)
    except (Invalid, NotSplittable) as refusal:
        order = order_details.find(order_id)
        form = split_of(order, is_typed=True)
        form.lines_error = refusal.sentence
        return _split_page(order, form, 422)
    number, backorder_id = backorder.number, backorder.id
    flash(_("Split: this is the backorder %(number)s.", number=number), "info")
    return _to(backorder_id)


@blueprint.get("/orders/<int:order_id>/deletion")
def ask_to_delete(order_id: int) -> Response:
    order = order_details.find(order_id)
    return make_response(render_template("orders/deletion.html", order=order, **deletion_context(order)))


@blueprint.post("/orders/<int:order_id>/deletion")
def delete(order_id: int) -> Response:
    number = order_details.number_of_deleted(order_id)
    if number is not None:
        flash(_("%(number)s is deleted already.", number=number), "info")
        return redirect_to(url_for("orders.index"))
    number = order_details.find(order_id).number
    try:
        deleting.delete(order_id, user_id=signed_in_user().id)
    except NotFound:  # a second click that came at the same moment
        flash(_("%(number)s is deleted already.", number=number), "info")
        return redirect_to(url_for("orders.index"))
    except NotDeletable as refusal:
        flash(refusal.sentence, "warn")
        return _to(order_id)
    flash(_("%(number)s is deleted. bol.com is not told.", number=number), "info")
    return redirect_to(url_for("orders.index"))


@blueprint.post("/orders/<int:order_id>/undoing")
def undo(order_id: int) -> Response:
    order = order_details.find(order_id)
    if order.is_open and not any(line.is_canceled for line in order.lines):
        flash(_("%(number)s is open again already.", number=order.number), "info")
        return _to(order_id)
    try:
        units = sum(line.quantity for line in order.lines)
        undone = undoing.undo(order_id, user_id=signed_in_user().id)
        has_lost = sum(line.quantity for line in undone.lines) < units
        flash(undone_sentence(undone, has_lost=has_lost), "warn" if has_lost else "info")
    except NotUndoable as refusal:
        flash(refusal.sentence, "warn")
    return _to(order_id)


@blueprint.post("/orders/<int:order_id>/sending")
def send_now(order_id: int) -> Response:
    order_details.find(order_id)
    if undoing.send_now(order_id, user_id=signed_in_user().id):
        flash(_("bol.com is told now; this page shows what it answers."), "info")
    else:
        flash(_("It is on its way to bol.com already."), "info")
    return _to(order_id)


@blueprint.get("/orders/<int:order_id>/reporting")
def report(order_id: int) -> Response:
    """How far bol.com is told: asked by the page while that can change by itself. Nothing new: no content."""
    order = order_details.find(order_id)
    if request.args.get("seen") == mark_of(order):
        return Response(status=204)
    if not wants_fragment():
        return _to(order_id)
    return make_response(render_template("orders/_reported.html", order=order, **reporting_context(order)))


def _completion_refused(order_id: int, refusal: Invalid | NotCompletable) -> Response:
    order = order_details.find(order_id)  # the refusal rolled back what was read
    if not order.is_open:
        return _is_done_already(order)
    form: CompletionForm = completion_form(order, is_typed=True)
    form.take_guesses(default=order.shop.default_carrier, is_final=True)
    if isinstance(refusal, Invalid):
        form.show(refusal)
    else:
        form.form_errors.append(refusal.sentence)
    return order_page(order, 422, completion=form)


def _cancellation_page(order: SalesOrder, form: CancellationForm, status: int = 200) -> Response:
    return make_response(render_template("orders/cancellation.html", order=order, cancellation=form), status)


def _are_canceled(order: SalesOrder, line_ids: set[int]) -> bool:
    return bool(line_ids) and line_ids <= {line.id for line in order.lines if line.is_canceled}


def _lines_are_canceled_already(order_id: int) -> Response:
    _say_calmly(_("That is canceled already."))
    return _to(order_id)


def _split_page(order: SalesOrder, form: SplitForm, status: int = 200) -> Response:
    return make_response(render_template("orders/split.html", order=order, split=form), status)


def _show(form: CancellationForm, refusal: Invalid | NotCancelable) -> None:
    if isinstance(refusal, Invalid):
        show_refusal(form, refusal)
    else:
        form.form_errors.append(refusal.sentence)


def _is_done_already(order: SalesOrder) -> Response:
    words = {"complete": _("%(number)s is complete already.", number=order.number)}
    _say_calmly(words.get(order.status) or _("%(number)s is canceled already.", number=order.number))
    return _to(order.id)


def _say_calmly(sentence: str) -> None:
    """To a second click. One that came before the page of the first was there reads what the first one did."""
    if not session.get("_flashes"):
        flash(sentence, "info")


def _to(order_id: int) -> Response:
    return redirect_to(url_for("orders.show", order_id=order_id))
