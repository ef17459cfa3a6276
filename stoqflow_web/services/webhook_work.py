"""What workers do with pushed messages: each is a hint, so the thing that it tells of is looked at.

Messages come in any order, late, and twice; none of that matters to somebody who reads the thing itself. A message is
claimed for a while, and crossed out in the transaction that stores what it was about: a killed worker leaves it to the
next.
"""

import logging
import threading
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, exists, or_, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import joinedload

from stoqflow_web import background, clock
from stoqflow_web.errors import NotFound
from stoqflow_web.exchange import (
    ABOUT_ORDER,
    ABOUT_OUTCOME,
    ABOUT_TEST,
    FBB,
    AccessLost,
    AnswerNotUnderstood,
    AskedWrongly,
    ExchangeError,
    NotThere,
    OrderRecord,
)
from stoqflow_web.marketplace import FETCHERS, Marketplace
from stoqflow_web.models import (
    ImportRun,
    MarketplaceItem,
    MarketplaceOrder,
    PushSubscription,
    Shop,
    WebhookMessage,
    Writeback,
)
from stoqflow_web.models.imports import SYNC as SYNC_RUN
from stoqflow_web.models.webhook_messages import FETCHED, IGNORED, LEFT_TO_SYNC, LOOKED_AT, TESTED
from stoqflow_web.models.writebacks import SUBMITTED
from stoqflow_web.services import shops, syncing, writebacks
from stoqflow_web.services.import_problems import note_line
from stoqflow_web.services.imports import NotStartable
from stoqflow_web.services.marketplaces import connect
from stoqflow_web.services.order_news import note_news
from stoqflow_web.services.outbox import may_be_asked
from stoqflow_web.services.steps import Step, no_step
from stoqflow_web.services.storing_orders import Stored, store_orders
from stoqflow_web.transaction import Transaction, reading, transaction

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=2)
STAY_SECONDS = 0.3  # a job waits so long for more: messages come in bursts
JUST_TOLD = timedelta(seconds=5)  # as often as the sweep looks; what waits longer may have been told to nobody
AT_ONCE = 200  # messages in one round
MOST_ROUNDS = 100  # of one job: other shops want the worker too
STORED_TOGETHER = 10  # messages that come in meanwhile wait for the database no longer than for these
PAUSE_AFTER_FAULT_SECONDS = 15.0
TIMEOUT_SECONDS = 600
KEPT = timedelta(days=30)
UNVERIFIED_KEPT = timedelta(days=1)
FORGOTTEN_AT_ONCE = 500


@dataclass(frozen=True)
class Hint:
    """A claimed message."""

    id: int
    about: str
    subject: str


def hand_over(shop_id: int) -> bool:
    """Have a worker handle what came in; when one is at it already, it finds that too, or else the sweep does."""
    return background.enqueue(
        "jobs.webhooks.handle", shop_id, queue="urgent", job_id=f"webhooks-{shop_id}", timeout=TIMEOUT_SECONDS
    )


def is_awaited(tx: Transaction, shop_id: int) -> bool:
    """Whether a message waits here already of which a worker was told just now: it takes what comes in meanwhile along.

    So Redis is asked once for a burst. When telling it failed, the sweep finds them all.
    """
    now = clock.now()
    waiting = select(WebhookMessage.id).where(
        WebhookMessage.shop_id == shop_id, is_due(now), WebhookMessage.received_at > now - JUST_TOLD
    )
    return tx.session.scalar(waiting.limit(1)) is not None


def handle(shop_id: int, *, stay_seconds: float = 0.0, on_step: Step = no_step) -> None:
    """Look at all that the waiting messages of a shop tell of. Safe to do twice, by several workers, after a kill.

    Messages come in bursts: it stays until none came in for `stay_seconds`. The steps: claimed, fetched, stored.
    """
    for _ in range(MOST_ROUNDS):
        hints = _claim(shop_id)
        if not hints:
            return
        on_step("claimed")
        if not _handle(shop_id, hints, on_step):
            return
        if stay_seconds:
            threading.Event().wait(stay_seconds)


