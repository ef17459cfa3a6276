"""A client's wish to cancel and its two answers, as bol.com tells the one and hears the other."""

import threading

import pytest
from flask import Flask

from stoqflow_web.bol.sandbox import RunningSandbox, SandboxOptions
from stoqflow_web.errors import Invalid, StoqflowError
from stoqflow_web.extensions import db
from stoqflow_web.models import HistoryEntry, SalesOrder
from stoqflow_web.services import answering, attention, printing
from stoqflow_web.services.answering import NothingToAnswer
from stoqflow_web.services.canceling import cancel
from stoqflow_web.services.completing import NotCompletable, Parcel, complete
from stoqflow_web.services.splitting import split
from stoqflow_web.services.undoing import undo
from tests.support.builders import make_order
from tests.support.clocks import MONDAY_MORNING, FrozenClock
from tests.support.desk import Desk

SHIP, CANCEL = ("POST", "/retailer/shipments"), ("PUT", "/retailer/orders/cancellation")


@pytest.fixture
def sandbox_options() -> SandboxOptions:
    return SandboxOptions(orders=0, offers=8, limits=False, standing_clock=MONDAY_MORNING)


@pytest.fixture
def desk(ctx: Flask, sandbox: RunningSandbox, clock: FrozenClock) -> Desk:
    return Desk(sandbox, clock)


def asks(desk: Desk, order: SalesOrder, line: int | None = None) -> None:
    """The client asks to cancel an order, or a line of it, and we hear it."""
    external_id = order.marketplace_order.external_id
    desk.world.ask_to_cancel(external_id, None if line is None else order.lines[line].item.external_id)
    desk.fetch(external_id)


def takes_back(desk: Desk, order: SalesOrder) -> None:
    """The client wants it after all, and we hear it."""
    desk.jump(seconds=5)
    with desk.world.lock:
        for item in desk.world.order(order.marketplace_order.external_id).items:
            item.cancellation_request, item.changed_at = False, desk.world.clock.now()
    desk.fetch(order.marketplace_order.external_id)
    desk.jump(seconds=5)


def in_two_parcels(order: SalesOrder) -> None:
    """Complete it with a parcel for each line."""
    parcels = [
        Parcel(carrier="postnl", track_and_trace=f"3SABCD999999999{number}", quantities={line.id: line.quantity})
        for number, line in enumerate(order.lines)
    ]
    complete(order.id, parcels, user_id=None, despite_shortage=True)


def items_of(desk: Desk, order: SalesOrder) -> list[tuple[int, int, int]]:
    """(open, shipped, cancelled) of each item at bol.com."""
    there = desk.world.order(desk.read(order.id).marketplace_order.external_id)
    return [(item.open, item.shipped, item.cancelled) for item in there.items]


def awaits(desk: Desk, order: SalesOrder) -> list[bool]:
    """Of each line whether it awaits an answer; the flag of the order says the same."""
    found = desk.read(order.id)
    assert found.is_cancellation_requested == bool(found.lines_to_answer)
    return [line.awaits_answer for line in found.lines]


def events(order: SalesOrder) -> list[str]:
    db.session.rollback()
    return [entry.event for entry in db.session.query(HistoryEntry).filter_by(sales_order_id=order.id)]


def reasons_at_bol(desk: Desk) -> list[str]:
    return [part for seen in desk.world.requests_seen(*CANCEL) for part in seen.body.decode().split('"') if "_" in part]


# Both answers, per item


def test_an_accepted_wish_cancels_just_that_line_and_bol_hears_why(desk: Desk) -> None:
    order = desk.order(lines=2)
    asks(desk, order, line=0)
    assert awaits(desk, order) == [True, False]
    desk.accept(order)
    assert awaits(desk, order) == [False, False]
    desk.complete(order)
    desk.drain()
    assert sorted(items_of(desk, order)) == [(0, 0, 1), (0, 1, 0)]
    assert reasons_at_bol(desk) == ["REQUESTED_BY_CUSTOMER"]


