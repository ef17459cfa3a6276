"""Reads Activity for its page: newest first, by shop and by outcome, as cheap with a million rows as with ten."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select, union_all
from sqlalchemy.orm import joinedload

from stoqflow_web.extensions import db
from stoqflow_web.models import Activity
from stoqflow_web.models.activities import DONE, NOTHING_NEW, TROUBLE
from stoqflow_web.queries.paging import Keyset, Page, Position, an_id, turn_to

NEWS = "news"  # all but the syncs that found nothing new
EVERYTHING = "all"
OUTCOMES: dict[str, tuple[str, ...]] = {
    NEWS: (DONE, TROUBLE),
    TROUBLE: (TROUBLE,),
    EVERYTHING: (DONE, NOTHING_NEW, TROUBLE),
}
"""What can be asked for, and the outcomes that it means."""

NEWEST_FIRST: Keyset[Any] = Keyset(key_of=lambda activity: (activity.id,), readers=(an_id,))


@dataclass(frozen=True)
class WantedActivities:
    """What a person asks to see. `shop_id` None: of all shops; `outcome` is a key of OUTCOMES."""

    shop_id: int | None = None
    outcome: str = NEWS


def page(wanted: WantedActivities, cursor: str | None = None) -> Page[Activity]:
    """One page, with shops and users loaded."""

    def fetch(position: Position | None, limit: int) -> Sequence[Activity]:
        ids = _ids(wanted, position, limit)
        is_backwards = position is not None and position.is_backwards
        return db.session.scalars(
            select(Activity)
            .where(Activity.id.in_(ids))
            .options(joinedload(Activity.shop), joinedload(Activity.user))
            .order_by(Activity.id if is_backwards else Activity.id.desc())
            .limit(limit)
        ).all()

    return turn_to(NEWEST_FIRST, cursor, fetch)


def _ids(wanted: WantedActivities, position: Position | None, limit: int) -> Select[int]:
    """Those of the page, and a few more.

    Each outcome is walked along its own index for one page, whatever share of the rows it is; the page is the first of
    them together.
    """
    if wanted.outcome == EVERYTHING:
        return select(_walk(wanted, None, position, limit).subquery().c.id)
    walks = [_walk(wanted, outcome, position, limit).subquery() for outcome in OUTCOMES[wanted.outcome]]
    return select(union_all(*(select(walk.c.id) for walk in walks)).subquery().c.id)


def _walk(wanted: WantedActivities, outcome: str | None, position: Position | None, limit: int) -> Select[int]:
    walk = select(Activity.id).limit(limit)
    if wanted.shop_id is not None:
        walk = walk.where(Activity.shop_id == wanted.shop_id)
    if outcome is not None:
        walk = walk.where(Activity.outcome == outcome)
    if position is None:
        return walk.order_by(Activity.id.desc())
    (edge,) = position.key
    if position.is_backwards:
        return walk.where(Activity.id > edge).order_by(Activity.id)
    return walk.where(Activity.id < edge).order_by(Activity.id.desc())