def sweep() -> int:
    """Queue work for every shop with messages that wait; how many jobs. Called every few seconds.

    This finds what Redis lost or never heard of, what had to wait, and what a killed worker left behind.
    """
    waits = exists(select(WebhookMessage.id).where(WebhookMessage.shop_id == Shop.id, is_due(clock.now())))
    with reading() as session:
        due = session.scalars(select(Shop.id).where(may_be_asked(), waits)).all()
    return sum(hand_over(shop_id) for shop_id in due)


def forget_old() -> int:
    """Delete what was handled 30 days ago, or waited a day for a key that never came, a bounded number; how many."""
    now = clock.now()
    with reading() as session:
        old = session.scalars(
            select(WebhookMessage.id).where(WebhookMessage.handled_at < now - KEPT).limit(FORGOTTEN_AT_ONCE)
        ).all()
        unknown = session.scalars(
            select(WebhookMessage.id)
            .where(
                WebhookMessage.handled_at.is_(None),
                WebhookMessage.unverified.is_not(None),
                WebhookMessage.received_at < now - UNVERIFIED_KEPT,
            )
            .limit(FORGOTTEN_AT_ONCE)
        ).all()
    ids = [*old, *unknown]
    if ids:
        with transaction() as tx:
            tx.session.execute(delete(WebhookMessage).where(WebhookMessage.id.in_(ids)))
    return len(ids)


def is_due(now: datetime) -> ColumnElement[bool]:
    """Of WebhookMessage: verified, not handled, and nobody is at it."""
    return and_(
        WebhookMessage.handled_at.is_(None),
        WebhookMessage.unverified.is_(None),
        or_(
            WebhookMessage.claimed_until.is_(None),
            WebhookMessage.claimed_until <= now,
            WebhookMessage.claimed_until > now + 2 * LEASE,  # this machine's clock was set back
        ),
    )


def count_refused(tx: Transaction, shop_id: int) -> None:
    """One more message that was not the marketplace's, or not about this shop."""
    tx.session.execute(
        update(PushSubscription)
        .where(PushSubscription.shop_id == shop_id)
        .values(refused=PushSubscription.refused + 1, refused_at=clock.now())
        .execution_options(synchronize_session=False)
    )


def _claim(shop_id: int) -> list[Hint]:
    """What waits, oldest first; none for a shop that may not ask its marketplace."""
    now = clock.now()
    with transaction() as tx:
        shop = tx.session.get(Shop, shop_id)
        if shop is None or not shop.may_ask_marketplace:
            return []
        rows = tx.session.execute(
            select(WebhookMessage.id, WebhookMessage.about, WebhookMessage.subject)
            .where(WebhookMessage.shop_id == shop_id, is_due(now))
            .order_by(WebhookMessage.id)
            .limit(AT_ONCE)
            .with_for_update(skip_locked=True)
        ).all()
        hints = [Hint(*row) for row in rows]
        _set(tx, hints, claimed_until=now + LEASE)
    return hints


def _handle(shop_id: int, hints: Sequence[Hint], on_step: Step) -> bool:
    """False when the rest must wait because the marketplace can't be asked now."""
    by_about: dict[str, list[Hint]] = defaultdict(list)
    for hint in hints:
        by_about[hint.about].append(hint)
    tests, outcomes = by_about.pop(ABOUT_TEST, []), by_about.pop(ABOUT_OUTCOME, [])
    orders = by_about.pop(ABOUT_ORDER, [])
    if tests or by_about:
        _note_tests(shop_id, tests, [hint for others in by_about.values() for hint in others])
    if outcomes:
        _look_at_outcomes(shop_id, outcomes)
    return not orders or _fetch_orders(shop_id, orders, on_step)