def test_what_ships_anyway_is_completed_and_told_like_any_other(desk: Desk) -> None:
    order = desk.order(lines=2)
    asks(desk, order)
    with pytest.raises(NotCompletable, match="Answer that first"):
        desk.complete(order)
    answering.ship_anyway(order.id, [order.lines[0].id], "left with the morning round", user_id=None)
    assert awaits(desk, order) == [False, True]
    with pytest.raises(NotCompletable):
        desk.complete(order)
    desk.ship_anyway(order)
    desk.complete(order)
    desk.drain()
    assert desk.states() == [("shipment", "confirmed")]
    assert events(order).count("ships_anyway") == 2


@pytest.mark.parametrize(("reason", "sentence"), [("  ", "Say why"), ("x" * 201, "too long")])
def test_shipping_anyway_wants_a_reason(desk: Desk, reason: str, sentence: str) -> None:
    order = desk.order()
    asks(desk, order)
    with pytest.raises(Invalid, match=sentence) as refused:
        desk.ship_anyway(order, reason)
    assert refused.value.field == "reason"
    assert awaits(desk, order) == [True]


def test_who_asks_again_is_answered_again(desk: Desk) -> None:
    order = desk.order()
    asks(desk, order)
    desk.ship_anyway(order)
    asks(desk, order)  # the same wish, heard once more
    assert awaits(desk, order) == [False]
    takes_back(desk, order)
    assert (awaits(desk, order), events(order)[-1]) == ([False], "request_taken_back")
    asks(desk, order)
    assert awaits(desk, order) == [True]
    assert events(order).count("cancellation_requested") == 2


def test_an_answer_counts_although_the_clock_of_bol_is_ahead(desk: Desk) -> None:
    order = desk.order()
    desk.world.jump(seconds=30)
    asks(desk, order)
    desk.ship_anyway(order)
    assert awaits(desk, order) == [False]


def test_a_second_wish_in_one_order_is_told_with_its_line(desk: Desk) -> None:
    order = desk.order(lines=2)
    asks(desk, order, line=0)
    asks(desk, order, line=1)
    assert awaits(desk, order) == [True, True]
    assert events(order).count("cancellation_requested") == 2


def test_undoing_an_accepted_wish_asks_for_an_answer_again(desk: Desk) -> None:
    desk.set(hold_minutes=2)
    order = desk.order()
    asks(desk, order)
    desk.accept(order)
    undo(order.id, user_id=None)
    assert awaits(desk, order) == [True]


@pytest.mark.both_databases
def test_of_two_who_answer_at_once_one_is_told(app: Flask, ctx: Flask) -> None:
    order = make_order(status="on-hold", is_cancellation_requested=True)
    ids = [line.id for line in order.lines]
    told: list[str] = []
    ready = threading.Barrier(2)

    def answer(verb: object, *more: str) -> None:
        with app.app_context():
            ready.wait()
            try:
                verb(order.id, ids, *more, user_id=None)
            except NothingToAnswer as refusal:
                told.append(refusal.sentence)

    both = [
        threading.Thread(target=answer, args=(answering.accept,)),
        threading.Thread(target=answer, args=(answering.ship_anyway, "it has left")),
    ]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert len(told) == 1
    db.session.rollback()
    found = db.session.get_one(SalesOrder, order.id, populate_existing=True)
    assert ("canceled" in told[0]) == (found.status == "canceled")


# While it waits here, complete


def test_a_wish_while_the_parcel_waits_here_awaits_an_answer_and_ships_by_one(desk: Desk) -> None:
    desk.set(hold_minutes=2)
    order = desk.order()
    desk.complete(order)
    asks(desk, order)
    assert awaits(desk, order) == [True]
    desk.jump(minutes=3)
    desk.deliver()
    assert desk.states() == [("shipment", "cancellation-requested")]
    assert awaits(desk, order) == [True]
    desk.ship_anyway(order)
    assert awaits(desk, order) == [False]
    desk.drain()
    assert desk.states() == [("shipment", "confirmed")]


