"""Notes what Stoqflow did for a shop, for the page *Activity*, and forgets it after a while."""

from datetime import datetime, timedelta

from sqlalchemy import delete, select

from stoqflow_web import clock
from stoqflow_web.models import Activity
from stoqflow_web.transaction import Transaction, reading, transaction

KEPT = timedelta(days=90)
FORGOTTEN_AT_ONCE = 1_000  # rows in one transaction: nobody waits long for the database


def record(
    tx: Transaction,
    shop_id: int,
    kind: str,
    outcome: str,
    event: str,
    *,
    began_at: datetime | None = None,
    user_id: int | None = None,
    **details: str | int | None,
) -> None:
    """Add one row, inside the transaction in which it happened. Kinds and outcomes: models/activities.py.

    `began_at` is for what takes time. Details that are None are left out.
    """
    tx.session.add(
        Activity(
            at=clock.now(),
            began_at=began_at,
            shop_id=shop_id,
            kind=kind,
            outcome=outcome,
            event=event,
            user_id=user_id,
            details={name: value for name, value in details.items() if value is not None},
        )
    )


def forget_old() -> int:
    """Delete what is older than 90 days, a bounded number of rows; how many. Called every few seconds."""
    before = clock.now() - KEPT
    with reading() as session:
        old = session.scalars(select(Activity.id).where(Activity.at < before).limit(FORGOTTEN_AT_ONCE)).all()
    if old:
        with transaction() as tx:
            tx.session.execute(delete(Activity).where(Activity.id.in_(old)))
    return len(old)
