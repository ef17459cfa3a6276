"""The products transfer against the pretend bol.com, over HTTP, on real databases."""

import json
import threading
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from stoqflow_web import clock as clock_module
from stoqflow_web.bol.sandbox import RunningSandbox, SandboxOptions
from stoqflow_web.exchange import AnswerNotUnderstood, AskedWrongly
from stoqflow_web.extensions import db
from stoqflow_web.models import (
    ImportRun,
    MarketplaceItem,
    MarketplaceOrder,
    Offer,
    OrderLine,
    Product,
    ProductWord,
    SalesOrder,
    StockMovement,
)
from stoqflow_web.models.imports import LISTING, MATCHING, PRODUCTS
from stoqflow_web.models.marketplace_orders import FAR_AWAY
from stoqflow_web.models.products import OPENING
from stoqflow_web.models.sales_orders import ON_HOLD, READY_TO_PICK
from stoqflow_web.services.marketplaces import connect
from stoqflow_web.services.products_transfer import transfer_products
from stoqflow_web.transaction import transaction
from tests.services import transfers
from tests.services.transfers import add_shop, codes, count_of, offer, problems, product, read, transfer
from tests.support.clocks import FrozenClock

EAN = "8711234567890"


@pytest.fixture
def sandbox_options() -> SandboxOptions:
    return SandboxOptions(orders=0, offers=0, limits=False)


@pytest.fixture
def shop_id(ctx: Flask, sandbox: RunningSandbox) -> int:
    return add_shop(sandbox)


def sell(sandbox: RunningSandbox, reference: str | None, ean: str | None = None, **what: Any) -> str:
    """An offer of a new, own-fulfilled article that bol knows; gives its offer id."""
    usual = {"stock": 5, "method": "FBR", "condition": {"category": "NEW"}, "bol_product_id": "9300000000000001"}
    if ean is not None:
        usual["ean"] = ean
    return sandbox.world.add_offer(**usual | {"reference": reference} | what)


def add_product(sku: str, ean: str | None = None, title: str | None = None) -> Product:
    with transaction() as tx:
        made = Product(
            sku=sku, ean=ean, ean_normalised=ean, title=title, on_hand=3, reserved=0, created_at=clock_module.now()
        )
        tx.session.add(made)
    return made


def run_it(shop_id: int, **columns: Any) -> ImportRun:
    return transfer(transfer_products, shop_id, PRODUCTS, **columns)


def counts(run: ImportRun) -> dict[str, int]:
    named = {name: getattr(run, f"count_{name}") for name in ("new", "matched", "unchanged", "skipped", "problems")}
    assert sum(named.values()) == run.done == run.total, "every offer is counted once"
    return {name: number for name, number in named.items() if number}


def test_a_new_offer_becomes_a_product_with_bols_stock_as_opening_stock(sandbox, shop_id) -> None:
    sell(sandbox, "MUG-1", EAN, stock=7)
    run = run_it(shop_id)
    assert counts(run) == {"new": 1}
    mug = product("MUG-1")
    assert (mug.ean, mug.ean_normalised, mug.title, mug.on_hand, mug.reserved) == (EAN, EAN, None, 7, 0)
    movement = db.session.scalars(select(StockMovement)).one()
    assert (movement.product_id, movement.quantity, movement.reason) == (mug.id, 7, OPENING)
    assert movement.import_run_id == run.id


def test_the_reference_007_and_an_ean_with_leading_zeros_stay_as_they_are(sandbox, shop_id) -> None:
    sell(sandbox, "007", "0000007740404")
    run_it(shop_id)
    agent = product("007")
    assert (agent.sku, agent.ean) == ("007", "0000007740404")
    words = set(db.session.scalars(select(ProductWord.word).where(ProductWord.product_id == agent.id)))
    assert words == {"007", "0000007740404"}


def test_a_title_is_only_given_for_what_bol_does_not_know_and_is_cut_to_the_column(sandbox, shop_id) -> None:
    sell(sandbox, "BIG", title="Gietijzer " * 4_000, bol_product_id=None)
    run_it(shop_id)
    assert len(product("BIG").title or "") <= 500
    assert (product("BIG").title or "").startswith("Gietijzer Gietijzer")
    assert db.session.scalar(select(func.count()).where(ProductWord.word == "gietijzer")) == 1


