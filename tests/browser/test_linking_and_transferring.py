"""The main job: a manager links a shop and watches its products and sales orders come in."""

import re
from contextlib import suppress

import pytest
from playwright.sync_api import Error, Locator, Page, expect

from tests.browser.house import OPTIONS, SHOP
from tests.support.clocks import wait_until

SECOND = 1000  # milliseconds
LOOKS = 5  # parts of a shop's page that look again when a transfer has ended


def row(page: Page, kind: str) -> Locator:
    return page.locator(f"#transfer-{kind}")


def progress(page: Page, kind: str) -> Locator:
    return row(page, kind).get_by_role("progressbar")


def press(page: Page, kind: str, button: str = "Transfer") -> None:
    row(page, kind).get_by_role("button", name=button, exact=True).click()


def fill_in_keys(page: Page, secret: str) -> None:
    page.get_by_label("Key", exact=True).fill(OPTIONS.client_id)
    page.get_by_label("Secret", exact=True).fill(secret)
    page.get_by_role("button", name="Save").click()


def link(page: Page, name: str = SHOP) -> None:
    page.goto("/shops/new")
    page.get_by_label("Name").fill(name)
    fill_in_keys(page, OPTIONS.client_secret)
    expect(page.get_by_role("heading", level=1)).to_have_text(name)


def test_a_look_that_answers_late_does_not_take_a_click_back(filled_house, page, sign_in):
    sign_in(page)
    page.goto("/shops/1")
    expect(row(page, "products")).to_contain_text("Finished")
    late = []
    page.route(re.compile(r"/shops/1$"), lambda route: late.append((route, route.fetch())))
    page.evaluate("document.body.dispatchEvent(new CustomEvent('import-ended', {bubbles: true}))")
    wait_until(lambda: page.evaluate("1") and len(late) == LOOKS, 15)
    gate = filled_house.gate("/retailer/orders", 0)
    press(page, "orders", "Transfer again")
    expect(row(page, "orders")).to_contain_text("Running")
    for route, answer in late:
        with suppress(Error):  # it was given up
            route.fulfill(response=answer)
    with page.expect_response(re.compile("/imports/")):
        pass  # the row that runs asks again
    expect(row(page, "orders")).to_contain_text("Running")
    gate.open()


def test_a_manager_links_a_shop_and_its_products_and_orders_come_in(house, page, sign_in, shoot):
    strange = house.world.place_order(
        lines=[{"reference": "NEW-IN-SHOP", "ean": "8719999999993", "title": "Brand new thing"}],
        details={"firstName": "Quirijn", "surname": "van der Zon"},
        deliver_in_days=1,
    )
    expected = len(house.world.open_order_ids())

    sign_in(page)
    expect(page.get_by_text("No shops yet")).to_be_visible()
    page.get_by_role("link", name="Shops", exact=True).click()
    page.get_by_role("link", name="Add shop").click()

    # A wrong secret: the sentence stands beside the field, what was typed stays, but never the secret.
    page.get_by_label("Name").fill(SHOP)
    expect(page.get_by_label("Type")).to_have_value("marketplace")
    expect(page.get_by_label("Platform")).to_have_value("bol.com")
    fill_in_keys(page, "plausible-But-Wrong-x7Yq2")
    secret = page.get_by_label("Secret", exact=True)
    expect(page.locator(".field__error")).to_have_count(1)
    expect(page.locator("[aria-invalid=true]")).to_have_accessible_description(re.compile("key and secret"))
    expect(page.get_by_label("Name")).to_have_value(SHOP)
    expect(page.get_by_label("Key", exact=True)).to_have_value(OPTIONS.client_id)
    expect(secret).to_have_value("")
    shoot(page, "shop-new-refused")

    # The right one: the page shows whose account answered.
    fill_in_keys(page, OPTIONS.client_secret)
    expect(page.get_by_role("heading", level=1)).to_have_text(SHOP)
    account = page.locator(".card", has=page.get_by_role("heading", name="API configuration"))
    expect(account).to_contain_text(f"{OPTIONS.shop_name} · {OPTIONS.retailer_id}")
    expect(page.locator("body")).not_to_contain_text(OPTIONS.client_secret)
    shoot(page, "shop-linked")

    # Products, watched while they come in.
    pictures = house.gate("/retailer/content/", 3)
    gate = house.gate("/retailer/offers", 0)
    press(page, "products")
    expect(row(page, "products")).to_contain_text("Running")
    expect(row(page, "products")).to_contain_text("Listing offers")
    expect(progress(page, "products")).to_be_visible()
    shoot(page, "shop-products-running")
    gate.open()
    expect(row(page, "products")).to_contain_text("Finished")
    expect(row(page, "products")).to_contain_text(f"{OPTIONS.offers} offers")

    # Titles and pictures follow by themselves, slowly: they are not waited for here.
    expect(row(page, "content")).to_contain_text("Running")
    expect(progress(page, "content")).to_be_visible()
    press(page, "content", "Stop")
    pictures.open()
    expect(row(page, "content")).to_contain_text("Stopped")

    # Sales orders, likewise.
    gate = house.gate("/retailer/orders/", 10)
    press(page, "orders")
    expect(row(page, "orders")).to_contain_text("Running")
    expect(progress(page, "orders")).to_have_js_property("max", expected)
    expect(progress(page, "orders")).to_have_js_property("value", 10)
    expect(row(page, "orders")).to_contain_text(f"10 of {expected}")
    shoot(page, "shop-orders-running")
    gate.open()
    expect(row(page, "orders")).to_contain_text("Finished")
    expect(row(page, "orders")).to_contain_text(f"{expected} orders · {expected} new")
    shoot(page, "shop-finished")

    # Nothing is asked any more when nothing runs.
    expect(page.locator("[hx-trigger='every 1s']")).to_have_count(0)
    asked = page.watcher.asked("/imports/")
    page.wait_for_timeout(2 * SECOND)
    assert page.watcher.asked("/imports/") == asked

    # The orders are there, and a client is found.
    page.get_by_role("link", name="Orders").first.click()
    expect(page.locator("#orders tbody tr")).to_have_count(expected)
    shoot(page, "orders")
    page.keyboard.press("/")
    search = page.get_by_role("searchbox", name="Search orders")
    expect(search).to_be_focused()
    page.keyboard.type("quirijn zon")
    expect(page.locator("#orders tbody tr")).to_have_count(1)
    expect(search).to_be_focused()
    expect(page).to_have_url(re.compile(r"[?&]q=quirijn(\+|%20)zon"))

    # Its product is unknown here; it is chosen once.
    page.locator("#orders .table__link").click()
    expect(page.get_by_role("navigation", name="You are here")).to_contain_text(strange)
    expect(page.get_by_text("choose product").first).to_be_visible()
    shoot(page, "order-unknown-product")
    page.get_by_role("link", name="Choose product").click()
    shoot(page, "choose-product")
    page.get_by_role("searchbox", name="Search products").fill(a_sku(house))
    expect(page.get_by_role("button", name="Choose", exact=True)).to_have_count(1)
    page.get_by_role("button", name="Choose", exact=True).click()
    page.get_by_role("button", name="Choose it anyway").click()  # its EAN is another one than what was ordered
    expect(page.locator("#flashes")).to_contain_text("is chosen")
    expect(page.get_by_role("link", name="Choose product")).to_have_count(0)
    expect(page.locator(".page-head")).not_to_contain_text("choose product")
    shoot(page, "order-solved")

    page.get_by_role("link", name="Products", exact=True).click()
    expect(page.locator("#products tbody tr").first).to_be_visible()
    page.get_by_role("searchbox", name="Search products").fill(a_sku(house))
    expect(page.locator("#products tbody tr")).to_have_count(1)
    expect(page.locator("#products tbody tr")).to_contain_text(SHOP)


