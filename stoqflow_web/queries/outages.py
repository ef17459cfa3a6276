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
    return [outage for shop, waiting, _tried in found if (outage := _outage(shop, waiting))]


def _outage(shop: Shop, waiting: int) -> Outage | None:
    if shop.has_lost_access:
        return Outage(shop.id, shop.name, LOCKED_OUT, shop.access_lost_at, waiting)
    if shop.is_paused:
        return Outage(shop.id, shop.name, PAUSED, shop.paused_at, waiting)
    silence = _silence_of(shop.id)
    if silence is not None and _has_answered_since(shop, silence):
        return None
    return Outage(shop.id, shop.name, SILENT, silence.since if silence else None, waiting)


@dataclass(frozen=True)
class _Silence:
    """The tries in vain of those that wait for another: when the first was, and the last of them."""

    since: datetime
    last_at: datetime
    last_id: int


def _silence_of(shop_id: int) -> _Silence | None:
    waiting: Sequence[int] = db.session.scalars(
        select(Writeback.id)
        .where(Writeback.shop_id == shop_id, Writeback.state == PENDING, Writeback.tries > 0)
        .limit(SINCE_LOOKED_AT)
    ).all()
    found = db.session.execute(
        select(func.min(WritebackAttempt.at), func.max(WritebackAttempt.at), func.max(WritebackAttempt.id)).where(
            WritebackAttempt.writeback_id.in_(waiting)
        )
    ).one()
    return _Silence(*found) if found[0] is not None else None


def _has_answered_since(shop: Shop, silence: _Silence) -> bool:
    """Whether the marketplace answered for the shop since: about its keys, or about another message."""
    if shop.keys_checked_at > silence.last_at:
        return True
    heard = (
        select(WritebackAttempt.id)
        .join(Writeback, Writeback.id == WritebackAttempt.writeback_id)
        .where(
            WritebackAttempt.id > silence.last_id,
            WritebackAttempt.outcome.in_(("submitted", "confirmed")),
            Writeback.shop_id == shop.id,
        )
    )
    return db.session.scalar(heard.limit(1)) is not None