def test_stock_that_bol_keeps_is_no_opening_stock_of_ours(sandbox, shop_id) -> None:
    sell(sandbox, "FBB-1", stock=40, method="FBB")
    sell(sandbox, "EMPTY", stock=0)
    theirs = {"reference": "FBB-2", "stock": {"amount": 9}, "fulfilment": {"method": "FBB"}}
    answer_next(sandbox, page(listed("019c0000-0000-7000-8000-000000000001", **theirs), next_cursor=FIRST_CURSOR))
    run_it(shop_id)
    assert [product(sku).on_hand for sku in ("FBB-1", "FBB-2", "EMPTY")] == [0, 0, 0]
    assert count_of(StockMovement) == 0


@pytest.mark.both_databases
def test_a_second_run_doubles_nothing(sandbox, shop_id) -> None:
    for number in range(5):
        sell(sandbox, f"SKU-{number}")
    sell(sandbox, None)
    assert counts(run_it(shop_id)) == {"new": 5, "problems": 1}
    before = [count_of(model) for model in (Offer, Product, StockMovement, ProductWord)]
    assert counts(run_it(shop_id)) == {"unchanged": 5, "problems": 1}
    assert [count_of(model) for model in (Offer, Product, StockMovement, ProductWord)] == before


def test_a_product_that_is_here_keeps_its_name_and_stock_and_gets_what_it_lacks(sandbox, shop_id) -> None:
    add_product("MUG-1", title="Onze mok")
    sell(sandbox, "MUG-1", EAN, stock=90, title="Beker", bol_product_id=None)
    assert counts(run_it(shop_id)) == {"matched": 1}
    mug = product("MUG-1")
    assert (mug.title, mug.on_hand, mug.ean) == ("Onze mok", 3, EAN)
    assert count_of(StockMovement) == 0


def test_an_offer_without_reference_is_found_by_its_ean(sandbox, shop_id) -> None:
    add_product("MUG-1", "0000007740404")
    offer_id = sell(sandbox, None, "0000007740404")
    assert counts(run_it(shop_id)) == {"matched": 1}
    assert offer(offer_id).product_id == product("MUG-1").id


def test_what_is_not_sure_is_reported_and_left_without_a_product(sandbox, shop_id) -> None:
    add_product("A", "8710000000001")
    add_product("B", "8710000000002")
    add_product("B-2", "8710000000002")
    sell(sandbox, None, "8710000000009")
    for _ in range(2):
        sell(sandbox, "TWICE")
    sell(sandbox, "A", "8710000000002")
    sell(sandbox, "C", "8710000000002", condition={"category": "SECONDHAND"})
    run = run_it(shop_id)
    assert codes(run) == [
        ("no_reference", "8710000000009"),
        ("doubled_reference", "TWICE"),
        ("doubled_reference", "TWICE"),
        # Both offers have this EAN, so it tells nothing about C, but it does speak against A.
        ("sku_and_ean_disagree", "A"),
        ("doubled_ean", "C"),
    ]
    assert counts(run) == {"problems": 4, "new": 1}
    disagree = problems(run)[3]
    assert disagree.details["skus"] == ["B", "B-2"]
    assert disagree.details["product_sku"] == "A"
    assert disagree.offer_id == offer(disagree.details["offer_id"]).id


def test_an_ean_that_several_products_have_is_reported_with_their_skus(sandbox, shop_id) -> None:
    add_product("B", EAN)
    add_product("B-2", EAN)
    sell(sandbox, "C", EAN)
    run = run_it(shop_id)
    assert codes(run) == [("ean_matches_several", "C")]
    assert problems(run)[0].details["skus"] == ["B", "B-2"]


def test_two_offers_of_one_ean_become_two_products_and_a_hint_that_is_not_counted(sandbox, shop_id) -> None:
    sell(sandbox, "NEW", EAN)
    sell(sandbox, "USED", EAN, condition={"category": "SECONDHAND"})
    run = run_it(shop_id)
    assert counts(run) == {"new": 2}
    assert codes(run) == [("doubled_ean", "NEW"), ("doubled_ean", "USED")]


def test_blanks_around_a_reference_make_no_difference(sandbox, shop_id) -> None:
    sell(sandbox, "A1 ")
    sell(sandbox, "A1")
    sell(sandbox, " a1")
    run = run_it(shop_id)
    assert codes(run) == [("doubled_reference", "A1"), ("doubled_reference", "A1")]
    assert product("a1").on_hand == 5


