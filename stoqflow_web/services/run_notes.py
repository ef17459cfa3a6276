"""Writes down what a run came to: among the activities, in the shop's history, and what syncs left to solve."""

from typing import Any

from sqlalchemy import select

from stoqflow_web import clock
from stoqflow_web.models import ImportProblem, ImportRun, OrderCheck
from stoqflow_web.models.activities import DONE, NOTHING_NEW, SYNC, TRANSFER, TROUBLE
from stoqflow_web.models.imports import FAILED, FINISHED, STOCK, STOPPED
from stoqflow_web.models.imports import SYNC as SYNC_RUN
from stoqflow_web.services import activities, history
from stoqflow_web.transaction import Transaction


def note_end(tx: Transaction, run: ImportRun) -> None:
    """How it ended. A shop's history has its transfers; a sync each minute would bury all else there."""
    if run.kind == SYNC_RUN:
        _note_sync(tx, run)
        return
    if run.kind == STOCK and run.status == FINISHED and run.started_by_id is None:
        return  # one a night: comparing_stock.py tells what it came to
    _note_transfer(tx, run)
    if run.status != STOPPED:  # that was written when somebody asked for it
        event = "import_finished" if run.status == FINISHED else "import_failed"
        history.record(tx, event, shop_id=run.shop_id, kind=run.kind, trouble=run.trouble)


def note_waiting_sync(tx: Transaction, run: ImportRun) -> None:
    """One row when a sync must wait for the marketplace: at its first fault, not at each try."""
    if run.faults == 1:
        _record(tx, run, SYNC, TROUBLE, "sync_waits", trouble=run.trouble)


def _note_transfer(tx: Transaction, run: ImportRun) -> None:
    _record(
        tx,
        run,
        TRANSFER,
        TROUBLE if run.status == FAILED or run.trouble else DONE,
        f"transfer_{run.status}",
        what=run.kind,
        new=run.count_new,
        matched=run.count_matched,
        unchanged=run.count_unchanged,
        skipped=run.count_skipped,
        problems=run.count_problems,
        trouble=run.trouble,
    )


def _note_sync(tx: Transaction, run: ImportRun) -> None:
    """One row for a sync that finished or failed; none for one that was stopped, for the pause is told already."""
    if run.status == FAILED:
        _record(tx, run, SYNC, TROUBLE, "sync_failed", trouble=run.trouble)
    elif run.status == FINISHED:
        found = _difference(tx, run)
        _gather_unsolved(tx, run, is_checked=found is not None)
        news = {
            "new": run.count_new,
            "changed": run.count_matched,
            "skipped": run.count_skipped,
            "problems": run.count_problems,
        }
        outcome = TROUBLE if found else DONE if any(news.values()) else NOTHING_NEW
        event = "caught_up" if run.is_catch_up else "synced"
        _record(
            tx,
            run,
            SYNC,
            outcome,
            event,
            difference=found,
            orders=run.named_orders or None,
            **{name: number or None for name, number in news.items()},
        )


def _record(tx: Transaction, run: ImportRun, kind: str, outcome: str, event: str, **details: Any) -> None:
    activities.record(
        tx, run.shop_id, kind, outcome, event, began_at=run.started_at, user_id=run.started_by_id, **details
    )


def _difference(tx: Transaction, run: ImportRun) -> int | None:
    """How many orders the check of this run found different and could not fetch; None when it finished no check."""
    latest = tx.session.scalars(
        select(OrderCheck)
        .where(OrderCheck.shop_id == run.shop_id, OrderCheck.finished_at >= run.started_at)
        .order_by(OrderCheck.id.desc())
        .limit(1)
    ).one_or_none()
    return latest.difference if latest else None


def _gather_unsolved(tx: Transaction, run: ImportRun, *, is_checked: bool) -> None:
    """What earlier syncs left to solve moves to this one, if it found something too: then one page has it all.

    What is told again is kept once. An order that could not be read or stored, and of which nothing is told after a
    whole check (`is_checked`), is solved.
    """
    tx.session.flush()
    earlier = select(ImportRun.id).where(
        ImportRun.shop_id == run.shop_id, ImportRun.kind == run.kind, ImportRun.id != run.id
    )
    unsolved = tx.session.scalars(
        select(ImportProblem).where(ImportProblem.run_id.in_(earlier), ImportProblem.solved_at.is_(None))
    ).all()
    told_now: set[tuple[str, str, int | None]] = set()
    for problem in tx.session.scalars(select(ImportProblem).where(ImportProblem.run_id == run.id)):
        if _what(problem) in told_now:  # by the pass, and by the check after it
            tx.session.delete(problem)
            run.count_problems -= 1
        told_now.add(_what(problem))
    for problem in unsolved:
        if _what(problem) in told_now:
            tx.session.delete(problem)
        elif is_checked and problem.order_line_id is None:
            problem.solved_at = clock.now()
        elif run.count_problems:
            problem.run_id = run.id


def _what(problem: ImportProblem) -> tuple[str, str, int | None]:
    return problem.code, problem.subject, problem.order_line_id
