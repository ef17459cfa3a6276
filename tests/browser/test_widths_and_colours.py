"""Every page fits a phone and can be read, in light and in dark."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, WIDE
from tests.browser.watching import pale_texts, sticking_out

PAGES = {
    "today": "/",
    "orders": "/orders",
    "order": "/orders/1",
    "order-with-most-lines": "/orders/2",
    "orders-nothing-found": "/orders?q=nobody",
    "cancellation-requests": "/cancellation-requests",
    "choose-product": "/order-lines/1/product",
    "products": "/products",
    "activity": "/activity?outcome=all",
    "product": "/products/1",
    "shops": "/shops",
    "shop-new": "/shops/new",
    "shop": "/shops/1",
    "shop-name": "/shops/1/name",
    "shop-keys": "/shops/1/keys",
    "readiness": "/shops/1/readiness",
    "transfer": "/imports/1",
    "problems": "/imports/1/problems",
    "users": "/users",
    "user": "/users/2",
    "account": "/account",
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("device", "size"), [("phone", PHONE), ("wide", WIDE)])
def test_every_page_fits_the_screen_and_can_be_read(filled_house, browse, sign_in, shoot, device, size, scheme):
    page = browse(viewport=size, color_scheme=scheme)
    page.goto("/sign-in")
    found = {"sign-in": sticking_out(page) + pale_texts(page)}
    shoot(page, f"{device}-{scheme}-sign-in")
    sign_in(page)
    for name, path in PAGES.items():
        page.goto(path)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        found[name] = sticking_out(page) + pale_texts(page)
        shoot(page, f"{device}-{scheme}-{name}")
    assert {name: faults for name, faults in found.items() if faults} == {}


def test_the_menu_opens_on_a_phone(filled_house, browse, sign_in, shoot):
    page = sign_in(browse(viewport=PHONE))
    shops = page.get_by_role("link", name="Shops", exact=True)
    expect(shops).not_to_be_visible()
    page.get_by_text("Menu").click()
    expect(shops).to_be_visible()
    assert sticking_out(page) == []
    shoot(page, "phone-menu")
    shops.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Shops")