def test_a_linked_offer_stays_linked_when_its_reference_changes_at_bol(sandbox, shop_id) -> None:
    offer_id = sell(sandbox, "OLD")
    run_it(shop_id)
    sandbox.world.offers[offer_id].reference = "RENAMED"
    assert counts(run_it(shop_id)) == {"unchanged": 1}
    assert (offer(offer_id).reference, offer(offer_id).product_id) == ("RENAMED", product("OLD").id)


def test_an_offer_that_is_gone_at_bol_does_not_double_anything(sandbox, shop_id) -> None:
    gone = sell(sandbox, "MUG-1", EAN)
    run_it(shop_id)
    sandbox.world.remove_offer(gone)
    again = sell(sandbox, "MUG-1", EAN)
    assert counts(run_it(shop_id)) == {"matched": 1}
    assert offer(again).product_id == offer(gone).product_id == product("MUG-1").id


def test_a_reference_that_bol_would_not_allow_is_reported_and_not_cut_into_another(sandbox, shop_id) -> None:
    sell(sandbox, "X" * 100)
    sell(sandbox, "X" * 101)
    run = run_it(shop_id)
    assert counts(run) == {"new": 1, "problems": 1}
    assert [code for code, _ in codes(run)] == ["overlong_reference"]


def listed(offer_id: str, **what: Any) -> dict[str, Any]:
    """An offer as bol lists it."""
    return {
        "offerId": offer_id,
        "lastModifiedDateTime": "2026-05-13T09:35:44.198346+02:00",
        "onHoldByRetailer": False,
        "condition": {"category": "NEW"},
        "pricing": {"bundlePrices": [{"quantity": 1, "unitPrice": 9.99}]},
        "fulfilment": {"method": "FBR"},
        "stock": {"amount": 2},
    } | what


def page(*offers: dict[str, Any], next_cursor: str | None = None) -> str:
    return json.dumps(
        {"offers": offers, "page": {"pageSize": 100} | ({"nextCursor": next_cursor} if next_cursor else {})}
    )


def answer_next(sandbox: RunningSandbox, body: str, status: int = 200) -> None:
    media = "application/vnd.retailer.v11+json" if status == 200 else "application/problem+json"
    sandbox.world.answer_next(status, body, media=media, path="/retailer/offers")


REFUSAL = '{"status": 400, "detail": "no"}'
FIRST_CURSOR = "b2ZmZXI6MA=="  # "everything after offer 0"


@pytest.mark.both_databases
def test_an_offer_that_moves_to_another_page_is_counted_once(sandbox, shop_id) -> None:
    moving = sell(sandbox, "MOVES")
    sell(sandbox, "STAYS")
    early = listed(moving, reference="MOVES")
    answer_next(sandbox, page(early, early, next_cursor=FIRST_CURSOR))
    run = run_it(shop_id)
    assert counts(run) == {"new": 2}
    assert (run.done, count_of(Offer), count_of(Product)) == (2, 2, 2)


@pytest.mark.both_databases
def test_an_offer_with_almost_nothing_and_one_with_far_too_much_are_both_kept(sandbox, shop_id) -> None:
    bare = listed("019c0000-0000-7000-8000-000000000001")
    del bare["stock"]
    huge = listed(
        "019c0000-0000-7000-8000-000000000002",
        reference="HUGE",
        ean="9" * 40_000,
        unknownProductTitle="\0Groot " * 6_000,
        condition={"category": "N" * 40_000},
        stock={"amount": 2**40},
    )
    answer_next(sandbox, page(bare, huge))
    run = run_it(shop_id)
    assert codes(run) == [("no_reference", "019c0000-0000-7000-8000-000000000001")]
    assert (product("HUGE").ean, product("HUGE").on_hand) == (None, 2**31 - 1)
    assert "\0" not in (product("HUGE").title or "")


def test_a_cursor_that_expired_begins_the_list_anew_and_counts_stay_right(sandbox, shop_id) -> None:
    sell(sandbox, "ONE")
    run = run_it(shop_id, cursor="expired", phase=LISTING, done=0)
    assert counts(run) == {"new": 1}


def test_the_progress_of_a_list_that_began_anew_counts_offers_and_not_answers(sandbox, shop_id) -> None:
    one_page = page(listed("019c0000-0000-7000-8000-000000000001", reference="ONE"), next_cursor="expires")
    for body, status in [(one_page, 200), (REFUSAL, 400), (one_page, 200), (REFUSAL, 400)]:
        answer_next(sandbox, body, status)
    with pytest.raises(AskedWrongly):
        run_it(shop_id)
    run = db.session.scalars(select(ImportRun)).one()
    assert (run.phase, run.done, run.cursor) == (LISTING, 1, "expires")


