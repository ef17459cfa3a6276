"""What a person does about what bol.com did not take."""

import threading

import pytest
from flask import Flask
from sqlalchemy import select, update

from stoqflow_web import clock
from stoqflow_web.errors import Invalid
from stoqflow_web.extensions import db
from stoqflow_web.models import HistoryEntry, Product, SalesOrder, Writeback
from stoqflow_web.services import attention
from stoqflow_web.services.attention import AlreadyDealtWith, NotPossible
from stoqflow_web.services.canceling import cancel
from stoqflow_web.services.completing import Parcel, complete
from stoqflow_web.services.deleting import delete
from stoqflow_web.services.splitting import split
from stoqflow_web.services.undoing import undo
from stoqflow_web.transaction import transaction
from tests.support.builders import ask_to_cancel, make_order, make_product

pytestmark = pytest.mark.both_databases

POSTNL = Parcel(carrier="postnl", track_and_trace="3SABCD0123456789")


def stuck(row_id: int, why: str, said: str | None = None, *, was_sent: bool = True) -> int:
    """The writeback as a worker leaves it that has given up."""
    with transaction() as tx:
        tx.session.execute(
            update(Writeback)
            .where(Writeback.id == row_id)
            .values(
                state="needs-attention",
                why=why,
                their_sentence=said,
                tries=3,
                claim=4,
                sent_at=clock.now() if was_sent else None,
                process_status_id="a process",
            )
        )
    if why == "cancellation-requested":
        ask_to_cancel(row(row_id).sales_order_id)
    return row_id


def row(row_id: int) -> Writeback:
    db.session.rollback()
    return db.session.get_one(Writeback, row_id, populate_existing=True)


def order(order_id: int) -> SalesOrder:
    db.session.rollback()
    return db.session.get_one(SalesOrder, order_id, populate_existing=True)


def rows() -> list[Writeback]:
    db.session.rollback()
    return list(db.session.scalars(select(Writeback).order_by(Writeback.id).execution_options(populate_existing=True)))


def events(order_id: int) -> list[str]:
    db.session.rollback()
    return list(
        db.session.scalars(
            select(HistoryEntry.event).where(HistoryEntry.sales_order_id == order_id).order_by(HistoryEntry.id)
        )
    )


def on_hand(sku: str) -> int:
    db.session.rollback()
    return db.session.scalars(select(Product.on_hand).where(Product.sku == sku)).one()


@pytest.fixture
def completed(ctx: Flask) -> SalesOrder:
    """A complete order of two HK-1, whose shipment waits."""
    made = make_order(products=[make_product(sku="HK-1", stock=10)], quantity=2, status="on-hold")
    complete(made.id, [POSTNL], user_id=None, despite_shortage=True)
    return order(made.id)


@pytest.fixture
def refused(completed: SalesOrder) -> int:
    return stuck(completed.writebacks[0].id, "rejected", "No.")


def test_try_again_puts_it_back_as_if_it_was_never_tried(completed: SalesOrder, refused: int) -> None:
    attention.try_again(refused, user_id=None)
    again = row(refused)
    assert (again.state, again.why, again.tries, again.process_status_id) == ("pending", None, 0, None)
    assert again.claim == 5, "a worker that still holds the old claim may not write"
    assert events(completed.id)[-1] == "tried_again"


def test_an_unknown_outcome_stays_known_as_sent_so_that_bol_is_looked_at_first(completed: SalesOrder) -> None:
    row_id = stuck(completed.writebacks[0].id, "unknown-outcome")
    attention.try_again(row_id, user_id=None)
    assert row(row_id).sent_at is not None


def test_two_people_who_press_at_once_do_it_once(app: Flask, completed: SalesOrder, refused: int) -> None:
    together, came_to = threading.Barrier(2), []

    def press(step: object) -> None:
        with app.app_context():
            together.wait()
            try:
                step(refused, user_id=None)
                came_to.append("done")
            except AlreadyDealtWith:
                came_to.append("late")

    people = [threading.Thread(target=press, args=(step,)) for step in (attention.try_again, attention.withdraw)]
    for person in people:
        person.start()
    for person in people:
        person.join()
    assert sorted(came_to) == ["done", "late"]
    assert len([event for event in events(completed.id) if event in ("tried_again", "withdrawn")]) == 1


def test_withdrawn_is_never_told_and_the_order_keeps_its_status(completed: SalesOrder, refused: int) -> None:
    attention.withdraw(refused, user_id=None)
    assert (row(refused).state, order(completed.id).status) == ("withdrawn", "complete")
    with pytest.raises(AlreadyDealtWith):
        attention.withdraw(refused, user_id=None)


