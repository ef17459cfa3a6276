"""Shops whose messages to bol.com can't leave at the moment: one line for each, however many messages wait."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, func, or_, select

from stoqflow_web.extensions import db
from stoqflow_web.models import Shop, Writeback, WritebackAttempt
from stoqflow_web.models.writebacks import PENDING

SILENT = "silent"  # bol.com does not answer
LOCKED_OUT = "locked-out"  # bol.com refuses the keys
PAUSED = "paused"
SINCE_LOOKED_AT = 50


@dataclass(frozen=True)
class Outage:
    """`waiting` messages are safe in the queue. `since` is None when nobody noted the beginning."""

    shop_id: int
    shop_name: str
    why: str
    since: datetime | None
    waiting: int


def outages() -> list[Outage]:
    """One question when all is well, over the messages that wait, which are few."""
    tried = func.sum(case((Writeback.tries > 0, 1), else_=0))
    found = db.session.execute(
        select(Shop, func.count(), tried)
        .join(Writeback, Writeback.shop_id == Shop.id)
        .where(Writeback.state == PENDING)
        .group_by(Shop.id)
        .having(or_(tried > 0, Shop.access_lost_at.is_not(None), Shop.paused_at.is_not(None)))
        .order_by(Shop.name)
    )
    return [_outage(shop, waiting) for shop, waiting, _tried in found]


def _outage(shop: Shop, waiting: int) -> Outage:
    if shop.has_lost_access:
        return Outage(shop.id, shop.name, LOCKED_OUT, shop.access_lost_at, waiting)
    if shop.is_paused:
        return Outage(shop.id, shop.name, PAUSED, shop.paused_at, waiting)
    return Outage(shop.id, shop.name, SILENT, _silent_since(shop.id), waiting)


def _silent_since(shop_id: int) -> datetime | None:
    """When the first try failed of those that wait for another."""
    waiting: Sequence[int] = db.session.scalars(
        select(Writeback.id)
        .where(Writeback.shop_id == shop_id, Writeback.state == PENDING, Writeback.tries > 0)
        .limit(SINCE_LOOKED_AT)
    ).all()
    return db.session.scalar(select(func.min(WritebackAttempt.at)).where(WritebackAttempt.writeback_id.in_(waiting)))
