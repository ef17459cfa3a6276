"""What staff do with orders reaches bol.com: the table of actions, and the subtle cases under it."""

import json

import pytest
from flask import Flask

from stoqflow_web.bol.sandbox import RunningSandbox, SandboxOptions
from stoqflow_web.extensions import db
from stoqflow_web.models import HistoryEntry, SalesOrder
from stoqflow_web.services.canceling import cancel
from stoqflow_web.services.completing import NotCompletable, Parcel, complete
from stoqflow_web.services.deleting import delete
from stoqflow_web.services.splitting import split
from stoqflow_web.services.undoing import undo
from tests.support.clocks import MONDAY_MORNING, FrozenClock
from tests.support.desk import Desk

SHIP, CANCEL = ("POST", "/retailer/shipments"), ("PUT", "/retailer/orders/cancellation")


@pytest.fixture
def sandbox_options() -> SandboxOptions:
    return SandboxOptions(orders=0, offers=8, limits=False, standing_clock=MONDAY_MORNING)


@pytest.fixture
def desk(ctx: Flask, sandbox: RunningSandbox, clock: FrozenClock) -> Desk:
    return Desk(sandbox, clock)


def items_of(desk: Desk, order: SalesOrder) -> list[tuple[int, int, int]]:
    """(open, shipped, cancelled) of each item at bol.com."""
    there = desk.world.order(desk.read(order.id).marketplace_order.external_id)
    return [(item.open, item.shipped, item.cancelled) for item in there.items]


def events(order: SalesOrder) -> list[str]:
    db.session.rollback()
    return [entry.event for entry in db.session.query(HistoryEntry).filter_by(sales_order_id=order.id)]


def test_a_completed_order_is_a_confirmed_shipment_with_its_code(desk: Desk) -> None:
    order = desk.order(quantity=3)
    code = desk.complete(order)
    desk.deliver()
    assert desk.states() == [("shipment", "submitted")]
    assert events(order)[-1] == "submitted"
    desk.jump(seconds=3)
    desk.follow()
    assert desk.states() == [("shipment", "confirmed")]
    assert events(order)[-1] == "confirmed"
    (shipment,) = desk.world.shipments.values()
    assert (shipment.track_and_trace, shipment.transporter_code) == (code, "TNT")
    assert items_of(desk, order) == [(0, 3, 0)]


def test_once_confirmed_the_shipment_knows_its_ids_at_bol(desk: Desk) -> None:
    order = desk.order()
    desk.complete(order)
    desk.drain()
    (parcel,) = desk.read(order.id).parcels
    (there,) = desk.world.shipments.values()
    assert (parcel.external_id, parcel.transport_external_id) == (there.shipment_id, there.transport_id)
    assert desk.read(order.id).marketplace_order.items[0].quantity_shipped == 1


def test_bol_hears_nothing_before_the_hold_is_over_and_nothing_after_an_undo(desk: Desk) -> None:
    desk.set(hold_minutes=2)
    order, other = desk.order(), desk.order()
    desk.complete(order)
    desk.complete(other)
    desk.deliver()
    assert desk.told() == []
    undo(order.id, user_id=None)
    desk.jump(minutes=2)
    desk.drain()
    assert desk.states() == [("shipment", "withdrawn"), ("shipment", "confirmed")]
    assert desk.told() == [SHIP]


def test_a_canceled_order_is_cancelled_item_by_item_with_the_reason(desk: Desk) -> None:
    order = desk.order(lines=2)
    cancel(order.id, "unfindable", user_id=None)
    desk.drain()
    assert desk.states() == [("cancellation", "confirmed")] * 2
    assert [(left, cancelled) for left, _, cancelled in items_of(desk, order)] == [(0, 1), (0, 1)]
    bodies = [json.loads(seen.body) for seen in desk.world.requests_seen("PUT", CANCEL[1])]
    assert {body["orderItems"][0]["reasonCode"] for body in bodies} == {"UNFINDABLE_ITEM"}


def test_a_cancellation_at_bol_is_not_echoed(desk: Desk) -> None:
    order = desk.order()
    cancel(order.id, "out-of-stock", user_id=None)
    desk.world.cancel(order.marketplace_order.external_id)
    desk.drain()
    assert desk.states() == [("cancellation", "confirmed")]
    assert desk.told() == []


def test_an_item_that_bol_cancelled_meanwhile_is_not_shipped(desk: Desk) -> None:
    order = desk.order()
    desk.complete(order)
    desk.world.cancel(order.marketplace_order.external_id)
    desk.drain()
    assert desk.states() == [("shipment", "cancelled-there")]
    assert desk.told() == []
    assert events(order)[-1] == "needs_attention"


def test_a_wish_to_cancel_stops_the_parcel_unless_it_ships_anyway(desk: Desk) -> None:
    order, other = desk.order(), desk.order()
    desk.complete(order)
    for each in (order, other):
        desk.world.ask_to_cancel(each.marketplace_order.external_id)
    desk.fetch(other.marketplace_order.external_id)
    with pytest.raises(NotCompletable):
        desk.complete(other)
    desk.ship_anyway(other)
    desk.complete(other)
    desk.drain()
    assert desk.states() == [("shipment", "cancellation-requested"), ("shipment", "confirmed")]
    assert desk.told() == [SHIP]


def test_a_deleted_order_is_never_told(desk: Desk) -> None:
    open_one, complete_one = desk.order(), desk.order()
    desk.complete(complete_one)
    delete(open_one.id, user_id=None)
    delete(complete_one.id, user_id=None)
    desk.drain()
    assert desk.told() == []
    assert items_of(desk, open_one) == items_of(desk, complete_one) == [(1, 0, 0)]


