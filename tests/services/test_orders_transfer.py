"""Sales Orders: every open order comes in, once, whatever happens on the way."""

import os
import threading
from collections import Counter

import pytest
from flask import Flask
from sqlalchemy import func, select

from stoqflow_web.bol.sandbox import RunningSandbox, SandboxOptions
from stoqflow_web.extensions import db
from stoqflow_web.models import (
    HistoryEntry,
    ImportItem,
    ImportProblem,
    ImportRun,
    MarketplaceOrder,
    OrderLine,
    Product,
    SalesOrder,
    Shop,
)
from stoqflow_web.search_words import words_of
from stoqflow_web.services import imports
from stoqflow_web.services.import_work import LeaseLost, claim
from stoqflow_web.services.storing_orders import order_words
from stoqflow_web.transaction import transaction
from tests.support.clocks import FrozenClock
from tests.support.linking import after_requests, link_shop, transfer

on_both = pytest.mark.both_databases


@pytest.fixture
def sandbox_options() -> SandboxOptions:
    return SandboxOptions(orders=0, offers=0, process_delay=0.1)


def here() -> Counter[str]:
    """How often each external order id has a sales order here."""
    db.session.rollback()
    return Counter(
        db.session.scalars(
            select(MarketplaceOrder.external_id).join(
                SalesOrder, SalesOrder.marketplace_order_id == MarketplaceOrder.id
            )
        )
    )


def place(sandbox: RunningSandbox, how_many: int) -> list[str]:
    return [sandbox.world.place_order() for _ in range(how_many)]


@on_both
def test_no_open_orders_end_in_a_finished_run_with_nothing_in_it(ctx: Flask, sandbox: RunningSandbox) -> None:
    run = transfer(link_shop(sandbox), "orders")
    assert (run.status, run.total, run.count_new) == ("finished", 0, 0)


@on_both
def test_every_open_order_comes_in_once_over_several_pages(ctx: Flask, sandbox: RunningSandbox) -> None:
    placed = place(sandbox, 120)
    run = transfer(link_shop(sandbox), "orders")
    assert (run.status, run.total, run.done, run.count_new) == ("finished", 120, 120, 120)
    assert here() == Counter(placed)


@on_both
def test_a_second_transfer_doubles_nothing(ctx: Flask, sandbox: RunningSandbox) -> None:
    place(sandbox, 7)
    shop_id = link_shop(sandbox)
    transfer(shop_id, "orders")
    again = transfer(shop_id, "orders")
    assert (again.count_new, again.count_unchanged) == (0, 7)
    assert set(here().values()) == {1}


@on_both
def test_an_order_of_only_fbb_items_gets_no_sales_order(ctx: Flask, sandbox: RunningSandbox) -> None:
    sandbox.world.place_order(fulfilment="FBB")
    ours = sandbox.world.place_order()
    transfer(link_shop(sandbox), "orders")
    assert list(here()) == [ours]


@on_both
def test_orders_placed_while_the_list_is_paged_double_nothing(ctx: Flask, sandbox: RunningSandbox) -> None:
    placed = place(sandbox, 60)
    shop_id = link_shop(sandbox)
    # Newest first: one more order between two pages pushes the last of page 1 onto page 2 as well.
    after_requests(sandbox, "/retailer/orders", 1, lambda: sandbox.world.place_order())
    run = transfer(shop_id, "orders")
    assert run.status == "finished"
    assert set(placed) <= set(here())
    assert set(here().values()) == {1}


@on_both
def test_an_order_handled_elsewhere_while_the_list_is_paged_hides_no_other(ctx: Flask, sandbox: RunningSandbox) -> None:
    placed = place(sandbox, 60)
    shop_id = link_shop(sandbox)
    newest = placed[-1]
    # It leaves page 1, so the first of page 2 slips onto page 1, which we have read already.
    after_requests(sandbox, "/retailer/orders", 1, lambda: sandbox.world.cancel(newest))
    run = transfer(shop_id, "orders")
    assert run.status == "finished"
    assert set(here()) == set(placed) - {newest}


def test_a_429_in_the_middle_loses_nothing(ctx: Flask, sandbox: RunningSandbox) -> None:
    placed = place(sandbox, 12)
    sandbox.world.answer_next(status=429, headers={"Retry-After": "1"}, path="/retailer/orders/C", count=2)
    run = transfer(link_shop(sandbox), "orders")
    assert run.status == "finished"
    assert here() == Counter(placed)


