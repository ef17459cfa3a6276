"""What bol.com cancels, and what the seller does in bol.com's own screens, is followed here, and never told back."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from stoqflow_web.bol.sandbox import RunningSandbox, SandboxOptions
from stoqflow_web.exchange import OrderRecord
from stoqflow_web.extensions import db
from stoqflow_web.models import HistoryEntry, Product, SalesOrder, Shop, StockMovement
from stoqflow_web.services.canceling import cancel
from stoqflow_web.services.completing import Parcel, complete
from stoqflow_web.services.deleting import delete, import_again
from stoqflow_web.services.marketplaces import connect
from stoqflow_web.services.splitting import split
from stoqflow_web.services.storing_orders import store_orders
from stoqflow_web.services.taking_over import take_over
from stoqflow_web.services.undoing import NotUndoable, undo
from stoqflow_web.transaction import transaction
from stoqflow_web.wording.history import tell
from tests.support.builders import make_product
from tests.support.clocks import MONDAY_MORNING, FrozenClock
from tests.support.desk import CODES, Desk

SHIP, CANCEL = ("POST", "/retailer/shipments"), ("PUT", "/retailer/orders/cancellation")


@pytest.fixture
def sandbox_options() -> SandboxOptions:
    return SandboxOptions(orders=0, offers=0, limits=False, standing_clock=MONDAY_MORNING)


@pytest.fixture
def desk(ctx: Flask, sandbox: RunningSandbox, clock: FrozenClock) -> Desk:
    for sku, title in (("HK-1", "Pan"), ("HK-2", "Lid")):
        make_product(sku, stock=10, title=title)
        sandbox.world.add_offer(reference=sku, method="FBR", schedule="BOL_DELIVERY_PROMISE")
    return Desk(sandbox, clock, hold_minutes=2)


def of(sku: str, quantity: int) -> dict[str, object]:
    return {"reference": sku, "quantity": quantity}


def pans(desk: Desk, quantity: int = 1) -> SalesOrder:
    """An order of so many pans that has come in."""
    return desk.order(lines=[of("HK-1", quantity)])


def there(order: SalesOrder) -> str:
    return order.marketplace_order.external_id


def item_ids(order: SalesOrder) -> list[str]:
    return [line.item.external_id for line in order.lines]


def stock(sku: str = "HK-1") -> tuple[int, int]:
    """On hand and reserved; what is on hand is the sum of its movements, after the ten it began with."""
    db.session.rollback()
    query = select(Product).where(Product.sku == sku).execution_options(populate_existing=True)
    product = db.session.scalars(query).one()
    moved = select(func.sum(StockMovement.quantity)).where(StockMovement.product_id == product.id)
    assert product.on_hand == 10 + (db.session.scalar(moved) or 0)
    return product.on_hand, product.reserved


def quantities(desk: Desk, order: SalesOrder) -> list[int]:
    return [line.quantity for line in desk.read(order.id).lines]


def status(desk: Desk, order: SalesOrder) -> str:
    return desk.read(order.id).status


def history(order: SalesOrder) -> list[str]:
    db.session.rollback()
    entries = db.session.query(HistoryEntry).filter_by(sales_order_id=order.id).order_by(HistoryEntry.id)
    return [tell(entry).sentence for entry in entries]


def parts(desk: Desk, quantity: int = 2) -> tuple[SalesOrder, SalesOrder]:
    """An order of pans, and its backorder with one of them."""
    order = pans(desk, quantity)
    backorder = split(order.id, {order.lines[0].id: 1}, user_id=None)
    return desk.read(order.id), desk.read(backorder.id)


# bol.com cancels what is open here


def test_an_order_that_bol_cancels_becomes_canceled_and_its_stock_goes_to_who_waits_for_it(desk: Desk) -> None:
    order, waiting = pans(desk, 8), pans(desk, 5)
    assert (status(desk, order), status(desk, waiting), stock()) == ("ready-to-pick", "on-hold", (10, 8))
    desk.world.cancel(there(order))
    desk.fetch(there(order))
    assert (status(desk, order), status(desk, waiting), stock()) == ("canceled", "ready-to-pick", (10, 5))
    assert history(order)[-1] == "Canceled at bol.com: 8 × Pan"
    desk.drain()
    assert (desk.rows(), desk.told()) == ([], [])


def test_an_order_on_hold_that_expires_at_bol_becomes_canceled(desk: Desk) -> None:
    order = pans(desk, 11)
    desk.world.expire(there(order))
    desk.fetch(there(order))
    assert (status(desk, order), stock()) == ("canceled", (10, 0))


def test_one_item_or_a_part_of_its_quantity_is_taken_off_and_the_rest_goes_on(desk: Desk) -> None:
    order = desk.order(lines=[of("HK-1", 3), of("HK-2", 2)])
    pan, lid = item_ids(order)
    desk.world.cancel(there(order), pan, 2)
    desk.fetch(there(order))
    assert (quantities(desk, order), status(desk, order)) == ([1, 2], "ready-to-pick")
    assert (stock("HK-1"), stock("HK-2")) == ((10, 1), (10, 2))
    desk.world.cancel(there(order), lid)
    desk.fetch(there(order))
    assert (quantities(desk, order), status(desk, order)) == ([1, 0], "ready-to-pick")
    assert [told for told in history(order) if told.startswith("Canceled")] == [
        "Canceled at bol.com: 2 × Pan",
        "Canceled at bol.com: 2 × Lid",
    ]
    desk.world.cancel(there(order), pan)
    desk.fetch(there(order))
    assert (status(desk, order), stock("HK-1"), stock("HK-2")) == ("canceled", (10, 0), (10, 0))
    desk.drain()
    assert desk.told() == []


def test_the_wish_to_cancel_ends_with_what_it_was_about(desk: Desk) -> None:
    order = desk.order(lines=[of("HK-1", 1), of("HK-2", 1)])
    pan, _lid = item_ids(order)
    desk.world.ask_to_cancel(there(order), pan)
    desk.fetch(there(order))
    assert desk.read(order.id).is_cancellation_requested
    desk.world.cancel(there(order), pan)
    desk.fetch(there(order))
    assert not desk.read(order.id).is_cancellation_requested


# … and what is complete here, and not told yet


def test_a_shipment_that_waits_is_stopped_as_soon_as_the_cancellation_is_seen(desk: Desk) -> None:
    order = pans(desk, 2)
    desk.complete(order)
    desk.world.cancel(there(order))
    desk.fetch(there(order))
    assert desk.states() == [("shipment", "cancelled-there")]
    assert history(order)[-2] == "Canceled at bol.com: 2 × Pan"
    desk.drain()
    assert desk.told() == []
    (row,) = desk.rows()
    take_over(row.id, goods_are_back=True, user_id=None)
    assert (status(desk, order), stock(), desk.states()) == ("canceled", (10, 0), [("shipment", "withdrawn")])


def test_undoing_what_bol_cancelled_meanwhile_does_not_open_it_again(desk: Desk) -> None:
    order = pans(desk, 3)
    desk.complete(order)
    desk.world.cancel(there(order), quantity=2)
    desk.fetch(there(order))
    undo(order.id, user_id=None)
    assert (status(desk, order), quantities(desk, order), stock()) == ("ready-to-pick", [1], (10, 1))
    desk.complete(order)
    desk.world.cancel(there(order))
    desk.fetch(there(order))
    undo(order.id, user_id=None)
    assert (status(desk, order), stock()) == ("canceled", (10, 0))
    desk.drain()
    assert desk.told() == []


def test_of_a_parcel_that_is_stopped_the_history_says_only_what_was_cancelled(desk: Desk) -> None:
    order = desk.order(lines=[of("HK-1", 3), of("HK-2", 1)])
    desk.complete(order)
    desk.world.cancel(there(order), item_ids(order)[0], 1)
    desk.fetch(there(order))
    assert history(order)[-2] == "Canceled at bol.com: 1 × Pan"


def test_a_parcel_that_needs_attention_is_not_said_to_need_it_again_for_what_happens_next(desk: Desk) -> None:
    order = pans(desk, 4)
    desk.complete(order)
    desk.world.ship_by_hand(there(order), quantity=1)
    desk.fetch(there(order))
    for _ in range(2):
        desk.world.cancel(there(order), quantity=1)
        desk.fetch(there(order))
    assert desk.states() == [("shipment", "shipped-there")]
    assert len([told for told in history(order) if told.startswith("Needs attention")]) == 1


def test_a_wish_to_cancel_that_came_while_it_was_complete_is_known_once_it_is_undone(desk: Desk) -> None:
    order = pans(desk, 2)
    desk.complete(order)
    desk.world.ask_to_cancel(there(order))
    desk.fetch(there(order))
    assert desk.states() == [("shipment", "pending")]
    undo(order.id, user_id=None)
    assert desk.read(order.id).is_cancellation_requested
    assert "The client asked bol.com to cancel this order" in history(order)


def test_other_parcels_of_the_order_go_on(desk: Desk) -> None:
    order = desk.order(lines=[of("HK-1", 1), of("HK-2", 1)])
    both = [
        Parcel(carrier="postnl", track_and_trace=next(CODES), quantities={line.id: line.quantity})
        for line in order.lines
    ]
    complete(order.id, both, user_id=None)
    desk.world.cancel(there(order), item_ids(order)[0])
    desk.fetch(there(order))
    desk.drain()
    assert desk.states() == [("shipment", "cancelled-there"), ("shipment", "confirmed")]
    assert desk.told() == [SHIP]
    take_over(desk.rows()[0].id, goods_are_back=True, user_id=None)
    assert (status(desk, order), quantities(desk, order)) == ("complete", [0, 1])
    assert (stock("HK-1"), stock("HK-2")) == ((10, 0), (9, 0))


def test_a_cancellation_after_the_shipment_is_only_told_in_the_history(desk: Desk) -> None:
    order = pans(desk)
    desk.complete(order)
    desk.jump(minutes=3)
    desk.drain()
    item = desk.world.order(there(order)).items[0]
    item.cancelled, item.changed_at = 1, desk.world.clock.now() + timedelta(seconds=1)
    desk.fetch(there(order))
    assert (status(desk, order), desk.states(), stock()) == ("complete", [("shipment", "confirmed")], (9, 0))
    assert history(order)[-1] == "Canceled at bol.com: 1 × Pan"
    told = len(history(order))
    desk.fetch(there(order))
    assert len(history(order)) == told


# … and what is canceled here


def test_a_cancellation_that_bol_did_itself_is_over_and_not_echoed(desk: Desk) -> None:
    order = pans(desk, 2)
    cancel(order.id, "out-of-stock", user_id=None)
    desk.world.cancel(there(order))
    desk.fetch(there(order))
    assert desk.states() == [("cancellation", "confirmed")]
    with pytest.raises(NotUndoable):
        undo(order.id, user_id=None)
    desk.drain()
    assert (status(desk, order), desk.told()) == ("canceled", [])


def test_of_a_cancellation_that_bol_did_in_part_the_rest_is_told(desk: Desk) -> None:
    order = pans(desk, 2)
    cancel(order.id, "out-of-stock", user_id=None)
    desk.world.cancel(there(order), quantity=1)
    desk.fetch(there(order))
    assert desk.states() == [("cancellation", "pending")]
    desk.drain()
    assert (desk.states(), desk.told()) == ([("cancellation", "confirmed")], [CANCEL])
    desk.fetch(there(order))
    assert (status(desk, order), quantities(desk, order)) == ("canceled", [2])


# Families


@pytest.mark.parametrize("complete_first", [True, False], ids=["order complete", "backorder complete"])
def test_of_an_item_in_two_parts_the_open_part_loses_what_bol_cancels(desk: Desk, complete_first: bool) -> None:
    one, other = parts(desk) if complete_first else reversed(parts(desk))
    desk.complete(one)
    desk.world.cancel(there(one), quantity=1)
    desk.fetch(there(one))
    assert (status(desk, one), status(desk, other), stock()) == ("complete", "canceled", (9, 0))
    assert history(other)[-1] == "Canceled at bol.com: 1 × Pan"
    desk.drain()
    assert (desk.states(), desk.told()) == ([("shipment", "confirmed")], [SHIP])
    desk.fetch(there(one))
    assert (status(desk, one), quantities(desk, one)) == ("complete", [1])


def test_of_two_open_parts_the_backorder_loses_its_units_first(desk: Desk) -> None:
    order, backorder = parts(desk, 3)
    desk.world.cancel(there(order), quantity=2)
    desk.fetch(there(order))
    assert (quantities(desk, order), status(desk, backorder), stock()) == ([1], "canceled", (10, 1))
    desk.complete(order)
    desk.drain()
    assert (desk.states(), desk.told()) == ([("shipment", "confirmed")], [SHIP])


def test_of_two_complete_parts_one_is_stopped_and_the_other_told(desk: Desk) -> None:
    order, backorder = parts(desk)
    desk.complete(order)
    desk.complete(backorder)
    desk.world.cancel(there(order), quantity=1)
    desk.fetch(there(order))
    desk.drain()
    assert desk.states() == [("shipment", "confirmed"), ("shipment", "cancelled-there")]
    assert desk.told() == [SHIP]


def test_a_part_that_waits_for_another_is_stopped_too_and_stays_so(desk: Desk) -> None:
    order, backorder = parts(desk)
    desk.complete(order)
    desk.world.cancel(there(order))
    desk.fetch(there(order))
    assert (status(desk, backorder), desk.states()) == ("canceled", [("shipment", "cancelled-there")])
    desk.drain()
    assert desk.told() == []


def test_of_a_part_canceled_here_bols_own_cancellation_is_no_news(desk: Desk) -> None:
    order, backorder = parts(desk, 3)
    cancel(backorder.id, "out-of-stock", user_id=None)
    desk.world.cancel(there(order), quantity=1)
    desk.fetch(there(order))
    assert (quantities(desk, order), status(desk, order), desk.states()) == ([2], "ready-to-pick", [])
    desk.complete(order)
    desk.drain()
    assert desk.told() == [SHIP], "all of it is handled by then, so no cancellation is sent"
    assert desk.states() == [("shipment", "confirmed"), ("cancellation", "confirmed")]


# In bol.com's own screens


def test_an_order_shipped_in_bols_own_screens_becomes_complete_and_its_goods_leave_the_stock(desk: Desk) -> None:
    order = desk.order(lines=[of("HK-1", 2), of("HK-2", 1)])
    desk.world.ship_by_hand(there(order))
    desk.fetch(there(order))
    assert (status(desk, order), stock("HK-1"), stock("HK-2")) == ("complete", (8, 0), (9, 0))
    assert history(order)[-1] == "Shipped in bol.com's own screens: 2 × Pan, 1 × Lid"
    assert db.session.scalars(select(StockMovement.reason)).all() == ["shipped-elsewhere"] * 2
    desk.drain()
    assert (desk.rows(), desk.told()) == ([], [])


def test_a_part_shipped_in_bols_own_screens_leaves_the_rest_to_us(desk: Desk) -> None:
    order = desk.order(lines=[of("HK-1", 3), of("HK-2", 1)])
    desk.world.ship_by_hand(there(order), item_ids(order)[0], 1)
    desk.fetch(there(order))
    assert (status(desk, order), quantities(desk, order)) == ("ready-to-pick", [2, 1])
    assert (stock("HK-1"), stock("HK-2")) == ((9, 2), (10, 1))
    desk.complete(order)
    desk.drain()
    assert desk.told() == [SHIP]
    desk.fetch(there(order))
    assert (stock("HK-1"), stock("HK-2"), desk.states()) == ((7, 0), (9, 0), [("shipment", "confirmed")])


def test_what_is_partly_shipped_there_and_then_cancelled_is_complete(desk: Desk) -> None:
    order = pans(desk, 2)
    desk.world.ship_by_hand(there(order), quantity=1)
    desk.fetch(there(order))
    desk.world.cancel(there(order))
    desk.fetch(there(order))
    assert (status(desk, order), stock()) == ("complete", (9, 0))


def test_what_needs_bols_label_is_followed_when_it_was_shipped_there(desk: Desk) -> None:
    order = desk.order(lines=[of("HK-1", 1) | {"fulfilment": "VVB"}])
    desk.world.ship_by_hand(there(order))
    desk.fetch(there(order))
    assert (status(desk, order), stock()) == ("complete", (9, 0))


def test_what_bol_ships_itself_never_moves_our_stock(desk: Desk) -> None:
    order = desk.order(lines=[of("HK-1", 1), of("HK-2", 1) | {"fulfilment": "FBB"}])
    item = desk.world.order(there(order)).items[1]
    item.ship(1, desk.world.clock.now() + timedelta(seconds=1))
    desk.fetch(there(order))
    assert (status(desk, order), stock("HK-2")) == ("ready-to-pick", (10, 0))


def test_a_parcel_that_was_reported_by_hand_is_not_told_again_and_leaves_the_stock_once(desk: Desk) -> None:
    order = pans(desk, 2)
    desk.complete(order)
    desk.world.ship_by_hand(there(order))
    desk.fetch(there(order))
    assert (status(desk, order), stock(), desk.states()) == ("complete", (8, 0), [("shipment", "withdrawn")])
    assert "Shipped in bol.com's own screens: 2 × Pan" in history(order)
    desk.drain()
    assert (desk.told(), desk.shipped()) == ([], [{item_ids(order)[0]: 2}])


def test_a_refused_parcel_that_is_then_reported_by_hand_needs_nobody_any_more(desk: Desk) -> None:
    order = pans(desk)
    desk.complete(order)
    desk.world.fail_next("CREATE_SHIPMENT")
    desk.drain()
    assert desk.states() == [("shipment", "rejected")]
    desk.world.ship_by_hand(there(order))
    desk.fetch(there(order))
    assert (status(desk, order), stock(), desk.states()) == ("complete", (9, 0), [("shipment", "withdrawn")])


def test_a_parcel_that_fits_only_in_part_is_stopped(desk: Desk) -> None:
    order = pans(desk, 3)
    desk.complete(order)
    desk.world.ship_by_hand(there(order), quantity=1)
    desk.fetch(there(order))
    assert desk.states() == [("shipment", "shipped-there")]
    take_over(desk.rows()[0].id, goods_are_back=True, user_id=None)
    assert (status(desk, order), quantities(desk, order), stock()) == ("ready-to-pick", [2], (9, 2))
    desk.complete(order)
    desk.drain()
    assert sorted(sum(parcel.values()) for parcel in desk.shipped()) == [1, 2]
    assert stock() == (7, 0)


def test_a_part_that_waits_and_was_reported_by_hand_is_settled(desk: Desk) -> None:
    order, backorder = parts(desk, 3)
    desk.complete(order)
    desk.world.ship_by_hand(there(order), quantity=2)
    desk.fetch(there(order))
    assert (status(desk, order), status(desk, backorder), stock()) == ("complete", "ready-to-pick", (8, 1))
    desk.complete(backorder)
    desk.drain()
    assert desk.states() == [("shipment", "withdrawn"), ("shipment", "confirmed")]
    assert sorted(sum(parcel.values()) for parcel in desk.shipped()) == [1, 2]


def test_what_was_canceled_here_and_shipped_there_becomes_complete(desk: Desk) -> None:
    order = pans(desk, 2)
    cancel(order.id, "out-of-stock", user_id=None)
    desk.world.ship_by_hand(there(order))
    desk.fetch(there(order))
    assert (status(desk, order), stock(), desk.states()) == ("complete", (8, 0), [("cancellation", "withdrawn")])
    desk.drain()
    assert desk.told() == []


def test_our_own_shipments_never_count_as_shipped_elsewhere(desk: Desk) -> None:
    """Also not while nobody knows yet whether they arrived, or while their confirmation is still to come."""
    order, backorder = parts(desk, 3)
    desk.set(waits_for_all_parts=False, hold_minutes=0)
    desk.complete(order)
    desk.world.lose_next_answer(*SHIP)
    desk.deliver()
    desk.jump(seconds=3)
    desk.fetch(there(order))
    assert desk.states() == [("shipment", "sending")]
    assert (quantities(desk, backorder), stock()) == ([1], (8, 1))
    desk.drain()
    desk.complete(backorder)
    desk.deliver()
    desk.jump(seconds=3)
    desk.fetch(there(order))
    assert stock() == (7, 0)
    desk.drain()
    desk.fetch(there(order))
    assert (stock(), desk.states()) == ((7, 0), [("shipment", "confirmed")] * 2)


def test_a_refusal_because_it_was_reported_by_hand_settles_itself(desk: Desk) -> None:
    order = pans(desk)
    desk.complete(order)
    desk.jump(minutes=3)
    desk.deliver()
    desk.world.ship_by_hand(there(order))
    desk.drain()
    assert (status(desk, order), stock(), desk.states()) == ("complete", (9, 0), [("shipment", "withdrawn")])
    assert desk.shipped() == [{item_ids(order)[0]: 1}]


def test_what_was_shipped_before_the_order_came_in_leaves_the_stock_too(desk: Desk) -> None:
    desk.jump(minutes=1)
    shipped, partly = (desk.world.place_order(lines=[of("HK-1", 3)]) for _ in range(2))
    desk.world.ship_by_hand(shipped)
    desk.world.ship_by_hand(partly, quantity=1)
    desk.jump(minutes=1)
    for external_id in (shipped, partly, shipped, partly):
        desk.fetch(external_id)
    assert stock() == (6, 2)
    assert [order.lines[0].quantity for order in desk.ours(partly)] == [2]


# Deleted


def test_a_deleted_order_never_comes_back_and_moves_no_stock(desk: Desk) -> None:
    order = pans(desk, 2)
    delete(order.id, user_id=None)
    desk.world.ship_by_hand(there(order), quantity=1)
    desk.fetch(there(order))
    desk.world.cancel(there(order))
    desk.fetch(there(order))
    desk.drain()
    assert (status(desk, order), stock(), desk.rows(), desk.told()) == ("deleted", (10, 0), [], [])


def test_a_deleted_part_is_handled_in_bols_own_screens_and_the_other_part_keeps_its_units(desk: Desk) -> None:
    order, backorder = parts(desk, 3)
    delete(backorder.id, user_id=None)
    desk.world.ship_by_hand(there(order), quantity=1)
    desk.fetch(there(order))
    assert (quantities(desk, order), stock()) == ([2], (10, 2))
    desk.complete(order)
    desk.drain()
    assert sorted(sum(parcel.values()) for parcel in desk.shipped()) == [1, 2]


def test_an_order_imported_again_begins_anew_and_is_told_once(desk: Desk) -> None:
    order, backorder = parts(desk, 3)
    desk.complete(order)
    desk.complete(backorder)
    for part in (order, backorder):
        delete(part.id, user_id=None)
    desk.world.ship_by_hand(there(order), quantity=1)
    desk.fetch(there(order))
    import_again(desk.read(order.id).marketplace_order_id, user_id=None)
    assert (quantities(desk, order), stock()) == ([2], (10, 2))
    desk.complete(order)
    desk.drain()
    desk.fetch(there(order))
    assert (status(desk, order), quantities(desk, order), stock()) == ("complete", [2], (8, 0))
    assert sorted(sum(parcel.values()) for parcel in desk.shipped()) == [1, 2]


# The same again, or late


def record_of(desk: Desk, external_id: str) -> OrderRecord:
    with connect(desk.shop_id) as marketplace:
        return marketplace.order(external_id)


def store(desk: Desk, record: OrderRecord) -> None:
    with transaction() as tx:
        store_orders(tx, tx.session.get_one(Shop, desk.shop_id), [record])


def test_the_same_record_twice_changes_nothing(desk: Desk) -> None:
    order = pans(desk, 4)
    desk.world.cancel(there(order), quantity=1)
    desk.world.ship_by_hand(there(order), quantity=1)
    desk.fetch(there(order))
    once = (quantities(desk, order), stock(), history(order))
    desk.fetch(there(order))
    assert (quantities(desk, order), stock(), history(order)) == once == ([2], (9, 2), once[2])


def test_a_record_that_comes_in_late_takes_nothing_back(desk: Desk) -> None:
    order = pans(desk, 4)
    before = record_of(desk, there(order))
    desk.jump(seconds=5)
    desk.world.ask_to_cancel(there(order))
    desk.world.cancel(there(order), quantity=1)
    between = record_of(desk, there(order))
    desk.jump(seconds=5)
    desk.world.ship_by_hand(there(order), quantity=1)
    desk.fetch(there(order))
    known = (quantities(desk, order), stock(), history(order))
    for late in (between, before):
        store(desk, late)
    assert (quantities(desk, order), stock(), history(order)) == known == ([2], (9, 2), known[2])
    (item,) = desk.read(order.id).marketplace_order.items
    assert (item.quantity_shipped, item.quantity_cancelled, item.is_cancellation_requested) == (1, 1, True)
    assert desk.read(order.id).is_cancellation_requested
