"""Tells Activity of deliveries: one row for each that changed something, however many messages it had."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select

from stoqflow_web.models import Writeback
from stoqflow_web.models.activities import DONE, TROUBLE, WRITEBACKS
from stoqflow_web.models.writebacks import CONFIRMED, NEEDS_ATTENTION, ON_ITS_WAY, SENDING, SUBMITTED
from stoqflow_web.services import activities
from stoqflow_web.transaction import reading, transaction

READ_TOGETHER = 500


def on_their_way(shop_id: int) -> list[int]:
    """The ids of what may have been sent, and whose outcome is not known yet."""
    with reading() as session:
        return list(
            session.scalars(
                select(Writeback.id).where(
                    Writeback.shop_id == shop_id, Writeback.state.in_(ON_ITS_WAY), Writeback.sent_at.is_not(None)
                )
            )
        )


def tell(shop_id: int, *, began: datetime, claimed: Collection[int], earlier: Collection[int]) -> None:
    """Record what became of the messages `claimed` by a delivery, and which of the `earlier` ones turned out badly.

    What was only put back, because the marketplace was away, is no row: that is told as trouble of the shop.
    """
    states, said = _states(claimed)
    late_states, late_said = _states(set(earlier) - set(claimed))
    refused, refused_late = states.count(NEEDS_ATTENTION), late_states.count(NEEDS_ATTENTION)
    counts = {
        "confirmed": states.count(CONFIRMED),
        "under_way": states.count(SUBMITTED),
        "unknown": states.count(SENDING),
        "refused": refused,
        "refused_late": refused_late,
    }
    if not any(counts.values()):
        return
    with transaction() as tx:
        activities.record(
            tx,
            shop_id,
            WRITEBACKS,
            TROUBLE if refused or refused_late else DONE,
            "delivered",
            began_at=began,
            said=said or late_said,
            **{name: number for name, number in counts.items() if number},
        )


def _states(ids: Collection[int]) -> tuple[list[str], str | None]:
    """The state of each, and the first thing that the marketplace said of one that it refused."""
    states: list[str] = []
    said: str | None = None
    asked = sorted(ids)
    with reading() as session:
        for start in range(0, len(asked), READ_TOGETHER):
            rows = session.execute(
                select(Writeback.state, Writeback.their_sentence).where(
                    Writeback.id.in_(asked[start : start + READ_TOGETHER])
                )
            )
            for state, sentence in rows:
                states.append(state)
                if state == NEEDS_ATTENTION:
                    said = said or sentence
    return states, said
