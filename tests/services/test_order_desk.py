"""Complete, cancel, split, delete and undo: what changes here, and what bol.com is owed for it."""

from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import select

from stoqflow_web.errors import Invalid, NotFound
from stoqflow_web.extensions import db
from stoqflow_web.models import Product, SalesOrder, Shop, Writeback
from stoqflow_web.services import holding
from stoqflow_web.services.canceling import cancel
from stoqflow_web.services.completing import NotCompletable, Parcel, complete
from stoqflow_web.services.deleting import delete
from stoqflow_web.services.splitting import AlreadySplit, split
from stoqflow_web.services.undoing import NotUndoable, undo
from stoqflow_web.transaction import transaction
from tests.support.builders import make_order, make_product

pytestmark = pytest.mark.both_databases

POSTNL = Parcel(carrier="postnl", track_and_trace="3SABCD0123456789")


def rows() -> list[tuple[str, str]]:
    db.session.rollback()
    return [(row.kind, row.state) for row in db.session.scalars(select(Writeback).order_by(Writeback.id))]


def order(order_id: int) -> SalesOrder:
    db.session.rollback()
    return db.session.get_one(SalesOrder, order_id, populate_existing=True)


def stock(sku: str) -> tuple[int, int]:
    db.session.rollback()
    product = db.session.scalars(select(Product).where(Product.sku == sku).execution_options(populate_existing=True))
    found = product.one()
    return found.on_hand, found.reserved


def settled(made: SalesOrder) -> SalesOrder:
    """The order as a transfer leaves it: with its stock reserved."""
    with transaction() as tx:
        tx.session.get_one(SalesOrder, made.id).status = "on-hold"
        tx.session.flush()
        holding.settle(tx, [made.id])
    return order(made.id)


@pytest.fixture
def ready(ctx: Flask) -> SalesOrder:
    """An order of three HK-1, of which 10 are here."""
    return settled(make_order(products=[make_product(sku="HK-1", stock=10)], quantity=3))


def test_completing_takes_stock_and_owes_one_shipment(ready: SalesOrder) -> None:
    assert stock("HK-1") == (10, 3)
    complete(ready.id, [POSTNL], user_id=None)
    assert order(ready.id).status == "complete"
    assert stock("HK-1") == (7, 0)
    assert rows() == [("shipment", "pending")]


def test_a_completed_order_can_not_be_completed_again(ready: SalesOrder) -> None:
    complete(ready.id, [POSTNL], user_id=None)
    with pytest.raises(NotCompletable, match="already"):
        complete(ready.id, [POSTNL], user_id=None)
    assert rows() == [("shipment", "pending")]


def test_two_parcels_owe_two_shipments_with_their_own_quantities(ready: SalesOrder) -> None:
    line_id = ready.lines[0].id
    complete(
        ready.id,
        [
            Parcel(carrier="postnl", track_and_trace="3SABCD0123456789", quantities={line_id: 2}),
            Parcel(carrier="postnl", track_and_trace="3SABCD0123456780", quantities={line_id: 1}),
        ],
        user_id=None,
    )
    parcels = order(ready.id).parcels
    assert [sorted(parcel.quantities.values()) for parcel in parcels] == [[2], [1]]
    assert len({parcel.reference for parcel in parcels}) == 2
    assert rows() == [("shipment", "pending")] * 2


def test_what_is_in_no_parcel_must_be_split_off_first(ready: SalesOrder) -> None:
    line_id = ready.lines[0].id
    with pytest.raises(Invalid, match="Not everything"):
        complete(
            ready.id,
            [Parcel(carrier="postnl", track_and_trace="3SABCD0123456789", quantities={line_id: 2})],
            user_id=None,
        )
    assert order(ready.id).status == "ready-to-pick"
    assert rows() == []


def test_undo_takes_back_stock_and_what_was_owed(ready: SalesOrder) -> None:
    complete(ready.id, [POSTNL], user_id=None)
    undo(ready.id, user_id=None)
    assert order(ready.id).status == "ready-to-pick"
    assert stock("HK-1") == (10, 3)
    assert rows() == [("shipment", "withdrawn")]


def test_completing_after_an_undo_uses_a_reference_that_bol_never_saw(ready: SalesOrder) -> None:
    complete(ready.id, [POSTNL], user_id=None)
    undo(ready.id, user_id=None)
    complete(ready.id, [POSTNL], user_id=None)
    assert [shipment.reference[-2:] for shipment in order(ready.id).shipments] == ["-1", "-2"]
    assert rows() == [("shipment", "withdrawn"), ("shipment", "pending")]


def test_undo_is_refused_once_a_worker_has_begun(ready: SalesOrder) -> None:
    complete(ready.id, [POSTNL], user_id=None)
    with transaction() as tx:
        tx.session.scalars(select(Writeback)).one().state = "sending"
    with pytest.raises(NotUndoable, match="too late"):
        undo(ready.id, user_id=None)
    assert order(ready.id).status == "complete"


