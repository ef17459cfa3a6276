"""Reads how a shop keeps in step with the marketplace: its syncs, and the checks that nothing was missed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import joinedload

from stoqflow_web import clock
from stoqflow_web.extensions import db
from stoqflow_web.models import ImportProblem, ImportRun, OrderCheck
from stoqflow_web.models.imports import ORDERS, SYNC
from stoqflow_web.services.checking_orders import KEPT

ASKED_FOR_LATELY = timedelta(hours=1)
END_IS_TOLD = timedelta(minutes=2)


@dataclass(frozen=True)
class SyncState:
    """The sync that runs or waits now, the newest that ended, and where there is something of syncs to solve."""

    active: ImportRun | None
    last: ImportRun | None
    is_transferring: bool
    unsolved: int
    unsolved_run_id: int | None


@dataclass
class DayOfChecks:
    """The checks that ended on one Amsterdam day."""

    day: date
    times: int = 0
    compared: int = 0  # orders in the largest of them
    missed: set[str] = field(default_factory=set)
    different: set[str] = field(default_factory=set)

    @property
    def is_clean(self) -> bool:
        return not (self.missed or self.different)


def state_of(shop_id: int) -> SyncState:
    """Three questions; the last one reads the syncs of about a day, for those that ended are not kept longer."""
    newest = db.session.scalars(
        select(ImportRun)
        .where(ImportRun.shop_id == shop_id, ImportRun.kind == SYNC)
        .order_by(ImportRun.id.desc())
        .limit(2)
    ).all()
    transferring = select(ImportRun.id).where(
        ImportRun.shop_id == shop_id, ImportRun.kind == ORDERS, ImportRun.active_key.is_not(None)
    )
    unsolved, run_id = db.session.execute(
        select(func.count(ImportProblem.order_line_id.distinct()), func.max(ImportProblem.run_id))
        .join(ImportProblem.run)
        .where(ImportRun.shop_id == shop_id, ImportRun.kind == SYNC, ImportProblem.solved_at.is_(None))
    ).one()
    return SyncState(
        active=next((run for run in newest if run.is_active), None),
        last=next((run for run in newest if not run.is_active), None),
        is_transferring=db.session.scalar(transferring) is not None,
        unsolved=unsolved,
        unsolved_run_id=run_id,
    )


def asked_for() -> Sequence[ImportRun]:
    """Of each shop the newest sync that somebody asked for, if it has not ended or ended a moment ago."""
    now = clock.now()
    runs = db.session.scalars(
        select(ImportRun)
        .where(
            ImportRun.created_at > now - ASKED_FOR_LATELY,
            ImportRun.kind == SYNC,
            ImportRun.started_by_id.is_not(None),
            or_(ImportRun.active_key.is_not(None), ImportRun.finished_at > now - END_IS_TOLD),
        )
        .options(joinedload(ImportRun.shop))
        .order_by(ImportRun.id)
    )
    return list({run.shop_id: run for run in runs}.values())


def latest_check(shop_id: int) -> OrderCheck | None:
    """The newest check that has ended."""
    return db.session.scalars(
        select(OrderCheck)
        .where(OrderCheck.shop_id == shop_id, OrderCheck.finished_at.is_not(None))
        .order_by(OrderCheck.finished_at.desc())
        .limit(1)
    ).one_or_none()


def days_of_checks(shop_id: int) -> Sequence[DayOfChecks]:
    """The last 30 days, oldest first, those without a check too."""
    today = clock.today()
    days = [DayOfChecks(today - timedelta(days=ago)) for ago in reversed(range(KEPT.days))]
    by_day = {one.day: one for one in days}
    rows = db.session.execute(
        select(
            OrderCheck.finished_at,
            OrderCheck.times,
            OrderCheck.open_there + OrderCheck.handled_there,
            OrderCheck.missed,
            OrderCheck.different,
        ).where(OrderCheck.shop_id == shop_id, OrderCheck.finished_at >= clock.now() - KEPT)
    )
    for finished_at, times, compared, missed, different in rows:
        day = finished_at and by_day.get(finished_at.astimezone(clock.AMSTERDAM).date())
        if day:
            day.times += times
            day.compared = max(day.compared, compared)
            day.missed |= set(missed)
            day.different |= set(different)
    return days
