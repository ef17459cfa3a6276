"""Syncs of a shop, here and now, as scheduler and worker do them."""

from collections.abc import Sequence

from sqlalchemy import select

from stoqflow_web.extensions import db
from stoqflow_web.models import ImportRun, OrderCheck, Shop
from stoqflow_web.services import imports, syncing


def sync(shop_id: int) -> ImportRun:
    """One whole pass, asked for by somebody; the run as it is afterwards."""
    return carried_on(syncing.sync_now(shop_id, user_id=None).id)


def tick() -> list[ImportRun]:
    """What a scheduler starts at this moment, each carried on by a worker."""
    syncing.sweep()
    with db.session.no_autoflush:
        db.session.rollback()
        waiting = db.session.scalars(select(ImportRun.id).where(ImportRun.active_key.is_not(None))).all()
    return [carried_on(run_id) for run_id in waiting]


def carried_on(run_id: int) -> ImportRun:
    imports.carry_on(run_id)
    db.session.rollback()
    return db.session.get_one(ImportRun, run_id, populate_existing=True)


def shop_now(shop_id: int) -> Shop:
    db.session.rollback()
    return db.session.get_one(Shop, shop_id, populate_existing=True)


def checks(shop_id: int) -> Sequence[OrderCheck]:
    """The finished checks of a shop, newest first."""
    db.session.rollback()
    found = select(OrderCheck).where(OrderCheck.shop_id == shop_id, OrderCheck.finished_at.is_not(None))
    return db.session.scalars(found.order_by(OrderCheck.id.desc())).all()
