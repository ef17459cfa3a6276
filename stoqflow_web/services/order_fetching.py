"""Fetches the orders that a run has noted, several at a time, at the marketplace's rate, and stores each once."""

import logging
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import islice

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import OperationalError

from stoqflow_web.exchange import AnswerNotUnderstood, NotThere, OrderRecord
from stoqflow_web.marketplace import FETCHERS, Marketplace
from stoqflow_web.models import ImportItem, ImportRun
from stoqflow_web.models.imports import FETCHING, SYNC
from stoqflow_web.services.import_problems import note, note_line
from stoqflow_web.services.import_work import LeaseLost, StopRequested, Work
from stoqflow_web.services.order_news import MOST_NAMED, named_orders
from stoqflow_web.services.push_looks import doubt_silence
from stoqflow_web.services.storing_orders import Stored, store_orders
from stoqflow_web.services.trouble import note_answer
from stoqflow_web.transaction import Transaction, reading

log = logging.getLogger(__name__)

IN_FLIGHT = 16 * FETCHERS  # waiting for a fetcher or not stored yet: the fetchers stay busy while a batch is stored
GATHER_SECONDS = 0.25  # answers of this long are stored together
MOST_AT_ONCE = 100  # orders in one transaction
MOST_NOT_UNDERSTOOD = 20  # more than this is not a few odd orders but a fault over there


def note_waiting(tx: Transaction, run: ImportRun, external_ids: Sequence[str]) -> None:
    """Note that these orders must be fetched. A list shifts while it is paged and tells an order twice: noted once."""
    noted = set(
        tx.session.scalars(
            select(ImportItem.external_id).where(ImportItem.run_id == run.id, ImportItem.external_id.in_(external_ids))
        )
    )
    for external_id in dict.fromkeys(external_ids):
        if external_id not in noted:
            run.done += 1
            tx.session.add(ImportItem(run_id=run.id, external_id=external_id, position=run.done))


def fetch_waiting(work: Work, marketplace: Marketplace) -> bool:
    """Fetch and store what is still waiting; True when the list has moved meanwhile and must be gone through again."""
    with reading() as session:
        total = session.scalar(select(func.count()).where(ImportItem.run_id == work.run_id)) or 0
        waiting = session.scalars(
            select(ImportItem.external_id)
            .where(ImportItem.run_id == work.run_id, ImportItem.is_waiting)
            .order_by(ImportItem.position)
        ).all()
    work.begin_phase(FETCHING, total=total)
    with work.step() as (_, run):
        run.done = run.phase_started_done = total - len(waiting)
    has_moved, not_understood = _fetch(work, marketplace, waiting, is_last_try=False)
    if not_understood:
        moved_again, _ = _fetch(work, marketplace, not_understood, is_last_try=True)
        has_moved |= moved_again
    return has_moved


def _fetch(
    work: Work, marketplace: Marketplace, external_ids: Sequence[str], *, is_last_try: bool
) -> tuple[bool, list[str]]:
    has_moved, not_understood = False, []
    for answers in _answers(marketplace, external_ids):
        puzzling = [external_id for external_id, answer in answers if isinstance(answer, AnswerNotUnderstood)]
        not_understood += puzzling
        if len(not_understood) > MOST_NOT_UNDERSTOOD:
            raise next(answer for _, answer in answers if isinstance(answer, AnswerNotUnderstood))
        has_moved |= _store(work, answers, is_last_try=is_last_try)
        has_moved |= any(isinstance(answer, NotThere) for _, answer in answers)
    return has_moved, not_understood


Answer = OrderRecord | NotThere | AnswerNotUnderstood


def _store(work: Work, answers: Sequence[tuple[str, Answer]], *, is_last_try: bool) -> bool:
    """Store these orders together; whether one of them has nothing to do for us any more.

    An order that Stoqflow stumbles over must keep no other out: then each is stored alone, and that one is noted.
    """
    try:
        return _store_together(work, answers, is_last_try=is_last_try)
    except (LeaseLost, StopRequested, OperationalError):
        raise
    except Exception as fault:
        if len(answers) > 1:
            has_nothing_to_do = [_store(work, [answer], is_last_try=is_last_try) for answer in answers]
            return any(has_nothing_to_do)
        ((external_id, _),) = answers
        log.exception("Order %s of shop %s could not be stored", external_id, work.shop_id)
        with work.step() as (tx, run):
            _no_longer_waiting(tx, run, [external_id])
            note(tx, run, "order_not_stored", external_id, why=type(fault).__name__)
        return False


