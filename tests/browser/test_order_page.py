"""The order page in a real browser: by scanner, by mouse, by keyboard, without scripts, on a phone."""

import re

import pytest
from playwright.sync_api import expect

from stoqflow_web.extensions import db
from stoqflow_web.models import SalesOrder, Shop
from stoqflow_web.models.sales_orders import READY_TO_PICK
from stoqflow_web.transaction import transaction
from tests.browser.conftest import PHONE, WIDE
from tests.browser.watching import pale_texts, sticking_out

POSTNL, DHL = "3SABCD0123456789", "JVGL0123456789012345"


@pytest.fixture
def order(filled_house):
    """An order of several units that can be picked: (id, number)."""
    with filled_house.app.app_context():
        ready = db.session.query(SalesOrder).filter_by(status=READY_TO_PICK, is_cancellation_requested=False)
        found = max(ready, key=lambda order: order.units)
        return found.id, found.number


@pytest.fixture
def order_page(order, page, sign_in):
    sign_in(page, "stef@example.com")
    page.goto(f"/orders/{order[0]}")
    return page


def test_a_scanner_completes_an_order_without_a_mouse(order_page):
    code = order_page.get_by_label("Track & Trace")
    expect(code).to_be_focused()
    order_page.keyboard.type(POSTNL)
    expect(order_page.locator("#parcels-0-code")).to_have_text("Looks like a PostNL code")
    order_page.keyboard.press("Enter")
    expect(order_page.locator("#reporting .pill")).to_have_text(re.compile(r"Queued · undo until \d\d:\d\d"))
    order_page.get_by_role("button", name="Undo").click()
    expect(order_page.locator("#flashes")).to_contain_text("is open again. bol.com heard nothing.")
    expect(order_page.get_by_label("Track & Trace")).to_be_focused()


def test_a_completed_order_becomes_confirmed_before_your_eyes(filled_house, order_page):
    without_hold(filled_house)
    order_page.keyboard.type(POSTNL)
    order_page.keyboard.press("Enter")
    confirmed = order_page.locator("#reporting .pill--ok")
    expect(confirmed).to_have_text("Confirmed by bol", timeout=30_000)
    expect(order_page.locator("#reporting [aria-current]")).to_have_text("Confirmed")
    expect(order_page.locator("#parcels .pill--ok")).to_be_visible()
    expect(order_page.locator("#history")).to_contain_text("Confirmed by bol")


def test_a_split_order_is_told_when_its_last_part_is_final(filled_house, order_page, order):
    without_hold(filled_house)
    order_page.get_by_role("button", name="Split").click()
    order_page.locator(".parcel__units").first.fill("1")
    order_page.locator("#split").get_by_role("button", name="Split").click()
    order_page.get_by_role("link", name=order[1], exact=True).click()
    order_page.get_by_label("Track & Trace").fill(POSTNL)
    order_page.keyboard.press("Enter")
    expect(order_page.locator("#reporting .pill--violet")).to_have_text(f"Waits for {order[1]}-BO")
    order_page.get_by_role("link", name=f"{order[1]}-BO", exact=True).click()
    order_page.get_by_label("Track & Trace").fill(DHL)
    order_page.keyboard.press("Enter")
    expect(order_page.locator("#reporting .pill--ok")).to_have_text("Confirmed by bol", timeout=30_000)
    order_page.get_by_role("link", name=order[1], exact=True).click()
    expect(order_page.locator("#reporting .pill--ok")).to_have_text("Confirmed by bol", timeout=30_000)


def without_hold(house):
    with house.app.app_context(), transaction() as tx:
        tx.session.query(Shop).one().hold_minutes = 0


def test_typing_brings_the_carrier_and_keeps_the_cursor(order_page):
    order_page.keyboard.type(DHL)
    expect(order_page.get_by_label("Carrier")).to_have_value("dhl")
    expect(order_page.get_by_label("Track & Trace")).to_be_focused()
    order_page.get_by_label("Carrier").select_option("ups")
    expect(order_page.get_by_label("I checked it: this code is right")).to_be_visible()
    order_page.get_by_role("button", name="Complete", exact=False).last.click()
    expect(order_page.locator("#parcels-0-track_and_trace-error")).to_contain_text("does not look like a code of UPS")
    expect(order_page.get_by_label("Track & Trace")).to_be_focused()