def test_a_wish_for_one_item_keeps_only_its_own_parcel_back(desk: Desk) -> None:
    order = desk.order(lines=2)
    in_two_parcels(order)
    desk.world.ask_to_cancel(order.marketplace_order.external_id, order.lines[1].item.external_id)
    desk.drain()
    assert desk.states() == [("shipment", "confirmed"), ("shipment", "cancellation-requested")]
    assert awaits(desk, order) == [False, True]
    desk.accept(order)
    found = desk.read(order.id)
    assert (found.status, len(found.parcels)) == ("complete", 1)
    desk.drain()
    assert [(shipped, cancelled) for _, shipped, cancelled in items_of(desk, order)] == [(1, 0), (0, 1)]


def test_what_shares_its_parcel_with_a_wish_is_packed_anew(desk: Desk) -> None:
    desk.set(hold_minutes=2)
    order = desk.order(lines=2)
    desk.complete(order)
    asks(desk, order, line=1)
    desk.accept(order)
    found = desk.read(order.id)
    assert (found.is_open, [line.is_canceled for line in found.lines]) == (True, [False, True])
    desk.complete(order)
    desk.jump(minutes=3)
    desk.drain()
    assert [(shipped, cancelled) for _, shipped, cancelled in items_of(desk, order)] == [(1, 0), (0, 1)]


def test_a_client_who_takes_the_wish_back_lets_the_parcel_go(desk: Desk) -> None:
    order = desk.order()
    desk.complete(order)
    asks(desk, order)
    desk.deliver()
    assert desk.states() == [("shipment", "cancellation-requested")]
    takes_back(desk, order)
    desk.drain()
    assert desk.states() == [("shipment", "confirmed")]


def test_an_answer_that_another_wish_followed_does_not_ship_the_parcel(desk: Desk) -> None:
    desk.set(hold_minutes=2)
    order = desk.order()
    asks(desk, order)
    desk.ship_anyway(order)
    desk.complete(order)
    takes_back(desk, order)
    asks(desk, order)
    desk.jump(minutes=3)
    desk.deliver()
    assert desk.states() == [("shipment", "cancellation-requested")]


def test_what_bol_has_heard_of_can_not_be_answered_any_more(desk: Desk) -> None:
    order = desk.order()
    desk.complete(order)
    desk.deliver()
    desk.world.ask_to_cancel(order.marketplace_order.external_id)
    desk.fetch(order.marketplace_order.external_id)
    assert awaits(desk, order) == [False]
    with pytest.raises(NothingToAnswer, match="too late"):
        answering.accept(order.id, [order.lines[0].id], user_id=None)


# Split: the wish is about the item, and each part is answered


def test_both_parts_of_an_item_accepted_are_one_cancellation(desk: Desk) -> None:
    order = desk.order(quantity=3)
    backorder = split(order.id, {order.lines[0].id: 1}, user_id=None)
    asks(desk, order)
    desk.accept(backorder)
    desk.drain()
    assert desk.told() == [], "a cancellation would take the other part's units along"
    assert awaits(desk, order) == [True]
    desk.accept(order)
    desk.drain()
    assert desk.told() == [CANCEL]
    assert items_of(desk, order) == [(0, 0, 3)]


def test_one_part_ships_anyway_and_the_other_is_canceled_after_it(desk: Desk) -> None:
    order = desk.order(quantity=3)
    backorder = split(order.id, {order.lines[0].id: 1}, user_id=None)
    desk.complete(order)
    asks(desk, order)
    assert (awaits(desk, order), awaits(desk, backorder)) == ([True], [True])
    desk.accept(backorder)
    desk.drain()
    assert desk.told() == []
    assert ("shipment", "cancellation-requested") in desk.states()
    desk.ship_anyway(order)
    desk.drain()
    assert desk.told() == [SHIP, CANCEL]
    assert items_of(desk, order) == [(0, 2, 1)]