@on_both
def test_a_token_that_expires_in_the_middle_loses_nothing(ctx: Flask, sandbox: RunningSandbox) -> None:
    placed = place(sandbox, 30)
    after_requests(sandbox, "/retailer/orders/", 5, sandbox.world.expire_tokens)
    run = transfer(link_shop(sandbox), "orders")
    assert run.status == "finished"
    assert here() == Counter(placed)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"<html><h1>Maintenance</h1></html>", "text/html"),
        (b"", "application/json"),
        (b'{"orderId": "C000', "application/vnd.retailer.v10+json"),
        (b'{"orderId": 12, "orderItems": "none"}', "application/vnd.retailer.v10+json"),
    ],
    ids=["html with 200", "an empty body", "broken json", "wrong types"],
)
def test_one_order_that_can_not_be_read_is_told_and_the_others_come_in(
    ctx: Flask, sandbox: RunningSandbox, body: bytes, content_type: str
) -> None:
    placed = place(sandbox, 4)
    odd = placed[0]
    sandbox.world.answer_next(status=200, body=body, media=content_type, path=f"/retailer/orders/{odd}", count=50)
    run = transfer(link_shop(sandbox), "orders")
    assert run.status == "finished"
    assert set(here()) == set(placed) - {odd}
    problem = db.session.scalars(select(ImportProblem).where(ImportProblem.code == "answer_not_understood")).one()
    assert problem.subject == odd
    assert problem.details["why"].endswith(".")


def test_bol_going_down_in_the_middle_postpones_the_run_and_it_is_carried_on(
    ctx: Flask, sandbox: RunningSandbox, clock: FrozenClock
) -> None:
    placed = place(sandbox, 30)
    shop_id = link_shop(sandbox)
    after_requests(sandbox, "/retailer/orders/", 8, lambda: sandbox.world.go_down(minutes=60))
    run = transfer(shop_id, "orders")
    assert (run.status, run.lease_until) == ("running", None)
    assert run.not_before is not None
    assert run.trouble
    sandbox.world.come_back()
    clock.jump(minutes=10)
    imports.carry_on(run.id)
    db.session.rollback()
    assert db.session.get_one(ImportRun, run.id).status == "finished"
    assert here() == Counter(placed)


@on_both
def test_revoked_keys_end_the_run_and_the_shop_says_so(ctx: Flask, sandbox: RunningSandbox) -> None:
    place(sandbox, 3)
    shop_id = link_shop(sandbox)
    sandbox.world.revoke_keys()
    run = transfer(shop_id, "orders")
    assert run.status == "failed"
    assert db.session.get_one(Shop, shop_id).has_lost_access
    with pytest.raises(imports.NotStartable):
        imports.start(shop_id, "orders", user_id=None)


@on_both
def test_pressing_twice_hands_back_the_run_that_is_active(ctx: Flask, sandbox: RunningSandbox) -> None:
    shop_id = link_shop(sandbox)
    first = imports.start(shop_id, "orders", user_id=None)
    assert imports.start(shop_id, "orders", user_id=None).id == first.id


