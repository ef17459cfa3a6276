"""The page where a manager sees what telling the stock would change, switches it on and off, and watches it."""

from collections.abc import Callable

import pytest
from flask import Flask

from stoqflow_web.bol.sandbox import RunningSandbox, SandboxOptions
from stoqflow_web.services import stock_nights
from tests.support.browsing import Browser
from tests.support.clocks import MONDAY_MORNING, FrozenClock
from tests.support.stock_desk import StockDesk, stock_desk
from tests.support.syncs import tick


@pytest.fixture
def sandbox_options() -> SandboxOptions:
    return SandboxOptions(orders=0, offers=8, limits=False, process_delay=0.1, standing_clock=MONDAY_MORNING)


@pytest.fixture
def desk(ctx: Flask, sandbox: RunningSandbox, clock: FrozenClock) -> StockDesk:
    return stock_desk(sandbox, clock)


@pytest.fixture
def mia(signed_in: Callable[..., Browser]) -> Browser:
    return signed_in("manager")


def page_of(desk: StockDesk, **margin: int) -> str:
    return f"/shops/{desk.shop_id}/stock" + (f"?margin={margin['margin']}" if margin else "")


def tiles(browser: Browser, path: str) -> list[str]:
    return browser.get(path).texts(".tile__value")


def test_staff_may_not_see_it(desk: StockDesk, signed_in: Callable[..., Browser]) -> None:
    assert signed_in("staff").get(page_of(desk)).status == 403


def test_without_a_comparison_there_is_nothing_to_switch_on(desk: StockDesk, mia: Browser) -> None:
    page = mia.get(page_of(desk))
    assert "See what would change first" in page.text
    assert "Compare now" in page.text
    assert not page.all("#switch-on")


def test_the_preview_shows_what_would_change_the_worst_first(desk: StockDesk, mia: Browser) -> None:
    offline, lower, higher, ordered, *_ = desk.offer_ids()
    desk.move(offline, -12)
    desk.move(lower, -3)
    desk.move(higher, 4)
    desk.world.offers[ordered].managed_by_retailer = False
    desk.order(offer_id=ordered, quantity=2)  # clients can buy 10: bol.com takes them off by itself
    desk.world.add_offer(method="FBB", regular_stock=7, graded_stock=1)
    desk.compare()
    page = mia.get(page_of(desk))
    assert page.texts(".tile__value") == ["1", "2", "1", str(len(desk.offer_ids()) - 3)]
    skus = [desk.world.offers[offer].reference for offer in (offline, lower, higher)]
    rows = page.texts(".table tbody tr")
    assert [str(sku) in row for sku, row in zip(skus, rows, strict=True)] == [True] * 3
    assert rows[0].endswith("12 0 goes offline")
    assert rows[1].endswith("12 9 −3")
    assert rows[2].endswith("12 16 +4")
    assert "Switch on: tell bol.com these 4 numbers" in page.text
    assert "Of 1 offer clients can buy our number already" in page.text
    assert "1 offer at bol.com was not transferred" in page.text


def test_another_margin_recalculates_it(desk: StockDesk, mia: Browser) -> None:
    desk.compare()
    number = len(desk.offer_ids())
    assert tiles(mia, page_of(desk)) == ["0", "0", "0", str(number)]
    assert tiles(mia, page_of(desk, margin=2)) == ["0", str(number), "0", "0"]
    assert mia.htmx_get(page_of(desk, margin=12)).texts(".tile__value") == [str(number), str(number), "0", "0"]
    refused = mia.get(page_of(desk, margin=1000))
    assert refused.status == 422
    assert "Enter 0 to 999 units." in refused.text


def test_switching_on_tells_them_and_shows_how_it_goes(desk: StockDesk, mia: Browser) -> None:
    offer = desk.offer_ids()[0]
    desk.move(offer, -3)
    desk.compare()
    mia.get(page_of(desk))
    page = mia.submit("#switch-on form")
    assert desk.shop().tells_stock
    assert page.texts(".tile__value")[1] == str(len(desk.offer_ids()))
    desk.settle()
    assert desk.messages() == [(offer, 9)]
    page = mia.get(page_of(desk))
    assert page.texts(".tile__value") == [str(len(desk.offer_ids())), "0", "0"]
    assert "Switch off" in page.text
    assert "Stock to bol on" in mia.htmx_get(f"/shops/{desk.shop_id}/syncs").text


def test_a_refusal_and_a_difference_are_told_with_bols_words(
    desk: StockDesk, signed_in: Callable[..., Browser]
) -> None:
    desk.switch_on()
    gone, changed = desk.offer_ids()[:2]
    desk.world.remove_offer(gone)
    desk.move(gone, -1)
    desk.settle()
    for _ in range(2):
        desk.world.change_stock(changed, 40)
        desk.jump(days=1)
        stock_nights.sweep()
        tick()
        desk.settle()
    mia = signed_in("manager")  # a day later: who was signed in is not any more
    page = mia.get(page_of(desk))
    assert page.texts(".tile__value")[2] == "1"
    assert "not found" in page.text
    assert "bol.com said 40, told 12 again" in page.text
    assert (
        f"Different two nights in a row or more, although it was told again: {desk.world.offers[changed].reference}"
        in page.text
    )
    activity = mia.get("/activity").text
    assert "for the second night" in activity


def test_the_margin_of_a_shop_that_tells_is_saved_and_told(desk: StockDesk, mia: Browser) -> None:
    desk.switch_on()
    mia.get(page_of(desk))
    mia.submit("aside form", margin="2")
    desk.settle()
    assert {desk.at_bol(offer) for offer in desk.offer_ids()} == {10}
    mia.submit("#switch-off form")
    assert not desk.shop().tells_stock


def test_while_a_margin_is_typed_it_says_what_would_change(desk: StockDesk, mia: Browser) -> None:
    desk.switch_on()
    mia.get(page_of(desk))
    number = len(desk.offer_ids())
    address = f"/shops/{desk.shop_id}/stock-margin"
    assert mia.htmx_get(f"{address}?margin=2").text == f"{number} numbers change at once."
    assert mia.htmx_get(f"{address}?margin=12").text == (
        f"{number} numbers change at once. {number} offers go offline."
    )
    assert mia.htmx_get(f"{address}?margin=0").text == ""
    assert mia.htmx_get(f"{address}?margin=many").text == ""
    assert not desk.messages(), "nothing is told before it is saved"


def test_many_differences_are_turned_over_page_by_page(desk: StockDesk, mia: Browser) -> None:
    for number in range(60):
        offer = desk.world.add_offer(method="FBR", reference=f"MANY-{number:03}", stock=5, managed_by_retailer=True)
        desk.know(offer, here=number % 9)
    desk.compare()
    first = mia.get(page_of(desk))
    rows = first.texts(".table tbody tr")
    second = mia.get(str(first.one("a[rel=next]")["href"]))
    rows += second.texts(".table tbody tr")
    assert len(rows) == len(set(rows)) == sum(number % 9 != 5 for number in range(60))
    changes = [0 if "offline" in row else int(row.split()[-1].replace("−", "-").replace("+", "")) for row in rows]
    offline = changes.count(0)
    lower = [change for change in changes[offline:] if change < 0]
    assert changes == [0] * offline + sorted(lower) + sorted(changes[offline + len(lower) :], reverse=True)
    back = mia.get(str(second.one("a[rel=prev]")["href"]))
    assert back.texts(".table tbody tr") == first.texts(".table tbody tr")
