"""Tells a marketplace how much of our products can be sold: claim, work the number out, tell, record.

Safe to do twice, by several workers at once, and again after a kill: the number is an absolute one, and a row whose
worker is gone is due again when its lease has run out. Orders and shipments go first.
"""

import logging
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.orm import joinedload

from stoqflow_web import clock
from stoqflow_web.exchange import FBB, AccessLost, Busy, ExchangeError, Rejected
from stoqflow_web.marketplace import Marketplace
from stoqflow_web.models import ImportRun, Offer, OfferStock, Product, Shop, Writeback
from stoqflow_web.models.activities import STOCK, TROUBLE
from stoqflow_web.models.shops import LIMITED
from stoqflow_web.processes import is_stopping
from stoqflow_web.sellable import sellable
from stoqflow_web.services import activities, outbox, shops, syncing
from stoqflow_web.services.delivering import pause
from stoqflow_web.services.import_work import OF_ORDERS
from stoqflow_web.services.import_work import is_due as is_run_due
from stoqflow_web.services.marketplaces import connect
from stoqflow_web.services.steps import Step, no_step
from stoqflow_web.services.stock_to_tell import enqueue, units_waiting
from stoqflow_web.transaction import Transaction, reading, transaction

log = logging.getLogger(__name__)

AT_ONCE = 100  # offers in one claim: two seconds of bol.com's limit, then others have their turn
AT_ONCE_WHEN_LIMITED = 10
THREADS = 16
LEASE = timedelta(seconds=60)
BEGUN_WITHIN_SECONDS = 15.0  # of it: a message takes a wait for the limit and 33 s without an answer at most
STAY_SECONDS = 2.5  # a job waits so long for what becomes due: a change is told a second after it
BETWEEN_SECONDS = 0.1
LONGEST_WAIT_SECONDS = 10.0  # for the limit: a worker has better things to do than to wait for it with its rows held
LONGEST_PAUSE = timedelta(hours=2)  # a moment further ahead is from before this machine's clock was set back


@dataclass(frozen=True)
class Owed:
    """What an offer's marketplace is owed. `number` is None when the offer is not ours to tell any more."""

    offer_id: int
    claim: int
    external_id: str
    number: int | None
    told: int | None
    refused: int | None

    @property
    def is_news(self) -> bool:
        return self.number is not None and self.number not in (self.told, self.refused)


class _WouldWait(Exception):
    """The limit is used up for longer than it makes sense to wait, or the marketplace answers too slowly."""


def tell(shop_id: int, *, stay_seconds: float = STAY_SECONDS, on_step: Step = no_step) -> None:
    """Tell what the shop's marketplace is owed and is due, as long as nothing more important waits for it."""
    if not _is_any(shop_id, _is_ready_at(clock.now() + timedelta(seconds=stay_seconds))):
        return
    with _marketplace_of(shop_id) as marketplace:
        if marketplace is not None:
            _Telling(shop_id, marketplace, on_step).run(stay_seconds)


def sweep() -> int:
    """Queue the work for every shop that has some due; how many. Called every few seconds."""
    ready = select(OfferStock.offer_id).where(OfferStock.shop_id == Shop.id, _is_ready_at(clock.now())).exists()
    with reading() as session:
        due = session.scalars(select(Shop.id).where(Shop.tells_stock, outbox.may_be_asked(), ready)).all()
    return sum(enqueue(shop_id) for shop_id in due)


def claim(shop_id: int, most: int) -> dict[int, int]:
    """Take up to so many due offers of a shop: the claim, a fencing token, by offer id.

    They are not due any more from here on, so whatever changes after this makes them due again.
    """
    now = clock.now()
    with transaction() as tx:
        ids = tx.session.scalars(
            select(OfferStock.offer_id)
            .join(Shop, Shop.id == OfferStock.shop_id)
            .where(OfferStock.shop_id == shop_id, Shop.tells_stock, outbox.may_be_asked(), _is_ready_at(now))
            .order_by(OfferStock.due_at, OfferStock.offer_id)
            .limit(most)
            .with_for_update(skip_locked=True, of=OfferStock)
        ).all()
        if not ids:
            return {}
        taken = tx.session.execute(
            update(OfferStock)
            .where(OfferStock.offer_id.in_(ids))
            .values(claim=OfferStock.claim + 1, lease_until=now + LEASE, due_at=None)
            .returning(OfferStock.offer_id, OfferStock.claim)
            .execution_options(synchronize_session=False)
        )
        return {row.offer_id: row.claim for row in taken}


def owed(claimed: dict[int, int]) -> list[Owed]:
    """What these offers are owed, by the stock as it is now."""
    with reading() as session:
        products = select(Offer.product_id).where(Offer.id.in_(claimed), Offer.product_id.is_not(None))
        waiting = units_waiting([product_id for product_id in session.scalars(products) if product_id is not None])
        rows = session.execute(
            select(OfferStock, Offer, Product, waiting.c.units, Shop.stock_margin)
            .join(Offer, Offer.id == OfferStock.offer_id)
            .join(Shop, Shop.id == OfferStock.shop_id)
            .outerjoin(Product, Product.id == Offer.product_id)
            .outerjoin(waiting, waiting.c.product_id == Product.id)
            .where(OfferStock.offer_id.in_(claimed))
            .order_by(OfferStock.offer_id)
        ).all()
        return [
            Owed(
                offer_id=row.offer_id,
                claim=claimed[row.offer_id],
                external_id=offer.external_id,
                number=_number(offer, product, units or 0, margin),
                told=row.told,
                refused=row.refused if row.refused_at is not None else None,
            )
            for row, offer, product, units, margin in rows
        ]


