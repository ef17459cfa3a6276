"""Reads shops for pages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from stoqflow_web.extensions import db
from stoqflow_web.models import HistoryEntry, ImportRun, Shop
from stoqflow_web.queries.imports import latest_ids

EVENTS_ON_PAGE = 50


@dataclass(frozen=True)
class ListedShop:
    """A shop with its last transfer of each kind."""

    shop: Shop
    runs: Mapping[str, ImportRun]


def every_shop() -> Sequence[ListedShop]:
    """All shops by name; a firm has few, so there is no paging. Two queries, however many shops there are."""
    shops = db.session.scalars(select(Shop).order_by(Shop.name, Shop.id)).all()
    newest = select(ImportRun).where(ImportRun.id.in_(latest_ids([shop.id for shop in shops])))
    runs = db.session.scalars(newest).all() if shops else []
    return [ListedShop(shop, {run.kind: run for run in runs if run.shop_id == shop.id}) for shop in shops]


def history_of(shop_id: int) -> Sequence[HistoryEntry]:
    """What happened to a shop lately, newest first."""
    return db.session.scalars(
        select(HistoryEntry)
        .where(HistoryEntry.shop_id == shop_id)
        .options(joinedload(HistoryEntry.user))
        .order_by(HistoryEntry.id.desc())
        .limit(EVENTS_ON_PAGE)
    ).all()
