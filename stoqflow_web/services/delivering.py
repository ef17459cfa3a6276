"""Delivers what a shop owes the marketplace: claim, look, mark as sent, send, record.

Looking and sending have limits of their own at bol.com, so both go on at once: while some messages are sent, the orders
of the next are read. The main thread does all that is written; the other threads only ask the marketplace.
"""

import logging
import random
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import select, update

from stoqflow_web import clock
from stoqflow_web.exchange import (
    AccessLost,
    AnswerNotUnderstood,
    AskedWrongly,
    ExchangeError,
    NotThere,
    OutcomeUnknown,
    Receipt,
    Rejected,
)
from stoqflow_web.marketplace import FETCHERS, Marketplace
from stoqflow_web.models import Shop, Writeback
from stoqflow_web.models.writebacks import CANCELLATION_REQUESTED, EXHAUSTED, PENDING, REJECTED
from stoqflow_web.services import outbox, shops, trouble
from stoqflow_web.services.looking import DONE, SEND, Seen, learn_ids, look, store, verdict
from stoqflow_web.services.messages import Message, send, ships_anyway
from stoqflow_web.services.steps import Step, no_step
from stoqflow_web.transaction import Transaction, transaction

log = logging.getLogger(__name__)

AT_ONCE = 50  # messages in one claim, and in one transaction
THREADS = FETCHERS // 2  # of each sort; the marketplace has connections for both together
GATHER_SECONDS = 0.1  # answers of this long are recorded together
MOST_TRIES = 130  # of a message that surely was not sent; with the pauses below about eight hours
LONGEST_PAUSE_SECONDS = 300.0
SOON_SECONDS = 12.0  # the longest pause of the first tries: most outages are over within minutes, and parcels wait
SOON_TRIES = 20


