"""Reads import runs and their problems for pages, and works out how fast a run goes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ScalarSelect, Select, and_, func, not_, select, true, tuple_
from sqlalchemy.orm import contains_eager

from stoqflow_web.extensions import db
from stoqflow_web.matching import DOUBLED_EAN, normalise_ean
from stoqflow_web.models import ImportProblem, ImportRun, MarketplaceItem, Product
from stoqflow_web.models.imports import KINDS
from stoqflow_web.queries.paging import Keyset, Page, Position, an_id, turn_to

EXAMPLES = 3  # findings shown per check before "all of them"
SOONEST_SECONDS = 5.0  # over less, the burst in which a transfer begins is taken for its rate
PROBLEMS_BY_ID: Keyset[ImportProblem] = Keyset(lambda problem: (problem.id,), (an_id,))


@dataclass(frozen=True)
class WatchedRun:
    """A run with the first of its problems that nobody solved yet, and how many of the counted ones are solved."""

    run: ImportRun
    problem: ImportProblem | None = None
    solved: int = 0


@dataclass(frozen=True)
class ProblemCount:
    """How many problems of one code a run found, and how many of them are left to solve."""

    found: int
    unsolved: int


@dataclass(frozen=True)
class Pace:
    """How fast a run goes: things per second and seconds left, each None while that can't be told."""

    per_second: float | None = None
    seconds_left: int | None = None


def watched(run_id: int) -> WatchedRun | None:
    """One run with its shop and first problem, in one query: a progress fragment asks for this every second."""
    row = db.session.execute(_watching().where(ImportRun.id == run_id)).first()
    return None if row is None else WatchedRun(*row)


def latest_watched(shop_id: int) -> Mapping[str, WatchedRun]:
    """The newest run of each kind of a shop, by kind, in one query."""
    rows = db.session.execute(_watching().where(ImportRun.id.in_(latest_ids([shop_id]))))
    return {row[0].kind: WatchedRun(*row) for row in rows}


def latest_ids(shop_ids: Sequence[int]) -> Sequence[ScalarSelect[int | None]]:
    """For an IN: the id of the newest run of each kind of these shops. Each is one look into an index."""
    return [
        select(func.max(ImportRun.id)).where(ImportRun.shop_id == shop_id, ImportRun.kind == kind).scalar_subquery()
        for shop_id in shop_ids
        for kind in KINDS
    ]


def pace(run: ImportRun, at: datetime) -> Pace:
    """How fast this attempt went since it began the phase, and how long the rest takes at that rate."""
    if not run.is_active or run.phase_started_at is None:
        return Pace()
    seconds = (at - run.phase_started_at).total_seconds()
    gained = run.done - run.phase_started_done
    if seconds < SOONEST_SECONDS or gained <= 0:
        return Pace()
    per_second = gained / seconds
    if run.total is None:
        return Pace(per_second)
    return Pace(per_second, max(round((run.total - run.done) / per_second), 0))


def problem_page(run_id: int, *, code: str | None, cursor: str | None) -> Page[ImportProblem]:
    """The problems of a run, of one code or of all, by code and subject: offers with one reference stand together."""
    asked = select(ImportProblem).where(ImportProblem.run_id == run_id)
    if code:
        asked = asked.where(ImportProblem.code == code)

    def fetch(position: Position | None, limit: int) -> Sequence[ImportProblem]:
        return db.session.scalars(_from(asked, position).limit(limit)).all()

    return turn_to(PROBLEMS_BY_ID, cursor, fetch)


def problem_counts(run_id: int) -> Mapping[str, ProblemCount]:
    """How many problems of each code a run has, the most frequent first."""
    rows = db.session.execute(
        select(ImportProblem.code, func.count(), func.count() - func.count(ImportProblem.solved_at))
        .where(ImportProblem.run_id == run_id)
        .group_by(ImportProblem.code)
        .order_by(func.count().desc(), ImportProblem.code)
    )
    return {code: ProblemCount(found, unsolved) for code, found, unsolved in rows}


