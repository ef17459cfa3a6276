"""bol.com goes down in the middle, or sends what nobody expects: the transfer comes to its end all the same."""

import json
from collections import Counter
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from stoqflow_web.bol.sandbox import RunningSandbox, SandboxOptions
from stoqflow_web.extensions import db
from stoqflow_web.models import ImportProblem, Offer
from stoqflow_web.queries import orders as order_queries
from stoqflow_web.services import imports
from tests.support.clocks import wait_until
from tests.support.linking import after_requests, link_shop, transfer
from tests.support.programs import Programs
from tests.support.runs import finished, orders_here, read_run

LONG = "Ä" * 20_000  # 40 kB
NUL = "Jan\0sen"
ITEM = {
    "orderItemId": "9",
    "quantity": 1,
    "quantityShipped": 0,
    "quantityCancelled": 0,
    "cancellationRequest": False,
    "unitPrice": 1,
}
IMPOSSIBLE: tuple[dict[str, Any], ...] = (
    {"quantity": 10**12},
    {"quantity": -1},
    {"unitPrice": 10**12},
    {"orderItemId": "9" * 60},
    {"offer": {"offerId": "x" * 60}},
)


@pytest.fixture
def sandbox_options() -> SandboxOptions:
    return SandboxOptions(orders=0, offers=12, limits=False)


def test_bol_down_in_the_middle_is_waited_for_and_the_scheduler_carries_on(
    ctx: Flask, sandbox: RunningSandbox, programs: Programs
) -> None:
    placed = [sandbox.world.place_order() for _ in range(80)]
    shop_id = link_shop(sandbox)
    after_requests(sandbox, "/retailer/orders/", 40, lambda: sandbox.world.go_down(minutes=60))
    worker = programs.worker()
    run_id = imports.start(shop_id, "orders", user_id=None).id
    wait_until(lambda: read_run(run_id).not_before, 20)
    run = read_run(run_id)
    assert run.is_active
    assert "fault on its side" in (run.trouble or "")
    assert run.lease_until is None

    sandbox.world.come_back()
    programs.start("jobs.scheduler")

    run = finished(run_id)
    assert run.trouble is None
    assert (run.done, run.total, run.count_new) == (80, 80, 80)
    assert orders_here() == Counter(placed)
    assert worker.is_running


@pytest.mark.both_databases
@pytest.mark.parametrize("text", [LONG, NUL], ids=["40 kB", "NUL"])
def test_orders_with_impossible_names_come_in(ctx: Flask, sandbox: RunningSandbox, text: str) -> None:
    names = ("firstName", "surname", "company", "streetName", "city", "zipCode", "houseNumberExtension", "email")
    odd = sandbox.world.place_order(
        lines=[{"title": text, "reference": text, "ean": text}],
        details=dict.fromkeys((*names, "pickupPointName", "extraAddressInformation"), text),
        billing=True,
        pickup_point=True,
    )
    plain = sandbox.world.place_order()
    run = transfer(link_shop(sandbox), "orders")
    assert (run.status, run.trouble) == ("finished", None)
    assert orders_here() == Counter([odd, plain])
    assert order_queries.count_open() == 2
    assert transfer(run.shop_id, "orders").count_unchanged == 2


@pytest.mark.both_databases
def test_impossible_orders_are_told_and_stop_no_other(ctx: Flask, sandbox: RunningSandbox) -> None:
    plain = sandbox.world.place_order()
    odd = [sandbox.world.place_order() for _ in IMPOSSIBLE]
    media = "application/vnd.retailer.v10+json"
    for order_id, impossible in zip(odd, IMPOSSIBLE, strict=True):
        body = json.dumps({"orderId": order_id, "orderItems": [ITEM | impossible]})
        sandbox.world.answer_next(200, body, media=media, path=f"/retailer/orders/{order_id}", count=9)
    run = transfer(link_shop(sandbox), "orders")
    assert (run.status, run.done, run.total) == ("finished", len(odd) + 1, len(odd) + 1)
    assert orders_here() == Counter([plain])
    problems = db.session.scalars(select(ImportProblem).where(ImportProblem.code == "answer_not_understood")).all()
    assert sorted(problem.subject for problem in problems) == sorted(odd)


@pytest.mark.both_databases
@pytest.mark.parametrize("text", [LONG, NUL], ids=["40 kB", "NUL"])
def test_offers_with_impossible_names_come_in(ctx: Flask, sandbox: RunningSandbox, text: str) -> None:
    sandbox.world.add_offer(title=text, bol_product_id=None, reference="FINE-1")
    sandbox.world.add_offer(title="Fine", reference=text)
    run = transfer(link_shop(sandbox), "products")
    assert (run.status, run.trouble) == ("finished", None)
    assert sorted(db.session.scalars(select(Offer.external_id))) == sorted(sandbox.world.offers)
