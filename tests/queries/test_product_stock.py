"""What explains the stock of a product."""

from datetime import timedelta

import pytest

from stoqflow_web import clock as clock_module
from stoqflow_web.models import Product
from stoqflow_web.models.sales_orders import COMPLETE, ON_HOLD
from stoqflow_web.queries import paging, product_stock
from stoqflow_web.services import stock
from stoqflow_web.transaction import transaction
from tests.support.builders import make_order, make_product

pytestmark = [pytest.mark.usefixtures("clock", "ctx"), pytest.mark.both_databases]


def moved(product, *moves):
    for quantity, reason, told in moves:
        with transaction() as tx:
            stock.move(tx, tx.session.get_one(Product, product.id), quantity, reason, **told)


def test_movements_tell_the_stock_after_each_who_and_which_order(make_user):
    product, emma = make_product(stock=0), make_user(name="Emma")
    order = make_order(products=[product], status=COMPLETE)
    moved(
        product,
        (10, "opening", {}),
        (5, "found", {"user_id": emma.id, "note": "behind the shelf"}),
        (-3, "shipped", {"sales_order_id": order.id}),
    )
    told = [
        (
            each.movement.quantity,
            each.movement.on_hand_after,
            each.user and each.user.name,
            each.order and each.order.number,
            each.movement.note,
        )
        for each in product_stock.movements_of(product).rows
    ]
    assert told == [
        (-3, 12, None, order.number, None),
        (5, 15, "Emma", None, "behind the shelf"),
        (10, 10, None, None, None),
    ]


def test_movements_are_paged_newest_first_both_ways(monkeypatch):
    monkeypatch.setattr(paging.turn_to, "__kwdefaults__", {"size": 2})
    product = make_product(stock=0)
    moved(product, *[(quantity, "found", {}) for quantity in (1, 2, 3, 4, 5)])

    def page(cursor=None):
        found = product_stock.movements_of(product, cursor)
        return [each.movement.quantity for each in found.rows], found

    quantities, first = page()
    assert quantities == [5, 4]
    quantities, second = page(first.next)
    assert quantities == [3, 2]
    quantities, third = page(second.next)
    assert quantities == [1]
    assert page(third.previous)[0] == [3, 2]


def test_the_orders_that_hold_a_product_and_those_that_wait_come_by_deadline():
    product = make_product()
    later = make_order(products=[product], quantity=2)
    sooner = make_order(products=[product], deliver_by=clock_module.today() + timedelta(days=1))
    waiting = make_order(products=[product, product], quantity=4, status=ON_HOLD)
    make_order(products=[product], status=COMPLETE)
    make_order()
    reserved = product_stock.reserved_by(product)
    assert (reserved.orders, reserved.units) == (2, 3)
    assert [line.sales_order_id for line in reserved.lines] == [sooner.id, later.id]
    waits = product_stock.waited_for_by(product)
    assert (waits.orders, waits.units, {line.sales_order_id for line in waits.lines}) == (1, 8, {waiting.id})