class Delivery:
    """One worker's delivery of one shop's outbox. `meanwhile` is called often, from the main thread.

    Its steps: claimed, read, marked, answered, recorded.
    """

    def __init__(
        self,
        shop_id: int,
        marketplace: Marketplace,
        *,
        on_step: Step = no_step,
        meanwhile: Callable[[], object] = lambda: None,
    ) -> None:
        self._shop_id = shop_id
        self._marketplace = marketplace
        self._began = clock.now()
        self._on_step = on_step
        self._meanwhile = meanwhile
        self._reading: dict[Future[Seen], list[Message]] = {}
        self._sending: dict[Future[Receipt], Message] = {}
        self._to_read: list[list[Message]] = []
        self._fault: ExchangeError | None = None
        self._faulty: list[Message] = []  # those whose own call met the fault
        self._untouched: list[Message] = []  # ours, and the fault came before their turn
        self.sent = 0
        self.claimed: set[int] = set()  # the ids of all that was taken up

    def run(self) -> int:
        """Send all that is due; how many messages were handed over. Stops at the first sign of an outage."""
        readers = ThreadPoolExecutor(THREADS, thread_name_prefix="look")
        senders = ThreadPoolExecutor(THREADS, thread_name_prefix="send")
        try:
            while self._has_work():
                self._hand_out(readers)
                self._take_in(senders)
                self._meanwhile()
        finally:
            readers.shutdown(wait=True, cancel_futures=True)
            senders.shutdown(wait=True, cancel_futures=True)
        if self._fault is not None:
            self._postpone(self._fault)
        return self.sent

    def _has_work(self) -> bool:
        if self._fault is None and len(self._to_read) + len(self._reading) < THREADS:
            claimed = outbox.claim(self._shop_id, AT_ONCE)
            if claimed:
                self.claimed.update(message.id for message in claimed)
                self._on_step("claimed")
            for _, together in groupby(claimed, lambda message: message.marketplace_order_id):
                self._to_read.append(list(together))
        return bool(self._to_read or self._reading or self._sending)

    def _hand_out(self, readers: ThreadPoolExecutor) -> None:
        # Not more than the threads can do at once: when a fault comes, few have begun.
        while self._to_read and len(self._reading) < AT_ONCE:
            messages = self._to_read.pop(0)
            self._reading[readers.submit(look, self._marketplace, messages)] = messages

    def _take_in(self, senders: ThreadPoolExecutor) -> None:
        asked: list[Future[Any]] = [*self._reading, *self._sending]
        if not asked:
            return
        wait(asked, timeout=GATHER_SECONDS)
        done = wait(asked, return_when=FIRST_COMPLETED).done
        answers = [future for future in self._sending if future in done]
        if answers:
            self._on_step("answered")
            self._record([(self._sending.pop(future), _result(future)) for future in answers])
            self._on_step("recorded")
        read = [future for future in self._reading if future in done]
        if read:
            self._on_step("read")
            for message in self._judge([(self._reading.pop(future), _result(future)) for future in read]):
                self._sending[senders.submit(send, self._marketplace, message)] = message

    # What was read

    def _judge(self, read: Sequence[tuple[list[Message], Seen | BaseException]]) -> list[Message]:
        """Those that may be sent: marked, and committed as such."""
        seen: list[tuple[list[Message], Seen]] = []
        for messages, answer in read:
            if isinstance(answer, Seen):
                seen.append((messages, answer))
            else:
                self._sort_out_unread(messages, answer)
        if self._fault is not None:
            self._untouched += [message for messages, _ in seen for message in messages]
            return []
        try:
            return self._marked(seen)
        except Exception as fault:
            if len(seen) == 1:  # a fault of ours with this one order: it must stop no other
                log.exception("Order %s could not be judged before sending", seen[0][1].order.external_id)
                self._put_back_alone(seen[0][0], f"Stoqflow stumbled over this order ({type(fault).__name__}).")
                return []
            return [message for one in seen for message in self._judge([one])]

    def _marked(self, seen: Sequence[tuple[list[Message], Seen]]) -> list[Message]:
        if not seen:
            return []
        marked: list[Message] = []
        with transaction() as tx:
            store(tx, self._shop_id, [answer for _, answer in seen])
            rows = outbox.held(tx, [message for messages, _ in seen for message in messages])
            may_send = tx.session.get_one(Shop, self._shop_id).may_ask_marketplace
            for messages, answer in seen:
                for message in messages:
                    if row := rows.get(message.id):
                        marked += self._follow_verdict(tx, row, message, answer, may_send=may_send)
        if marked:
            self._on_step("marked")
        return marked

    def _follow_verdict(
        self, tx: Transaction, row: Writeback, message: Message, seen: Seen, *, may_send: bool
    ) -> list[Message]:
        learn_ids(row, seen)
        # What was answered may have changed since the claim: the client may have asked again just now.
        what = verdict(replace(message, ships_anyway=ships_anyway(row)), seen)
        if what == DONE:
            outbox.confirmed(tx, row, how="found there")
        elif what != SEND:
            outbox.give_to_a_person(tx, row, what)
            if what == CANCELLATION_REQUESTED:
                row.sent_at = None  # the order was just read, and nothing of it is there: it can be kept back
            row.sales_order.note_requests()
        elif not may_send:
            outbox.put_back(tx, row, not_before=clock.now(), sent_at=message.sent_at)
        else:
            outbox.mark_sent(row)
            transport_id = row.shipment.transport_external_id if row.shipment else None
            return [replace(message, transport_external_id=transport_id)]
        return []

    def _sort_out_unread(self, messages: list[Message], answer: BaseException) -> None:
        match answer:
            case CancelledError():
                self._untouched += messages
            case NotThere() | AskedWrongly():
                with transaction() as tx:
                    for row in outbox.held(tx, messages).values():
                        outbox.give_to_a_person(tx, row, REJECTED, answer.sentence)
            case AnswerNotUnderstood():
                self._put_back_alone(messages, answer.sentence)
            case ExchangeError():
                self._stop(answer, messages)
            case _:
                raise answer

    def _put_back_alone(self, messages: list[Message], trouble: str) -> None:
        with transaction() as tx:
            for message, row in _pairs(tx, messages):
                then = clock.now() + timedelta(seconds=pause(row.tries + 1))
                _put_back_tried(tx, row, message, then, trouble)

    # What was sent

    def _record(self, answers: Sequence[tuple[Message, Receipt | BaseException]]) -> None:
        not_sent: list[tuple[Message, ExchangeError]] = []
        with transaction() as tx:
            rows = outbox.held(tx, [message for message, _ in answers])
            for message, answer in answers:
                row = rows.get(message.id)
                match answer:
                    case Receipt():
                        self.sent += 1
                        if row is not None:
                            outbox.submitted(tx, row, answer.process_status_id)
                    case Rejected():
                        if row is not None:
                            outbox.give_to_a_person(tx, row, REJECTED, answer.said or answer.sentence)
                    case CancelledError():
                        self._untouched.append(message)
                    case ExchangeError() if not isinstance(answer, OutcomeUnknown):
                        not_sent.append((message, answer))
                    case _:
                        if row is not None:
                            leave_unknown(tx, row, answer)
        for message, fault in not_sent:
            self._stop(fault, [message])
        for _, answer in answers:
            if isinstance(answer, OutcomeUnknown):
                self._stop(answer, [])

    # When it does not go on

    def _stop(self, fault: ExchangeError, messages: list[Message]) -> None:
        """Begin nothing more. What has begun is waited for."""
        if self._fault is None or isinstance(fault, AccessLost):
            self._fault = fault
        self._faulty += messages
        self._untouched += [message for waiting in self._to_read for message in waiting]
        self._to_read.clear()
        begun: list[Future[Any]] = [*self._reading, *self._sending]
        for future in begun:
            future.cancel()  # one that a thread is busy with goes on; it is taken in as ever

    def _postpone(self, fault: ExchangeError) -> None:
        """One moment for all that is due: an outage is one thing, not one for each message."""
        if isinstance(fault, AccessLost):
            shops.mark_access_lost(self._shop_id, fault.sentence, because=fault.because, tried_at=self._began)
        else:
            trouble.note_fault(self._shop_id, fault)
        with transaction() as tx:
            now = clock.now()
            faulty = _pairs(tx, self._faulty)
            tries = max((row.tries for _, row in faulty), default=0) + 1
            is_lost = isinstance(fault, AccessLost)
            then = now if is_lost else now + timedelta(seconds=max(pause(tries), fault.retry_after or 0.0))
            for message, row in faulty:
                if is_lost:
                    outbox.put_back(tx, row, not_before=now, sent_at=message.sent_at)
                else:
                    _put_back_tried(tx, row, message, then, fault.sentence)
            for message, row in _pairs(tx, self._untouched):
                outbox.put_back(tx, row, not_before=then, sent_at=message.sent_at)
            if not is_lost:
                _postpone_what_is_due(tx, self._shop_id, now, then)
        log.warning("Outbox of shop %s waits until %s: %s", self._shop_id, then.isoformat(), fault.sentence)


