"""What workers do for the outbox of a shop: deliver, follow, learn. Each is safe to do twice, by several workers at
once, and again after a kill: who may touch which row is settled in outbox.py, not here.
"""

import logging
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from sqlalchemy import ColumnElement, and_, or_, select, update

from stoqflow_web import background, clock
from stoqflow_web.exchange import AccessLost, ExchangeError
from stoqflow_web.marketplace import Marketplace
from stoqflow_web.models import Shop, Writeback
from stoqflow_web.models.writebacks import SENDING, SUBMITTED
from stoqflow_web.services import outbox, shops
from stoqflow_web.services.delivering import Delivery
from stoqflow_web.services.following import (
    follow_submitted,
    is_to_be_followed,
    is_to_be_learned,
    learn_about_confirmed,
)
from stoqflow_web.services.marketplaces import connect
from stoqflow_web.services.settling_unknown import free_abandoned, is_abandoned, is_unsettled, settle_unknown
from stoqflow_web.services.steps import Step, no_step
from stoqflow_web.services.telling_deliveries import on_their_way, tell
from stoqflow_web.transaction import reading, transaction

log = logging.getLogger(__name__)

FOLLOW_SECONDS = 12.0  # a delivery stays this long to see its messages confirmed: bol.com usually needs seconds
BETWEEN_LOOKS_SECONDS = 1.0
PAUSE_AFTER_FAULT_SECONDS = 30.0
LONGEST_WAIT_SECONDS = 3.0  # for a scarce call: the rest can be learned later


class _WouldWait(Exception):
    """The limit is used up, and a worker has better things to do than to wait for it."""


def deliver(shop_id: int, *, follow_seconds: float = FOLLOW_SECONDS, on_step: Step = no_step) -> None:
    """Send what the shop owes and is due, and stay a little to see it confirmed, or found where an answer got lost."""
    free_abandoned(shop_id)
    if not _is_any(shop_id, or_(outbox.is_ready(clock.now()), _will_be_known_soon())):
        return
    with _told(shop_id) as claimed, _marketplace_of(shop_id) as marketplace:
        if marketplace is None:
            return
        often = _Often(shop_id, marketplace)
        _send_all_due(shop_id, marketplace, claimed, often, on_step)
        until = time.monotonic() + follow_seconds
        while time.monotonic() < until and _is_any(shop_id, _will_be_known_soon()):
            threading.Event().wait(BETWEEN_LOOKS_SECONDS)
            follow_submitted(shop_id, marketplace)
            if _is_any(shop_id, is_unsettled(clock.now())):
                _follow(shop_id)  # with a connection that waits for no scarce call: there may be more to send
            if _is_any(shop_id, outbox.is_ready(clock.now())):  # a cancellation that waited for these, a new click
                _send_all_due(shop_id, marketplace, claimed, often, on_step)


def follow(shop_id: int) -> None:
    """Learn what became of messages whose time to look has come."""
    now = clock.now()
    if not _is_any(shop_id, or_(is_to_be_followed(now), is_unsettled(now))):
        return
    with _told(shop_id):
        _follow(shop_id)
    if _is_any(shop_id, outbox.is_ready(clock.now())):
        _enqueue("deliver", shop_id)


def learn(shop_id: int) -> None:
    """Read what the marketplace made of confirmed messages, as far as its limit allows at once."""
    if not _is_any(shop_id, is_to_be_learned(clock.now())):
        return
    with _marketplace_of(shop_id, is_patient=False) as marketplace:
        if marketplace is not None:
            learn_about_confirmed(shop_id, marketplace)


def sweep() -> int:
    """Queue work for every shop that has some due; how many jobs. Called every few seconds.

    This finds what Redis lost or never heard of, what had to wait, and what a killed worker left behind.
    """
    now = clock.now()
    work = {
        "deliver": or_(outbox.is_ready(now), is_abandoned(now)),
        "follow": or_(is_to_be_followed(now), is_unsettled(now)),
        "learn": is_to_be_learned(now),
    }
    return sum(_enqueue(job, shop_id) for job, condition in work.items() for shop_id in _shops_with(condition))


def _follow(shop_id: int) -> None:
    with _marketplace_of(shop_id, is_patient=False) as marketplace:
        if marketplace is not None:
            follow_submitted(shop_id, marketplace)
            settle_unknown(shop_id, marketplace)