class _Telling:
    """One worker's telling of one shop's stock. Its steps: claimed, told, recorded."""

    def __init__(self, shop_id: int, marketplace: Marketplace, on_step: Step) -> None:
        self._shop_id = shop_id
        self._marketplace = marketplace
        self._on_step = on_step

    def run(self, stay_seconds: float) -> None:
        """Until nothing is due, something more important waits, or this worker stops. Raises ExchangeError."""
        until = time.monotonic() + stay_seconds
        with ThreadPoolExecutor(THREADS, thread_name_prefix="stock") as senders:
            while not is_stopping() and not _gives_way(self._shop_id):
                is_limited = _is_limited(self._shop_id)
                claimed = claim(self._shop_id, AT_ONCE_WHEN_LIMITED if is_limited else AT_ONCE)
                if claimed:
                    self._on_step("claimed")
                    self._tell(senders, owed(claimed))
                    until = time.monotonic() + stay_seconds
                    if is_limited:
                        return  # the rest has its turn with the next sweep
                elif time.monotonic() < until and _is_any(self._shop_id, _is_ready_at(_soon(stay_seconds))):
                    threading.Event().wait(BETWEEN_SECONDS)
                else:
                    return

    def _tell(self, senders: ThreadPoolExecutor, some: Sequence[Owed]) -> None:
        until = time.monotonic() + BEGUN_WITHIN_SECONDS
        begun = {
            senders.submit(self._tell_one, one.external_id, one.number, until): one
            for one in some
            if one.is_news and one.number is not None
        }
        fault: ExchangeError | None = None
        for future in _as_they_come(begun):
            failure = CancelledError() if future.cancelled() else future.exception()
            if isinstance(failure, ExchangeError) and not isinstance(failure, Rejected):
                fault = failure if fault is None or isinstance(failure, AccessLost) else fault
            elif isinstance(failure, _WouldWait):
                fault = fault or Busy("bol.com's limit is used up for the moment, or it answers too slowly.")
            if fault is not None:
                for each in begun:  # those that a thread is busy with go on, and are taken in as ever
                    each.cancel()
        self._on_step("told")
        self._record(some, {one.offer_id: future for future, one in begun.items()}, fault)
        self._on_step("recorded")
        if fault is not None:
            raise fault

    def _tell_one(self, external_id: str, number: int, until: float) -> None:
        """Raises what the marketplace raises, and _WouldWait when another worker could take the offer meanwhile."""
        if time.monotonic() > until:
            raise _WouldWait
        self._marketplace.tell_stock(external_id, number)

    def _record(self, some: Sequence[Owed], answers: dict[int, Future[None]], fault: ExchangeError | None) -> None:
        refused = 0
        with transaction() as tx:
            rows = _held(tx, some)
            tries = max((row.tries for row in rows.values()), default=0) + 1
            then = _then(fault, tries)
            for one in some:
                row = rows.get(one.offer_id)
                if row is None:
                    continue
                future = answers.get(one.offer_id)
                failure = None if future is None or future.cancelled() else future.exception()
                if one.number is None:
                    tx.session.delete(row)
                elif future is None:
                    _unchanged(row, one)
                elif future.cancelled():
                    _put_back(row, then)
                elif failure is None:
                    _accepted(row, one.number)
                elif isinstance(failure, Rejected):
                    refused += _refused(row, one.number, failure.said or failure.sentence)
                else:
                    if not isinstance(failure, ExchangeError | _WouldWait):
                        log.error("Telling the stock of offer %s ended oddly", one.offer_id, exc_info=failure)
                    _put_back(
                        row, clock.now() + timedelta(seconds=pause(tries)) if fault is None else then, is_try=True
                    )
            if refused:
                activities.record(tx, self._shop_id, STOCK, TROUBLE, "stock_refused", refused=refused)
            if fault is not None and not isinstance(fault, AccessLost):
                tx.session.flush()
                _postpone_what_is_due(tx, self._shop_id, then)


def _number(offer: Offer, product: Product | None, waiting: int, margin: int) -> int | None:
    if product is None or offer.fulfilment_method == FBB:
        return None
    return sellable(on_hand=product.on_hand, reserved=product.reserved, waiting=waiting, margin=margin)


def _is_ready_at(then: datetime) -> ColumnElement[bool]:
    """Of OfferStock: due and nobody works on it, or its worker is gone."""
    return or_(
        and_(
            OfferStock.lease_until.is_(None),
            or_(OfferStock.due_at <= then, OfferStock.due_at > then + LONGEST_PAUSE),
        ),
        OfferStock.lease_until < then,
        OfferStock.lease_until > then + LEASE * 2,
    )