def leave_unknown(tx: Transaction, row: Writeback, fault: BaseException) -> None:
    """It may have arrived: settling_unknown.py looks before anything else is done with it."""
    if not isinstance(fault, OutcomeUnknown):
        log.error("Sending writeback %s ended oddly", row.id, exc_info=fault)
    outbox.outcome_unknown(tx, row, getattr(fault, "sentence", type(fault).__name__))


def pause(tries: int) -> float:
    """Seconds before the next try: growing, with jitter so that shops don't come in step."""
    if tries <= SOON_TRIES:
        longest = min(2.0**tries, SOON_SECONDS)
    else:
        longest = min(SOON_SECONDS * 2.0 ** (tries - SOON_TRIES), LONGEST_PAUSE_SECONDS)
    return float(longest * random.uniform(0.5, 1.0))  # noqa: S311 - no secret


def _pairs(tx: Transaction, messages: Sequence[Message]) -> list[tuple[Message, Writeback]]:
    """The messages that are still ours, with their rows."""
    rows = outbox.held(tx, messages)
    return [(message, rows[message.id]) for message in messages if message.id in rows]


def _put_back_tried(tx: Transaction, row: Writeback, message: Message, then: datetime, trouble: str) -> None:
    outbox.put_back(tx, row, not_before=then, trouble=trouble, sent_at=message.sent_at)
    if row.tries >= MOST_TRIES:
        outbox.give_to_a_person(tx, row, EXHAUSTED)


def _postpone_what_is_due(tx: Transaction, shop_id: int, now: datetime, then: datetime) -> None:
    due = select(Writeback.id).where(Writeback.shop_id == shop_id, outbox.is_ready(now)).with_for_update()
    ids = tx.session.scalars(due).all()
    tx.session.execute(
        update(Writeback)
        .where(Writeback.id.in_(ids), Writeback.state == PENDING)
        .values(not_before=then)
        .execution_options(synchronize_session=False)
    )


def _result(future: Future[Any]) -> Any:
    if future.cancelled():
        return CancelledError()
    return future.exception() or future.result()
