"""The rows of the outbox as workers handle them: claimed by one worker, and moved from state to state.

The row is the truth. A worker claims rows with a conditional update that raises `claim`; whatever it writes later
repeats that number (a fencing token), so a worker that was thought dead and wakes up again can do no harm.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, and_, exists, or_, select, update
from sqlalchemy.orm import Session, aliased, joinedload, selectinload

from stoqflow_web import clock
from stoqflow_web.allotment import may_be_there
from stoqflow_web.models import MarketplaceOrder, OrderLine, SalesOrder, Shipment, ShipmentLine, Shop, Writeback
from stoqflow_web.models.history import MARKETPLACE
from stoqflow_web.models.writebacks import (
    CANCELLATION,
    CONFIRMED,
    NEEDS_ATTENTION,
    PENDING,
    SENDING,
    SHIPMENT,
    SHIPPED_THERE,
    SUBMITTED,
    TRANSPORT,
    WITHDRAWN,
    WritebackAttempt,
)
from stoqflow_web.services import history
from stoqflow_web.services.messages import Message, message_of
from stoqflow_web.services.owing import hurry
from stoqflow_web.services.stock_to_tell import forget_told
from stoqflow_web.transaction import Transaction, transaction
from stoqflow_web.wording.writebacks import what_words

LEASE = timedelta(seconds=90)
# When to ask how a message fared, in seconds after the look before; then once a minute.
LOOKS = (2.0, 5.0, 15.0, 30.0, 60.0)


def may_be_asked() -> ColumnElement[bool]:
    """Of Shop: what Shop.may_ask_marketplace says, for a query."""
    return and_(Shop.paused_at.is_(None), Shop.access_lost_at.is_(None))


def is_ready(now: datetime) -> ColumnElement[bool]:
    """Of Writeback: due to be sent.

    A cancellation takes no quantity: it cancels whatever is open of the item. So it waits until bol.com has confirmed
    every shipment of that item, and one that needs attention holds it up.
    """
    earlier = aliased(Writeback)
    unconfirmed_shipment = exists(
        select(earlier.id)
        .join(ShipmentLine, ShipmentLine.shipment_id == earlier.shipment_id)
        .join(OrderLine, OrderLine.id == ShipmentLine.order_line_id)
        .where(
            OrderLine.marketplace_item_id == Writeback.marketplace_item_id,
            earlier.kind == SHIPMENT,
            earlier.state.not_in((CONFIRMED, WITHDRAWN)),
        )
        .correlate(Writeback)
    )
    return and_(
        Writeback.state == PENDING,
        Writeback.not_before <= now,
        or_(Writeback.kind != CANCELLATION, ~unconfirmed_shipment),
    )


def claim(shop_id: int, most: int) -> list[Message]:
    """Take up to so many due messages of a shop, the most urgent first; what another worker took is left to it."""
    now = clock.now()
    with transaction() as tx:
        ids = tx.session.scalars(
            select(Writeback.id)
            .join(Shop, Shop.id == Writeback.shop_id)
            .where(Writeback.shop_id == shop_id, may_be_asked(), is_ready(now))
            .order_by(Writeback.sort_day, Writeback.id)
            .limit(most)
            .with_for_update(skip_locked=True, of=Writeback)
        ).all()
        if not ids:
            return []
        taken = tx.session.scalars(
            update(Writeback)
            .where(Writeback.id.in_(ids), Writeback.state == PENDING, Writeback.not_before <= now)
            .values(state=SENDING, claim=Writeback.claim + 1, lease_until=now + LEASE, look_at=None)
            .returning(Writeback.id)
            .execution_options(synchronize_session=False)
        ).all()
        return [message_of(row) for row in whole_rows(tx.session, taken)]


def whole_rows(session: Session, ids: Sequence[int]) -> Sequence[Writeback]:
    """These rows with all that a message needs, the most urgent first."""
    lines_of_family = selectinload(MarketplaceOrder.sales_orders).selectinload(SalesOrder.lines)
    return session.scalars(
        select(Writeback)
        .where(Writeback.id.in_(ids))
        .order_by(Writeback.sort_day, Writeback.id)
        .options(
            joinedload(Writeback.item),
            joinedload(Writeback.sales_order),
            joinedload(Writeback.marketplace_order).options(lines_of_family),
            joinedload(Writeback.shipment)
            .selectinload(Shipment.lines)
            .joinedload(ShipmentLine.order_line)
            .joinedload(OrderLine.item),
        )
        .execution_options(populate_existing=True)
    ).all()


def held(tx: Transaction, messages: Iterable[Message], *, state: str = SENDING) -> dict[int, Writeback]:
    """The rows of these messages that are still ours, locked until the commit, by id.

    Missing is what another worker has taken over meanwhile: nothing may be sent or written for it any more.
    """
    claims = {message.id: message.claim for message in messages}
    rows = tx.session.scalars(
        select(Writeback)
        .where(Writeback.id.in_(claims), Writeback.state == state)
        .order_by(Writeback.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {row.id: row for row in rows if row.claim == claims[row.id]}


def not_there(tx: Transaction, rows: Iterable[Writeback]) -> list[Writeback]:
    """Those of these messages that wait and are surely not at the marketplace, locked until the commit.

    One that a worker has just claimed is among them: it marks a message as sent only after it has read the order, with
    the family locked, and finds then that it is not its own any more.
    """
    found = tx.session.scalars(
        select(Writeback)
        .where(Writeback.id.in_([row.id for row in rows]), Writeback.state.in_((PENDING, SENDING, NEEDS_ATTENTION)))
        .order_by(Writeback.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return [row for row in found if not may_be_there(row)]


def mark_sent(row: Writeback) -> None:
    """From the commit on bol may have heard it."""
    row.sent_at = clock.now()
    row.lease_until = row.sent_at + LEASE


def submitted(tx: Transaction, row: Writeback, process_status_id: str) -> None:
    now = clock.now()
    row.state, row.process_status_id, row.submitted_at = SUBMITTED, process_status_id, now
    row.lease_until, row.looks = None, 0
    row.look_at = now + timedelta(seconds=LOOKS[0])
    note(tx, row, "submitted", process_status_id=process_status_id)
    history.record(tx, "submitted", sales_order_id=row.sales_order_id, what=what_words(row))


def outcome_unknown(tx: Transaction, row: Writeback, trouble: str) -> None:
    """No answer, and it may have arrived: in a moment is looked whether it has."""
    row.lease_until, row.looks = None, 0
    row.look_at = clock.now() + timedelta(seconds=LOOKS[0])
    note(tx, row, "unknown", trouble=trouble)
    history.record(tx, "outcome_unknown", sales_order_id=row.sales_order_id, what=what_words(row))


def look_later(row: Writeback) -> None:
    """No outcome yet: ask again after a pause that grows to a minute."""
    row.looks += 1
    row.look_at = clock.now() + timedelta(seconds=LOOKS[min(row.looks, len(LOOKS) - 1)])


def confirmed(tx: Transaction, row: Writeback, *, how: str) -> None:
    """bol.com has it. `how` we know goes into the attempt."""
    now = clock.now()
    row.state, row.ended_at, row.lease_until, row.why = CONFIRMED, now, None, None
    row.look_at = None if row.kind == TRANSPORT else now  # the ids and quantities over there are still to be learned
    if row.kind == TRANSPORT and row.shipment is not None:
        _replace_code(tx, row, row.shipment)
    if row.kind == CANCELLATION:
        forget_told(tx, [row.item])
    note(tx, row, "confirmed", how=how)
    history.record(tx, "confirmed", who=MARKETPLACE, sales_order_id=row.sales_order_id, what=what_words(row))


def _replace_code(tx: Transaction, row: Writeback, shipment: Shipment) -> None:
    shipment.carrier = row.carrier or shipment.carrier
    before, after = shipment.track_and_trace, row.track_and_trace
    if before == after:
        return
    shipment.replaced_code, shipment.track_and_trace = before, after
    history.record(
        tx,
        "code_changed",
        user_id=row.created_by_id,
        sales_order_id=row.sales_order_id,
        before=before or _("none"),
        after=after,
    )


def give_to_a_person(tx: Transaction, row: Writeback, why: str, said: str | None = None) -> None:
    """Needs attention: nothing more happens by itself. `said`: the marketplace's own sentence."""
    row.state, row.why, row.their_sentence = NEEDS_ATTENTION, why, said
    row.lease_until = row.look_at = None
    note(tx, row, "needs-attention", why=why, said=said)
    history.record(tx, "needs_attention", sales_order_id=row.sales_order_id, what=what_words(row), why=why, said=said)


