"""Transfers of a shop's data: start one, watch it, stop it, and solve what it found."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from flask import Blueprint, Response, make_response, render_template, request, url_for
from flask_babel import gettext as _

from stoqflow_web import clock
from stoqflow_web.errors import NotFound
from stoqflow_web.models import ImportProblem, ImportRun, Shop
from stoqflow_web.models.imports import KINDS, READINESS, STOCK
from stoqflow_web.queries import imports as queries
from stoqflow_web.services import imports
from stoqflow_web.views.access import managers_only, signed_in_user
from stoqflow_web.views.respond import redirect_to, respond, wants_fragment
from stoqflow_web.wording import imports as wording
from stoqflow_web.wording.problems import Kind, ProblemWords
from stoqflow_web.wording.problems import describe as describe_problem
from stoqflow_web.wording.problems import kind_of as problem_kind

blueprint = managers_only(Blueprint("imports", __name__))

ENDED = "import-ended"  # the event by which other parts of a page hear that a run has ended


@dataclass(frozen=True)
class TransferRow:
    """One kind of transfer of a shop, as `imports/_run.html` shows it: its newest run, if it ever ran."""

    shop: Shop
    kind: str
    run: ImportRun | None = None
    words: wording.RunWords | None = None
    problem: ProblemWords | None = None
    is_next: bool = False  # the transfer that makes sense now: its button stands out

    @property
    def name(self) -> str:
        return wording.kind_name(self.kind)

    @property
    def promise(self) -> str:
        return wording.kind_promise(self.kind)

    @property
    def is_active(self) -> bool:
        return self.run is not None and self.run.is_active

    @property
    def can_start(self) -> bool:
        return self.kind in KINDS and not self.is_active and self.shop.may_ask_marketplace

    @property
    def can_stop(self) -> bool:
        return self.is_active and self.run is not None and not self.run.is_stopping

    @property
    def shows_problem(self) -> bool:
        """While it runs, a problem is shown as it comes in; afterwards its number leads to the whole list."""
        return self.is_active and self.problem is not None

    @property
    def has_more_to_tell(self) -> bool:
        return self.run is not None and (self.is_active or bool(self.run.trouble))

    @property
    def trouble(self) -> tuple[str, str]:
        """The sentence and the tone of its notice."""
        return wording.trouble_of(self.run, self.shop) if self.run else ("", "")

    @property
    def link_to_problems(self) -> str:
        """The words of the link to what an ended run found, empty when it found nothing."""
        if self.run is None or self.words is None or self.is_active:
            return ""
        if self.run.count_problems and self.problem is None:
            return _("all solved")
        return self.words.needs_you or (_("with remarks") if self.problem else "")

    @property
    def needs_somebody(self) -> bool:
        return self.problem is not None and self.run is not None and self.run.count_problems > 0

    @property
    def start_words(self) -> str:
        if self.kind == READINESS:
            return _("Check readiness again") if self.run else _("Check readiness now")
        if self.kind == STOCK:
            return _("Compare again") if self.run else _("Compare now")
        return _("Transfer again") if self.run else _("Transfer")


@blueprint.post("/shops/<int:shop_id>/imports")
def start(shop_id: int) -> Response:
    run = imports.start(shop_id, request.form.get("kind", ""), user_id=signed_in_user().id)
    return _row_or_onward(run.id)


@blueprint.post("/imports/<int:run_id>/stop")
def stop(run_id: int) -> Response:
    imports.request_stop(run_id, user_id=signed_in_user().id)
    return _row_or_onward(run_id)


@blueprint.get("/imports/<int:run_id>")
def show(run_id: int) -> Response:
    row = row_of(_watched(run_id))
    if wants_fragment():
        return _fragment(row)
    return respond("imports/run.html", "imports/_run.html", row=row, groups=_groups(run_id))


@blueprint.get("/imports/<int:run_id>/problems")
def problems(run_id: int) -> Response:
    watched, code = _watched(run_id), request.args.get("code") or None
    page = queries.problem_page(run_id, code=code, cursor=request.args.get("from"))
    return respond(
        "imports/problems.html",
        "imports/_problems.html",
        row=row_of(watched),
        groups=_groups(run_id),
        code=code,
        found=page,
        sections=_sections(watched.run.shop_id, page.rows),
    )


def row_of(watched: queries.WatchedRun) -> TransferRow:
    """A run with its words, as it is now."""
    run, now = watched.run, clock.now()
    return TransferRow(
        shop=run.shop,
        kind=run.kind,
        run=run,
        words=wording.describe(run, queries.pace(run, now), now, solved=watched.solved),
        problem=describe_problem(watched.problem) if watched.problem else None,
    )


@dataclass(frozen=True)
class ProblemGroup:
    """The problems of one code in a run; `number` of them are left to solve."""

    code: str
    title: str
    number: int


@dataclass(frozen=True)
class ProblemSection:
    """The problems of one code on a page, under a head that says once what all of them ask for."""

    kind: Kind
    rows: list[tuple[ImportProblem, ProblemWords]]


def _groups(run_id: int) -> list[ProblemGroup]:
    counts = queries.problem_counts(run_id)
    return [ProblemGroup(code, problem_kind(code).title, count.unsolved) for code, count in counts.items()]


def _sections(shop_id: int, found: Sequence[ImportProblem]) -> list[ProblemSection]:
    titles = queries.known_titles(shop_id, found)
    return [
        ProblemSection(problem_kind(code), [(one, describe_problem(one, titles.get(one.id))) for one in alike])
        for code, alike in groupby(found, lambda problem: problem.code)
    ]


def _row_or_onward(run_id: int) -> Response:
    row = row_of(_watched(run_id))
    if wants_fragment():
        return _fragment(row)
    if row.kind == STOCK:
        return redirect_to(url_for("stock_to_marketplace.show", shop_id=row.shop.id))
    if row.kind == READINESS:
        return redirect_to(url_for("shops.readiness", shop_id=row.shop.id))
    return redirect_to(url_for("shops.show", shop_id=row.shop.id))


def _fragment(row: TransferRow) -> Response:
    answer = make_response(render_template("imports/_run.html", row=row))
    if not row.is_active:
        answer.headers["HX-Trigger"] = ENDED
    return answer


def _watched(run_id: int) -> queries.WatchedRun:
    watched = queries.watched(run_id) if run_id < 2**63 else None
    if watched is None:
        raise NotFound(_("There is no such transfer."))
    return watched
