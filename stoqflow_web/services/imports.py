"""Start, stop and carry on the transfers of a shop's data. What each kind does is in a file of its own."""

import logging
import random
from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from stoqflow_web import background, clock
from stoqflow_web.errors import NotFound, StoqflowError
from stoqflow_web.exchange import ACCOUNT_INACTIVE, AccessLost, ExchangeError
from stoqflow_web.marketplace import Marketplace
from stoqflow_web.models import ImportRun, Shop
from stoqflow_web.models.imports import (
    CONTENT,
    FAILED,
    FINISHED,
    KINDS,
    ORDERS,
    PRODUCTS,
    QUEUED,
    READINESS,
    STOCK,
    STOPPED,
    SYNC,
)
from stoqflow_web.models.shops import FIRST_SYNC_AFTER
from stoqflow_web.services import history, shops, trouble
from stoqflow_web.services.comparing_stock import compare_stock
from stoqflow_web.services.content_transfer import transfer_content, wants_content
from stoqflow_web.services.import_work import LONGEST_PAUSE, LeaseLost, StopRequested, Work, claim, is_due
from stoqflow_web.services.marketplaces import connect
from stoqflow_web.services.order_fetching import forget_items
from stoqflow_web.services.orders_sync import sync_orders
from stoqflow_web.services.orders_transfer import transfer_orders
from stoqflow_web.services.products_transfer import transfer_products
from stoqflow_web.services.readiness import check_readiness
from stoqflow_web.services.run_notes import note_end, note_waiting_sync
from stoqflow_web.transaction import Transaction, reading, transaction

log = logging.getLogger(__name__)

NO_ACCESS = "Stopped because bol.com gave no access."  # begins the trouble of each run that ended by that
MOST_FAULTS = 30  # in a row; with the waits below that is about two hours without one good answer
LONGEST_PAUSE_SECONDS = 300
LONGEST_SYNC_PAUSE_SECONDS = 60  # once the marketplace answers again, new orders are here within two minutes
NO_TIMEOUT = -1  # pictures of a large shop take hours; the lease, not the queue, tells that a worker is gone
SLOW_KINDS = (CONTENT,)  # a picture a second for a whole shop: in a queue where nobody waits behind it

TRANSFERS: dict[str, Callable[[Work, Marketplace], None]] = {
    PRODUCTS: transfer_products,
    ORDERS: transfer_orders,
    CONTENT: transfer_content,
    READINESS: check_readiness,
    SYNC: sync_orders,
    STOCK: compare_stock,
}


class NotStartable(StoqflowError):
    """The shop may not ask the marketplace anything at the moment."""


def start(shop_id: int, kind: str, *, user_id: int | None) -> ImportRun:
    """Start a run, or hand back the one of this shop and kind that is already active.

    Raises NotFound for an unknown shop or kind, NotStartable when the shop is paused or has lost access.
    """
    if kind not in KINDS:
        raise NotFound("There is no such transfer.")
    try:
        return _start(shop_id, kind, user_id)
    except IntegrityError:  # somebody else pressed at the same moment: theirs is the one that runs
        with reading() as session:
            return session.scalars(select(ImportRun).where(ImportRun.active_key == _active_key(shop_id, kind))).one()


def request_stop(run_id: int, *, user_id: int | None) -> None:
    """Ask an active run to stop; one that nobody works on stops at once. Raises NotFound."""
    with transaction() as tx:
        run = tx.session.get(ImportRun, run_id)
        if run is None:
            raise NotFound("There is no such transfer.")
        if not run.is_active or run.stop_requested_at is not None:
            return
        run.stop_requested_at = clock.now()
        history.record(tx, "import_stopped", user_id=user_id, shop_id=run.shop_id, kind=run.kind)
        if run.lease_until is None or run.lease_until < clock.now():
            _close(run, STOPPED)
            note_end(tx, run)


def carry_on(run_id: int) -> None:
    """Work on a run until it ends, must wait, or is somebody else's. Safe to call twice, and again after a kill."""
    began = clock.now()
    work = claim(run_id)
    if work is None:
        return
    try:
        with work.kept_alive(), connect(work.shop_id, on_wait=work.on_wait) as marketplace:
            TRANSFERS[work.kind](work, marketplace)
            if work.kind == SYNC:
                trouble.went_well(work.shop_id, strictness=marketplace.strictness)
        _end(work, FINISHED)
        if work.kind == PRODUCTS and wants_content(work.shop_id):
            start(work.shop_id, CONTENT, user_id=None)
    except StopRequested:
        _end(work, STOPPED, _why_stopped(work))
    except LeaseLost:
        with reading() as session:
            shop = _named(session.get_one(Shop, work.shop_id))
        log.info("Import %s (%s of shop %s) is carried on by another worker, or has ended", run_id, work.kind, shop)
    except AccessLost as lost:
        if shops.mark_access_lost(work.shop_id, lost.sentence, because=lost.because, tried_at=began):
            _end(work, FAILED, f"{NO_ACCESS} {lost.sentence}")
        else:
            _postpone(work, "The keys were replaced or proven meanwhile, so they are tried again.", None)
    except ExchangeError as fault:
        if fault.is_temporary:
            _postpone(work, fault.sentence, fault.retry_after)
        else:
            _end(work, FAILED, fault.sentence)
    except BaseException as fault:
        # A fault of ours, or the worker is being stopped: the run is put back and tried again, but not for ever.
        _postpone(work, f"Stoqflow stumbled over this transfer ({type(fault).__name__}); the log says more.", None)
        raise


