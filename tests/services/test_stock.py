"""Stock only changes with a reason, and no change is lost."""

import threading

import pytest
from flask import Flask
from sqlalchemy import func, select

from stoqflow_web import clock
from stoqflow_web.extensions import db
from stoqflow_web.models import Product, StockMovement
from stoqflow_web.services import stock
from stoqflow_web.transaction import transaction
from tests.services.transfers import count_of, read


@pytest.fixture
def mug_id(ctx: Flask) -> int:
    with transaction() as tx:
        mug = Product(sku="MUG-1", on_hand=0, reserved=0, created_at=clock.now())
        tx.session.add(mug)
        stock.move(tx, mug, 10, "opening")
    return mug.id


def test_each_move_is_written_down_and_the_stock_is_their_sum(mug_id: int) -> None:
    with transaction() as tx:
        mug = tx.session.get_one(Product, mug_id)
        stock.move(tx, mug, -3, "shipped")
        stock.move(tx, mug, -1, "broken")
    assert read(Product, mug_id).on_hand == 6
    moved = db.session.execute(select(StockMovement.quantity, StockMovement.reason).order_by(StockMovement.id)).all()
    assert [tuple(row) for row in moved] == [(10, "opening"), (-3, "shipped"), (-1, "broken")]


def test_moving_nothing_leaves_no_trace(mug_id: int) -> None:
    with transaction() as tx:
        stock.move(tx, tx.session.get_one(Product, mug_id), 0, "counted")
    assert count_of(StockMovement) == 1


def test_other_changes_to_the_product_in_the_same_transaction_survive_a_move(mug_id: int) -> None:
    with transaction() as tx:
        mug = tx.session.get_one(Product, mug_id)
        mug.title = "Mok"
        stock.move(tx, mug, 1, "found")
    assert (read(Product, mug_id).title, read(Product, mug_id).on_hand) == ("Mok", 11)


@pytest.mark.both_databases
def test_two_workers_moving_the_same_product_lose_nothing(ctx: Flask, mug_id: int) -> None:
    both_ready = threading.Barrier(2)

    def take_away() -> None:
        both_ready.wait(10)
        with ctx.app_context():
            for _ in range(20):
                with transaction() as tx:
                    stock.move(tx, tx.session.get_one(Product, mug_id), -1, "shipped")

    threads = [threading.Thread(target=take_away) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert read(Product, mug_id).on_hand == 10 - 40
    assert db.session.scalar(select(func.sum(StockMovement.quantity))) == 10 - 40
