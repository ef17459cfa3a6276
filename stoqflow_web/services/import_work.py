"""A worker's hold on one import run: claimed, kept alive, and given up when another worker has taken over.

The row is the truth. A worker claims it with a conditional update that raises `attempt`; every later write repeats
that number, so a worker that was thought dead and wakes up again can do no harm (a fencing token). A small thread
renews the lease; when the worker is killed the thread dies with it and the lease runs out.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from flask import Flask, current_app
from sqlalchemy import ColumnElement, and_, exists, or_, select, update
from sqlalchemy.orm import aliased

from stoqflow_web import clock
from stoqflow_web.models import ImportRun, Shop
from stoqflow_web.models.imports import ORDERS, QUEUED, RUNNING, SYNC
from stoqflow_web.transaction import Transaction, transaction

LEASE = timedelta(seconds=20)
LONGEST_PAUSE = timedelta(hours=2)  # that a run is ever told to wait, whatever the marketplace asks for
OF_ORDERS = (ORDERS, SYNC)  # the twins: both store a shop's orders
HEARTBEAT_SECONDS = 3.0
WORTH_TELLING_SECONDS = 2.0  # shorter waits for the marketplace's limit are not worth a word on the page


class LeaseLost(Exception):
    """Another worker goes on with this run, or it has ended. Whoever gets this stops without a trace."""


class StopRequested(Exception):
    """Somebody pressed Stop, paused the shop, or its keys stopped working elsewhere."""


class Work:
    """One worker's hold on one run. Made by `claim`; used as `with work.kept_alive(): ...`."""

    def __init__(self, run: ImportRun) -> None:
        self.run_id = run.id
        self.shop_id = run.shop_id
        self.kind = run.kind
        self.attempt = run.attempt
        self._ended = threading.Event()  # ends the heartbeat, and every wait for a limit
        self._reason: type[Exception] = StopRequested
        self._waiting_until: datetime | None = None

    @contextmanager
    def step(self) -> Iterator[tuple[Transaction, ImportRun]]:
        """A writing transaction for one small batch, allowed only while the run is still ours and wanted.

        Raises LeaseLost or StopRequested before anything was written.
        """
        with transaction() as tx:
            held = tx.session.execute(
                update(ImportRun)
                .where(
                    ImportRun.id == self.run_id, ImportRun.attempt == self.attempt, ImportRun.active_key.is_not(None)
                )
                .values(lease_until=clock.now() + LEASE)
                .execution_options(synchronize_session=False)
            )
            if held.rowcount != 1:  # type: ignore[attr-defined]
                raise LeaseLost
            run = tx.session.get_one(ImportRun, self.run_id, populate_existing=True)
            if run.stop_requested_at is not None or not run.shop.may_ask_marketplace:
                raise StopRequested
            yield tx, run

    def begin_phase(self, phase: str, *, total: int | None = None) -> None:
        """Enter (or re-enter, after a kill) a phase; the rate on the page is counted from here."""
        with self.step() as (_, run):
            if run.phase != phase:
                run.phase, run.done = phase, 0
            run.total = total
            run.phase_started_at = clock.now()
            run.phase_started_done = run.done

    @contextmanager
    def kept_alive(self) -> Iterator[None]:
        """Renew the lease from a thread for as long as the block runs."""
        app = current_app._get_current_object()  # type: ignore[attr-defined]
        thread = threading.Thread(target=self._beat, args=(app,), name=f"lease of import {self.run_id}", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._ended.set()
            thread.join()

    def on_wait(self, seconds: float, why: str) -> None:
        """Told once a second while a call waits `seconds` more for the marketplace's limit: the page can tell so.

        Raises StopRequested or LeaseLost when the wait has become pointless.
        """
        if self._ended.is_set():
            raise self._reason
        if seconds >= WORTH_TELLING_SECONDS:
            self._waiting_until = clock.now() + timedelta(seconds=seconds)

    def _beat(self, app: Flask) -> None:
        while not self._ended.wait(HEARTBEAT_SECONDS):
            with app.app_context():
                try:
                    self._renew()
                except (LeaseLost, StopRequested) as reason:
                    self._reason = type(reason)
                    self._ended.set()
                except Exception:
                    # A database that is away for a moment must not end the import; the lease allows several misses.
                    app.logger.warning("Could not renew the lease of import %s; trying again", self.run_id)

    def _renew(self) -> None:
        waiting_until = self._waiting_until
        if waiting_until is not None and waiting_until <= clock.now():
            waiting_until = self._waiting_until = None
        with self.step() as (_, run):
            run.waiting_until = waiting_until


def is_due(now: datetime) -> ColumnElement[bool]:
    """Of ImportRun: not ended, nobody works on it, it need not wait any longer, and its twin is not being worked on.

    A moment that lies further ahead than we ever set one is from before this machine's clock was set back.
    """
    other = aliased(ImportRun)
    twin_is_worked_on = exists(
        select(other.id)
        .where(
            other.active_key.is_not(None),
            other.shop_id == ImportRun.shop_id,
            other.kind.in_(OF_ORDERS),
            other.id != ImportRun.id,
            other.lease_until >= now,
            other.lease_until <= now + LEASE * 2,
        )
        .correlate(ImportRun)
    )
    return and_(
        ImportRun.status.in_((QUEUED, RUNNING)),
        or_(ImportRun.lease_until.is_(None), ImportRun.lease_until < now, ImportRun.lease_until > now + LEASE * 2),
        or_(ImportRun.not_before.is_(None), ImportRun.not_before <= now, ImportRun.not_before > now + LONGEST_PAUSE),
        or_(ImportRun.kind.not_in(OF_ORDERS), ~twin_is_worked_on),
    )


def claim(run_id: int) -> Work | None:
    """Take the run if nobody works on it and it is due; None when there is nothing for us to do."""
    now = clock.now()
    with transaction() as tx:
        # A sync and a transfer of one shop's orders never run side by side, so their claims come one after the other.
        of_run = select(ImportRun.shop_id).where(ImportRun.id == run_id).scalar_subquery()
        tx.session.execute(select(Shop.id).where(Shop.id == of_run).with_for_update(key_share=True))
        claimed = tx.session.execute(
            update(ImportRun)
            .where(ImportRun.id == run_id, is_due(now))
            .values(attempt=ImportRun.attempt + 1, lease_until=now + LEASE, not_before=None, waiting_until=None)
            .execution_options(synchronize_session=False)
        )
        if claimed.rowcount != 1:  # type: ignore[attr-defined]
            return None
        run = tx.session.get_one(ImportRun, run_id, populate_existing=True)
        run.status = RUNNING
        run.started_at = run.started_at or now
        return Work(run)
