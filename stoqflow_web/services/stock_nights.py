"""When the stock of a shop is compared by itself: once a night. The comparison itself: comparing_stock.py."""

from datetime import UTC, datetime, time, timedelta

from sqlalchemy import Select, delete, exists, or_, select
from sqlalchemy.exc import IntegrityError

from stoqflow_web import clock
from stoqflow_web.models import ImportRun, Shop, StockComparison
from stoqflow_web.models.imports import STOCK
from stoqflow_web.services import imports
from stoqflow_web.services.outbox import may_be_asked
from stoqflow_web.transaction import reading, transaction

NIGHT = time(4, 0)  # Amsterdam time; the check of orders has its turn at three
KEPT = timedelta(days=30)


def sweep() -> int:
    """Start tonight's comparison for every shop that tells its stock and has had none; how many."""
    night = last_night(clock.now())
    had = exists(_comparisons(night).where(ImportRun.shop_id == Shop.id).correlate(Shop))
    with reading() as session:
        due = session.scalars(select(Shop.id).where(Shop.tells_stock, may_be_asked(), ~had)).all()
    return sum(_start(shop_id, night) for shop_id in due)


def last_night(now: datetime) -> datetime:
    """When the comparison was or is due that comes before `now`."""
    here = now.astimezone(clock.AMSTERDAM)
    tonight = datetime.combine(here.date(), NIGHT, clock.AMSTERDAM).astimezone(UTC)
    if tonight <= now:
        return tonight
    return datetime.combine(here.date() - timedelta(days=1), NIGHT, clock.AMSTERDAM).astimezone(UTC)


def next_night(now: datetime) -> datetime:
    """When the next comparison is due."""
    day = last_night(now).astimezone(clock.AMSTERDAM).date() + timedelta(days=1)
    return datetime.combine(day, NIGHT, clock.AMSTERDAM).astimezone(UTC)


def forget_old() -> None:
    """Comparisons are kept for 30 days. Called every few seconds."""
    before = clock.now() - KEPT
    with reading() as session:
        is_any = session.scalar(select(StockComparison.id).where(StockComparison.finished_at < before).limit(1))
    if is_any is not None:
        with transaction() as tx:
            tx.session.execute(delete(StockComparison).where(StockComparison.finished_at < before))


def _start(shop_id: int, night: datetime) -> bool:
    """The night's first comparison, by whichever scheduler comes first."""
    try:
        with transaction() as tx:
            tx.session.scalar(select(Shop.id).where(Shop.id == shop_id).with_for_update(key_share=True))
            if tx.session.scalar(_comparisons(night).where(ImportRun.shop_id == shop_id).limit(1)) is not None:
                return False
            imports.add_run(tx, shop_id, STOCK, user_id=None)
    except IntegrityError:  # one is running
        return False
    return True


def _comparisons(night: datetime) -> Select[int]:
    """Those that were begun since then, and one that still goes on."""
    return select(ImportRun.id).where(
        ImportRun.kind == STOCK, or_(ImportRun.created_at >= night, ImportRun.active_key.is_not(None))
    )
