"""Correcting stock by hand: a difference to what the person saw, once, with a reason."""

import threading

import pytest
from flask import Flask
from sqlalchemy import func, select

from stoqflow_web.errors import Invalid, NotFound
from stoqflow_web.extensions import db
from stoqflow_web.models import Product, SalesOrder, StockMovement
from stoqflow_web.models.sales_orders import ON_HOLD, READY_TO_PICK
from stoqflow_web.services import holding, stock
from stoqflow_web.services.completing import Parcel, complete
from stoqflow_web.services.correcting import correct
from stoqflow_web.transaction import transaction
from tests.services.transfers import count_of, read
from tests.support.builders import make_order, make_product, make_shop


@pytest.fixture
def mug(ctx: Flask) -> Product:
    return stocked(12)


def stocked(units: int) -> Product:
    """A product whose stock has been written down from the beginning."""
    product = make_product(stock=0)
    with transaction() as tx:
        stock.move(tx, tx.session.get_one(Product, product.id), units, "opening")
    return product


def lost(product: Product, units: int) -> None:
    with transaction() as tx:
        stock.move(tx, tx.session.get_one(Product, product.id), -units, "shipped")


def test_a_new_number_is_written_down_with_reason_note_and_who(mug, make_user):
    sam = make_user(role="staff")
    done = correct(mug.id, seen=12, on_hand=15, reason="found", note=" behind  the shelf ", user_id=sam.id)
    assert (done.on_hand, done.meanwhile, done.difference) == (15, 0, 3)
    made = db.session.scalars(select(StockMovement).order_by(StockMovement.id.desc())).first()
    assert (made.quantity, made.on_hand_after, made.reason, made.note, made.user_id) == (
        3,
        15,
        "found",
        "behind the shelf",
        sam.id,
    )


def test_a_change_may_be_said_instead(mug):
    assert correct(mug.id, seen=12, change=-2, reason="damaged", user_id=None).on_hand == 10


def test_what_left_meanwhile_stays_gone_and_is_told(mug):
    lost(mug, 1)
    done = correct(mug.id, seen=12, on_hand=15, reason="found", user_id=None)
    assert (done.seen, done.asked, done.meanwhile, done.on_hand) == (12, 15, -1, 14)


def test_of_two_people_who_change_it_at_once_both_count(mug):
    newest = db.session.scalar(select(func.max(StockMovement.id)))
    correct(mug.id, seen=12, change=3, reason="found", user_id=None)
    done = correct(mug.id, seen=12, seen_movement_id=newest, change=-2, reason="lost", user_id=None)
    assert (done.meanwhile, done.on_hand) == (3, 13)


def test_of_two_people_who_say_how_many_there_are_the_second_is_asked_to_look_again(mug):
    newest = db.session.scalar(select(func.max(StockMovement.id)))
    correct(mug.id, seen=12, on_hand=10, reason="lost", user_id=None)
    with pytest.raises(Invalid, match="Meanwhile somebody made it 10") as refused:
        correct(mug.id, seen=12, seen_movement_id=newest, on_hand=10, reason="lost", user_id=None)
    assert refused.value.field == "number"
    newest = db.session.scalar(select(func.max(StockMovement.id)))
    assert correct(mug.id, seen=10, seen_movement_id=newest, on_hand=10, reason="lost", user_id=None).on_hand == 10
    lost(mug, 1)
    assert correct(mug.id, seen=10, seen_movement_id=newest, on_hand=11, reason="found", user_id=None).on_hand == 10


def test_saying_what_is_so_leaves_no_trace(mug):
    assert correct(mug.id, seen=12, on_hand=12, reason="found", user_id=None).difference == 0
    assert count_of(StockMovement) == 1


@pytest.mark.both_databases
def test_the_same_form_sent_twice_at_once_counts_once(ctx, mug):
    begin, done = threading.Barrier(4), []

    def click() -> None:
        begin.wait(30)
        with ctx.app_context():
            done.append(correct(mug.id, seen=12, on_hand=15, reason="found", token="a-form", user_id=None))

    threads = [threading.Thread(target=click) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(each.is_repeated for each in done) == [False, True, True, True]
    assert read(Product, mug.id).on_hand == 15


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"on_hand": -1}, "number"),
        ({"on_hand": 1_000_001}, "number"),
        ({"change": -13}, "number"),
        ({"change": 0}, "number"),
        ({}, "number"),
        ({"on_hand": 5, "change": 5}, "number"),
        ({"on_hand": 5, "reason": "because"}, "reason"),
        ({"on_hand": 5, "reason": "counted"}, "reason"),
        ({"on_hand": 5, "note": "x" * 201}, "note"),
        ({"on_hand": 5, "seen": -(2**31)}, "number"),
    ],
)
def test_what_can_not_be_is_refused_beside_its_field(mug, asked, field):
    with pytest.raises(Invalid) as refused:
        correct(mug.id, **({"seen": 12, "reason": "found", "user_id": None} | asked))
    assert refused.value.field == field
    assert read(Product, mug.id).on_hand == 12


def test_a_product_that_is_not_here_can_not_be_corrected(ctx):
    with pytest.raises(NotFound):
        correct(7, seen=0, on_hand=1, reason="found", user_id=None)


@pytest.mark.both_databases
def test_fifty_corrections_and_completions_at_once_lose_nothing(ctx: Flask) -> None:
    shop = make_shop()
    mug, pan = stocked(40), stocked(40)
    orders = [make_order(products=[mug, pan] if number % 2 else [pan, mug], shop=shop) for number in range(25)]
    with transaction() as tx:
        for order in orders:
            tx.session.get_one(SalesOrder, order.id).status = ON_HOLD
        holding.settle(tx, [order.id for order in orders])
    assert read(Product, mug.id).reserved == 25
    begin, faults = threading.Barrier(50), []

    def act(number: int) -> None:
        begin.wait(60)
        try:
            with ctx.app_context():
                if number < 25:
                    code = f"3SABCD{number:010}"
                    parcel = Parcel(carrier="postnl", track_and_trace=code)
                    complete(orders[number].id, [parcel], user_id=None, despite_shortage=True)
                else:
                    product, units = (mug, 1) if number % 2 else (pan, -2)
                    correct(product.id, seen=40, change=units, reason="other", token=f"{number}", user_id=None)
        except Exception as fault:
            faults.append(fault)

    threads = [threading.Thread(target=act, args=(number,)) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert faults == []
    for product, corrected in ((mug, 13 * 1), (pan, 12 * -2)):
        now = read(Product, product.id)
        moved = select(func.sum(StockMovement.quantity)).where(StockMovement.product_id == product.id)
        last = (
            select(StockMovement.on_hand_after)
            .where(StockMovement.product_id == product.id)
            .order_by(StockMovement.id.desc())
            .limit(1)
        )
        assert now.on_hand == 40 - 25 + corrected
        assert (db.session.scalar(moved), db.session.scalar(last)) == (now.on_hand, now.on_hand)
        assert now.reserved == 0
    assert db.session.scalar(select(func.count()).where(SalesOrder.status == READY_TO_PICK)) == 0
