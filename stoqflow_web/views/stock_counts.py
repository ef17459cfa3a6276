"""Counting by scanning: a page for a phone with a scanner, a review, and what came of it."""

from flask import Blueprint, Response, flash, make_response, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from stoqflow_web.errors import Invalid
from stoqflow_web.forms.stock import ScanForm
from stoqflow_web.models import StockCount, StockCountLine
from stoqflow_web.queries import stock_counts as queries
from stoqflow_web.services import counting
from stoqflow_web.services.counting import NotCountable
from stoqflow_web.services.stock_files import whole_number
from stoqflow_web.views.access import signed_in_user
from stoqflow_web.views.respond import redirect_to, respond, wants_fragment

blueprint = Blueprint("stock_counts", __name__)

ALL = "all"


@blueprint.get("/stock/count")
def begin() -> Response:
    """The count that is going on, or a button to begin one."""
    going_on = queries.open_one()
    if going_on is not None:
        return redirect_to(_address(going_on.id))
    return respond("stock_counts/begin.html", "stock_counts/begin.html", counts=queries.of_late())


@blueprint.post("/stock/count")
def start() -> Response:
    return redirect_to(_address(counting.start(user_id=signed_in_user().id).id))


@blueprint.get("/stock/counts/<int:count_id>")
def show(count_id: int) -> Response:
    """While it is open the page to scan on, afterwards what came of it."""
    count = queries.find(count_id)
    if not count.is_open:
        return _review(count)
    return _scanning(count, just=queries.line_of(count, request.args.get("last", type=int)))


@blueprint.get("/stock/counts/<int:count_id>/lines")
def show_lines(count_id: int) -> Response:
    """What an open count asks every few seconds: 204 while all is as it was at `seen`. Ended, it leads on."""
    count = queries.find(count_id)
    if not count.is_open or not wants_fragment():
        return redirect_to(_address(count_id))
    version = queries.version_of(count)
    if version == request.args.get("seen"):
        return Response(status=204)
    return make_response(
        render_template(
            "stock_counts/_lines.html",
            count_=count,
            version=version,
            sums=queries.sums_of(count),
            lines=queries.scanned_last(count),
        )
    )


@blueprint.post("/stock/counts/<int:count_id>/scans")
def scan(count_id: int) -> Response:
    form = ScanForm()
    code = (form.code.data or "").strip()
    try:
        if form.units.errors or not form.validate():
            raise Invalid("units", " ".join(map(str, form.units.errors)) or _("Load the page again."))
        units = 1 if form.units.data is None else form.units.data
        if is_in_all := not code and form.units.data is not None and form.line.data is not None:
            line = counting.say(count_id, form.line.data, units, user_id=signed_in_user().id)
        else:
            line = counting.scan(count_id, code, units=units, user_id=signed_in_user().id)
    except Invalid as refusal:
        return _scanning(queries.find(count_id), refused=code, sentence=refusal.sentence, status=422)
    except NotCountable as refusal:
        return _has_ended(count_id, refusal)
    if not wants_fragment():
        return redirect_to(_address(count_id, last=line.id))
    count = queries.find(count_id)
    return _scanning(count, just=queries.line_of(count, line.id), added=None if is_in_all else units)


@blueprint.post("/stock/counts/<int:count_id>/lines/<int:line_id>")
def say(count_id: int, line_id: int) -> Response:
    """How many there are in all, typed instead of scanned one by one."""
    counted = whole_number(request.form.get("counted", ""))
    try:
        if counted is None:
            raise Invalid("counted", _("Enter a whole number."))
        line = counting.say(count_id, line_id, counted, user_id=signed_in_user().id)
    except Invalid as refusal:
        return _scanning(queries.find(count_id), sentence=refusal.sentence, status=422)
    except NotCountable as refusal:
        return _has_ended(count_id, refusal)
    if not wants_fragment():
        return redirect_to(_address(count_id, last=line.id))
    count = queries.find(count_id)
    return _scanning(count, just=queries.line_of(count, line.id))


@blueprint.post("/stock/counts/<int:count_id>/lines/<int:line_id>/removal")
def leave_out(count_id: int, line_id: int) -> Response:
    try:
        counting.leave_out(count_id, line_id)
    except NotCountable as refusal:
        return _has_ended(count_id, refusal)
    return _scanning(queries.find(count_id)) if wants_fragment() else redirect_to(_address(count_id))


@blueprint.get("/stock/counts/<int:count_id>/review")
def review(count_id: int) -> Response:
    return _review(queries.find(count_id))


@blueprint.post("/stock/counts/<int:count_id>/application")
def apply(count_id: int) -> Response:
    try:
        done = counting.apply(count_id, user_id=signed_in_user().id)
    except NotCountable as refusal:
        return _has_ended(count_id, refusal)
    flash(
        ngettext("%(num)s product counted", "%(num)s products counted", done.products)
        + ", "
        + ngettext("%(num)s corrected.", "%(num)s corrected.", done.corrected),
        "info",
    )
    return redirect_to(_address(count_id))


@blueprint.post("/stock/counts/<int:count_id>/discarding")
def discard(count_id: int) -> Response:
    try:
        counting.discard(count_id, user_id=signed_in_user().id)
    except NotCountable as refusal:
        return _has_ended(count_id, refusal)
    flash(_("The count is discarded. Nothing was changed."), "info")
    return redirect_to(url_for("stock_counts.begin"))


def _scanning(
    count: StockCount,
    *,
    just: StockCountLine | None = None,
    added: int | None = None,
    refused: str | None = None,
    sentence: str = "",
    status: int = 200,
) -> Response:
    """`just`: the line that was scanned; `refused`: the code that was not, with the sentence why."""
    return respond(
        "stock_counts/count.html",
        "stock_counts/_counted.html",
        status=status,
        count_=count,
        form=ScanForm(formdata=None),
        just=just,
        added=added,
        refused=refused,
        sentence=sentence,
        version=queries.version_of(count),
        sums=queries.sums_of(count),
        lines=queries.scanned_last(count),
    )


def _review(count: StockCount) -> Response:
    shows_all = request.args.get("show") == ALL
    page = queries.lines_of(count, only_different=not shows_all, cursor=request.args.get("page"))
    show = ALL if shows_all else None
    sums = queries.sums_of(count)
    return respond(
        "stock_counts/review.html",
        "stock_counts/review.html",
        count_=count,
        sums=sums,
        largest=queries.largest_difference(count) if count.is_open else None,
        page=page,
        tabs=[
            (_("Different"), sums.different, _review_address(count.id), not shows_all),
            (_("All"), sums.products, _review_address(count.id, show=ALL), shows_all),
        ],
        next_url=page.next and _review_address(count.id, show=show, page=page.next),
        previous_url=page.previous and _review_address(count.id, show=show, page=page.previous),
    )


def _has_ended(count_id: int, refusal: NotCountable) -> Response:
    """A second click, or somebody else ended it meanwhile: said calmly, on the page that tells what came of it."""
    flash(refusal.sentence, "info")
    return redirect_to(_address(count_id))


def _address(count_id: int, *, last: int | None = None) -> str:
    return url_for("stock_counts.show", count_id=count_id, last=last)


def _review_address(count_id: int, *, show: str | None = None, page: str | None = None) -> str:
    return url_for("stock_counts.review", count_id=count_id, show=show, page=page)
