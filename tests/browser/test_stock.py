"""Stock in a real browser: counted with a scanner on a phone, corrected with the keyboard alone."""

import pytest
from playwright.sync_api import expect

from stoqflow_web.extensions import db
from stoqflow_web.models import Product
from tests.browser.conftest import PHONE, WIDE
from tests.browser.watching import pale_texts, sticking_out


@pytest.fixture
def product(filled_house):
    """A product with an EAN that no other has: (id, SKU, EAN, on hand)."""
    with filled_house.app.app_context():
        found = db.session.query(Product).filter(Product.ean.is_not(None), Product.on_hand > 3).order_by(Product.id)
        eans = [each.ean for each in found]
        one = next(each for each in found if eans.count(each.ean) == 1)
        return one.id, one.sku, one.ean, one.on_hand


def on_hand(house, product_id):
    with house.app.app_context():
        return db.session.query(Product.on_hand).filter_by(id=product_id).scalar()


def ready_to_scan(page):
    """Before htmx has the form, a scan loads a page like any form, and what is typed meanwhile goes nowhere."""
    expect(page.locator("form[data-scan][data-htmx-powered]")).to_be_visible()
    expect(page.get_by_label("Scan a product")).to_be_focused()


def test_a_phone_with_a_scanner_counts_a_shelf(filled_house, product, browse, sign_in, shoot):
    product_id, sku, ean, expected = product
    page = browse(viewport=PHONE, has_touch=True)
    sign_in(page, "stef@example.com")
    page.goto("/stock/count")
    page.get_by_role("button", name="Start counting").click()
    code, number = page.get_by_label("Scan a product"), page.locator(".scanned__number")
    ready_to_scan(page)
    for _ in range(3):  # as fast as a scanner types: nothing waits for an answer
        page.keyboard.type(ean)
        page.keyboard.press("Enter")
        page.keyboard.press("Enter")
    expect(number).to_contain_text("3")
    expect(code).to_be_focused()
    expect(code).to_have_value("")
    page.keyboard.type("0000000000017")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert").filter(has_text="Not counted")).to_contain_text("No product here has this EAN")
    expect(code).to_be_focused()
    expect(code).to_have_value("0000000000017")
    shoot(page, "phone-light-count-refused")
    assert sticking_out(page) + pale_texts(page) == []
    page.keyboard.type(sku)  # over the refused code, which is selected
    page.keyboard.press("Enter")
    expect(number).to_contain_text("4")
    page.keyboard.press("Tab")
    page.keyboard.type("17")
    page.keyboard.press("Enter")
    expect(number).to_contain_text("17")
    expect(code).to_be_focused()
    expect(page.get_by_label("Units")).to_have_value("")
    page.keyboard.type(ean)
    page.keyboard.press("Enter")
    expect(number).to_contain_text("18")
    shoot(page, "phone-light-count")
    page.get_by_role("link", name="Review").click()
    expect(page.locator("tbody")).to_contain_text(sku)
    shoot(page, "phone-light-count-review")
    page.get_by_role("button", name="Apply 1 difference" if expected != 18 else "Finish").click()
    expect(page.locator("#flashes")).to_contain_text("1 product counted")
    assert on_hand(filled_house, product_id) == 18


def test_stock_is_corrected_with_the_keyboard_alone(filled_house, product, page, sign_in):
    product_id, sku, _ean, before = product
    sign_in(page, "stef@example.com")
    page.goto(f"/products/{product_id}")
    page.get_by_label("How many there are").focus()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_label("How many more or fewer")).to_be_checked()
    page.keyboard.press("Tab")
    page.keyboard.type("-2")
    page.keyboard.press("Tab")
    page.keyboard.type("Dam")
    page.keyboard.press("Tab")
    page.keyboard.type("fell off the shelf")
    page.keyboard.press("Enter")
    expect(page.locator("#flashes")).to_have_text(f"{sku}: {before} → {before - 2}.")
    expect(page.locator("#movements tbody tr").first).to_contain_text("Damaged")
    expect(page.locator("#movements tbody tr").first).to_contain_text("fell off the shelf")
    assert on_hand(filled_house, product_id) == before - 2


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("device", "size"), [("phone", PHONE), ("wide", WIDE)])
def test_the_stock_pages_fit_and_can_be_read(product, browse, sign_in, shoot, device, size, scheme):
    page = browse(viewport=size, color_scheme=scheme)
    sign_in(page)
    found = []

    def look(name):
        shoot(page, f"{device}-{scheme}-{name}")
        found.extend(f"{name}: {fault}" for fault in sticking_out(page) + pale_texts(page))

    page.goto("/products")
    look("stock-products")
    page.goto(f"/products/{product[0]}")
    page.get_by_role("button", name="Correct").click()
    expect(page.locator(".field__error").first).to_be_visible()
    look("stock-product")
    page.goto("/stock/count")
    look("stock-begin")
    page.get_by_role("button", name="Start counting").click()
    ready_to_scan(page)
    for code in (product[1], "unknown"):
        page.keyboard.type(code)
        page.keyboard.press("Enter")
        expect(page.locator(".scanned" if code != "unknown" else ".notice--stop")).to_be_visible()
        look(f"stock-count-{code == 'unknown'}")
    page.get_by_role("link", name="Review").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Review the count")
    look("stock-review")
    page.goto("/stock/imports")
    page.get_by_label("CSV file").set_input_files(
        {"name": "stock.csv", "mimeType": "text/csv", "buffer": f"sku,on_hand\n{product[1]},2\nNONE,1\n".encode()}
    )
    look("stock-import-new")
    page.get_by_role("button", name="Check the file").click()
    expect(page.locator("#import-title")).to_have_text("1 product would change")
    look("stock-import-checked")
    page.get_by_role("button", name="Apply 1").click()
    expect(page.locator("#import-title")).to_have_text("1 product changed", timeout=30_000)
    look("stock-import-done")
    page.goto(f"/products/{product[0]}")
    look("stock-product-moved")
    assert found == []
