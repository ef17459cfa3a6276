"""Stock from a file: upload, dry run, apply, watch."""

from typing import Any

from flask import Blueprint, Response, flash, request, url_for
from flask_babel import gettext as _

from stoqflow_web.errors import Invalid
from stoqflow_web.forms import show_refusal
from stoqflow_web.forms.stock import StockFileForm
from stoqflow_web.models import StockImport
from stoqflow_web.models.stock_imports import DONE, OUTCOMES, REFUSED, SAME, WAITING
from stoqflow_web.queries import stock_imports as queries
from stoqflow_web.services import stock_imports
from stoqflow_web.services.stock_files import MOST_LINES
from stoqflow_web.services.stock_imports import NotApplicable
from stoqflow_web.views.access import signed_in_user
from stoqflow_web.views.respond import redirect_to, respond
from stoqflow_web.wording.stock_imports import stock_import_words, stock_row_pill

LARGEST_FILE = 8 * 1024 * 1024  # an export of 10,000 products with long titles

blueprint = Blueprint("stock_imports", __name__)

blueprint.add_app_template_global(stock_import_words)
blueprint.add_app_template_global(stock_row_pill)


@blueprint.url_value_preprocessor
def take_large_files(endpoint: str | None, values: dict[str, Any] | None) -> None:
    """Larger than other pages take. This runs before the form is first read."""
    request.max_content_length = LARGEST_FILE


@blueprint.get("/stock/imports")
def new() -> Response:
    return _new(StockFileForm())


@blueprint.post("/stock/imports")
def check() -> Response:
    form = StockFileForm()
    try:
        draft = stock_imports.check(form.lines(), file_name=form.file_name(), user_id=signed_in_user().id)
    except Invalid as refusal:
        show_refusal(form, refusal)
        return _new(form, status=422)
    return redirect_to(url_for("stock_imports.show", stock_import_id=draft.id))


@blueprint.get("/stock/imports/<int:stock_import_id>")
def show(stock_import_id: int) -> Response:
    found = queries.find(stock_import_id)
    outcome = request.args.get("show") if request.args.get("show") in OUTCOMES else None
    page = queries.rows_of(found, outcome=outcome, cursor=request.args.get("page"))
    return respond(
        "stock_imports/import.html",
        "stock_imports/_import.html",
        found=found,
        page=page,
        here=_address(found, show=outcome, page=request.args.get("page")),
        tabs=_tabs(found, outcome),
        next_url=page.next and _address(found, show=outcome, page=page.next),
        previous_url=page.previous and _address(found, show=outcome, page=page.previous),
    )


@blueprint.post("/stock/imports/<int:stock_import_id>/application")
def apply(stock_import_id: int) -> Response:
    try:
        stock_imports.apply(stock_import_id, user_id=signed_in_user().id)
    except NotApplicable as refusal:
        flash(refusal.sentence, "info")
    return redirect_to(url_for("stock_imports.show", stock_import_id=stock_import_id))


@blueprint.post("/stock/imports/<int:stock_import_id>/discarding")
def discard(stock_import_id: int) -> Response:
    try:
        stock_imports.discard(stock_import_id)
    except NotApplicable as refusal:
        flash(refusal.sentence, "info")
        return redirect_to(url_for("stock_imports.show", stock_import_id=stock_import_id))
    flash(_("Nothing was changed."), "info")
    return redirect_to(url_for("products.index"))


def _new(form: StockFileForm, *, status: int = 200) -> Response:
    return respond(
        "stock_imports/new.html",
        "stock_imports/new.html",
        form=form,
        most_lines=MOST_LINES,
        before=queries.of_late(),
        status=status,
    )


def _tabs(found: StockImport, outcome: str | None) -> list[tuple[str, int, str, bool, str]]:
    """Label, count, address, whether it is where we are, tone."""
    tabs = [
        (_("All"), found.total, None, ""),
        (_("Would change") if found.is_draft else _("Waiting"), found.count_waiting, WAITING, ""),
        (_("Changed"), found.count_done, DONE, ""),
        (_("As it is"), found.count_same, SAME, ""),
        (_("Refused"), found.count_refused, REFUSED, "danger"),
    ]
    return [
        (label, number, _address(found, show=what), what == outcome, tone)
        for label, number, what, tone in tabs
        if what != (DONE if found.is_draft else WAITING if found.is_finished else "")
    ]


def _address(found: StockImport, *, show: str | None = None, page: str | None = None) -> str:
    return url_for("stock_imports.show", stock_import_id=found.id, show=show, page=page)