def handled_there(tx: Transaction, row: Writeback) -> None:
    """The seller did it in the marketplace's own screens: it is not told, and not owed anew."""
    row.state, row.why, row.ended_at = WITHDRAWN, SHIPPED_THERE, clock.now()
    row.lease_until = row.look_at = None
    note(tx, row, "handled-there")
    history.record(tx, "withdrawn", sales_order_id=row.sales_order_id, what=what_words(row))


def put_back(
    tx: Transaction,
    row: Writeback,
    *,
    not_before: datetime,
    trouble: str | None = None,
    sent_at: datetime | None = None,
) -> None:
    """The marketplace surely heard nothing this time: it waits again. `trouble` counts as a try of its own.

    `sent_at`: of an earlier try that may have arrived.
    """
    row.state, row.not_before, row.sent_at = PENDING, not_before, sent_at
    row.lease_until = row.look_at = row.process_status_id = row.submitted_at = None
    row.looks = 0
    if trouble is not None:
        row.tries += 1
        note(tx, row, "not-sent", trouble=trouble)


def go_on(tx: Transaction, shop_id: int) -> None:
    """The marketplace can be asked again: what an outage postponed is due at once, and so are the looks."""
    now = clock.now()
    of_shop = Writeback.shop_id == shop_id
    # An outage gives all that waits one moment; any other moment is that of a hold.
    moments = tx.session.scalars(
        select(Writeback.not_before)
        .where(of_shop, Writeback.state == PENDING, Writeback.tries > 0, Writeback.not_before > now)
        .distinct()
    ).all()
    late = update(Writeback).execution_options(synchronize_session=False)
    tx.session.execute(
        late.where(of_shop, Writeback.state == PENDING, Writeback.not_before.in_(moments)).values(not_before=now)
    )
    tx.session.execute(
        late.where(of_shop, Writeback.state.in_((SENDING, SUBMITTED)), Writeback.look_at > now).values(look_at=now)
    )
    hurry(tx, shop_id)


def note(tx: Transaction, row: Writeback, outcome: str, **details: Any) -> None:
    """An attempt, for whoever wants to know what was tried."""
    kept = {name: value for name, value in details.items() if value is not None}
    tx.session.add(WritebackAttempt(writeback_id=row.id, at=clock.now(), outcome=outcome, details=kept))