def sweep() -> int:
    """Queue every run that is due and that nobody works on; how many that were. Called every few seconds.

    This finds what a killed worker left behind, what had to wait, and what Redis lost or never heard of.
    """
    now = clock.now()
    with reading() as session:
        due = session.execute(select(ImportRun.id, ImportRun.kind, ImportRun.attempt).where(is_due(now))).all()
    return sum(_enqueue(run_id, kind, attempt) for run_id, kind, attempt in due)


def _start(shop_id: int, kind: str, user_id: int | None) -> ImportRun:
    with transaction() as tx:
        shop = tx.session.get(Shop, shop_id)
        if shop is None:
            raise NotFound("There is no such shop.")
        active = active_run(tx, shop_id, kind)
        if active is not None:
            return active
        check_startable(shop)
        history.record(tx, "import_started", user_id=user_id, shop_id=shop_id, kind=kind)
        return add_run(tx, shop_id, kind, user_id=user_id)


def check_startable(shop: Shop) -> None:
    """Whether the marketplace may be asked for this shop. Raises NotStartable."""
    if shop.is_paused:
        raise NotStartable("This shop is paused. Resume it first.")
    if shop.has_lost_access:
        if shop.access_lost_because == ACCOUNT_INACTIVE:
            raise NotStartable("bol.com says that this account is not active. Ask bol.com, then check the keys.")
        raise NotStartable("bol.com refuses this shop's keys. Replace the keys first.")


def active_run(tx: Transaction, shop_id: int, kind: str) -> ImportRun | None:
    """The run of this shop and kind that has not ended, if there is one."""
    wanted = select(ImportRun).where(ImportRun.active_key == _active_key(shop_id, kind))
    return tx.session.scalars(wanted).one_or_none()


def add_run(tx: Transaction, shop_id: int, kind: str, *, user_id: int | None) -> ImportRun:
    """A new run, handed to a worker after the commit. Raises IntegrityError while one of its kind is active."""
    run = ImportRun(
        shop_id=shop_id,
        kind=kind,
        status=QUEUED,
        active_key=_active_key(shop_id, kind),
        started_by_id=user_id,
        created_at=clock.now(),
    )
    tx.session.add(run)
    tx.session.flush()
    hurry(tx, run)
    return run


def hurry(tx: Transaction, run: ImportRun) -> None:
    """Have a worker go on with the run soon after the commit. The sweep finds it without this too."""
    run_id, kind, attempt, is_urgent = run.id, run.kind, run.attempt, run.kind == SYNC and run.started_by_id is not None
    tx.after_commit(lambda: _enqueue(run_id, kind, attempt, is_urgent=is_urgent))


def _enqueue(run_id: int, kind: str, attempt: int, *, is_urgent: bool = False) -> bool:
    queue = "slow" if kind in SLOW_KINDS else "urgent" if is_urgent else "default"
    # The attempt is part of the id: a job of an attempt that was killed must not stand in the way of the next.
    return background.enqueue(
        "jobs.imports.carry_on", run_id, queue=queue, job_id=f"import-{run_id}-{attempt}", timeout=NO_TIMEOUT
    )


def _end(work: Work, status: str, why: str | None = None) -> None:
    with transaction() as tx:
        run = tx.session.get_one(ImportRun, work.run_id, populate_existing=True)
        if run.attempt != work.attempt or not run.is_active:
            return
        run.trouble = why
        _close(run, status)
        forget_items(tx, run.id)
        note_end(tx, run)
        if run.kind in (PRODUCTS, ORDERS) and run.shop.synced_until is None:
            run.shop.next_sync_at = clock.now() + FIRST_SYNC_AFTER
        shop = _named(run.shop)
    level = logging.DEBUG if work.kind == SYNC and status == FINISHED else logging.INFO
    log.log(level, "Import %s (%s of shop %s) %s", work.run_id, work.kind, shop, status)


def _why_stopped(work: Work) -> str | None:
    """A person who pressed Stop or Pause knows why. That other work was refused must be told."""
    with reading() as session:
        run = session.get_one(ImportRun, work.run_id, populate_existing=True)
        is_refused = run.stop_requested_at is None and run.shop.has_lost_access
        return NO_ACCESS if is_refused else None


def _postpone(work: Work, why: str, retry_after: float | None) -> None:
    """Leave the run for later: after what the marketplace asked for, else after a pause that grows."""
    with transaction() as tx:
        run = tx.session.get_one(ImportRun, work.run_id, populate_existing=True)
        if run.attempt != work.attempt or not run.is_active:
            return
        run.faults += 1
        run.trouble = why
        shop = _named(run.shop)
        if run.faults > MOST_FAULTS:
            _close(run, FAILED)
            forget_items(tx, run.id)
            note_end(tx, run)
            return
        if run.kind == SYNC:
            note_waiting_sync(tx, run)
        run.lease_until = None
        run.not_before = clock.now() + _pause(run, retry_after)
    log.warning("Import %s (%s of shop %s) waits after fault %s: %s", work.run_id, work.kind, shop, run.faults, why)


def _pause(run: ImportRun, retry_after: float | None) -> timedelta:
    longest = LONGEST_SYNC_PAUSE_SECONDS if run.kind == SYNC else LONGEST_PAUSE_SECONDS
    grown = min(2.0**run.faults, longest) * random.uniform(0.5, 1.0)  # noqa: S311 - jitter
    return min(timedelta(seconds=max(grown, retry_after or 0.0)), LONGEST_PAUSE)


def _close(run: ImportRun, status: str) -> None:
    run.status = status
    run.active_key = None
    run.lease_until = run.not_before = run.waiting_until = None
    run.finished_at = clock.now()


def _named(shop: Shop) -> str:
    """A shop as the log names it: by its number for whoever looks it up, by its name for whoever reads along."""
    return f"{shop.id} “{shop.name}”"


def _active_key(shop_id: int, kind: str) -> str:
    return f"{shop_id}:{kind}"
