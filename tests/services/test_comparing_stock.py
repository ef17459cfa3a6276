"""Reading what bol.com shows as stock, and what lies in its own warehouse."""

from collections.abc import Callable

import pytest
from flask import Flask

from stoqflow_web.bol.sandbox import RunningSandbox, SandboxOptions
from stoqflow_web.extensions import db
from stoqflow_web.models import MarketplaceStock, StockComparison
from stoqflow_web.models.imports import STOCK
from stoqflow_web.services import stock_nights
from stoqflow_web.services.comparing_stock import compare_stock
from tests.services import transfers
from tests.support.browsing import Browser
from tests.support.clocks import MONDAY_MORNING, FrozenClock
from tests.support.stock_desk import StockDesk, stock_desk


@pytest.fixture
def sandbox_options() -> SandboxOptions:
    return SandboxOptions(orders=0, offers=8, limits=False, standing_clock=MONDAY_MORNING)


@pytest.fixture
def desk(ctx: Flask, sandbox: RunningSandbox, clock: FrozenClock) -> StockDesk:
    return stock_desk(sandbox, clock)


def in_the_warehouse() -> dict[str, tuple[int, int]]:
    db.session.rollback()
    return {one.ean_normalised: (one.regular, one.graded) for one in db.session.query(MarketplaceStock)}


def test_what_lies_in_bols_own_warehouse_is_kept_and_shown(desk: StockDesk, signed_in: Callable[..., Browser]) -> None:
    offers = [desk.world.add_offer(method="FBB", regular_stock=12 + one, graded_stock=one) for one in range(60)]
    product = desk.know(offers[1], here=0)
    desk.compare()
    eans = [desk.world.offers[offer].ean for offer in offers]
    kept = in_the_warehouse()
    assert [kept[ean] for ean in eans] == [(12 + one, one) for one in range(60)], "both pages of it"
    page = signed_in("staff").get(f"/products/{product.id}")
    assert "at bol.com's warehouse: regular 13, graded 1" in page.text
    with desk.world.lock:
        for offer in offers[:59]:
            desk.world.remove_offer(offer)
    desk.compare()
    assert eans[0] not in in_the_warehouse()
    assert eans[59] in in_the_warehouse()


@pytest.mark.parametrize("committed", [True, False], ids=["after the commit", "before the commit"])
def test_a_comparison_killed_at_any_step_begins_anew_and_is_kept_once(desk: StockDesk, committed: bool) -> None:
    desk.switch_on()
    changed = desk.offer_ids()[0]
    desk.world.change_stock(changed, 40)
    desk.jump(hours=1)
    assert desk.clock is not None
    run, deaths = transfers.transfer_with_kills(compare_stock, desk.shop_id, STOCK, desk.clock, committed=committed)
    assert deaths >= 5
    assert (run.done, run.total, run.count_matched) == (len(desk.world.offers),) * 3
    db.session.rollback()
    (kept,) = db.session.query(StockComparison)
    assert (kept.different, kept.stayed) == (1, 0)
    desk.settle()
    assert desk.at_bol(changed) == 12


def test_the_next_night_is_the_next_four_in_the_morning_here(desk: StockDesk) -> None:
    desk.switch_on()
    assert stock_nights.sweep() == 0, "it was compared since last night, to switch it on"
    night = stock_nights.next_night(MONDAY_MORNING)
    assert (night - MONDAY_MORNING).total_seconds() == (18 * 60 + 48) * 60
    assert stock_nights.last_night(night) == night


def test_comparisons_are_kept_for_thirty_days(desk: StockDesk) -> None:
    desk.switch_on()
    desk.compare()
    desk.jump(days=29)
    stock_nights.forget_old()
    assert db.session.query(StockComparison).count() == 1
    desk.jump(days=2)
    stock_nights.forget_old()
    assert db.session.query(StockComparison).count() == 0
