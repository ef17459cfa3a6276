"""Reads import runs and their problems for pages, and works out how fast a run goes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ScalarSelect, Select, func, select
from sqlalchemy.orm import contains_eager

from stoqflow_web.extensions import db
from stoqflow_web.models import ImportProblem, ImportRun
from stoqflow_web.models.imports import KINDS
from stoqflow_web.queries.paging import Keyset, Page, Position, an_id, turn_to

EXAMPLES = 3  # findings shown per check before "all of them"
SOONEST_SECONDS = 5.0  # over less, the burst in which a transfer begins is taken for its rate
PROBLEMS_BY_ID: Keyset[ImportProblem] = Keyset(lambda problem: (problem.id,), (an_id,))


@dataclass(frozen=True)
class WatchedRun:
    """A run with the first of its problems that nobody solved yet."""

    run: ImportRun
    problem: ImportProblem | None = None


@dataclass(frozen=True)
class Pace:
    """How fast a run goes: things per second and seconds left, each None while that can't be told."""

    per_second: float | None = None
    seconds_left: int | None = None


def watched(run_id: int) -> WatchedRun | None:
    """One run with its shop and first problem, in one query: a progress fragment asks for this every second."""
    row = db.session.execute(_watching().where(ImportRun.id == run_id)).first()
    return None if row is None else WatchedRun(row[0], row[1])


def latest_watched(shop_id: int) -> Mapping[str, WatchedRun]:
    """The newest run of each kind of a shop, by kind, in one query."""
    rows = db.session.execute(_watching().where(ImportRun.id.in_(latest_ids([shop_id]))))
    return {run.kind: WatchedRun(run, problem) for run, problem in rows}


def latest_runs(shop_id: int) -> Mapping[str, ImportRun]:
    """The newest run of each kind of a shop, by kind."""
    return {kind: one.run for kind, one in latest_watched(shop_id).items()}


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
    """The problems of a run in the order they were found, of one code or of all."""
    asked = select(ImportProblem).where(ImportProblem.run_id == run_id)
    if code:
        asked = asked.where(ImportProblem.code == code)

    def fetch(position: Position | None, limit: int) -> Sequence[ImportProblem]:
        return db.session.scalars(_from(asked, position).limit(limit)).all()

    return turn_to(PROBLEMS_BY_ID, cursor, fetch)


def problem_counts(run_id: int) -> Mapping[str, int]:
    """How many problems of each code a run has, the most frequent first."""
    rows = db.session.execute(
        select(ImportProblem.code, func.count())
        .where(ImportProblem.run_id == run_id)
        .group_by(ImportProblem.code)
        .order_by(func.count().desc(), ImportProblem.code)
    )
    return dict(rows.all())


def problem_examples(run_id: int) -> Mapping[str, Sequence[ImportProblem]]:
    """The first few problems of each code of a run."""
    place = func.row_number().over(partition_by=ImportProblem.code, order_by=ImportProblem.id).label("place")
    numbered = select(ImportProblem.id, place).where(ImportProblem.run_id == run_id).subquery()
    first = select(ImportProblem).join(numbered, ImportProblem.id == numbered.c.id).where(numbered.c.place <= EXAMPLES)
    examples: dict[str, list[ImportProblem]] = {}
    for problem in db.session.scalars(first.order_by(ImportProblem.id)):
        examples.setdefault(problem.code, []).append(problem)
    return examples


def _watching() -> Select[ImportRun, ImportProblem]:
    first_unsolved = (
        select(func.min(ImportProblem.id))
        .where(ImportProblem.run_id == ImportRun.id, ImportProblem.solved_at.is_(None))
        .correlate(ImportRun)
        .scalar_subquery()
    )
    return (
        select(ImportRun, ImportProblem)
        .join(ImportRun.shop)
        .outerjoin(ImportProblem, ImportProblem.id == first_unsolved)
        .options(contains_eager(ImportRun.shop))
    )


def _from(asked: Select[ImportProblem], position: Position | None) -> Select[ImportProblem]:
    if position is None:
        return asked.order_by(ImportProblem.id)
    (problem_id,) = position.key
    if position.is_backwards:
        return asked.where(ImportProblem.id < problem_id).order_by(ImportProblem.id.desc())
    return asked.where(ImportProblem.id > problem_id).order_by(ImportProblem.id)