@on_both
def test_only_one_of_many_workers_gets_the_run(ctx: Flask, sandbox: RunningSandbox) -> None:
    run_id = imports.start(link_shop(sandbox), "orders", user_id=None).id
    won: list[int] = []

    def try_it() -> None:
        with ctx.app_context():
            if claim(run_id) is not None:
                won.append(1)

    threads = [threading.Thread(target=try_it) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1


@on_both
def test_a_worker_that_lost_its_lease_can_write_nothing_more(
    ctx: Flask, sandbox: RunningSandbox, clock: FrozenClock
) -> None:
    place(sandbox, 5)
    run = imports.start(link_shop(sandbox), "orders", user_id=None)
    slow = claim(run.id)
    assert slow is not None
    clock.jump(minutes=2)
    imports.carry_on(run.id)
    with pytest.raises(LeaseLost), slow.step():
        pass
    assert set(here().values()) == {1}


@on_both
def test_stop_is_heard_and_what_came_in_stays(ctx: Flask, sandbox: RunningSandbox) -> None:
    place(sandbox, 120)
    run_id = imports.start(link_shop(sandbox), "orders", user_id=None).id

    def stop() -> None:
        with ctx.app_context():
            imports.request_stop(run_id, user_id=None)

    after_requests(sandbox, "/retailer/orders/", 80, stop)  # bol allows 25 a second: some are stored by then
    imports.carry_on(run_id)
    db.session.rollback()
    run = db.session.get_one(ImportRun, run_id)
    assert run.status == "stopped"
    assert not run.is_active
    assert 0 < len(here()) < 120
    assert run.done == len(here())
    assert db.session.scalar(select(func.count()).select_from(ImportItem)) == 0


@on_both
def test_a_line_with_an_unknown_product_is_stored_and_told(ctx: Flask, sandbox: RunningSandbox) -> None:
    placed = place(sandbox, 1)
    run = transfer(link_shop(sandbox), "orders")
    assert run.count_problems >= 1
    problem = db.session.scalars(select(ImportProblem)).first()
    assert problem is not None
    assert (problem.code, problem.subject) == ("unknown_product", placed[0])
    order = db.session.scalars(select(SalesOrder)).one()
    assert order.status == "on-hold"
    assert [line.product_id for line in order.lines] == [None]


@on_both
def test_products_that_come_in_later_solve_the_lines_that_waited(ctx: Flask, sandbox: RunningSandbox) -> None:
    offer_id = sandbox.world.add_offer(reference="HK-1", stock=10)
    sandbox.world.place_order(offer_id=offer_id, quantity=2)
    shop_id = link_shop(sandbox)
    transfer(shop_id, "orders")
    transfer(shop_id, "products")
    db.session.rollback()
    order = db.session.scalars(select(SalesOrder)).one()
    product = db.session.scalars(select(Product)).one()
    assert (order.status, product.sku, product.on_hand, product.reserved) == ("ready-to-pick", "HK-1", 10, 2)
    assert db.session.scalars(select(ImportProblem).where(ImportProblem.solved_at.is_(None))).all() == []


@on_both
def test_stock_goes_to_the_earliest_deadline_and_the_rest_is_on_hold(ctx: Flask, sandbox: RunningSandbox) -> None:
    offer_id = sandbox.world.add_offer(reference="HK-1", stock=3)
    for _ in range(2):
        sandbox.world.place_order(offer_id=offer_id, quantity=2)
    shop_id = link_shop(sandbox)
    transfer(shop_id, "products")
    transfer(shop_id, "orders")
    orders = db.session.scalars(select(SalesOrder).order_by(SalesOrder.sort_day, SalesOrder.id)).all()
    assert [order.status for order in orders] == ["ready-to-pick", "on-hold"]
    assert db.session.scalars(select(Product.reserved)).one() == 2


def test_an_order_that_comes_in_with_a_wish_to_cancel_tells_it_in_its_history_and_is_found_by_its_city(
    ctx: Flask, sandbox: RunningSandbox
) -> None:
    (order_id,) = place(sandbox, 1)
    sandbox.world.ask_to_cancel(order_id)
    shop = link_shop(sandbox)
    for _ in range(2):  # told once, however often it is transferred
        transfer(shop, "orders")
    db.session.rollback()
    order = db.session.scalars(select(SalesOrder)).one()
    told = select(HistoryEntry.event).where(HistoryEntry.sales_order_id == order.id).order_by(HistoryEntry.id)
    assert db.session.scalars(told).all()[:2] == ["came_in", "cancellation_requested"]
    assert list(db.session.scalars(told)).count("cancellation_requested") == 1
    city = order.marketplace_order.client_city
    assert city
    assert words_of(city) <= order_words(order)


@on_both
def test_an_order_cancelled_in_part_at_bol_follows_at_the_next_transfer(ctx: Flask, sandbox: RunningSandbox) -> None:
    first, second = (sandbox.world.add_offer(reference=f"HK-{n}", stock=5) for n in (1, 2))
    order_id = sandbox.world.place_order(
        lines=[{"offer_id": first, "quantity": 1}, {"offer_id": second, "quantity": 2}]
    )
    shop_id = link_shop(sandbox)
    transfer(shop_id, "products")
    transfer(shop_id, "orders")
    item_id = sandbox.world.order(order_id).items[0].item_id
    sandbox.world.cancel(order_id, item_id)
    run = transfer(shop_id, "orders")
    assert run.count_matched == 1
    quantities = db.session.scalars(select(OrderLine.quantity).order_by(OrderLine.position)).all()
    assert quantities == [0, 2]
    assert dict(db.session.execute(select(Product.sku, Product.reserved)).all()) == {"HK-1": 0, "HK-2": 2}


@on_both
def test_history_says_where_an_order_came_from(ctx: Flask, sandbox: RunningSandbox) -> None:
    place(sandbox, 1)
    transfer(link_shop(sandbox, name="Home & Kitchen NL"), "orders")
    entry = db.session.scalars(select(HistoryEntry).where(HistoryEntry.event == "came_in")).one()
    assert (entry.who, entry.details["shop"]) == ("bol.com", "Home & Kitchen NL")


@on_both
def test_a_fault_of_our_own_puts_the_run_back_and_counts(
    ctx: Flask, sandbox: RunningSandbox, clock: FrozenClock
) -> None:
    place(sandbox, 2)
    shop_id = link_shop(sandbox)
    run = imports.start(shop_id, "orders", user_id=None)
    with transaction() as tx:
        tx.session.get_one(Shop, shop_id).api_secret_encrypted = os.urandom(20)
    imports.carry_on(run.id)
    db.session.rollback()
    assert db.session.get_one(ImportRun, run.id).status == "failed"
    assert "enter the keys again" in (db.session.get_one(Shop, shop_id).access_lost_why or "")