def test_another_parcel_keeps_what_was_typed(order_page):
    order_page.keyboard.type(POSTNL)
    order_page.get_by_role("button", name="+ another parcel").click()
    expect(order_page.get_by_role("group", name="Parcel 2")).to_be_visible()
    expect(order_page.get_by_label("Track & Trace").first).to_have_value(POSTNL)
    order_page.get_by_role("button", name="Take out parcel 2").click()
    expect(order_page.get_by_role("group", name="Parcel 2")).to_be_hidden()
    expect(order_page.get_by_label("Track & Trace")).to_have_value(POSTNL)


def test_the_dialogs_work_by_keyboard(order_page, order):
    order_page.get_by_role("button", name="Cancel…").focus()
    order_page.keyboard.press("Enter")
    expect(order_page.locator("#cancellation")).to_be_visible()
    order_page.keyboard.press("Escape")
    expect(order_page.locator("#cancellation")).to_be_hidden()
    order_page.get_by_role("button", name="Split").click()
    order_page.locator("#split").get_by_role("button", name="Split").click()
    expect(order_page.locator("#split-error")).to_have_text("Choose what moves to the backorder.")
    order_page.locator(".parcel__units").first.fill("1")
    order_page.get_by_role("button", name="Split").click()
    expect(order_page.get_by_role("heading", level=1)).to_have_text(f"{order[1]}-BO")


def test_all_of_it_works_without_scripts(order, browse, sign_in):
    page = browse(java_script_enabled=False)
    sign_in(page, "stef@example.com")
    page.goto(f"/orders/{order[0]}")
    page.get_by_label("Track & Trace").fill(POSTNL)
    page.get_by_role("button", name="+ another parcel").click()
    expect(page.get_by_label("Track & Trace").first).to_have_value(POSTNL)
    page.get_by_role("button", name="Take out parcel 2").click()
    page.get_by_label("Track & Trace").press("Enter")
    expect(page.locator("#reporting .pill")).to_have_text(re.compile("Queued · undo until"))
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("button", name="Cancel…").click()
    page.locator("#cancellation").get_by_label("Reason").select_option("out-of-stock")
    page.get_by_role("button", name="Cancel at bol.com too").click()
    expect(page.locator(".page-head .pill").first).to_have_text("Canceled")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("device", "size"), [("phone", PHONE), ("wide", WIDE)])
def test_every_state_of_the_page_fits_and_can_be_read(order, browse, sign_in, shoot, device, size, scheme):
    page = browse(viewport=size, color_scheme=scheme)
    sign_in(page)
    found = []

    def look(name):
        shoot(page, f"{device}-{scheme}-order-{name}")
        found.extend(sticking_out(page) + pale_texts(page))

    page.goto(f"/orders/{order[0]}")
    code = page.get_by_label("Track & Trace")
    code.press_sequentially(POSTNL)
    expect(page.locator("#parcels-0-code")).to_contain_text("Looks like")
    look("code")
    for opener, dialog in (("Cancel…", "cancellation"), ("Delete…", "deletion"), ("Split", "split")):
        page.get_by_role("button", name=opener, exact=True).first.click()
        look(dialog)
        page.locator(f"#{dialog}").get_by_role("button", name="Back").click()
    page.get_by_role("button", name="+ another parcel").click()
    expect(page.get_by_label("Track & Trace")).to_have_count(2)
    page.get_by_role("button", name="Complete", exact=False).last.click()
    expect(page.locator(".field__error").first).to_be_visible()
    look("refused")
    page.get_by_role("button", name="Take out parcel 2").click()
    expect(page.get_by_label("Track & Trace")).to_have_count(1)
    page.get_by_label("Track & Trace").press("Enter")
    expect(page.locator("#parcels")).to_be_visible()
    look("complete")
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("button", name="Split", exact=True).first.click()
    page.locator("#split .parcel__units").first.fill("1")
    page.locator("#split").get_by_role("button", name="Split").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("-BO")
    look("backorder")
    assert found == []