def _soon(seconds: float) -> datetime:
    return clock.now() + timedelta(seconds=seconds)


def _is_any(shop_id: int, condition: ColumnElement[bool]) -> bool:
    with reading() as session:
        wanted = select(OfferStock.offer_id).where(OfferStock.shop_id == shop_id, condition)
        return session.scalar(wanted.limit(1)) is not None


def _gives_way(shop_id: int) -> bool:
    """Whether something waits that must not be late: a message about an order, or a pass over the orders.

    After a pause or an outage orders may be open over there that nobody knows here: their units must not be told.
    """
    now = clock.now()
    message = select(Writeback.id).where(Writeback.shop_id == shop_id, outbox.is_ready(now))
    run = select(ImportRun.id).where(
        ImportRun.shop_id == shop_id,
        ImportRun.kind.in_(OF_ORDERS),
        ImportRun.active_key.is_not(None),
        or_(is_run_due(now), ImportRun.lease_until >= now),
    )
    sync = select(Shop.id).where(Shop.id == shop_id, syncing.is_due(now))
    with reading() as session:
        return any(session.scalar(one.limit(1)) is not None for one in (message, run, sync))


def _is_limited(shop_id: int) -> bool:
    with reading() as session:
        return session.scalar(select(Shop.trouble).where(Shop.id == shop_id)) == LIMITED


def _as_they_come(begun: dict[Future[None], Owed]) -> Iterator[Future[None]]:
    left = set(begun)
    while left:
        done, left = wait(left, timeout=1.0)
        yield from done


def _held(tx: Transaction, some: Sequence[Owed]) -> dict[int, OfferStock]:
    """The rows that are still ours, locked until the commit, by offer id."""
    claims = {one.offer_id: one.claim for one in some}
    # What a transfer does to offers comes before what it marks: so the offers first, here too.
    tx.session.execute(select(Offer.id).where(Offer.id.in_(claims)).order_by(Offer.id).with_for_update()).all()
    rows = tx.session.scalars(
        select(OfferStock)
        .where(OfferStock.offer_id.in_(claims), OfferStock.lease_until.is_not(None))
        .order_by(OfferStock.offer_id)
        .options(joinedload(OfferStock.offer, innerjoin=True))
        .with_for_update(of=OfferStock)
        .execution_options(populate_existing=True)
    )
    return {row.offer_id: row for row in rows if row.claim == claims[row.offer_id]}


def _accepted(row: OfferStock, number: int) -> None:
    row.told, row.told_at = number, clock.now()
    row.offer.stock = row.offer.sellable = number
    row.offer.is_corrected_there = False
    _settled(row)


def _unchanged(row: OfferStock, one: Owed) -> None:
    if one.number == one.told:
        _settled(row)
    else:  # it is the number that was refused
        row.lease_until = None


def _settled(row: OfferStock) -> None:
    row.lease_until, row.tries = None, 0
    row.refused = row.refused_at = row.their_sentence = None


def _refused(row: OfferStock, number: int, sentence: str) -> bool:
    row.lease_until, row.tries = None, 0
    row.refused, row.refused_at, row.their_sentence = number, clock.now(), sentence
    return True


def _put_back(row: OfferStock, then: datetime, *, is_try: bool = False) -> None:
    row.lease_until, row.due_at = None, then
    row.tries += is_try


def _then(fault: ExchangeError | None, tries: int) -> datetime:
    if fault is None or isinstance(fault, AccessLost):
        return clock.now()
    return clock.now() + timedelta(seconds=max(pause(tries), fault.retry_after or 0.0))


def _postpone_what_is_due(tx: Transaction, shop_id: int, then: datetime) -> None:
    """One moment for all that is due: an outage is one thing, not one for each offer."""
    ids = tx.session.scalars(
        select(OfferStock.offer_id)
        .where(OfferStock.shop_id == shop_id, OfferStock.due_at < then)
        .order_by(OfferStock.offer_id)
        .with_for_update()
    ).all()
    tx.session.execute(
        update(OfferStock)
        .where(OfferStock.offer_id.in_(ids))
        .values(due_at=then)
        .execution_options(synchronize_session=False)
    )


@contextmanager
def _marketplace_of(shop_id: int) -> Iterator[Marketplace | None]:
    """The shop's marketplace, None when it may not be asked. A fault over there ends the block quietly, for later."""
    with reading() as session:
        shop = session.get(Shop, shop_id)
        may_tell = shop is not None and shop.tells_stock and shop.may_ask_marketplace
    if not may_tell:
        yield None
        return
    began = clock.now()
    try:
        with connect(shop_id, on_wait=_refuse_to_wait) as marketplace:
            yield marketplace
    except AccessLost as lost:
        shops.mark_access_lost(shop_id, lost.sentence, because=lost.because, tried_at=began)
    except ExchangeError as fault:
        log.warning("The stock of shop %s is told later: %s", shop_id, fault.sentence)


def _refuse_to_wait(seconds: float, why: str) -> None:
    if seconds > LONGEST_WAIT_SECONDS:
        raise _WouldWait
