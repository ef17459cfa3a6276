"""When each shop is synced: by itself every so often, or because somebody asked. The pass itself: orders_sync.py."""

from datetime import datetime, timedelta

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, delete, exists, or_, select, update
from sqlalchemy.exc import IntegrityError

from stoqflow_web import clock
from stoqflow_web.errors import NotFound
from stoqflow_web.models import ImportProblem, ImportRun, Shop
from stoqflow_web.models.imports import ORDERS, PRODUCTS, SYNC
from stoqflow_web.models.shops import LIMITED
from stoqflow_web.services import imports
from stoqflow_web.services.imports import NotStartable
from stoqflow_web.services.outbox import may_be_asked
from stoqflow_web.transaction import Transaction, reading, transaction

SKEW = timedelta(minutes=1)  # that the clocks of our machines may differ
KEPT = timedelta(days=1)  # ended syncs; what they came to is told by the activities
FORGOTTEN_AT_ONCE = 500


def sweep() -> int:
    """Start a sync for every shop that is due; how many. Called every few seconds, by any number of schedulers.

    Whoever moves the shop's next sync ahead starts this one; the database lets one move it.
    """
    now = clock.now()
    with reading() as session:
        due = session.scalars(
            select(Shop.id).where(may_be_asked(), is_due(now), ~_is_busy()).order_by(Shop.next_sync_at)
        ).all()
    return sum(_start_if_due(shop_id, now) for shop_id in due)


def sync_now(shop_id: int, *, user_id: int | None) -> ImportRun:
    """Start a sync, or let the one that waits go on at once. Raises NotFound, NotStartable."""
    try:
        with transaction() as tx:
            shop = tx.session.get(Shop, shop_id)
            if shop is None:
                raise NotFound(_("There is no such shop."))
            imports.check_startable(shop)
            if imports.active_run(tx, shop_id, ORDERS) is not None:
                raise NotStartable(_("The sales orders are being transferred, which brings everything in step."))
            run = imports.active_run(tx, shop_id, SYNC)
            if run is None:
                shop.next_sync_at = _next_sync(shop)
                return imports.add_run(tx, shop_id, SYNC, user_id=user_id)
            run.not_before, run.started_by_id = None, run.started_by_id or user_id
            imports.hurry(tx, run)
            return run
    except IntegrityError:  # the scheduler was there at the same moment
        with transaction() as tx:
            return imports.active_run(tx, shop_id, SYNC) or imports.add_run(tx, shop_id, SYNC, user_id=user_id)


def sync_all_now(*, user_id: int | None) -> int:
    """Sync every shop that may be asked; how many."""
    with reading() as session:
        shop_ids = session.scalars(select(Shop.id).where(may_be_asked()).order_by(Shop.id)).all()
    return sum(_is_started(shop_id, user_id) for shop_id in shop_ids)


def want_catch_up(tx: Transaction, shop_id: int) -> None:
    """Have the shop's next sync, which is due now, compare everything: something may have been missed."""
    shop = tx.session.get_one(Shop, shop_id)
    shop.catch_up_wanted_at = shop.next_sync_at = clock.now()


def forget_old() -> int:
    """Delete syncs that ended a day ago and left nothing to solve, a bounded number; how many."""
    before = clock.now() - KEPT
    unsolved = exists(
        select(ImportProblem.id).where(ImportProblem.run_id == ImportRun.id, ImportProblem.solved_at.is_(None))
    )
    with reading() as session:
        old = session.scalars(
            select(ImportRun.id)
            .where(ImportRun.created_at < before, ImportRun.kind == SYNC, ImportRun.active_key.is_(None), ~unsolved)
            .order_by(ImportRun.created_at)
            .limit(FORGOTTEN_AT_ONCE)
        ).all()
    if old:
        with transaction() as tx:
            tx.session.execute(delete(ImportProblem).where(ImportProblem.run_id.in_(old)))
            tx.session.execute(delete(ImportRun).where(ImportRun.id.in_(old)))
    return len(old)


def is_due(now: datetime) -> ColumnElement[bool]:
    """Of Shop. A last sync that lies ahead of us is from before this machine's clock was set back."""
    return or_(Shop.next_sync_at.is_(None), Shop.next_sync_at <= now, Shop.synced_at > now + SKEW)


def _is_busy() -> ColumnElement[bool]:
    """Of Shop: its orders are being synced or transferred, or its products are before it was ever synced."""
    active = select(ImportRun.id).where(ImportRun.shop_id == Shop.id, ImportRun.active_key.is_not(None))
    return or_(
        exists(active.where(ImportRun.kind.in_((ORDERS, SYNC))).correlate(Shop)),
        (Shop.synced_until.is_(None)) & exists(active.where(ImportRun.kind == PRODUCTS).correlate(Shop)),
    )


def _start_if_due(shop_id: int, now: datetime) -> bool:
    try:
        with transaction() as tx:
            shop = tx.session.get_one(Shop, shop_id)
            moved = tx.session.execute(
                update(Shop)
                .where(Shop.id == shop_id, is_due(now), may_be_asked())
                .values(next_sync_at=_next_sync(shop))
                .execution_options(synchronize_session=False)
            )
            if moved.rowcount != 1:  # type: ignore[attr-defined]
                return False
            imports.add_run(tx, shop_id, SYNC, user_id=None)
    except IntegrityError:  # one is running
        return False
    return True


def _next_sync(shop: Shop) -> datetime:
    """From the beginning of one to that of the next. Who allows less than usual is asked half as often."""
    minutes = shop.sync_minutes * (2 if shop.trouble == LIMITED else 1)
    return clock.now() + timedelta(minutes=minutes)


def _is_started(shop_id: int, user_id: int | None) -> bool:
    try:
        sync_now(shop_id, user_id=user_id)
    except NotStartable:
        return False
    return True