def test_canceling_frees_stock_and_owes_one_cancellation_per_item(ready: SalesOrder) -> None:
    cancel(ready.id, "out-of-stock", user_id=None)
    assert order(ready.id).status == "canceled"
    assert stock("HK-1") == (10, 0)
    assert rows() == [("cancellation", "pending")]


def test_a_single_line_is_canceled_and_the_rest_still_ships(ctx: Flask) -> None:
    products = [make_product(sku="HK-1", stock=5), make_product(sku="HK-2", stock=5)]
    made = settled(make_order(products=products, quantity=2))
    cancel(made.id, "bad-condition", user_id=None, line_ids=[made.lines[0].id])
    assert order(made.id).status == "ready-to-pick"
    assert rows() == [("cancellation", "pending")]
    complete(made.id, [POSTNL], user_id=None)
    assert rows() == [("cancellation", "pending"), ("shipment", "pending")]
    assert (stock("HK-1"), stock("HK-2")) == ((5, 0), (3, 0))


def test_nothing_is_owed_while_a_backorder_is_open(ready: SalesOrder) -> None:
    backorder = split(ready.id, {ready.lines[0].id: 1}, user_id=None)
    assert backorder.number == f"{ready.number}-BO"
    complete(ready.id, [POSTNL], user_id=None)
    assert rows() == []
    cancel(backorder.id, "out-of-stock", user_id=None)
    assert rows() == [("shipment", "pending"), ("cancellation", "pending")]


def test_a_shop_can_report_each_part_but_cancellations_still_wait(ready: SalesOrder) -> None:
    with transaction() as tx:
        tx.session.scalars(select(Shop)).one().waits_for_all_parts = False
    first = split(ready.id, {ready.lines[0].id: 1}, user_id=None)
    second = split(ready.id, {order(ready.id).lines[0].id: 1}, user_id=None)
    complete(ready.id, [POSTNL], user_id=None)
    assert rows() == [("shipment", "pending")]
    cancel(first.id, "out-of-stock", user_id=None)
    assert rows() == [("shipment", "pending")]
    complete(second.id, [Parcel(carrier="postnl", track_and_trace="3SABCD0123456780")], user_id=None)
    assert rows() == [("shipment", "pending"), ("shipment", "pending"), ("cancellation", "pending")]


def test_backorders_are_numbered_on_also_from_a_backorder(ready: SalesOrder) -> None:
    first = split(ready.id, {ready.lines[0].id: 2}, user_id=None)
    second = split(first.id, {first.lines[0].id: 1}, user_id=None)
    assert (first.number, second.number) == (f"{ready.number}-BO", f"{ready.number}-BO2")


def test_the_whole_order_can_not_move_to_a_backorder(ready: SalesOrder) -> None:
    with pytest.raises(Invalid, match="Something must stay"):
        split(ready.id, {ready.lines[0].id: 3}, user_id=None)


def test_a_line_of_which_an_undone_parcel_knows_can_move_as_a_whole(ctx: Flask) -> None:
    made = settled(make_order(products=[make_product(sku=f"HK-{number}", stock=10) for number in (1, 2)], quantity=2))
    complete(made.id, [POSTNL], user_id=None)
    undo(made.id, user_id=None)
    moving = order(made.id).lines[1].id
    backorder = split(made.id, {moving: 2}, user_id=None)
    assert [line.id for line in order(backorder.id).lines] == [moving]
    assert len(order(made.id).lines) == 1
    assert (stock("HK-1"), stock("HK-2")) == ((10, 2), (10, 2))


def test_undoing_one_part_takes_back_what_its_family_owed(ready: SalesOrder) -> None:
    backorder = split(ready.id, {ready.lines[0].id: 1}, user_id=None)
    complete(ready.id, [POSTNL], user_id=None)
    complete(backorder.id, [Parcel(carrier="postnl", track_and_trace="3SABCD0123456780")], user_id=None)
    assert rows() == [("shipment", "pending")] * 2
    undo(backorder.id, user_id=None)
    assert rows() == [("shipment", "withdrawn")] * 2
    complete(backorder.id, [Parcel(carrier="postnl", track_and_trace="3SABCD0123456781")], user_id=None)
    assert rows() == [("shipment", "withdrawn")] * 2 + [("shipment", "pending")] * 2


def test_deleting_owes_nothing_and_withdraws_what_waited(ready: SalesOrder) -> None:
    complete(ready.id, [POSTNL], user_id=None)
    delete(ready.id, user_id=None)
    assert rows() == [("shipment", "withdrawn")]
    with pytest.raises(NotFound):
        complete(ready.id, [POSTNL], user_id=None)


