"""A client asks to cancel while somebody packs: the open page turns red, and both answers end at bol.com."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from stoqflow_web import clock
from stoqflow_web.extensions import db
from stoqflow_web.models import MarketplaceOrder, SalesOrder, Shop
from stoqflow_web.models.sales_orders import READY_TO_PICK
from stoqflow_web.transaction import transaction
from tests.browser.conftest import PHONE
from tests.browser.watching import pale_texts, sticking_out
from tests.support.clocks import wait_until

POSTNL = "3SABCD0123456789"
ANSWERED = 60_000  # milliseconds; the page may just have asked, and asks again half a minute later


class Packed:
    """An order of one line that can be picked, and its client at the pretend bol.com."""

    def __init__(self, house):
        self.house = house
        with house.app.app_context(), transaction() as tx:
            tx.session.query(Shop).one().hold_minutes = 0
            ready = db.session.query(SalesOrder).filter_by(status=READY_TO_PICK, is_cancellation_requested=False)
            found = next(order for order in ready.order_by(SalesOrder.id) if len(order.lines) == 1)
            self.id, self.number = found.id, found.number
            self.external_id, self.marketplace_id = found.marketplace_order.external_id, found.marketplace_order_id

    def client_asks_to_cancel(self):
        """And half a minute goes by, so that the open page asks bol.com again."""
        self.house.world.ask_to_cancel(self.external_id)
        with self.house.app.app_context(), transaction() as tx:
            tx.session.get_one(MarketplaceOrder, self.marketplace_id).checked_at = clock.now() - timedelta(seconds=45)

    def at_bol(self):
        (item,) = self.house.world.order(self.external_id).items
        return item.open, item.shipped, item.cancelled


@pytest.fixture
def packed(filled_house):
    return Packed(filled_house)


@pytest.fixture
def order_page(packed, page, sign_in):
    sign_in(page, "stef@example.com")
    page.goto(f"/orders/{packed.id}")
    expect(page.locator("#asked")).to_contain_text("nothing canceled", timeout=ANSWERED)
    return page


def test_a_wish_to_cancel_turns_the_open_page_red_and_accepted_it_ends_at_bol(packed, order_page, shoot):
    order_page.get_by_label("Track & Trace").fill(POSTNL)
    packed.client_asks_to_cancel()
    stop = order_page.get_by_role("alert").filter(has_text="STOP")
    expect(stop).to_contain_text("The client asked bol.com to cancel this order", timeout=ANSWERED)
    shoot(order_page, "wide-light-stop")
    code = order_page.get_by_label("Track & Trace")
    expect(code).to_be_focused()
    expect(code).to_have_value(POSTNL)
    order_page.keyboard.press("Enter")
    expect(order_page.get_by_role("button", name="Complete")).to_be_disabled()
    stop.get_by_role("button", name="Cancel for the client").click()
    expect(order_page.locator("#reporting .pill--ok")).to_have_text("Confirmed by bol", timeout=ANSWERED)
    assert packed.at_bol()[:2] == (0, 0)
    expect(order_page.locator("#stop")).not_to_be_attached()


def test_shipped_anyway_with_the_keyboard_alone_it_is_completed_and_confirmed(packed, order_page):
    packed.client_asks_to_cancel()
    expect(order_page.locator("#stop")).to_be_visible(timeout=ANSWERED)
    order_page.locator("#stop").get_by_role("button", name="Ship anyway…").focus()
    order_page.keyboard.press("Enter")
    reason = order_page.get_by_label("Why is it shipped?")
    expect(reason).to_be_focused()
    order_page.keyboard.press("Enter")
    expect(order_page.locator("#answer .field__error")).to_contain_text("Say why it is shipped")
    order_page.keyboard.type("It left with the morning round")
    order_page.keyboard.press("Enter")
    expect(order_page.locator("#flashes")).to_contain_text("can be completed like any other")
    expect(order_page.locator("#stop")).not_to_be_attached()
    expect(order_page.get_by_label("Track & Trace")).to_be_focused()
    order_page.keyboard.type(POSTNL)
    order_page.keyboard.press("Enter")
    expect(order_page.locator("#reporting .pill--ok")).to_have_text("Confirmed by bol", timeout=ANSWERED)
    assert packed.at_bol()[0] == packed.at_bol()[2] == 0


def test_a_new_request_appears_in_the_inbox_by_itself_and_goes_when_it_is_answered(packed, browse, sign_in, page):
    inbox, other = sign_in(page), sign_in(browse(), "stef@example.com")
    inbox.goto("/cancellation-requests")
    other.goto(f"/orders/{packed.id}")
    packed.client_asks_to_cancel()
    row = inbox.get_by_role("article").filter(has_text=packed.number)
    expect(row).to_contain_text("asked", timeout=ANSWERED)
    other.locator("#stop").get_by_role("button", name="Cancel for the client").click()
    expect(row).not_to_be_attached(timeout=ANSWERED)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_stop_and_the_inbox_fit_a_phone_and_can_be_read(packed, browse, sign_in, shoot, scheme):
    page = sign_in(browse(viewport=PHONE, color_scheme=scheme), "stef@example.com")
    page.goto(f"/orders/{packed.id}")
    packed.client_asks_to_cancel()
    expect(page.locator("#stop")).to_be_visible(timeout=ANSWERED)
    page.get_by_label("Track & Trace").scroll_into_view_if_needed()
    expect(page.locator("#stop")).to_be_in_viewport()
    assert sticking_out(page) + pale_texts(page) == []
    shoot(page, f"phone-{scheme}-stop")
    page.goto("/cancellation-requests")
    expect(page.get_by_role("article").filter(has_text=packed.number)).to_be_visible()
    assert sticking_out(page) + pale_texts(page) == []
    shoot(page, f"phone-{scheme}-inbox")


def test_without_scripts_both_answers_are_plain_pages(packed, browse, sign_in):
    page = sign_in(browse(java_script_enabled=False), "stef@example.com")
    packed.client_asks_to_cancel()
    page.goto(f"/orders/{packed.id}")
    expect_request(page, packed)
    page.locator("#stop").get_by_role("button", name="Ship anyway…").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ship anyway?")
    page.get_by_label("Why is it shipped?").fill("It has left")
    page.get_by_role("button", name="Ship anyway").click()
    expect(page.locator("#flashes")).to_contain_text("can be completed like any other")


def expect_request(page, packed):
    """Opening the page has bol.com asked; without scripts one loads it again to see the answer."""

    def is_there():
        page.goto(f"/orders/{packed.id}")
        return page.locator("#stop").count()

    wait_until(is_there, ANSWERED / 1000)
