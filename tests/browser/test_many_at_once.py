"""Many orders at once, in a real browser."""

import re

import pytest
from playwright.sync_api import expect

from stoqflow_web.extensions import db
from stoqflow_web.models import Batch, SalesOrder, Shop
from tests.browser.conftest import PHONE, WIDE
from tests.browser.house import STAFF
from tests.browser.watching import pale_texts, sticking_out
from tests.support.builders import make_order, make_product
from tests.support.clocks import wait_until


def code(number):
    return f"3SABCD{number:010}"


@pytest.fixture
def fifty(filled_house):
    """Fifty orders that are ready to pick, beside those that were transferred."""
    return ready_orders(filled_house, 50)


@pytest.fixture
def eight(filled_house):
    return ready_orders(filled_house, 8)


def ready_orders(house, how_many):
    with house.app.app_context():
        shop = db.session.query(Shop).first()
        product = make_product("BULK-1", title="Bamboe snijplank", stock=1000)
        orders = [make_order(shop=shop, products=[product], client=f"Bulk Client{place}") for place in range(how_many)]
        return [(order.id, order.number) for order in orders]


def statuses(house, orders):
    with house.app.app_context():
        db.session.rollback()
        return [db.session.get_one(SalesOrder, order_id).status for order_id, _number in orders]


def wide_and_legible(page):
    return sticking_out(page) + pale_texts(page)


def test_fifty_orders_are_completed_by_a_list_with_three_bad_codes(filled_house, fifty, page, sign_in, shoot):
    sign_in(page, STAFF)
    page.goto("/orders?q=bulk")
    page.get_by_label("Select all orders on this page").check()
    expect(page.get_by_text("all 50 on this page")).to_be_visible()
    page.get_by_role("button", name="Complete…").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Complete 50 orders")
    shoot(page, "wide-light-batch-codes")
    bad = {3: "concept", 20: "", 41: "https://postnl.nl/x"}
    page.get_by_label("Paste the list").fill(
        "\n".join(f"{number};;{bad.get(place, code(place))}" for place, (_id, number) in enumerate(fifty))
    )
    page.get_by_role("button", name="Check the list").click()
    expect(page.get_by_role("heading", name="47 can be completed. 3 cannot.")).to_be_visible()
    expect(page.get_by_text(f"Line 4 · {fifty[3][1]}")).to_be_visible()
    shoot(page, "wide-light-batch-dry-run")
    page.get_by_role("button", name="Complete 47 orders").click()
    expect(page.get_by_text("Finished", exact=True)).to_be_visible()
    assert [place for place, status in enumerate(statuses(filled_house, fifty)) if status != "complete"] == [3, 20, 41]
    shoot(page, "wide-light-batch-result")
    expect(page.locator("[hx-trigger='every 1s']")).to_have_count(0)  # the polling has ended by itself

    page.get_by_role("button", name="Try the rest again").click()
    for place in bad:
        page.get_by_label(f"Track & Trace of {fifty[place][1]}").fill(code(place))
    page.get_by_role("button", name="Check again").click()
    page.get_by_role("button", name="Complete 3 orders").click()
    expect(page.get_by_text("Finished", exact=True)).to_be_visible()
    assert set(statuses(filled_house, fifty)) == {"complete"}
    page.goto(f"/orders?tab=complete&q={code(41)}")
    expect(page.get_by_role("link", name=fifty[41][1])).to_be_visible()
    expect(page.get_by_role("row").nth(1)).to_contain_text(re.compile("Queued · undo until"))


def test_two_orders_are_canceled_and_the_whole_is_undone_without_a_script(filled_house, eight, browse, sign_in):
    page = sign_in(browse(java_script_enabled=False), STAFF)
    page.goto("/orders?q=bulk")
    for _id, number in eight[:2]:
        page.get_by_label(f"Select {number}").check()
    page.get_by_role("button", name="Cancel…").click()
    expect(page.get_by_text("This also cancels the orders at bol.com")).to_be_visible()
    page.get_by_label("Reason").select_option("out-of-stock")
    page.get_by_role("button", name="Cancel 2 orders").click()
    url = page.url

    def finished():
        with filled_house.app.app_context():
            return db.session.query(Batch).order_by(Batch.id.desc()).first().is_finished

    wait_until(finished)
    page.goto(url)
    assert statuses(filled_house, eight[:3]) == ["canceled", "canceled", "ready-to-pick"]
    page.get_by_role("button", name=re.compile("Undo 2 until")).click()
    wait_until(finished)
    assert statuses(filled_house, eight[:2]) == ["ready-to-pick"] * 2


def test_a_scanner_goes_from_code_to_code_and_sends_them_after_the_last(filled_house, eight, page, sign_in):
    sign_in(page, STAFF)
    page.goto("/orders?q=bulk")
    for _id, number in eight[:3]:
        page.get_by_label(f"Select {number}").check()
    page.get_by_role("button", name="Complete…").click()
    fields = page.get_by_label("Track & Trace of")
    expect(fields.first).to_be_focused()
    for place in range(3):
        expect(fields.nth(place)).to_be_focused()
        page.keyboard.type(code(place))
        page.keyboard.press("Enter")
        if place == 0:
            page.keyboard.press("Enter")  # some scanners send it twice
    expect(page.get_by_role("heading", name="3 can be completed.")).to_be_visible()
    page.get_by_role("button", name="Complete 3 orders").click()
    expect(page.get_by_text("Finished", exact=True)).to_be_visible()
    assert statuses(filled_house, eight[:3]) == ["complete"] * 3


def test_a_tick_stays_with_its_order_when_the_list_changes(filled_house, eight, page, sign_in):
    sign_in(page, STAFF)
    page.goto("/orders?q=bulk")
    page.get_by_label(f"Select {eight[0][1]}").check()
    expect(page.get_by_text("selected", exact=True)).to_be_visible()
    page.get_by_role("searchbox").fill(eight[7][1])
    expect(page.get_by_role("link", name=eight[0][1], exact=True)).to_have_count(0)
    expect(page.get_by_label(f"Select {eight[7][1]}")).not_to_be_checked()
    expect(page.get_by_role("button", name="Complete…")).not_to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("device", "size"), [("phone", PHONE), ("wide", WIDE)])
def test_every_page_fits_the_screen_and_can_be_read(filled_house, eight, browse, sign_in, shoot, device, size, scheme):
    page = sign_in(browse(viewport=size, color_scheme=scheme), STAFF)
    found = {}

    def look(name):
        found[name] = wide_and_legible(page)
        shoot(page, f"{device}-{scheme}-{name}")

    page.goto("/orders")
    for _id, number in eight[:2]:
        page.get_by_label(f"Select {number}").check()
    look("orders-selected")
    page.get_by_role("button", name="Complete…").click()
    expect(page.get_by_label("Track & Trace of").first).to_be_visible()
    look("batch-fill-in")
    page.get_by_label("Track & Trace of").first.fill(code(1))
    page.get_by_role("button", name="Check the codes").click()
    expect(page.get_by_role("button", name="Complete 1 order")).to_be_visible()
    look("batch-dry-run")
    page.get_by_role("button", name="Complete 1 order").click()
    expect(page.get_by_text("Finished", exact=True)).to_be_visible()
    look("batch-finished")
    for name, url in {
        "batches": "/batches",
        "batch-new": "/batches/new",
        "pick-list": "/orders/pick-list?all=1&q=bulk",
        "packing-slips": f"/orders/packing-slips?orders={eight[3][0]}.{eight[4][0]}",
    }.items():
        page.goto(url)
        look(name)
    assert {name: faults for name, faults in found.items() if faults} == {}
