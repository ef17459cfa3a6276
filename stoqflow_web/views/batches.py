"""Many orders at once: chosen from the list or by a list of codes, checked, confirmed, watched."""

from typing import Any

from flask import Blueprint, Response, request, stream_with_context, url_for
from flask_babel import gettext as _
from flask_wtf import FlaskForm

from stoqflow_web.carriers import carriers
from stoqflow_web.errors import Invalid
from stoqflow_web.forms import show_refusal
from stoqflow_web.forms.batches import CancelForm, ConfirmForm, ListForm, chosen_ids, typed_codes
from stoqflow_web.forms.orders import wanted_orders
from stoqflow_web.models import Batch
from stoqflow_web.models.batches import CANCEL, CHOSEN, OUTCOMES
from stoqflow_web.queries import batches as queries
from stoqflow_web.queries import orders, shop_names
from stoqflow_web.services import batches
from stoqflow_web.services.batch_files import MOST_LINES, csv_text
from stoqflow_web.views.access import signed_in_user
from stoqflow_web.views.respond import redirect_to, respond
from stoqflow_web.wording import batches as wording

FILLED_IN_BY_HAND = 50  # for more orders at once a list is the better way
SHOWN_BEFORE_CONFIRMING = 50

blueprint = Blueprint("batches", __name__)

for words in (wording.title_of, wording.state_of, wording.outcome_of, wording.done_word, wording.where):
    blueprint.add_app_template_global(words, name=f"batch_{words.__name__}")
blueprint.add_app_template_global(wording.carrier_name)
blueprint.add_app_template_global(wording.part_words)


@blueprint.app_context_processor
def limits() -> dict[str, int]:
    return {"most_orders": batches.MOST_ORDERS}


@blueprint.url_value_preprocessor
def take_long_lists(endpoint: str | None, values: dict[str, Any] | None) -> None:
    """A pasted list of 10,000 lines is larger than Flask lets a field be. This runs before the form is first read."""
    request.max_form_memory_size = request.max_content_length


@blueprint.get("/batches")
def index() -> Response:
    return respond("batches/list.html", "batches/list.html", found=queries.of_late())


@blueprint.post("/batches")
def choose() -> Response:
    batch = batches.choose(request.form.get("kind", ""), orders_asked_for(), user_id=signed_in_user().id)
    return redirect_to(url_for("batches.show", batch_id=batch.id))


@blueprint.get("/batches/new")
def new() -> Response:
    return _new(ListForm())


@blueprint.post("/batches/new")
def choose_by_list() -> Response:
    form = ListForm()
    try:
        batch = batches.choose_by_list(form.lines(), user_id=signed_in_user().id)
    except Invalid as refusal:
        show_refusal(form, refusal)
        return _new(form, status=422)
    return redirect_to(url_for("batches.show", batch_id=batch.id))


@blueprint.get("/batches/<int:batch_id>")
def show(batch_id: int) -> Response:
    return _show(queries.find(batch_id))


@blueprint.post("/batches/<int:batch_id>/codes")
def fill_in(batch_id: int) -> Response:
    """Codes typed beside their orders."""
    batches.fill_in(batch_id, typed_codes(request.form), user_id=signed_in_user().id)
    return redirect_to(url_for("batches.show", batch_id=batch_id))


@blueprint.post("/batches/<int:batch_id>/list")
def take_list(batch_id: int) -> Response:
    """Codes of chosen orders, in a list."""
    form = ListForm()
    try:
        batches.take_list(batch_id, form.lines(), user_id=signed_in_user().id)
    except Invalid as refusal:
        show_refusal(form, refusal)
        return _show(queries.find(batch_id), list_form=form, status=422)
    return redirect_to(url_for("batches.show", batch_id=batch_id))


@blueprint.post("/batches/<int:batch_id>/confirmation")
def confirm(batch_id: int) -> Response:
    try:
        batches.confirm(
            batch_id,
            user_id=signed_in_user().id,
            reason=request.form.get("reason"),
            codes_are_right=bool(request.form.get("codes_are_right")),
        )
    except Invalid as refusal:
        batch = queries.find(batch_id)
        form = _confirm_form(batch)
        show_refusal(form, refusal)
        return _show(batch, form=form, status=422)
    return redirect_to(url_for("batches.show", batch_id=batch_id))


@blueprint.post("/batches/<int:batch_id>/retries")
def retry(batch_id: int) -> Response:
    batch = batches.retry(batch_id, user_id=signed_in_user().id)
    return redirect_to(url_for("batches.show", batch_id=batch.id))


@blueprint.post("/batches/<int:batch_id>/undo")
def undo_all(batch_id: int) -> Response:
    batch = batches.undo_all(batch_id, user_id=signed_in_user().id)
    return redirect_to(url_for("batches.show", batch_id=batch.id))


