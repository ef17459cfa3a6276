"""Notes what Stoqflow did for a shop, for the page *Activity*, and forgets it after a while."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select

from stoqflow_web import clock
from stoqflow_web.models import Activity
from stoqflow_web.models.activities import DONE, SETTINGS, SYNC
from stoqflow_web.services import history
from stoqflow_web.transaction import Transaction, reading, transaction

KEPT = timedelta(days=90)
FORGOTTEN_AT_ONCE = 1_000  # rows in one transaction: nobody waits long for the database
TOGETHER = timedelta(hours=1)  # syncs that all said the same thing are one row for as long
MOST_TOGETHER = 200


def record(
    tx: Transaction,
    shop_id: int,
    kind: str,
    outcome: str,
    event: str,
    *,
    began_at: datetime | None = None,
    user_id: int | None = None,
    **details: Any,
) -> None:
    """Add one row, inside the transaction in which it happened. Kinds and outcomes: models/activities.py.

    `began_at` is for what takes time. Details that are None are left out. Syncs of a shop, one after the other, that
    found nothing new or had to wait share a row, which keeps the moment of each: one a minute would bury the rest.
    """
    activity = Activity(
        at=clock.now(),
        began_at=began_at,
        shop_id=shop_id,
        kind=kind,
        outcome=outcome,
        event=event,
        user_id=user_id,
        details={name: value for name, value in details.items() if value is not None},
    )
    if kind == SYNC and outcome != DONE and _joins_the_last(tx, activity):
        return
    tx.session.add(activity)


def record_of_shop(
    tx: Transaction,
    shop_id: int,
    event: str,
    *,
    kind: str = SETTINGS,
    outcome: str = DONE,
    who: str | None = None,
    user_id: int | None = None,
    **details: Any,
) -> None:
    """What happened to the shop itself: into its history, for good, and into Activity, for a while."""
    history.record(tx, event, who=who, user_id=user_id, shop_id=shop_id, **details)
    record(tx, shop_id, kind, outcome, event, user_id=user_id, **details)


def forget_old() -> int:
    """Delete what is older than 90 days, a bounded number of rows; how many. Called every few seconds."""
    before = clock.now() - KEPT
    with reading() as session:
        old = session.scalars(select(Activity.id).where(Activity.at < before).limit(FORGOTTEN_AT_ONCE)).all()
    if old:
        with transaction() as tx:
            tx.session.execute(delete(Activity).where(Activity.id.in_(old)))
    return len(old)


def _joins_the_last(tx: Transaction, sync: Activity) -> bool:
    """Add this sync to the shop's last row, if that is young and tells the same. The row's `ends` are the moments at
    which each of them ended, in seconds after the first."""
    last = tx.session.scalars(
        select(Activity).where(Activity.shop_id == sync.shop_id).order_by(Activity.id.desc()).limit(1)
    ).one_or_none()
    if last is None or _told(last) != _told(sync):
        return False
    ends = last.details.get("ends", [0])
    first = last.at - timedelta(seconds=ends[-1])
    if not timedelta(0) <= sync.at - first < TOGETHER or len(ends) >= MOST_TOGETHER:
        return False
    ends = [*ends, int((sync.at - first).total_seconds())]
    last.details = {**last.details, "ends": ends}
    last.at = first + timedelta(seconds=ends[-1])
    return True


def _told(sync: Activity) -> tuple[Any, ...]:
    details = {name: value for name, value in sync.details.items() if name != "ends"}
    return sync.kind, sync.outcome, sync.event, sync.user_id, details
