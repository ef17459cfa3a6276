"""The readiness report looks at everything and changes nothing."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from stoqflow_web.bol.sandbox import RunningSandbox, SandboxOptions
from stoqflow_web.models import ImportProblem, ImportRun, Offer, Product
from stoqflow_web.models.imports import READINESS
from stoqflow_web.services.readiness import check_readiness
from stoqflow_web.transaction import transaction
from tests.services import transfers
from tests.services.transfers import add_shop, codes, count_of, problems, transfer
from tests.support.clocks import FrozenClock


@pytest.fixture
def sandbox_options() -> SandboxOptions:
    return SandboxOptions(orders=0, offers=0, limits=False)


@pytest.fixture
def shop_id(ctx: Flask, sandbox: RunningSandbox, clock: FrozenClock) -> int:
    return add_shop(sandbox)


@pytest.fixture
def sell(sandbox: RunningSandbox, clock: FrozenClock) -> Any:
    def sell(reference: str | None, **what: Any) -> str:
        long_ago = clock() - timedelta(days=3)
        usual = {"stock": 5, "method": "FBR", "modified_at": long_ago}
        return sandbox.world.add_offer(**usual | {"reference": reference} | what)

    return sell


def add_product(sku: str, *, ean: str | None = "8710000000001", on_hand: int = 5, reserved: int = 0) -> None:
    with transaction() as tx:
        made = Product(sku=sku, ean=ean, ean_normalised=ean, on_hand=on_hand, reserved=reserved)
        made.created_at = transfers.clock.now()
        tx.session.add(made)


def run_it(shop_id: int) -> ImportRun:
    return transfer(check_readiness, shop_id, READINESS)


def test_a_shop_in_order_has_nothing_to_report_and_nothing_is_taken_in(sell, shop_id) -> None:
    sell("A")
    sell("B")
    run = run_it(shop_id)
    assert (run.done, run.total, codes(run)) == (2, 2, [])
    assert (count_of(Offer), count_of(Product)) == (0, 0)


def test_an_empty_shop_is_ready(shop_id) -> None:
    run = run_it(shop_id)
    assert (run.done, run.total, codes(run)) == (0, 0, [])


def test_an_offer_without_reference_is_reported(sell, shop_id) -> None:
    offer_id = sell(None, ean="0000007740404")
    run = run_it(shop_id)
    assert codes(run) == [("no_reference", "0000007740404")]
    assert problems(run)[0].details == {"offer_id": offer_id, "ean": "0000007740404"}


def test_a_doubled_reference_is_reported_once_with_all_its_offers(sell, shop_id) -> None:
    twins = [sell("TWICE"), sell("TWICE ")]
    sell("twice")
    run = run_it(shop_id)
    assert codes(run) == [("doubled_reference", "TWICE")]
    assert problems(run)[0].details == {"reference": "TWICE", "offer_ids": twins}


def test_a_doubled_ean_is_reported_once_with_the_references(sell, shop_id) -> None:
    twins = [sell("NEW", ean="0000007740404"), sell("USED", ean="0000007740404")]
    run = run_it(shop_id)
    assert codes(run) == [("doubled_ean", "0000007740404")]
    assert problems(run)[0].details == {"ean": "0000007740404", "skus": ["NEW", "USED"], "offer_ids": twins}


def test_a_product_here_without_ean_is_reported(shop_id) -> None:
    add_product("BARE", ean=None)
    run = run_it(shop_id)
    assert codes(run) == [("product_without_ean", "BARE")]
    assert problems(run)[0].details == {"product_sku": "BARE"}


@pytest.mark.parametrize(
    ("on_hand", "reserved", "at_bol", "differs"),
    [
        pytest.param(5, 0, 5, False, id="the same number is fine"),
        pytest.param(5, 2, 3, False, id="what is free is fine"),
        pytest.param(5, 2, 5, False, id="what lies here is fine"),
        pytest.param(2000, 0, 999, False, id="bol shows no more than 999"),
        pytest.param(5, 0, 4, True, id="any other number differs"),
        pytest.param(0, 0, 4, True, id="stock there and none here differs"),
    ],
)
def test_stock_is_compared(sell, shop_id, on_hand: int, reserved: int, at_bol: int, differs: bool) -> None:
    add_product("MUG-1", on_hand=on_hand, reserved=reserved)
    sell("MUG-1", stock=at_bol)
    run = run_it(shop_id)
    assert [code for code, _ in codes(run)] == ["stock_differs"] * differs
    for problem in problems(run):
        details = problem.details
        assert (details["product_sku"], details["here"], details["there"]) == ("MUG-1", on_hand, at_bol)


def test_stock_that_bol_keeps_is_not_compared(sell, shop_id) -> None:
    add_product("MUG-1")
    sell("MUG-1", stock=77, method="FBB")
    assert codes(run_it(shop_id)) == []


def test_a_change_younger_than_an_hour_is_reported_with_its_moment(sell, shop_id, clock) -> None:
    sell("A", modified_at=clock() - timedelta(minutes=61))
    sell("B", modified_at=clock() - timedelta(minutes=59))
    run = run_it(shop_id)
    assert codes(run) == [("changed_recently", "B")]
    assert problems(run)[0].details["changed_at"] == "2026-11-23T07:13:00+00:00"


@pytest.mark.both_databases
@pytest.mark.parametrize("committed", [False, True], ids=["before-the-commit", "after-the-commit"])
def test_a_killed_report_begins_anew_and_ends_the_same(sell, shop_id, clock, committed: bool) -> None:
    for number in range(105):
        sell(f"SKU-{number}")
    for reference in (None, "TWICE", "TWICE"):
        sell(reference, ean="0000007740404")
    add_product("BARE", ean=None)
    run, deaths = transfers.transfer_with_kills(check_readiness, shop_id, READINESS, clock, committed=committed)
    assert deaths >= 5
    assert [code for code, _ in codes(run)] == [
        "no_reference",
        "doubled_reference",
        "doubled_ean",
        "product_without_ean",
    ]
    assert (run.done, run.total, run.count_problems, count_of(ImportProblem)) == (108, 108, 4, 4)