def _store_together(work: Work, answers: Sequence[tuple[str, Answer]], *, is_last_try: bool) -> bool:
    with work.step() as (tx, run):
        stored = store_orders(tx, run.shop, [answer for _, answer in answers if isinstance(answer, OrderRecord)])
        _count(tx, run, stored)
        for external_id, answer in answers:
            if isinstance(answer, NotThere):
                note(tx, run, "order_gone", external_id)
            elif isinstance(answer, AnswerNotUnderstood) and is_last_try:
                note(tx, run, "answer_not_understood", external_id, why=answer.sentence)
        settled = [one for one, answer in answers if is_last_try or not isinstance(answer, AnswerNotUnderstood)]
        _no_longer_waiting(tx, run, settled)
        note_answer(tx, run)
        if run.kind == SYNC:
            doubt_silence(tx, run.shop_id, stored.new)
    return bool(stored.nothing_to_do)


def _answers(marketplace: Marketplace, external_ids: Sequence[str]) -> Iterator[list[tuple[str, Answer]]]:
    """The orders in batches as they come in, fetched by several threads. Other errors are raised after what came in."""
    if not external_ids:
        return
    left = iter(external_ids)
    asked: dict[Future[OrderRecord], str] = {}
    pool = ThreadPoolExecutor(FETCHERS, thread_name_prefix="order")
    try:
        while True:
            for external_id in islice(left, IN_FLIGHT - len(asked)):
                asked[pool.submit(marketplace.order, external_id)] = external_id
            if not asked:
                return
            yielded, fault = _sorted_out([(asked.pop(future), future) for future in _gathered(asked)])
            if yielded:
                yield yielded
            if fault is not None:
                raise fault
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _gathered(asked: Collection[Future[OrderRecord]]) -> list[Future[OrderRecord]]:
    """What has come in: at least one, and after a moment, unless there is enough already, what came with it."""
    if sum(future.done() for future in asked) < MOST_AT_ONCE:
        wait(asked, timeout=GATHER_SECONDS)
    return list(islice(wait(asked, return_when=FIRST_COMPLETED).done, MOST_AT_ONCE))


def _sorted_out(
    done: Sequence[tuple[str, Future[OrderRecord]]],
) -> tuple[list[tuple[str, Answer]], BaseException | None]:
    answers: list[tuple[str, Answer]] = []
    fault: BaseException | None = None
    for external_id, future in done:
        error = future.exception()
        if error is None:
            answers.append((external_id, future.result()))
        elif isinstance(error, NotThere | AnswerNotUnderstood):
            answers.append((external_id, error))
        else:
            fault = error
    return answers, fault


def _no_longer_waiting(tx: Transaction, run: ImportRun, external_ids: Sequence[str]) -> None:
    tx.session.execute(
        update(ImportItem)
        .where(ImportItem.run_id == run.id, ImportItem.external_id.in_(external_ids))
        .values(is_waiting=False)
        .execution_options(synchronize_session=False)
    )
    run.done += len(external_ids)


def _count(tx: Transaction, run: ImportRun, stored: Stored) -> None:
    run.count_new += len(stored.new)
    run.count_matched += len(stored.changed)
    run.count_unchanged += len(stored.unchanged)
    run.count_skipped += len(stored.nothing_to_do) + len(stored.deleted)
    if run.kind == SYNC:
        named = run.named_orders or []
        run.named_orders = named + named_orders(tx, run.shop_id, stored, MOST_NAMED - len(named))
    for line, skus in stored.unknown_lines:
        code = "ean_matches_several" if len(skus) > 1 else "unknown_product"
        note_line(tx, run, code, line, skus=skus)


def forget_items(tx: Transaction, run_id: int) -> None:
    """The notes of an ended run are of no more use."""
    tx.session.execute(delete(ImportItem).where(ImportItem.run_id == run_id))