def test_deleting_the_open_part_lets_the_others_be_told(ready: SalesOrder) -> None:
    backorder = split(ready.id, {ready.lines[0].id: 1}, user_id=None)
    complete(ready.id, [POSTNL], user_id=None)
    delete(backorder.id, user_id=None)
    assert rows() == [("shipment", "pending")]


def test_a_cancellation_that_would_take_deleted_units_along_needs_a_person(ready: SalesOrder) -> None:
    backorder = split(ready.id, {ready.lines[0].id: 1}, user_id=None)
    delete(backorder.id, user_id=None)
    cancel(ready.id, "out-of-stock", user_id=None)
    assert rows() == [("cancellation", "needs-attention")]


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("", "Fill in"),
        ("concept", "no Track & Trace code"),
        ("https://postnl.nl/3SABCD0123456789", "web address"),
        ("3SABCD 0123456789", "no spaces"),
        ("3S", "6 to 50"),
        ("ABCDEFGHIJ", "at least one digit"),
        ("99887766", "does not look like"),
    ],
)
def test_a_code_that_can_not_be_one_is_refused_with_the_reason(ready: SalesOrder, code: str, sentence: str) -> None:
    with pytest.raises(Invalid, match=sentence) as refused:
        complete(ready.id, [Parcel(carrier="postnl", track_and_trace=code)], user_id=None)
    assert refused.value.field == "parcels-0-track_and_trace"


def test_an_uncommon_code_can_be_confirmed_deliberately(ready: SalesOrder) -> None:
    complete(ready.id, [Parcel(carrier="postnl", track_and_trace="99887766", is_confirmed=True)], user_id=None)
    assert order(ready.id).status == "complete"


def test_letter_mail_needs_no_code(ready: SalesOrder) -> None:
    complete(ready.id, [Parcel(carrier="letter")], user_id=None)
    assert order(ready.id).parcels[0].track_and_trace is None


def test_the_same_split_sent_twice_makes_one_backorder(ready: SalesOrder) -> None:
    line_id = ready.lines[0].id
    split(ready.id, {line_id: 1}, user_id=None, parts_seen=1)
    with pytest.raises(AlreadySplit, match=f"see {ready.number}-BO"):
        split(ready.id, {line_id: 1}, user_id=None, parts_seen=1)
    assert [part.number for part in order(ready.id).related] == [f"{ready.number}-BO"]


def test_stock_that_a_cancellation_frees_goes_to_the_order_that_waits_for_it(ctx: Flask) -> None:
    product = make_product(sku="HK-1", stock=3)
    first = settled(make_order(products=[product], quantity=3))
    second = settled(make_order(products=[product], quantity=2))
    assert order(second.id).status == "on-hold"
    cancel(first.id, "out-of-stock", user_id=None)
    assert order(second.id).status == "ready-to-pick"
    assert stock("HK-1") == (3, 2)


def test_stock_that_a_deletion_frees_goes_to_the_order_that_waits_for_it(ctx: Flask) -> None:
    product = make_product(sku="HK-1", stock=3)
    first = settled(make_order(products=[product], quantity=3))
    second = settled(make_order(products=[product], quantity=2))
    delete(first.id, user_id=None)
    assert order(second.id).status == "ready-to-pick"
    assert stock("HK-1") == (3, 2)


def test_a_code_that_another_order_has_is_taken_only_when_a_person_confirms_it(ready: SalesOrder) -> None:
    other = make_order()
    complete(other.id, [POSTNL], user_id=None)
    with pytest.raises(Invalid, match=f"{other.number} has this code already") as refused:
        complete(ready.id, [POSTNL], user_id=None)
    assert refused.value.field == "parcels-0-track_and_trace"
    complete(ready.id, [replace(POSTNL, is_confirmed=True)], user_id=None)
    assert order(ready.id).status == "complete"


def test_a_code_that_another_parcel_of_the_order_has_must_be_confirmed_too(ready: SalesOrder) -> None:
    line_id = ready.lines[0].id
    first, second = replace(POSTNL, quantities={line_id: 2}), replace(POSTNL, quantities={line_id: 1})
    with pytest.raises(Invalid, match="Parcel 1 has this code already") as refused:
        complete(ready.id, [first, second], user_id=None)
    assert refused.value.field == "parcels-1-track_and_trace"
    complete(ready.id, [first, replace(second, is_confirmed=True)], user_id=None)
    assert len(order(ready.id).parcels) == 2


def test_the_code_of_an_undone_parcel_is_free_again(ready: SalesOrder) -> None:
    complete(ready.id, [POSTNL], user_id=None)
    undo(ready.id, user_id=None)
    complete(ready.id, [POSTNL], user_id=None)
    assert order(ready.id).status == "complete"
