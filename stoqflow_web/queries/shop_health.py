"""How each shop gets on with its marketplace: what is the matter, since when, and what waits in the queue meanwhile."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import load_only

from stoqflow_web.exchange import KEYS_REFUSED
from stoqflow_web.extensions import db
from stoqflow_web.models import Shop, Writeback
from stoqflow_web.models.writebacks import PENDING, SENDING

PAUSED = "paused"


@dataclass(frozen=True)
class ShopHealth:
    """`waiting` messages about orders are safe in the queue; they are counted only where something is the matter."""

    shop: Shop
    waiting: int = 0

    @property
    def matter(self) -> str | None:
        """The worst that is the matter: why access is lost (exchange.py), PAUSED, SILENT or LIMITED; None for nothing.

        A paused shop is as somebody wants it, unless messages wait.
        """
        if self.shop.has_lost_access:
            return self.shop.access_lost_because or KEYS_REFUSED
        if self.shop.is_paused:
            return PAUSED if self.waiting else None
        return self.shop.trouble

    @property
    def since(self) -> datetime | None:
        if self.shop.has_lost_access:
            return self.shop.access_lost_at
        return self.shop.paused_at if self.shop.is_paused else self.shop.trouble_since


def health_of_shops() -> list[ShopHealth]:
    """Of every shop, by name. One query while all is well; one more, over the messages that wait, when it is not."""
    shops = db.session.scalars(
        select(Shop)
        .options(
            load_only(
                Shop.name,
                Shop.access_lost_at,
                Shop.access_lost_because,
                Shop.access_lost_why,
                Shop.paused_at,
                Shop.trouble,
                Shop.trouble_since,
                Shop.sync_minutes,
                Shop.synced_at,
            )
        )
        .order_by(Shop.name, Shop.id)
    ).all()
    waiting = _waiting([shop.id for shop in shops if shop.trouble or not shop.may_ask_marketplace])
    return [ShopHealth(shop, waiting.get(shop.id, 0)) for shop in shops]


def _waiting(shop_ids: Collection[int]) -> Mapping[int, int]:
    if not shop_ids:
        return {}
    # What is just being tried waits too: else the number jumps with each try of an outage.
    counted = (
        select(Writeback.shop_id, func.count().label("waiting"))
        .where(Writeback.shop_id.in_(shop_ids), Writeback.state.in_((PENDING, SENDING)))
        .group_by(Writeback.shop_id)
    )
    return {row.shop_id: row.waiting for row in db.session.execute(counted)}
