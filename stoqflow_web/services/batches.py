"""Many orders at once: chosen, checked in a dry run, confirmed, and then worked through in the background.

A draft is a batch that nobody confirmed yet. Confirming is one conditional update, so that two clicks make one batch.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

from flask_babel import gettext as _
from sqlalchemy import Select, delete, insert, select, update
from sqlalchemy.orm import Session

from stoqflow_web import background, clock
from stoqflow_web.errors import Invalid, NotFound, StoqflowError
from stoqflow_web.exchange import CANCEL_REASONS
from stoqflow_web.models import Batch, BatchRow
from stoqflow_web.models.batches import (
    CANCEL,
    CHECKED,
    CHOSEN,
    CHOSEN_KINDS,
    COMPLETE,
    DELETE,
    DONE,
    DRAFTS,
    QUEUED,
    REFUSED,
    UNDO,
    WAITING,
)
from stoqflow_web.services.batch_checks import (
    Checked,
    check_cancelable,
    check_codes,
    check_deletable,
    only_listed,
)
from stoqflow_web.services.batch_files import CodeLine
from stoqflow_web.transaction import Transaction, transaction

MOST_ORDERS = 5_000
"""So many orders go into one batch of chosen orders; the page says so."""

DRAFTS_ARE_KEPT = timedelta(days=2)

CHECKS: dict[str, Callable[[Session, Sequence[int]], list[Checked]]] = {
    COMPLETE: only_listed,
    CANCEL: check_cancelable,
    DELETE: check_deletable,
    UNDO: only_listed,
}


class NotPossible(StoqflowError):
    """The batch is not (or no longer) in a state for this."""


def choose(kind: str, order_ids: Sequence[int], *, user_id: int | None) -> Batch:
    """Begin a draft for these orders. Nothing happens to them before `confirm`.

    Raises NotFound for an unknown kind, Invalid with field `orders` when there are none or too many.
    """
    if kind not in CHOSEN_KINDS:
        raise NotFound(_("That can't be done with many orders at once."))
    if len(order_ids) > MOST_ORDERS:
        raise Invalid("orders", _("At most %(most)s orders go at once. Choose fewer.", most=MOST_ORDERS))
    with transaction() as tx:
        rows = CHECKS[kind](tx.session, order_ids)
        if not rows:
            raise Invalid("orders", _("Choose at least one order first."))
        return _add(tx, kind, CHOSEN if kind == COMPLETE else CHECKED, rows, user_id)


def choose_by_list(lines: Sequence[CodeLine], *, user_id: int | None) -> Batch:
    """Begin a draft that completes the orders of a list of codes, checked already."""
    with transaction() as tx:
        return _add(tx, COMPLETE, CHECKED, check_codes(tx.session, lines), user_id)


def take_list(batch_id: int, lines: Sequence[CodeLine], *, user_id: int | None) -> Batch:
    """Give chosen orders the codes of a list, and check. A chosen order that is not in it stays behind, with a reason.

    Raises NotFound, NotPossible.
    """
    with transaction() as tx:
        batch = _draft(tx, batch_id)
        checked = check_codes(tx.session, lines)
        listed = {row.order_id for row in checked}
        chosen = select(BatchRow.sales_order_id).where(BatchRow.batch_id == batch.id)
        left = [order_id for order_id in tx.session.scalars(chosen) if order_id and order_id not in listed]
        for row in only_listed(tx.session, left):
            row.refusal = _("This order is not in the list.")
            checked.append(row)
        _replace_rows(tx, batch, checked)
        return batch


def fill_in(batch_id: int, codes: Mapping[int, tuple[str, str]], *, user_id: int | None) -> Batch:
    """Give rows of a draft, by their ids, a carrier and a code, and check all anew. Raises NotFound, NotPossible."""
    with transaction() as tx:
        batch = _draft(tx, batch_id)
        lines = []
        for row in tx.session.scalars(_rows(batch)):
            carrier, code = codes.get(row.id, (row.carrier or "", row.track_and_trace or ""))
            lines.append(CodeLine(line_number=row.line_number, order=row.order_text, carrier=carrier, code=code))
        _replace_rows(tx, batch, check_codes(tx.session, lines))
        return batch


def confirm(batch_id: int, *, user_id: int | None, reason: str | None = None, codes_are_right: bool = False) -> Batch:
    """Let a checked draft happen. Confirmed twice it happens once: the second click finds the batch on its way.

    `reason` is needed to cancel; `codes_are_right`: codes that look uncommon or were used before go too. Raises
    NotFound, NotPossible when codes are still missing, Invalid with field `reason` or `codes_are_right`.
    """
    with transaction() as tx:
        batch = _locked(tx, batch_id)
        if not batch.is_draft:
            return batch
        if batch.status != CHECKED:
            raise NotPossible(_("Fill in the codes first."))
        if batch.kind == CANCEL:
            if reason not in CANCEL_REASONS:
                raise Invalid("reason", _("Choose a reason."))
            batch.reason = reason
        if not codes_are_right:
            could_go = batch.count_waiting
            _leave_uncommon_codes(tx, batch)
            if could_go and not batch.count_waiting:
                raise Invalid("codes_are_right", _("Check these codes; if they are right, tick this box."))
        if not batch.count_waiting:
            raise NotPossible(_("None of these orders can be handled. Nothing was changed."))
        batch.status, batch.started_at, batch.created_by_id = QUEUED, clock.now(), user_id
        hurry(tx, batch)
        return batch


def retry(batch_id: int, *, user_id: int | None) -> Batch:
    """A new draft of only the orders that a finished batch refused, checked anew. Raises NotFound, NotPossible."""
    with transaction() as tx:
        source = _locked(tx, batch_id)
        if not source.is_finished or source.kind == UNDO:
            raise NotPossible(_("Only what is finished can be tried again."))
        refused = list(
            tx.session.scalars(_rows(source).where(BatchRow.outcome == REFUSED, BatchRow.sales_order_id.is_not(None)))
        )
        if source.kind == COMPLETE:
            lines = [
                CodeLine(
                    line_number=None, order=row.order_text, carrier=row.carrier or "", code=row.track_and_trace or ""
                )
                for row in refused
            ]
            rows = check_codes(tx.session, lines)
        else:
            rows = CHECKS[source.kind](tx.session, [row.sales_order_id for row in refused if row.sales_order_id])
        if not rows:
            raise NotPossible(_("Nothing is left to try again."))
        batch = _add(tx, source.kind, CHECKED, rows, user_id)
        batch.source_id, batch.reason = source.id, source.reason
        return batch


def undo_all(batch_id: int, *, user_id: int | None) -> Batch:
    """Begin to undo every order of a finished batch; while that is under way, the same one is given back.

    Raises NotFound, NotPossible. An order that was sent meanwhile is refused by itself.
    """
    with transaction() as tx:
        source = _locked(tx, batch_id)
        if not source.is_finished or source.kind not in (COMPLETE, CANCEL):
            raise NotPossible(_("This can't be undone."))
        under_way = tx.session.scalars(
            select(Batch).where(Batch.source_id == source.id, Batch.kind == UNDO).order_by(Batch.id.desc())
        ).first()
        if under_way is not None:
            return under_way
        done = tx.session.scalars(
            select(BatchRow.sales_order_id)
            .where(BatchRow.batch_id == source.id, BatchRow.outcome == DONE)
            .order_by(BatchRow.position)
        )
        rows = only_listed(tx.session, [order_id for order_id in done if order_id])
        if not rows:
            raise NotPossible(_("There is nothing to undo."))
        batch = _add(tx, UNDO, QUEUED, rows, user_id)
        batch.source_id, batch.started_at = source.id, clock.now()
        hurry(tx, batch)
        return batch


def discard(batch_id: int) -> None:
    """Throw a draft away; nothing happened to its orders. Raises NotFound, NotPossible."""
    with transaction() as tx:
        batch = _draft(tx, batch_id)
        tx.session.execute(delete(BatchRow).where(BatchRow.batch_id == batch.id))
        tx.session.delete(batch)


def forget_old_drafts() -> int:
    """Throw away drafts that nobody confirmed; how many that were. Called now and then."""
    too_old = select(Batch.id).where(Batch.status.in_(DRAFTS), Batch.created_at < clock.now() - DRAFTS_ARE_KEPT)
    with transaction() as tx:
        ids = list(tx.session.scalars(too_old.limit(100)))
        if ids:
            tx.session.execute(delete(BatchRow).where(BatchRow.batch_id.in_(ids)))
            tx.session.execute(delete(Batch).where(Batch.id.in_(ids)))
        return len(ids)


def hurry(tx: Transaction, batch: Batch) -> None:
    """Have a worker begin soon after the commit: somebody watches. The sweep finds the batch without this too."""
    batch_id = batch.id
    tx.after_commit(
        lambda: background.enqueue("jobs.batches.carry_on", batch_id, queue="urgent", job_id=f"batch-{batch_id}")
    )


def _locked(tx: Transaction, batch_id: int) -> Batch:
    batch = tx.session.scalars(
        select(Batch).where(Batch.id == batch_id).with_for_update().execution_options(populate_existing=True)
    ).one_or_none()
    if batch is None:
        raise NotFound(_("This is not here, or not any more."))
    return batch


def _draft(tx: Transaction, batch_id: int) -> Batch:
    batch = _locked(tx, batch_id)
    if not batch.is_draft:
        raise NotPossible(_("This was confirmed already."))
    return batch


def _add(tx: Transaction, kind: str, status: str, rows: Sequence[Checked], user_id: int | None) -> Batch:
    batch = Batch(kind=kind, status=status, created_by_id=user_id, created_at=clock.now(), claim=0)
    tx.session.add(batch)
    tx.session.flush()
    _add_rows(tx, batch, rows)
    return batch


def _replace_rows(tx: Transaction, batch: Batch, rows: Sequence[Checked]) -> None:
    tx.session.execute(delete(BatchRow).where(BatchRow.batch_id == batch.id))
    batch.status = CHECKED
    _add_rows(tx, batch, rows)


def _add_rows(tx: Transaction, batch: Batch, rows: Sequence[Checked]) -> None:
    batch.total, batch.count_done = len(rows), 0
    batch.count_refused = sum(bool(row.refusal) for row in rows)
    values = [
        {
            "batch_id": batch.id,
            "position": position,
            "line_number": row.line_number,
            "order_text": row.order_text,
            "sales_order_id": row.order_id,
            "carrier": row.carrier,
            "track_and_trace": row.code,
            "is_uncommon": row.is_uncommon,
            "outcome": REFUSED if row.refusal else WAITING,
            "sentence": row.refusal or row.warning or None,
        }
        for position, row in enumerate(rows, start=1)
    ]
    tx.session.flush()
    if values:
        tx.session.connection().execute(insert(BatchRow), values)  # past the ORM, which would look at each of many rows


def _leave_uncommon_codes(tx: Transaction, batch: Batch) -> None:
    """Codes that look wrong go along only when somebody said that they are right."""
    left = tx.session.execute(
        update(BatchRow)
        .where(BatchRow.batch_id == batch.id, BatchRow.outcome == WAITING, BatchRow.is_uncommon)
        .values(outcome=REFUSED)
        .execution_options(synchronize_session=False)
    )
    batch.count_refused += left.rowcount  # type: ignore[attr-defined]


def _rows(batch: Batch) -> Select[BatchRow]:
    return select(BatchRow).where(BatchRow.batch_id == batch.id).order_by(BatchRow.position)