def test_a_complete_part_that_is_accepted_leaves_nothing_to_ship(desk: Desk) -> None:
    order = desk.order(quantity=3)
    backorder = split(order.id, {order.lines[0].id: 1}, user_id=None)
    desk.complete(order)
    asks(desk, order)
    desk.accept(backorder)
    desk.accept(order)
    desk.drain()
    assert desk.told() == [CANCEL]
    assert items_of(desk, order) == [(0, 0, 3)]
    assert [desk.read(part.id).status for part in (order, backorder)] == ["canceled", "canceled"]


def test_what_is_split_off_keeps_its_answer(desk: Desk) -> None:
    order = desk.order(quantity=3)
    asks(desk, order)
    desk.ship_anyway(order)
    backorder = split(order.id, {order.lines[0].id: 1}, user_id=None)
    assert (awaits(desk, order), awaits(desk, backorder)) == ([False], [False])


# Accepted by itself


def test_a_wish_is_accepted_by_itself_while_nothing_was_started(desk: Desk) -> None:
    desk.set(accepts_requests=True)
    order = desk.order(lines=2)
    asks(desk, order, line=0)
    assert awaits(desk, order) == [False, False]
    assert [line.is_canceled for line in desk.read(order.id).lines] == [True, False]
    assert events(order)[-3:] == ["cancellation_requested", "request_accepted", "canceled"]
    asks(desk, order)
    desk.drain()
    assert desk.read(order.id).status == "canceled"
    assert reasons_at_bol(desk) == ["REQUESTED_BY_CUSTOMER"] * 2


def test_a_wish_that_an_order_comes_in_with_is_accepted_by_itself(desk: Desk) -> None:
    desk.set(accepts_requests=True)
    order = desk.order(cancellation_request=True)
    desk.drain()
    assert (order.status, items_of(desk, order)) == ("canceled", [(0, 0, 1)])


def printed(desk: Desk, order: SalesOrder) -> None:
    printing.note_printed([order.id], printing.PICK_LIST, user_id=None)


def in_parts(desk: Desk, order: SalesOrder) -> None:
    split(order.id, {order.lines[0].id: 1}, user_id=None)


def completed(desk: Desk, order: SalesOrder) -> None:
    desk.complete(order)


def accepted_and_undone(desk: Desk, order: SalesOrder) -> None:
    """Somebody did not want it accepted: it is not done over their head."""
    asks(desk, order)
    undo(order.id, user_id=None)


@pytest.mark.parametrize("start", [printed, in_parts, completed, accepted_and_undone])
def test_a_wish_for_what_was_started_waits_for_a_person(desk: Desk, start) -> None:
    desk.set(hold_minutes=2, accepts_requests=True)
    order = desk.order(quantity=2)
    start(desk, order)
    asks(desk, order)
    assert all(awaits(desk, order))
    assert not desk.read(order.id).lines[0].is_canceled


def test_a_shop_that_does_not_want_it_accepts_nothing_by_itself(desk: Desk) -> None:
    order = desk.order()
    asks(desk, order)
    assert awaits(desk, order) == [True]


def test_a_canceled_order_has_nothing_to_answer(desk: Desk) -> None:
    order = desk.order()
    asks(desk, order)
    cancel(order.id, "out-of-stock", user_id=None)
    assert awaits(desk, order) == [False]
    with pytest.raises(NothingToAnswer, match="it is canceled"):
        answering.ship_anyway(order.id, [order.lines[0].id], "why not", user_id=None)


def test_a_message_that_waits_for_the_answer_is_answered_on_needs_attention_too(desk: Desk) -> None:
    order = desk.order()
    desk.complete(order)
    asks(desk, order)
    desk.deliver()
    attention.accept_cancellation(desk.rows()[0].id, user_id=None)
    desk.drain()
    assert desk.states() == [("shipment", "withdrawn"), ("cancellation", "confirmed")]
    with pytest.raises(StoqflowError):
        attention.ship_anyway(desk.rows()[0].id, "too late", user_id=None)