def _note_tests(shop_id: int, tests: Sequence[Hint], others: Sequence[Hint]) -> None:
    with transaction() as tx:
        if tests:
            tx.session.execute(
                update(PushSubscription)
                .where(PushSubscription.shop_id == shop_id)
                .values(tested_at=clock.now())
                .execution_options(synchronize_session=False)
            )
        _cross_out(tx, tests, TESTED)
        _cross_out(tx, others, IGNORED)


def _look_at_outcomes(shop_id: int, hints: Sequence[Hint]) -> None:
    """Messages of ours have ended over there: ask now how, not when their time to look comes."""
    with transaction() as tx:
        ours = set(
            tx.session.scalars(
                update(Writeback)
                .where(
                    Writeback.shop_id == shop_id,
                    Writeback.state == SUBMITTED,
                    Writeback.process_status_id.in_([hint.subject for hint in hints]),
                )
                .values(look_at=clock.now())
                .returning(Writeback.process_status_id)
                .execution_options(synchronize_session=False)
            )
        )
        _cross_out(tx, [hint for hint in hints if hint.subject in ours], LOOKED_AT)
        _cross_out(tx, [hint for hint in hints if hint.subject not in ours], IGNORED)
    if ours:
        writebacks.follow(shop_id)


def _fetch_orders(shop_id: int, hints: Sequence[Hint], on_step: Step) -> bool:
    began = clock.now()
    order_ids = _order_ids(shop_id, hints)
    try:
        with connect(shop_id) as marketplace:
            found = _answers(marketplace, set(order_ids.values()))
    except AccessLost as lost:
        _set_aside(hints, until=None)
        shops.mark_access_lost(shop_id, lost.sentence, because=lost.because, tried_at=began)
        return False
    except ExchangeError as fault:
        seconds = max(PAUSE_AFTER_FAULT_SECONDS, fault.retry_after or 0.0)
        _set_aside(hints, until=clock.now() + timedelta(seconds=seconds))
        log.warning("%s pushed messages of shop %s wait: %s", len(hints), shop_id, fault.sentence)
        return False
    on_step("fetched")
    by_order: dict[str, list[Hint]] = defaultdict(list)
    for hint in hints:
        by_order[order_ids[hint.subject]].append(hint)
    ids = list(by_order)
    is_any_left = False
    for start in range(0, len(ids), STORED_TOGETHER):
        part = {order_id: by_order[order_id] for order_id in ids[start : start + STORED_TOGETHER]}
        is_any_left |= _store(shop_id, part, found)
    on_step("stored")
    if is_any_left:
        _sync(shop_id)
    return True


def _order_ids(shop_id: int, hints: Iterable[Hint]) -> dict[str, str]:
    """The order that each hint is about, by its subject: an item that is here has one, else it must be an order."""
    subjects = list(dict.fromkeys(hint.subject for hint in hints))
    with reading() as session:
        items = session.scalars(
            select(MarketplaceItem)
            .where(MarketplaceItem.shop_id == shop_id, MarketplaceItem.external_id.in_(subjects))
            .options(joinedload(MarketplaceItem.order))
        )
        orders_of_items = {item.external_id: item.order.external_id for item in items}
    return {subject: orders_of_items.get(subject, subject) for subject in subjects}


def _answers(marketplace: Marketplace, order_ids: Collection[str]) -> dict[str, OrderRecord]:
    """The orders that the marketplace has, several asked for at a time. Raises ExchangeError when it can't be asked."""
    with ThreadPoolExecutor(min(FETCHERS, len(order_ids)), thread_name_prefix="pushed") as pool:
        answers = pool.map(lambda order_id: _answer(marketplace, order_id), order_ids)
        return {record.external_id: record for record in answers if record is not None}


def _answer(marketplace: Marketplace, order_id: str) -> OrderRecord | None:
    """None for what is no order over there, or none that is understood: a sync tells more of it."""
    try:
        return marketplace.order(order_id)
    except (NotThere, AskedWrongly, AnswerNotUnderstood) as fault:
        log.info("What was pushed can't be fetched as order %s: %s", order_id, fault.sentence)
        return None