def known_titles(shop_id: int, problems: Iterable[ImportProblem]) -> Mapping[int, str]:
    """Titles, by the problem's id, of offers for which bol.com gave none; two queries for all of them.

    First what clients ordered of that very offer, else the product here with its EAN, if only one title fits.
    """
    untitled = [problem for problem in problems if problem.order_line_id is None and not problem.details.get("title")]
    offers = {problem.id: problem.details.get("offer_id") for problem in untitled}
    eans = {problem.id: normalise_ean(problem.details.get("ean")) for problem in untitled}
    by_offer = _titles(
        select(MarketplaceItem.offer_external_id, MarketplaceItem.title)
        .where(MarketplaceItem.shop_id == shop_id, MarketplaceItem.offer_external_id.in_({*offers.values()} - {None}))
        .distinct()
    )
    by_ean = _titles(
        select(Product.ean_normalised, Product.title).where(Product.ean_normalised.in_({*eans.values()} - {None}))
    )
    found = {problem.id: by_offer.get(offers[problem.id]) or by_ean.get(eans[problem.id]) for problem in untitled}
    return {problem_id: title for problem_id, title in found.items() if title}


def _titles(asked: Select[str | None, str | None]) -> Mapping[str | None, str]:
    """Titles by what they belong to, only where there is a single one."""
    titles: dict[str | None, set[str]] = {}
    for key, title in db.session.execute(asked):
        if title:
            titles.setdefault(key, set()).add(title)
    return {key: one.pop() for key, one in titles.items() if len(one) == 1}


def problem_examples(run_id: int) -> Mapping[str, Sequence[ImportProblem]]:
    """The first few problems of each code of a run."""
    place = func.row_number().over(partition_by=ImportProblem.code, order_by=ImportProblem.id).label("place")
    numbered = select(ImportProblem.id, place).where(ImportProblem.run_id == run_id).subquery()
    first = select(ImportProblem).join(numbered, ImportProblem.id == numbered.c.id).where(numbered.c.place <= EXAMPLES)
    examples: dict[str, list[ImportProblem]] = {}
    for problem in db.session.scalars(first.order_by(ImportProblem.id)):
        examples.setdefault(problem.code, []).append(problem)
    return examples


def _watching() -> Select[ImportRun, ImportProblem, int]:
    first_unsolved = (
        select(func.min(ImportProblem.id))
        .where(ImportProblem.run_id == ImportRun.id, ImportProblem.solved_at.is_(None))
        .correlate(ImportRun)
        .scalar_subquery()
    )
    # A products transfer counts no offer twice, so an EAN that is doubled is only a hint there: see import_problems.
    is_hint = and_(ImportProblem.code == DOUBLED_EAN, ImportProblem.offer_id.is_not(None))
    solved = (
        select(func.count())
        .where(ImportProblem.run_id == ImportRun.id, ImportProblem.solved_at.is_not(None), not_(is_hint))
        .correlate(ImportRun)
        .scalar_subquery()
    )
    return (
        select(ImportRun, ImportProblem, solved)
        .join(ImportRun.shop)
        .outerjoin(ImportProblem, ImportProblem.id == first_unsolved)
        .options(contains_eager(ImportRun.shop))
    )


def _from(asked: Select[ImportProblem], position: Position | None) -> Select[ImportProblem]:
    place = (ImportProblem.code, ImportProblem.subject, ImportProblem.id)
    backwards = [column.desc() for column in place]
    if position is None:
        return asked.order_by(*place)
    (problem_id,) = position.key  # the rest of the place is read from the row: a subject can be long for an address
    there = select(*place).where(ImportProblem.id == problem_id).subquery()
    asked = asked.join(there, true())
    beside = tuple_(there.c.code, there.c.subject, there.c.id)
    if position.is_backwards:
        return asked.where(tuple_(*place) < beside).order_by(*backwards)
    return asked.where(tuple_(*place) > beside).order_by(*place)