def a_sku(house) -> str:
    """The reference of an offer that has plenty of stock and shares nothing with another."""
    offers = list(house.world.offers.values())
    return next(
        str(offer.reference)
        for offer in offers
        if offer.reference and offer.stock > 50 and [one.reference for one in offers].count(offer.reference) == 1
    )


def test_a_running_transfer_is_stopped_from_its_row(house, page, sign_in):
    sign_in(page)
    link(page)
    gate = house.gate("/retailer/orders/", 5)
    press(page, "orders")
    expect(row(page, "orders")).to_contain_text(f"5 of {len(house.world.open_order_ids())}")
    press(page, "orders", "Stop")
    expect(row(page, "orders")).to_contain_text("Stopping")
    gate.open()
    expect(row(page, "orders")).to_contain_text("Stopped")
    expect(row(page, "orders").get_by_role("button", name="Transfer again")).to_be_visible()


def test_a_transfer_goes_on_when_the_page_is_left_and_shows_where_it_is(house, page, sign_in):
    sign_in(page)
    link(page)
    gate = house.gate("/retailer/orders/", 5)
    press(page, "orders")
    expect(row(page, "orders")).to_contain_text("Running")
    address = page.url
    page.goto("/orders")
    page.goto(address)
    expect(row(page, "orders")).to_contain_text("5 of")
    gate.open()
    expect(row(page, "orders")).to_contain_text("Finished")


def test_revoked_keys_are_told_on_the_page_that_watches(house, page, sign_in, shoot):
    sign_in(page)
    link(page)
    house.world.revoke_keys()
    press(page, "orders")
    expect(row(page, "orders")).to_contain_text("Failed")
    expect(page.get_by_role("alert").filter(has_text="bol.com refuses the keys")).to_be_visible()
    shoot(page, "shop-refused")


@pytest.mark.parametrize("name", ["<img src=x onerror=alert(1)>", "<script>document.title='owned'</script>"])
def test_markup_in_a_clients_name_never_becomes_an_element(house, page, sign_in, name):
    house.world.empty()
    house.world.place_order(details={"firstName": "<b>Bold</b>", "surname": name, "city": "</td><h1>City</h1>"})
    sign_in(page)
    link(page)
    press(page, "orders")
    expect(row(page, "orders")).to_contain_text("Finished")
    page.goto("/orders")
    expect(page.locator("#orders tbody")).to_contain_text(name)
    page.locator("#orders .table__link").click()
    expect(page.locator("address").first).to_contain_text(name)
    expect(page.locator("main b, main h1, main script, main img[src=x]")).to_have_count(0)
    expect(page).not_to_have_title("owned")