@blueprint.post("/batches/<int:batch_id>/discard")
def discard(batch_id: int) -> Response:
    batches.discard(batch_id)
    return redirect_to(url_for("orders.index"))


@blueprint.get("/batches/<int:batch_id>/result.csv")
def result(batch_id: int) -> Response:
    batch = queries.find(batch_id)
    heading = (_("Line"), _("Order"), _("bol.com order"), _("Carrier"), _("Track & Trace"), _("Result"), _("Why"))
    rows = (
        (
            row.line_number,
            row.order_text,
            external_id,
            row.carrier,
            row.track_and_trace,
            wording.outcome_of(batch, row).words,
            row.sentence,
        )
        for row, external_id in queries.result_of(batch)
    )
    return csv_answer([heading], rows, name=f"batch-{batch.id}.csv")


def csv_answer(heading: Any, rows: Any, *, name: str) -> Response:
    """A file to download, sent while it is read."""

    def all_rows() -> Any:
        yield from heading
        yield from rows

    answer = Response(stream_with_context(csv_text(all_rows())), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def orders_asked_for() -> list[int]:
    """The orders that were ticked, or with `all` those that fit what the list was asked for; one more than is allowed
    tells that there are too many."""
    if request.values.get("all"):
        wanted = wanted_orders(request.values, [shop.id for shop in shop_names.all_shops()])
        return orders.matching_ids(wanted, batches.MOST_ORDERS + 1)
    return chosen_ids(request.values)


def _new(form: ListForm, *, status: int = 200) -> Response:
    return respond("batches/new.html", "batches/new.html", list_form=form, most_lines=MOST_LINES, status=status)


def _show(
    batch: Batch, *, form: FlaskForm | None = None, list_form: ListForm | None = None, status: int = 200
) -> Response:
    outcome = request.args.get("show") if request.args.get("show") in OUTCOMES else None
    page = queries.rows_of(batch, outcome=outcome, cursor=request.args.get("page"))
    uncommon = queries.count_uncommon(batch) if batch.is_draft else 0
    return respond(
        "batches/batch.html",
        "batches/_progress.html",
        batch=batch,
        page=page,
        outcome=outcome,
        here=_address(batch, show=outcome, page=request.args.get("page")),
        next_url=page.next and _address(batch, show=outcome, page=page.next),
        previous_url=page.previous and _address(batch, show=outcome, page=page.previous),
        tabs=_tabs(batch, outcome, uncommon),
        undoable=queries.undoable(batch),
        told=queries.told_of(batch),
        status=status,
        **(_draft(batch, form, list_form, uncommon) if batch.is_draft else {}),
    )


def _draft(batch: Batch, form: FlaskForm | None, list_form: ListForm | None, uncommon: int) -> dict[str, Any]:
    """What else a page shows before anything happened."""
    if batch.status == CHOSEN:
        by_hand = batch.total <= FILLED_IN_BY_HAND
        return {
            "list_form": list_form or ListForm(),
            "most_lines": MOST_LINES,
            "by_hand": queries.rows_to_fill_in(batch, FILLED_IN_BY_HAND) if by_hand else [],
            "carriers": list(carriers().values()),
        }
    return {
        "form": form or _confirm_form(batch),
        "refused": queries.refused_rows(batch, SHOWN_BEFORE_CONFIRMING),
        "uncommon": uncommon,
        "carriers": list(carriers().values()),
        "dry_run_words": wording.dry_run_words(batch, uncommon),
        "confirm_words": wording.confirm_words(batch, uncommon),
    }


def _confirm_form(batch: Batch) -> FlaskForm:
    if batch.kind != CANCEL:
        return ConfirmForm()
    form = CancelForm()
    form.offer(batch.reason)
    return form


def _tabs(batch: Batch, outcome: str | None, uncommon: int) -> list[tuple[str, int, str, bool, str]]:
    """Label, count, address, whether it is where we are, tone."""
    can = _("Can be done or confirmed") if uncommon else _("Can be done")
    tabs = [
        (_("All"), batch.total, None, ""),
        (_("Waiting") if not batch.is_draft else can, batch.count_waiting, "waiting", ""),
        (wording.done_word(batch.kind), batch.count_done, "done", ""),
        (_("Not possible"), batch.count_refused, "refused", "danger"),
    ]
    return [
        (label, number, _address(batch, show=what), what == outcome, tone)
        for label, number, what, tone in tabs
        if what != "done" or not batch.is_draft
    ]


def _address(batch: Batch, **asked: str | None) -> str:
    given: dict[str, Any] = {name: value for name, value in asked.items() if value}
    return url_for("batches.show", batch_id=batch.id, **given)