def test_a_list_that_is_refused_again_and_again_ends_the_run(sandbox, shop_id) -> None:
    for _ in range(2):
        answer_next(sandbox, REFUSAL, status=400)
    with pytest.raises(AskedWrongly):
        run_it(shop_id, cursor="expired", phase=LISTING)


def test_a_list_that_names_the_same_next_page_for_ever_is_not_believed(sandbox, shop_id) -> None:
    for _ in range(2):
        answer_next(sandbox, page(next_cursor="round and round"))
    with pytest.raises(AnswerNotUnderstood, match="same next page"):
        run_it(shop_id)


def test_a_shop_without_offers_is_done_at_once(sandbox, shop_id) -> None:
    run = run_it(shop_id)
    assert (run.phase, run.done, run.total, problems(run)) == (MATCHING, 0, 0, [])


@pytest.mark.both_databases
@pytest.mark.parametrize("committed", [False, True], ids=["before-the-commit", "after-the-commit"])
def test_a_worker_killed_in_any_step_leaves_nothing_lost_and_nothing_doubled(
    sandbox, shop_id, clock: FrozenClock, committed: bool
) -> None:
    for number in range(205):
        sell(sandbox, f"SKU-{number:03d}", stock=4)
    for reference in (None, "TWICE", "TWICE"):
        sell(sandbox, reference)
    run, deaths = transfers.transfer_with_kills(transfer_products, shop_id, PRODUCTS, clock, committed=committed)
    assert deaths >= 4
    assert counts(run) == {"new": 205, "problems": 3}
    assert [code for code, _ in codes(run)] == ["no_reference", "doubled_reference", "doubled_reference"]
    assert (count_of(Offer), count_of(Product), count_of(StockMovement)) == (208, 205, 205)
    assert db.session.scalar(select(func.sum(Product.on_hand))) == 205 * 4


@pytest.mark.both_databases
def test_two_shops_that_make_the_same_skus_at_the_same_moment_share_them(ctx: Flask, sandbox, shop_id) -> None:
    for number in range(250):
        sell(sandbox, f"SKU-{number:03d}")
    shops = [shop_id, add_shop(sandbox, "Tuin & Terras")]
    works = [transfers.claimed(transfers.new_run(shop, PRODUCTS)) for shop in shops]
    started, faults = threading.Barrier(2), []

    def one_worker(work: Any) -> None:
        with ctx.app_context(), connect(work.shop_id) as marketplace:
            started.wait()
            try:
                transfer_products(work, marketplace)
            except Exception as fault:
                faults.append(fault)

    threads = [threading.Thread(target=one_worker, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not faults
    totals = [counts(read(ImportRun, work.run_id)) for work in works]
    assert sum(total.get("new", 0) for total in totals) == count_of(Product) == 250
    assert sum(total.get("matched", 0) for total in totals) == 250
    assert count_of(StockMovement) == 250


@pytest.mark.both_databases
def test_an_order_that_waited_for_its_product_gets_it_and_is_ready_to_pick(sandbox, shop_id) -> None:
    offer_id = sell(sandbox, "MUG-1", stock=5)
    sales_order_id = _waiting_order(shop_id, offer_id)
    run_it(shop_id)
    order = read(SalesOrder, sales_order_id)
    assert (order.status, order.lines[0].product.sku) == (READY_TO_PICK, "MUG-1")
    assert product("MUG-1").reserved == 2


def _waiting_order(shop_id: int, offer_id: str) -> int:
    now = clock_module.now()
    with transaction() as tx:
        item = MarketplaceItem(
            shop_id=shop_id,
            external_id="2012345678",
            offer_external_id=offer_id,
            quantity=2,
            quantity_shipped=0,
            quantity_cancelled=0,
            is_cancellation_requested=False,
            fulfilment_method="FBR",
            needs_marketplace_label=False,
            is_delivery_day_exact=False,
        )
        order = MarketplaceOrder(shop_id=shop_id, external_id="C0001", came_in_at=now, checked_at=now, items=[item])
        sales_order = SalesOrder(
            number="SO-1",
            marketplace_order=order,
            shop_id=shop_id,
            status=ON_HOLD,
            sort_day=FAR_AWAY,
            created_at=now,
            lines=[OrderLine(item=item, quantity=2, position=1)],
        )
        tx.session.add(sales_order)
    return sales_order.id