def test_what_was_withdrawn_is_not_owed_anew_when_a_related_order_is_done(ctx: Flask) -> None:
    made = make_order(products=[make_product(sku="HK-1")], quantity=3, status="on-hold")
    backorder = split(made.id, {made.lines[0].id: 1}, user_id=None)
    with transaction() as tx:
        tx.session.get_one(SalesOrder, made.id).shop.waits_for_all_parts = False
    complete(made.id, [POSTNL], user_id=None, despite_shortage=True)
    attention.withdraw(stuck(rows()[0].id, "rejected"), user_id=None)
    complete(
        backorder.id,
        [Parcel(carrier="postnl", track_and_trace="3SABCD0123456780")],
        user_id=None,
        despite_shortage=True,
    )
    assert [(one.sales_order_id, one.state) for one in rows()] == [
        (made.id, "withdrawn"),
        (backorder.id, "pending"),
    ]


def test_withdrawing_a_shipment_stops_the_cancellation_that_would_take_its_units(ctx: Flask) -> None:
    made = make_order(products=[make_product(sku="HK-1")], quantity=3, status="on-hold")
    backorder = split(made.id, {made.lines[0].id: 1}, user_id=None)
    complete(made.id, [POSTNL], user_id=None, despite_shortage=True)
    cancel(backorder.id, "out-of-stock", user_id=None)
    attention.withdraw(stuck(rows()[0].id, "rejected"), user_id=None)
    cancellation = rows()[1]
    assert (cancellation.kind, cancellation.state, cancellation.why) == (
        "cancellation",
        "needs-attention",
        "deleted-units",
    )
    attention.cancel_all(cancellation.id, user_id=None)
    assert (row(cancellation.id).state, row(cancellation.id).is_deliberate) == ("pending", True)


def test_a_withdrawn_cancellation_is_owed_when_it_is_canceled_once_more(ctx: Flask) -> None:
    made = make_order(products=[make_product(sku="HK-1")], status="on-hold")
    cancel(made.id, "out-of-stock", user_id=None)
    attention.withdraw(stuck(rows()[0].id, "rejected"), user_id=None)
    undo(made.id, user_id=None)
    cancel(made.id, "out-of-stock", user_id=None)
    assert [one.state for one in rows()] == ["withdrawn", "pending"]


def test_ship_anyway_is_a_deliberate_choice(completed: SalesOrder) -> None:
    row_id = stuck(completed.writebacks[0].id, "cancellation-requested", was_sent=False)
    attention.ship_anyway(row_id, "it has left", user_id=None)
    assert row(row_id).state == "pending"
    assert [line.ship_anyway_reason for line in order(completed.id).lines] == ["it has left"]
    assert events(completed.id)[-2:] == ["ships_anyway", "tried_again"]
    with pytest.raises(AlreadyDealtWith):
        attention.ship_anyway(row_id, "it has left", user_id=None)


def test_accepting_the_clients_wish_cancels_the_order_and_frees_its_stock(completed: SalesOrder) -> None:
    assert on_hand("HK-1") == 8
    attention.accept_cancellation(
        stuck(completed.writebacks[0].id, "cancellation-requested", was_sent=False), user_id=None
    )
    assert order(completed.id).status == "canceled"
    assert on_hand("HK-1") == 10
    assert [(one.kind, one.state, one.cancel_reason) for one in rows()] == [
        ("shipment", "withdrawn", None),
        ("cancellation", "pending", "requested-by-client"),
    ]


def test_an_edited_code_is_sent_with_the_rejected_shipment(completed: SalesOrder, refused: int) -> None:
    attention.edit_code(refused, carrier="postnl", code="3sabcd0123456780", user_id=None)
    assert order(completed.id).parcels[0].track_and_trace == "3SABCD0123456780"
    assert (row(refused).state, row(refused).sent_at) == ("pending", None)
    assert events(completed.id)[-2:] == ["code_changed", "tried_again"]


@pytest.mark.parametrize("code", ["concept", "https://postnl.nl/3SABCD", "", "1234 5678 90"])
def test_an_edited_code_is_judged_like_any_other(completed: SalesOrder, refused: int, code: str) -> None:
    with pytest.raises(Invalid):
        attention.edit_code(refused, carrier="postnl", code=code, user_id=None)
    assert row(refused).state == "needs-attention"


def test_a_code_that_bol_may_have_is_not_edited(completed: SalesOrder) -> None:
    row_id = stuck(completed.writebacks[0].id, "unknown-outcome")
    with pytest.raises(NotPossible):
        attention.edit_code(row_id, carrier="postnl", code="3SABCD0123456780", user_id=None)


def test_what_was_never_sent_can_be_undone_though_it_needs_attention(completed: SalesOrder) -> None:
    stuck(completed.writebacks[0].id, "cancelled-there", was_sent=False)
    undo(completed.id, user_id=None)
    assert order(completed.id).is_open
    assert rows()[0].state == "withdrawn"


def test_a_deleted_order_needs_no_attention(completed: SalesOrder, refused: int) -> None:
    delete(completed.id, user_id=None)
    assert row(refused).state == "withdrawn"