def _store(shop_id: int, hints: Mapping[str, Sequence[Hint]], found: Mapping[str, OrderRecord]) -> bool:
    """Store these orders together and cross out their messages; whether any is left to a sync.

    An order that Stoqflow stumbles over must keep no other out: then each is stored alone, and that one is left.
    """
    try:
        return _store_together(shop_id, hints, found)
    except OperationalError:
        raise
    except Exception:
        if len(hints) > 1:
            are_left = [_store(shop_id, {order_id: its}, found) for order_id, its in hints.items()]
            return any(are_left)
        log.exception("Order %s of shop %s was pushed and could not be stored", next(iter(hints)), shop_id)
        with transaction() as tx:
            _cross_out(tx, [hint for its in hints.values() for hint in its], LEFT_TO_SYNC)
        return True


def _store_together(shop_id: int, hints: Mapping[str, Sequence[Hint]], found: Mapping[str, OrderRecord]) -> bool:
    with transaction() as tx:
        shop = tx.session.get_one(Shop, shop_id)
        here = set(
            tx.session.scalars(
                select(MarketplaceOrder.external_id).where(
                    MarketplaceOrder.shop_id == shop_id, MarketplaceOrder.external_id.in_(list(hints))
                )
            )
        )
        records = [found[order_id] for order_id in hints if order_id in found]
        ours = [record for record in records if record.external_id in here or _has_work_for_us(record)]
        stored = store_orders(tx, shop, ours)
        _note_news(tx, shop_id, stored)
        fetched = {record.external_id for record in ours}
        left = [hint for order_id, its in hints.items() if order_id not in found for hint in its]
        for order_id, its in hints.items():
            if order_id in found:
                _cross_out(tx, its, FETCHED if order_id in fetched else IGNORED)
        _cross_out(tx, left, LEFT_TO_SYNC)
    return bool(left)


def _has_work_for_us(record: OrderRecord) -> bool:
    """An order that the marketplace ships alone is not kept, as a sync does not."""
    return any(item.fulfilment_method != FBB for item in record.items)


def _note_news(tx: Transaction, shop_id: int, stored: Stored) -> None:
    note_news(tx, shop_id, "pushed", stored)
    if not stored.unknown_lines:
        return
    # Lines without a product are solved on the page of a sync: that of the latest is where people look.
    run = tx.session.scalars(
        select(ImportRun)
        .where(ImportRun.shop_id == shop_id, ImportRun.kind == SYNC_RUN, ImportRun.active_key.is_(None))
        .order_by(ImportRun.id.desc())
        .limit(1)
    ).one_or_none()
    if run is not None:
        fresh = set(stored.new)
        for line, skus in stored.unknown_lines:
            if line.sales_order.marketplace_order.external_id in fresh:
                note_line(tx, run, "ean_matches_several" if len(skus) > 1 else "unknown_product", line, skus=skus)


def _sync(shop_id: int) -> None:
    try:
        syncing.sync_now(shop_id, user_id=None)
    except (NotStartable, NotFound) as refusal:
        log.info("Shop %s is not synced for what was pushed: %s", shop_id, refusal.sentence)


def _set_aside(hints: Sequence[Hint], *, until: datetime | None) -> None:
    with transaction() as tx:
        _set(tx, hints, claimed_until=until)


def _cross_out(tx: Transaction, hints: Sequence[Hint], outcome: str) -> None:
    _set(tx, hints, handled_at=clock.now(), outcome=outcome, claimed_until=None)


def _set(tx: Transaction, hints: Sequence[Hint], **values: object) -> None:
    if hints:
        tx.session.execute(
            update(WebhookMessage)
            .where(WebhookMessage.id.in_([hint.id for hint in hints]))
            .values(**values)
            .execution_options(synchronize_session=False)
        )
