"""Reads, every so often, what a shop's marketplace tells beside the orders: returns, and the service norms.

The row is the truth: whoever moves the next reading ahead does this one, and what Redis lost is found by the sweep. A
shop is read for the first time when its orders are in step.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import exists, or_, select, update
from sqlalchemy.exc import IntegrityError

from stoqflow_web import background, clock
from stoqflow_web.exchange import AccessLost, ExchangeError
from stoqflow_web.marketplace import Marketplace
from stoqflow_web.models import Reading, Shop
from stoqflow_web.models.readings import EVERY, KINDS, NORMS, REST_AFTER, RETURNS
from stoqflow_web.services import reading_norms, reading_returns, shops
from stoqflow_web.services.marketplaces import connect
from stoqflow_web.services.outbox import may_be_asked
from stoqflow_web.transaction import reading, transaction

log = logging.getLogger(__name__)

Read = Callable[[int, Marketplace], bool]
"""Reads of a shop what can be read at once; whether that was all of it."""

READERS: dict[str, Read] = {RETURNS: reading_returns.read, NORMS: reading_norms.read}
AFTER_FAULT = timedelta(minutes=5)
LONGEST = 900  # seconds


def sweep() -> int:
    """Queue a reading for every shop and kind that is due; how many. Called every few seconds."""
    now = clock.now()
    with reading() as session:
        due = [
            (shop_id, kind)
            for kind in KINDS
            for shop_id in session.scalars(
                select(Shop.id).where(
                    may_be_asked(),
                    Shop.synced_until.is_not(None),
                    ~exists().where(Reading.shop_id == Shop.id, Reading.kind == kind, Reading.next_at > now),
                )
            )
        ]
    return sum(
        background.enqueue(
            "jobs.readings.read", shop_id, kind, queue="slow", job_id=f"read-{kind}-{shop_id}", timeout=LONGEST
        )
        for shop_id, kind in due
    )


def read_now(kind: str) -> bool:
    """Have it read of every shop at once; whether there was one.

    Pressing twice asks the marketplace once, and never before it wants to be asked again.
    """
    now = clock.now()
    with transaction() as tx:
        may_be = select(Shop.id).where(may_be_asked(), Shop.synced_until.is_not(None))
        moved = tx.session.execute(
            update(Reading)
            .where(
                Reading.kind == kind,
                Reading.shop_id.in_(may_be),
                Reading.next_at.between(now + REST_AFTER, now + EVERY[kind] - REST_AFTER),
                or_(Reading.rest_until.is_(None), Reading.rest_until <= now),
            )
            .values(next_at=now)
            .execution_options(synchronize_session=False)
        )
        tx.after_commit(sweep)
    return bool(moved.rowcount)  # type: ignore[attr-defined]


def read(shop_id: int, kind: str) -> None:
    """Read it if it is due, the shop may be asked, and nobody else has begun."""
    began = clock.now()
    if not _claim(shop_id, kind, began):
        return
    try:
        with connect(shop_id) as marketplace:
            is_whole = READERS[kind](shop_id, marketplace)
    except AccessLost as lost:
        shops.mark_access_lost(shop_id, lost.sentence, because=lost.because, tried_at=began)
    except ExchangeError as fault:
        rest = timedelta(seconds=fault.retry_after or 0.0)
        _note(shop_id, kind, next_at=clock.now() + max(AFTER_FAULT, rest), rest_until=clock.now() + rest)
        log.warning("Reading %s of shop %s waits: %s", kind, shop_id, fault.sentence)
    else:
        if is_whole:
            _note(shop_id, kind, read_at=clock.now())
        else:
            _note(shop_id, kind, next_at=clock.now() + REST_AFTER)


def _claim(shop_id: int, kind: str, now: datetime) -> bool:
    """Move the next reading ahead; False for who comes second."""
    next_at = now + EVERY[kind]
    try:
        with transaction() as tx:
            if tx.session.scalar(select(Shop.id).where(Shop.id == shop_id, may_be_asked())) is None:
                return False
            moved = tx.session.execute(
                update(Reading)
                .where(Reading.shop_id == shop_id, Reading.kind == kind, Reading.next_at <= now)
                .values(next_at=next_at)
                .execution_options(synchronize_session=False)
            )
            if moved.rowcount:  # type: ignore[attr-defined]
                return True
            if tx.session.get(Reading, (shop_id, kind)) is not None:
                return False
            tx.session.add(Reading(shop_id=shop_id, kind=kind, next_at=next_at))
            return True
    except IntegrityError:  # somebody else made the row at the same moment
        return False


def _note(shop_id: int, kind: str, **columns: datetime) -> None:
    with transaction() as tx:
        for name, value in columns.items():
            setattr(tx.session.get_one(Reading, (shop_id, kind)), name, value)