class _Often:
    """Follows while a delivery goes on, every other second."""

    def __init__(self, shop_id: int, marketplace: Marketplace) -> None:
        self._shop_id, self._marketplace = shop_id, marketplace
        self._last = time.monotonic()

    def follow(self) -> None:
        if time.monotonic() - self._last < 2 * BETWEEN_LOOKS_SECONDS:
            return
        try:
            follow_submitted(self._shop_id, self._marketplace)
        except ExchangeError as fault:
            log.info("Following the messages of shop %s waits: %s", self._shop_id, fault.sentence)
        self._last = time.monotonic()


def _send_all_due(shop_id: int, marketplace: Marketplace, claimed: set[int], often: _Often, on_step: Step) -> None:
    delivery = Delivery(shop_id, marketplace, on_step=on_step, meanwhile=often.follow)
    try:
        delivery.run()
    finally:
        claimed |= delivery.claimed


@contextmanager
def _told(shop_id: int) -> Iterator[set[int]]:
    """Tells Activity afterwards what became of the ids that are put into the set, and of what was on its way before."""
    began, earlier = clock.now(), on_their_way(shop_id)
    claimed: set[int] = set()
    yield claimed
    tell(shop_id, began=began, claimed=claimed, earlier=earlier)


@contextmanager
def _marketplace_of(shop_id: int, *, is_patient: bool = True) -> Iterator[Marketplace | None]:
    """The shop's marketplace, None when it may not be asked. A fault over there ends the block quietly, for later."""
    with reading() as session:
        shop = session.get(Shop, shop_id)
        may_ask = shop is not None and shop.may_ask_marketplace
    if not may_ask:
        yield None
        return
    began = clock.now()
    try:
        with connect(shop_id, on_wait=None if is_patient else _refuse_to_wait) as marketplace:
            yield marketplace
    except AccessLost as lost:
        shops.mark_access_lost(shop_id, lost.sentence, because=lost.because, tried_at=began)
    except ExchangeError as fault:
        _look_later(shop_id, max(PAUSE_AFTER_FAULT_SECONDS, fault.retry_after or 0.0))
        log.warning("Messages of shop %s are looked at later: %s", shop_id, fault.sentence)
    except _WouldWait:
        log.debug("Shop %s: the rest is learned later", shop_id)


def _refuse_to_wait(seconds: float, why: str) -> None:
    if seconds > LONGEST_WAIT_SECONDS:
        raise _WouldWait


def _look_later(shop_id: int, seconds: float) -> None:
    """One pause for all looks that are due: during an outage each would fail alike."""
    now = clock.now()
    due = or_(is_to_be_followed(now), is_unsettled(now), is_to_be_learned(now))
    then = now + timedelta(seconds=seconds * random.uniform(0.8, 1.2))  # noqa: S311 - no secret
    with transaction() as tx:
        tx.session.execute(
            update(Writeback)
            .where(Writeback.shop_id == shop_id, due)
            .values(look_at=then)
            .execution_options(synchronize_session=False)
        )


def _will_be_known_soon() -> ColumnElement[bool]:
    soon = clock.now() + timedelta(seconds=FOLLOW_SECONDS / 2)
    return or_(
        and_(Writeback.state == SUBMITTED, Writeback.look_at <= soon),
        and_(
            Writeback.state == SENDING,
            Writeback.sent_at.is_not(None),
            or_(Writeback.lease_until.is_not(None), Writeback.look_at <= soon),
        ),
    )


def _is_any(shop_id: int, condition: ColumnElement[bool]) -> bool:
    with reading() as session:
        return session.scalar(select(Writeback.id).where(Writeback.shop_id == shop_id, condition).limit(1)) is not None


def _shops_with(condition: ColumnElement[bool]) -> list[int]:
    has_work = select(Writeback.id).where(Writeback.shop_id == Shop.id, condition).exists()
    with reading() as session:
        return list(session.scalars(select(Shop.id).where(outbox.may_be_asked(), has_work)))


def _enqueue(job: str, shop_id: int) -> bool:
    queue = "slow" if job == "learn" else "urgent"
    return background.enqueue(f"jobs.writebacks.{job}", shop_id, queue=queue, job_id=f"{job}-{shop_id}")
