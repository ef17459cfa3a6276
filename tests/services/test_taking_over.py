"""Taking over bol's state: the order here says afterwards what bol.com says, and the stock follows."""

import pytest
from flask import Flask
from sqlalchemy import select

from stoqflow_web.bol.sandbox import SandboxOptions
from stoqflow_web.extensions import db
from stoqflow_web.models import Product, SalesOrder, StockMovement, Writeback, WritebackAttempt
from stoqflow_web.services.canceling import cancel
from stoqflow_web.services.completing import Parcel, complete
from stoqflow_web.services.deleting import delete, import_again
from stoqflow_web.services.refreshing import refresh
from stoqflow_web.services.taking_over import take_over
from stoqflow_web.transaction import transaction
from tests.services.test_attention import events, order, row, stuck
from tests.support.linking import link_shop, transfer

PARCEL = Parcel(carrier="postnl", track_and_trace="3SABCD0123456789")


@pytest.fixture
def sandbox_options() -> SandboxOptions:
    return SandboxOptions(orders=0, offers=4, process_delay=0.0)


@pytest.fixture
def placed(ctx: Flask, sandbox) -> str:
    """bol.com's id of an order of two units, one line, that has been transferred."""
    external_id = sandbox.world.place_order(quantity=2)
    shop_id = link_shop(sandbox)
    for kind in ("products", "orders"):
        transfer(shop_id, kind)
    return external_id


def the_order() -> SalesOrder:
    db.session.rollback()
    return db.session.scalars(select(SalesOrder).execution_options(populate_existing=True)).one()


def the_row() -> Writeback:
    db.session.rollback()
    return db.session.scalars(select(Writeback).execution_options(populate_existing=True)).one()


def stock() -> int:
    product_id = the_order().lines[0].product_id
    db.session.rollback()
    return db.session.scalars(select(Product.on_hand).where(Product.id == product_id)).one()


@pytest.fixture
def shipped_here(placed: str) -> int:
    complete(the_order().id, [PARCEL], user_id=None, despite_shortage=True)
    return stuck(the_row().id, "rejected", "No.")


def test_what_bol_cancelled_becomes_canceled_and_its_goods_go_back(sandbox, placed: str, shipped_here: int) -> None:
    before = stock()
    sandbox.world.cancel(placed)
    take_over(shipped_here, goods_are_back=True, user_id=None)
    assert (the_order().status, the_row().state) == ("canceled", "withdrawn")
    assert stock() == before + 2
    assert "taken_over" in events(the_order().id)
    reasons = db.session.scalars(select(StockMovement.reason).order_by(StockMovement.id)).all()
    assert reasons[-1] == "taken-over"


def test_goods_that_have_left_stay_off_the_stock(sandbox, placed: str, shipped_here: int) -> None:
    before = stock()
    sandbox.world.cancel(placed)
    take_over(shipped_here, goods_are_back=False, user_id=None)
    assert (the_order().status, stock()) == ("canceled", before)


def test_what_bol_still_waits_for_is_open_again(placed: str, shipped_here: int) -> None:
    before = stock()
    take_over(shipped_here, goods_are_back=True, user_id=None)
    assert the_order().is_open
    assert the_order().lines[0].quantity == 2
    assert (the_row().state, stock()) == ("withdrawn", before + 2)


def test_what_was_canceled_here_and_shipped_there_becomes_complete(sandbox, placed: str) -> None:
    cancel(the_order().id, "other", user_id=None)
    row_id = stuck(the_row().id, "rejected", "already been handled")
    before = stock()
    sandbox.world.ship_by_hand(placed)
    take_over(row_id, goods_are_back=True, user_id=None)
    assert (the_order().status, the_row().state) == ("complete", "withdrawn")
    assert stock() == before - 2


def test_without_bol_nothing_changes_and_the_page_can_say_why(sandbox, shipped_here: int) -> None:
    sandbox.stop()
    take_over(shipped_here, goods_are_back=True, user_id=None)
    assert (the_order().status, row(shipped_here).state) == ("complete", "needs-attention")
    attempt = db.session.scalars(select(WritebackAttempt)).one()
    assert (attempt.outcome, bool(attempt.details["said"])) == ("not-taken-over", True)


def test_what_somebody_settled_meanwhile_is_left_alone(sandbox, placed: str, shipped_here: int) -> None:
    with transaction() as tx:
        tx.session.get_one(Writeback, shipped_here).state = "pending"
    sandbox.world.cancel(placed)
    take_over(shipped_here, goods_are_back=True, user_id=None)
    assert the_order().status == "complete"


def test_an_order_imported_again_follows_what_bol_says_now(sandbox, placed: str) -> None:
    order_id, family_id = the_order().id, the_order().marketplace_order_id
    delete(order_id, user_id=None)
    import_again(family_id, user_id=None)
    assert order(order_id).is_open
    sandbox.world.cancel(placed)
    refresh(family_id)
    assert order(order_id).status == "canceled"
