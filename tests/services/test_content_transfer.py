"""Titles and pictures from the pretend bol.com's catalogue."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from stoqflow_web.bol.sandbox import RunningSandbox, SandboxOptions
from stoqflow_web.exchange import AccountInactive, AnswerNotUnderstood
from stoqflow_web.extensions import db
from stoqflow_web.models import ImportRun, Product, ProductWord
from stoqflow_web.models.imports import CONTENT, FETCHING, PRODUCTS
from stoqflow_web.services.content_transfer import transfer_content, wants_content
from stoqflow_web.services.products_transfer import transfer_products
from stoqflow_web.transaction import transaction
from tests.services import transfers
from tests.services.transfers import add_shop, codes, problems, product, read, transfer
from tests.support.clocks import FrozenClock

CATALOGUE = "/retailer/content/catalog-products/"


@pytest.fixture
def sandbox_options() -> SandboxOptions:
    return SandboxOptions(orders=0, offers=0, limits=True)


@pytest.fixture
def shop_id(ctx: Flask, sandbox: RunningSandbox, clock: FrozenClock) -> int:
    return add_shop(sandbox)


def with_products(sandbox: RunningSandbox, shop_id: int, *references: str, **what: Any) -> None:
    """Products of this shop, known to bol as "Pan <reference>", without title and picture here."""
    for reference in references:
        known = {"title": f"Pan {reference}", "bol_product_id": "9300000000000001", "method": "FBR"}
        sandbox.world.add_offer(**known | {"reference": reference} | what)
    transfer(transfer_products, shop_id, PRODUCTS)


def run_it(shop_id: int) -> ImportRun:
    return transfer(transfer_content, shop_id, CONTENT)


def test_a_product_gets_its_title_and_picture_and_is_found_by_its_title(sandbox, shop_id) -> None:
    with_products(sandbox, shop_id, "PAN-1")
    run = run_it(shop_id)
    assert (run.done, run.total, run.count_new, run.count_problems) == (1, 1, 1, 0)
    pan = product("PAN-1")
    assert pan.title == "Pan PAN-1"
    assert (pan.image_url or "").endswith("/500.jpg")
    assert "pan" in db.session.scalars(select(ProductWord.word).where(ProductWord.product_id == pan.id)).all()


def test_a_name_that_is_here_is_kept(sandbox, shop_id) -> None:
    with_products(sandbox, shop_id, "PAN-1")
    with transaction() as tx:
        tx.session.scalars(select(Product)).one().title = "Onze pan"
    run_it(shop_id)
    assert product("PAN-1").title == "Onze pan"
    assert product("PAN-1").image_url


def test_nothing_is_asked_twice_and_a_second_run_has_nothing_to_do(sandbox, shop_id) -> None:
    with_products(sandbox, shop_id, "PAN-1", "PAN-2")
    assert wants_content(shop_id)
    run_it(shop_id)
    assert not wants_content(shop_id)
    sandbox.world.forget_requests()
    run = run_it(shop_id)
    assert (run.done, run.total) == (0, 0)
    assert sandbox.world.requests_seen(path=CATALOGUE) == []


def test_what_the_catalogue_does_not_know_is_reported_and_asked_again_a_month_later(sandbox, shop_id, clock) -> None:
    with_products(sandbox, shop_id, "ODD-1", bol_product_id=None)
    run = run_it(shop_id)
    assert codes(run) == [("unknown_to_catalogue", "ODD-1")]
    assert problems(run)[0].details["product_sku"] == "ODD-1"
    assert not wants_content(shop_id)
    clock.jump(days=31)
    assert wants_content(shop_id)


def test_an_ean_that_bol_refuses_to_look_up_does_not_end_the_run(sandbox, shop_id) -> None:
    with_products(sandbox, shop_id, "ODD-1", "PAN-1")
    with transaction() as tx:
        odd = tx.session.scalars(select(Product).where(Product.sku == "ODD-1")).one()
        odd.ean = odd.ean_normalised = "../not/an ean?"
    run = run_it(shop_id)
    assert codes(run) == [("unknown_to_catalogue", "ODD-1")]
    assert product("PAN-1").title == "Pan PAN-1"


def test_a_known_product_without_a_picture_gets_its_title(sandbox, shop_id) -> None:
    with_products(sandbox, shop_id, "PAN-1")
    sandbox.world.answer_next(200, "{}", media="application/vnd.retailer.v10+json", path="/retailer/products/")
    run = run_it(shop_id)
    assert (run.count_new, product("PAN-1").title, product("PAN-1").image_url) == (1, "Pan PAN-1", None)


def test_only_products_of_this_shop_and_with_an_ean_are_asked_about(sandbox, shop_id) -> None:
    other = add_shop(sandbox, "Tuin & Terras")
    with_products(sandbox, shop_id, "PAN-1", ean="")
    assert not wants_content(shop_id)
    assert not wants_content(other)


def test_a_title_of_40_kilobytes_is_cut_to_the_column(sandbox, shop_id) -> None:
    with_products(sandbox, shop_id, "PAN-1", title="Pan " * 10_000)
    run_it(shop_id)
    assert len(product("PAN-1").title or "") == 500


def test_an_answer_that_stays_nonsense_is_reported_so_that_the_others_go_on(sandbox, shop_id) -> None:
    with_products(sandbox, shop_id, "PAN-1", "PAN-2")
    sandbox.world.answer_next(200, "<html>hello</html>", path=CATALOGUE, count=50)
    with pytest.raises(AnswerNotUnderstood):
        run_it(shop_id)
    assert product("PAN-1").content_checked_at is None
    sandbox.world.come_back()
    sandbox.world.answer_next(200, "<html>hello</html>", path=f"{CATALOGUE}{product('PAN-1').ean}", count=50)
    run = transfer(transfer_content, shop_id, CONTENT, faults=3)
    assert codes(run) == [("answer_not_understood", "PAN-1")]
    assert (run.done, run.total, run.faults) == (2, 2, 0)
    assert product("PAN-2").title == "Pan PAN-2"


def test_a_run_that_goes_on_counts_what_was_done_before_in_its_total(sandbox, shop_id) -> None:
    with_products(sandbox, shop_id, "PAN-1", "PAN-2")
    sandbox.world.deactivate_account()
    with pytest.raises(AccountInactive):
        transfer(transfer_content, shop_id, CONTENT, phase=FETCHING, done=3)
    run = db.session.scalars(select(ImportRun).where(ImportRun.kind == CONTENT)).one()
    assert (run.done, run.total) == (3, 5)


@pytest.mark.both_databases
def test_a_worker_killed_in_any_step_asks_only_for_what_is_left(sandbox, shop_id, clock) -> None:
    with_products(sandbox, shop_id, *[f"PAN-{number}" for number in range(4)])
    run, deaths = transfers.transfer_with_kills(transfer_content, shop_id, CONTENT, clock, committed=True)
    assert deaths >= 3
    assert (run.done, run.total, run.count_new) == (4, 4, 4)
    assert len(sandbox.world.requests_seen(path=CATALOGUE)) == 4
    assert read(ImportRun, run.id).count_problems == 0
