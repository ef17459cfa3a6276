"""Counting by scanning: kept at once, compared with what was there at the first scan, applied once."""

import threading

import pytest
from flask import Flask
from sqlalchemy import select

from stoqflow_web.errors import Invalid, NotFound
from stoqflow_web.extensions import db
from stoqflow_web.models import Product, StockCount, StockCountLine, StockMovement
from stoqflow_web.services import counting, stock
from stoqflow_web.services.counting import NotCountable
from stoqflow_web.transaction import transaction
from tests.services.transfers import count_of, read
from tests.support.builders import make_product


@pytest.fixture
def mug(ctx: Flask) -> Product:
    return make_product("MUG-1", ean="8712345678906", stock=5)


@pytest.fixture
def count(mug) -> StockCount:
    return counting.start(user_id=None)


def scan(count, *codes, **how):
    for code in codes:
        line = counting.scan(count.id, code, user_id=None, **how)
    return line.counted


def moved(product, units):
    with transaction() as tx:
        stock.move(tx, tx.session.get_one(Product, product.id), units, "shipped")


def on_hand(product):
    return read(Product, product.id).on_hand


def test_each_scan_of_ean_or_sku_adds_a_unit(count):
    assert scan(count, "8712345678906", "MUG-1", " mug-1 ") == 3
    assert scan(count, "MUG-1", units=10) == 13
    assert on_hand(read(StockCountLine, 1).product) == 5, "nothing changes before it is applied"


def test_the_number_may_be_said_instead(count, mug):
    scan(count, "MUG-1")
    assert counting.say(count.id, 1, 48, user_id=None).counted == 48
    counting.apply(count.id, user_id=None)
    assert on_hand(mug) == 48


@pytest.mark.parametrize("code", ["", "HK-9", "0000000000017", "\x00", "x" * 5_000])
def test_an_unknown_code_is_refused_and_counts_nothing(count, code):
    with pytest.raises(Invalid) as refused:
        scan(count, code)
    assert refused.value.field == "code"
    assert count_of(StockCountLine) == 0


def test_an_ean_of_two_products_is_not_guessed(count):
    make_product("MUG-2", ean="8712345678906")
    with pytest.raises(Invalid, match="MUG-1, MUG-2"):
        scan(count, "8712345678906")


def test_what_leaves_while_others_still_count_is_not_lost(count, mug):
    pan = make_product("PAN-1", stock=7)
    scan(count, "MUG-1", "MUG-1", "MUG-1")
    moved(mug, -2)
    moved(pan, -1)
    scan(count, "PAN-1", units=6)
    counting.apply(count.id, user_id=None)
    assert (on_hand(mug), on_hand(pan)) == (3 - 2, 6)


def test_applying_corrects_what_differs_and_leaves_alone_what_nobody_scanned(count, mug, make_user):
    sam, same, other = make_user(), make_product("SAME", stock=1), make_product("OTHER", stock=9)
    scan(count, "MUG-1", "SAME")
    done = counting.apply(count.id, user_id=sam.id)
    assert (done.products, done.corrected) == (2, 1)
    assert (on_hand(mug), on_hand(same), on_hand(other)) == (1, 1, 9)
    (made,) = db.session.scalars(select(StockMovement))
    assert (made.quantity, made.reason, made.stock_count_id, made.user_id) == (-4, "counted", count.id, sam.id)


def test_a_count_is_applied_once(count, mug):
    scan(count, "MUG-1")
    counting.apply(count.id, user_id=None)
    with pytest.raises(NotCountable, match="applied already"):
        counting.apply(count.id, user_id=None)
    with pytest.raises(NotCountable):
        scan(count, "MUG-1")
    assert on_hand(mug) == 1


def test_a_discarded_count_changes_nothing(count, mug):
    scan(count, "MUG-1")
    counting.discard(count.id, user_id=None)
    assert on_hand(mug) == 5
    with pytest.raises(NotCountable, match="discarded"):
        counting.apply(count.id, user_id=None)


def test_a_product_can_be_left_out_again(count, mug):
    scan(count, "MUG-1")
    counting.leave_out(count.id, 1)
    with pytest.raises(NotCountable, match="Nothing was scanned"):
        counting.apply(count.id, user_id=None)
    with pytest.raises(NotFound):
        counting.leave_out(count.id, 1)


@pytest.mark.both_databases
def test_two_people_begin_and_scan_into_one_count_and_lose_nothing(ctx, mug):
    begin, counts = threading.Barrier(2), []

    def person() -> None:
        begin.wait(30)
        with ctx.app_context():
            counts.append(counting.start(user_id=None).id)
            for _ in range(15):
                counting.scan(counts[0], "MUG-1", user_id=None)

    threads = [threading.Thread(target=person) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(set(counts)) == 1
    (line,) = db.session.scalars(select(StockCountLine))
    assert line.counted == 30