def test_bol_hears_nothing_while_a_backorder_is_open_and_then_everything(desk: Desk) -> None:
    order = desk.order(quantity=3)
    backorder = split(order.id, {order.lines[0].id: 1}, user_id=None)
    desk.complete(order)
    desk.drain()
    assert desk.told() == []
    desk.complete(desk.read(backorder.id))
    desk.drain()
    assert desk.told() == [SHIP, SHIP]
    assert sorted(sum(parcel.values()) for parcel in desk.shipped()) == [1, 2]


def test_the_shipment_is_confirmed_before_the_rest_of_the_item_is_cancelled(desk: Desk) -> None:
    order = desk.order(quantity=3)
    backorder = split(order.id, {order.lines[0].id: 1}, user_id=None)
    desk.complete(order)
    cancel(backorder.id, "out-of-stock", user_id=None)
    desk.deliver()
    desk.deliver()
    assert desk.told() == [SHIP], "the cancellation would take the two along"
    desk.drain()
    assert desk.states() == [("shipment", "confirmed"), ("cancellation", "confirmed")]
    assert desk.told() == [SHIP, CANCEL]
    assert items_of(desk, order) == [(0, 2, 1)]


def test_a_refused_shipment_holds_up_the_cancellation_of_its_item(desk: Desk) -> None:
    order = desk.order(quantity=3)
    backorder = split(order.id, {order.lines[0].id: 1}, user_id=None)
    desk.world.fail_next("CREATE_SHIPMENT")
    desk.complete(order)
    cancel(backorder.id, "out-of-stock", user_id=None)
    desk.drain()
    assert desk.states() == [("shipment", "rejected"), ("cancellation", "pending")]
    assert desk.told() == [SHIP]


def test_deleting_one_part_tells_the_others_and_never_its_own_units(desk: Desk) -> None:
    order = desk.order(quantity=3)
    backorder = split(order.id, {order.lines[0].id: 1}, user_id=None)
    desk.complete(order)
    delete(backorder.id, user_id=None)
    desk.drain()
    assert items_of(desk, order) == [(1, 2, 0)]
    assert desk.told() == [SHIP]


def test_a_cancellation_never_takes_units_along_that_were_deleted_after_it(desk: Desk) -> None:
    desk.set(hold_minutes=2)
    order = desk.order(quantity=3)
    backorder = split(order.id, {order.lines[0].id: 1}, user_id=None)
    cancel(order.id, "out-of-stock", user_id=None)
    cancel(backorder.id, "out-of-stock", user_id=None)
    delete(backorder.id, user_id=None)
    desk.jump(minutes=3)
    desk.drain()
    assert ("cancellation", "deleted-units") in desk.states()
    assert desk.told() == []


def test_a_backorder_that_bol_cancels_lets_the_rest_be_told(desk: Desk) -> None:
    order = desk.order(lines=2)
    backorder = split(order.id, {order.lines[1].id: 1}, user_id=None)
    desk.complete(order)
    external_id = order.marketplace_order.external_id
    desk.world.cancel(external_id, desk.read(backorder.id).lines[0].item.external_id)
    desk.fetch(external_id)
    assert desk.read(backorder.id).status == "canceled"
    desk.drain()
    assert desk.states() == [("shipment", "confirmed")]
    assert desk.told() == [SHIP]


def test_shipments_always_say_how_many(desk: Desk) -> None:
    desk.complete(desk.order(lines=2, quantity=2))
    desk.drain()
    (seen,) = desk.world.requests_seen(*SHIP)
    assert [part["quantity"] for part in json.loads(seen.body)["orderItems"]] == [2, 2]


def test_two_parcels_are_two_shipments_with_codes_of_their_own(desk: Desk) -> None:
    order = desk.order(quantity=3)
    line_id = order.lines[0].id
    parcels = [
        Parcel(carrier="postnl", track_and_trace="3SABCD9999999991", quantities={line_id: 2}),
        Parcel(carrier="postnl", track_and_trace="3SABCD9999999992", quantities={line_id: 1}),
    ]
    complete(order.id, parcels, user_id=None, despite_shortage=True)
    desk.drain()
    there = {shipment.track_and_trace: sum(shipment.quantities.values()) for shipment in desk.world.shipments.values()}
    assert there == {"3SABCD9999999991": 2, "3SABCD9999999992": 1}


@pytest.mark.parametrize("change", [("method", "FBB"), ("distribution_party", "BOL")], ids=["FBB", "VVB"])
def test_what_bol_ships_itself_or_labels_itself_is_not_told_by_us(desk: Desk, change: tuple[str, str]) -> None:
    order = desk.order()
    desk.complete(order)
    setattr(desk.world.order(order.marketplace_order.external_id).items[0], *change)
    desk.drain()
    assert desk.states() == [("shipment", "not-ours")]
    assert desk.told() == []


def test_an_order_that_needs_bols_label_refuses_completion(desk: Desk) -> None:
    with pytest.raises(NotCompletable, match="label"):
        desk.complete(desk.order(fulfilment="VVB"))


def test_an_order_shipped_by_hand_at_bol_is_not_shipped_again(desk: Desk) -> None:
    order = desk.order()
    desk.complete(order)
    desk.world.ship_by_hand(order.marketplace_order.external_id)
    desk.drain()
    assert desk.states() == [("shipment", "withdrawn")]
    assert desk.read(order.id).status == "complete"
    assert desk.told() == []
