"""Orders follow the stock: ready when it arrives, on hold when it goes, and never more promised than is there."""

import threading
from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from stoqflow_web import clock
from stoqflow_web.extensions import db
from stoqflow_web.models import HistoryEntry, MarketplaceOrder, Product, SalesOrder
from stoqflow_web.models.sales_orders import ON_HOLD, READY_TO_PICK
from stoqflow_web.services import holding, stock
from stoqflow_web.services.completing import Parcel, complete
from stoqflow_web.transaction import transaction
from tests.services.transfers import read
from tests.support.builders import make_order, make_product, make_shop

pytestmark = [pytest.mark.both_databases, pytest.mark.usefixtures("ctx")]

POSTNL = Parcel(carrier="postnl", track_and_trace="3SABCD0123456789")


def day(number: int) -> date:
    return clock.today() + timedelta(days=number)


def move(product: Product, units: int, reason: str = "lost") -> None:
    with transaction() as tx:
        stock.move(tx, tx.session.get_one(Product, product.id), units, reason)


def settled(*orders: SalesOrder) -> None:
    with transaction() as tx:
        for order in orders:
            tx.session.get_one(SalesOrder, order.id).status = ON_HOLD
        holding.settle(tx, [order.id for order in orders])


def ready(*orders: SalesOrder) -> list[bool]:
    return [read(SalesOrder, order.id).status == READY_TO_PICK for order in orders]


def numbers(product: Product) -> tuple[int, int]:
    now = read(Product, product.id)
    return now.on_hand, now.reserved


def test_stock_that_arrives_goes_to_the_earliest_deadline_first() -> None:
    mug = make_product(stock=0)
    late, early, middle = (make_order(products=[mug], quantity=2, deliver_by=day(number)) for number in (3, 1, 2))
    settled(late, early, middle)
    assert ready(late, early, middle) == [False] * 3
    move(mug, 5, "found")
    assert ready(late, early, middle) == [False, True, True]
    assert numbers(mug) == (5, 4)


def test_stock_that_goes_is_taken_back_from_the_latest_deadline_first() -> None:
    mug = make_product(stock=6)
    late, early, middle = (make_order(products=[mug], quantity=2, deliver_by=day(number)) for number in (3, 1, 2))
    settled(late, early, middle)
    assert ready(late, early, middle) == [True] * 3
    move(mug, -3)
    assert ready(late, early, middle) == [False, True, False]
    assert numbers(mug) == (3, 2)
    entry = db.session.scalars(
        select(HistoryEntry).where(HistoryEntry.sales_order_id == late.id).order_by(HistoryEntry.id.desc())
    ).first()
    assert entry is not None
    assert (entry.event, entry.details) == ("put_on_hold", {"short": mug.sku})


def test_what_an_order_gives_back_goes_to_others_that_wait() -> None:
    mug, pan = make_product(stock=3), make_product(stock=1)
    both = make_order(products=[mug, pan], deliver_by=day(5))
    only_pan = make_order(products=[pan], deliver_by=day(6))
    small = make_order(products=[mug], quantity=2, deliver_by=day(1))
    settled(both, only_pan, small)
    assert ready(both, only_pan, small) == [True, False, True]
    move(mug, -1)
    assert ready(both, only_pan, small) == [False, True, True]
    assert (numbers(mug), numbers(pan)) == ((2, 2), (1, 1))


def test_nothing_is_promised_of_less_than_nothing() -> None:
    mug = make_product(stock=2)
    order = make_order(products=[mug])
    settled(order)
    move(mug, -5)
    assert ready(order) == [False]
    assert numbers(mug) == (-3, 0)


def test_completing_against_the_count_takes_back_what_others_were_promised() -> None:
    mug = make_product(stock=2)
    promised, impatient = make_order(products=[mug], quantity=2), make_order(products=[mug], quantity=1)
    settled(promised, impatient)
    assert ready(promised, impatient) == [True, False]
    complete(impatient.id, [POSTNL], user_id=None, despite_shortage=True)
    assert ready(promised) == [False]
    assert numbers(mug) == (1, 0)


def test_more_orders_than_one_transaction_takes_all_get_their_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holding, "MOST_RELEASED", 3)
    mug, shop = make_product(stock=0), make_shop()
    orders = [make_order(products=[mug], shop=shop, deliver_by=day(number)) for number in range(8)]
    settled(*orders)
    move(mug, 7, "found")
    assert ready(*orders) == [True] * 3 + [False] * 5
    assert holding.sweep() > 0
    assert ready(*orders) == [True] * 7 + [False]
    assert holding.sweep() == 0
    move(mug, -6)
    holding.sweep()
    assert ready(*orders) == [True] + [False] * 7
    assert numbers(mug) == (1, 1)


def test_orders_that_can_not_be_picked_do_not_stand_in_the_way_of_those_that_can(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(holding, "MOST_RELEASED", 2)
    mug, pan, shop = make_product(stock=0), make_product(stock=0), make_shop()
    stuck = [make_order(products=[mug, other], shop=shop, deliver_by=day(1)) for other in (pan, pan, None, None)]
    free = make_order(products=[mug], shop=shop, deliver_by=day(9))
    settled(*stuck, free)
    move(mug, 1, "found")
    assert ready(*stuck, free) == [False] * 4 + [True]


def test_an_order_that_somebody_is_acting_on_is_passed_over_and_found_by_the_sweep(ctx: Flask) -> None:
    if db.engine.dialect.name == "sqlite":
        return  # nobody else can be acting there
    mug = make_product(stock=0)
    busy, other = make_order(products=[mug], deliver_by=day(1)), make_order(products=[mug], deliver_by=day(2))
    settled(busy, other)
    with db.engine.connect() as somebody:
        family = select(MarketplaceOrder.id).where(MarketplaceOrder.id == busy.marketplace_order_id)
        somebody.execute(family.with_for_update())
        move(mug, 2, "found")
        assert ready(busy, other) == [False, True]
        somebody.rollback()
    holding.sweep()
    assert ready(busy, other) == [True, True]
    with db.engine.connect() as somebody:
        family = select(MarketplaceOrder.id).where(MarketplaceOrder.id == other.marketplace_order_id)
        somebody.execute(family.with_for_update())
        move(mug, -1)
        assert ready(busy, other) == [False, True], "the later one could not be asked"
        move(mug, -1)
        assert numbers(mug) == (0, 1)
        somebody.rollback()
    holding.sweep()
    assert ready(busy, other) == [False, False]
    assert numbers(mug) == (0, 0)


def test_two_that_need_the_same_products_the_other_way_round_never_wait_for_each_other(ctx: Flask) -> None:
    shop = make_shop()
    products = [make_product(stock=0) for _ in range(4)]
    for _ in range(6):
        settled(make_order(products=products, shop=shop), make_order(products=products[::-1], shop=shop))
    begin, faults = threading.Barrier(4), []

    def work(which: int) -> None:
        begin.wait(30)
        with ctx.app_context():
            for units in (3, -2, 4, -3) * 3:
                try:
                    move(products[which], units, "found")
                except Exception as fault:
                    faults.append(fault)

    threads = [threading.Thread(target=work, args=(which,)) for which in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert faults == []
    holding.sweep()
    number_ready = db.session.scalar(select(func.count()).where(SalesOrder.status == READY_TO_PICK))
    assert [numbers(product) for product in products] == [(6, 6)] * 4
    assert number_ready == 6
