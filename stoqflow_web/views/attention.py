"""Needs attention: what bol.com did not take, and the steps that help."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flask import Blueprint, Response, flash, make_response, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from stoqflow_web import background
from stoqflow_web.errors import Invalid, StoqflowError
from stoqflow_web.forms import show_refusal
from stoqflow_web.forms.answers import ReasonForm
from stoqflow_web.forms.repairs import CodeForm
from stoqflow_web.models import OrderLine, Writeback
from stoqflow_web.models.writebacks import NEEDS_ATTENTION, TRANSPORT
from stoqflow_web.next_steps import EDIT_CODE, SHIP_ANYWAY, TAKE_OVER, possible_steps
from stoqflow_web.queries import attention as queries
from stoqflow_web.queries.attention import Counts, Tried
from stoqflow_web.queries.shop_health import ShopHealth, health_of_shops
from stoqflow_web.services import attention
from stoqflow_web.views.access import local_path, signed_in_user
from stoqflow_web.views.respond import redirect_to, respond
from stoqflow_web.wording.refusals import Advice, advice_for, step_words
from stoqflow_web.wording.shop_health import Banner, banners
from stoqflow_web.wording.writebacks import carrier_name, kind_words, what_words

LINES_SHOWN = 20

blueprint = Blueprint("attention", __name__)
for words in (step_words, kind_words, what_words, carrier_name):
    blueprint.add_app_template_global(words)


@dataclass(frozen=True)
class Matter:
    """One row of the page: the message, our words for what is the matter, and how often it was tried."""

    row: Writeback
    advice: Advice
    tried: Tried

    @property
    def other_steps(self) -> list[str]:
        return [step for step in possible_steps(self.row) if step != self.advice.step]


def matters_of(rows: Sequence[Writeback]) -> list[Matter]:
    """With all that a page shows of them, in one question however many they are."""
    tried = queries.tried_of(rows)
    return [Matter(row, advice_for(row), tried[row.id]) for row in rows]


@dataclass(frozen=True)
class Besides:
    """What needs a person beside the messages: shops without access, lines whose product must be chosen."""

    locked_out: Sequence[Banner]
    lines: Sequence[OrderLine]
    more_lines: int

    def __bool__(self) -> bool:
        return bool(self.locked_out or self.lines)


def besides(counts: Counts, shops: Sequence[ShopHealth], most_lines: int = LINES_SHOWN) -> Besides:
    lost = [one for one in shops if one.shop.has_lost_access]
    lines = queries.first_lines(most_lines)
    return Besides(banners(lost, is_manager=current_user.is_manager), lines, counts.lines - len(lines))


@blueprint.get("/needs-attention")
def index() -> Response:
    page = queries.page(request.args.get("page"))
    return respond(
        "attention/list.html",
        "attention/_list.html",
        matters=matters_of(page.rows),
        besides=besides(queries.counts(), health_of_shops()) if not page.previous else None,
        next_url=page.next and url_for("attention.index", page=page.next),
        previous_url=page.previous and url_for("attention.index", page=page.previous),
        here=url_for("attention.index", page=request.args.get("page")),
    )


@blueprint.get("/writebacks/<int:writeback_id>")
def show(writeback_id: int) -> Response:
    """One of them alone, for links from elsewhere."""
    row = queries.find(writeback_id)
    if row.state != NEEDS_ATTENTION:
        return _gone()
    return make_response(render_template("attention/matter.html", matter=matters_of([row])[0]))


@blueprint.post("/writebacks/<int:writeback_id>/retries")
def try_again(writeback_id: int) -> Response:
    return _do(attention.try_again, writeback_id, _("It is sent to bol.com again."))


@blueprint.get("/writebacks/<int:writeback_id>/withdrawal")
def ask_withdraw(writeback_id: int) -> Response:
    row = queries.find(writeback_id)
    if row.state != NEEDS_ATTENTION:
        return _gone()
    return make_response(render_template("attention/withdraw.html", row=row, advice=advice_for(row)))


@blueprint.post("/writebacks/<int:writeback_id>/withdrawal")
def withdraw(writeback_id: int) -> Response:
    return _do(attention.withdraw, writeback_id, _("bol.com is not told of it."))


@blueprint.post("/writebacks/<int:writeback_id>/full-cancellation")
def cancel_all(writeback_id: int) -> Response:
    return _do(attention.cancel_all, writeback_id, _("The cancellation is sent to bol.com."))


@blueprint.get("/writebacks/<int:writeback_id>/shipping-anyway")
def ask_why(writeback_id: int) -> Response:
    row = queries.find(writeback_id)
    if row.state != NEEDS_ATTENTION or SHIP_ANYWAY not in possible_steps(row):
        return _gone()
    return _reason_page(row, ReasonForm())


@blueprint.post("/writebacks/<int:writeback_id>/shipping-anyway")
def ship_anyway(writeback_id: int) -> Response:
    row, form = queries.find(writeback_id), ReasonForm()
    if not form.validate():
        return _reason_page(row, form, 422)
    try:
        attention.ship_anyway(writeback_id, form.reason.data, user_id=signed_in_user().id)
    except Invalid as refusal:
        show_refusal(form, refusal)
        return _reason_page(queries.find(writeback_id), form, 422)
    except StoqflowError as refusal:
        flash(refusal.sentence, "warn")
        return _back()
    flash(_("The shipment is sent to bol.com all the same."), "info")
    return _back()


@blueprint.post("/writebacks/<int:writeback_id>/acceptance")
def accept(writeback_id: int) -> Response:
    return _do(
        attention.accept_cancellation,
        writeback_id,
        _("What the client asked for is canceled. Keep the parcel back: see the order for what is left of it."),
    )


@blueprint.get("/writebacks/<int:writeback_id>/takeover")
def ask_take_over(writeback_id: int) -> Response:
    row = queries.find(writeback_id)
    if row.state != NEEDS_ATTENTION:
        return _gone()
    return make_response(render_template("attention/take_over.html", row=row, advice=advice_for(row)))


@blueprint.post("/writebacks/<int:writeback_id>/takeover")
def take_over(writeback_id: int) -> Response:
    row = queries.find(writeback_id)
    if row.state != NEEDS_ATTENTION or TAKE_OVER not in possible_steps(row):
        return _gone()
    is_handed_over = background.enqueue(
        "jobs.orders.take_over",
        writeback_id,
        request.form.get("goods_are_back") == "yes",
        signed_in_user().id,
        queue="urgent",
        job_id=f"take-over-{writeback_id}",
        timeout=300,
    )
    if is_handed_over:
        flash(_("bol.com is being asked about this order. This page shows in a moment what came of it."), "info")
    else:
        flash(_("Nothing was started: the queue of work can't be reached. Try again in a minute."), "danger")
    return _back()


@blueprint.get("/writebacks/<int:writeback_id>/code")
def edit_code(writeback_id: int) -> Response:
    row = queries.find(writeback_id)
    if row.state != NEEDS_ATTENTION or EDIT_CODE not in possible_steps(row) or row.shipment is None:
        return _gone()
    is_repair = row.kind == TRANSPORT
    given = row if is_repair else row.shipment
    return _code_page(row, CodeForm(carrier=given.carrier, track_and_trace=given.track_and_trace))


@blueprint.post("/writebacks/<int:writeback_id>/code")
def change_code(writeback_id: int) -> Response:
    row, form = queries.find(writeback_id), CodeForm()
    if not form.validate():
        return _code_page(row, form, 422)
    try:
        attention.edit_code(
            writeback_id,
            carrier=form.carrier.data,
            code=form.track_and_trace.data,
            is_confirmed=form.is_confirmed.data,
            user_id=signed_in_user().id,
        )
    except Invalid as refusal:
        show_refusal(form, refusal)
        return _code_page(queries.find(writeback_id), form, 422)
    except StoqflowError as refusal:
        flash(refusal.sentence, "warn")
        return _back()
    flash(_("The new code is sent to bol.com."), "info")
    return _back()


def _do(verb: Callable[..., object], writeback_id: int, done: str) -> Response:
    """One step for one row. Whoever comes second, or too late, is told so on the page they were on."""
    try:
        verb(writeback_id, user_id=signed_in_user().id)
    except StoqflowError as refusal:
        if refusal.status == 404:
            raise
        flash(refusal.sentence, "warn")
    else:
        flash(done, "info")
    return _back()


def _gone() -> Response:
    flash(attention.AlreadyDealtWith().sentence, "warn")
    return _back()


def _back() -> Response:
    """To the page that the button was on, when it said which, else to the list."""
    return redirect_to(local_path(request.form.get("back")) or url_for("attention.index"))


def _reason_page(row: Writeback, form: ReasonForm, status: int = 200) -> Response:
    action = url_for("attention.ship_anyway", writeback_id=row.id)
    context = {"order": row.sales_order, "line": None, "form": form, "action": action}
    return make_response(
        render_template("answers/ship_anyway.html", back=url_for("attention.index"), **context), status
    )


def _code_page(row: Writeback, form: CodeForm, status: int = 200) -> Response:
    return make_response(render_template("attention/code.html", row=row, form=form, advice=advice_for(row)), status)
