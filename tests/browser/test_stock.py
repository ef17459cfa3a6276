"""Stock in a real browser: counted with a scanner on a phone, corrected with the keyboard alone."""

import re

import pytest
from playwright.sync_api import expect

from stoqflow_web import clock
from stoqflow_web.extensions import db
from stoqflow_web.models import Offer, Product, Shop
from stoqflow_web.services import correcting, counting
from stoqflow_web.transaction import transaction
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


def scan(house, count_id, code):
    """A colleague does it, Mia."""
    with house.app.app_context():
        counting.scan(count_id, code, user_id=1)


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
    page.get_by_role("button", name="Apply 1 difference").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(f"{sku}, {expected} → 18")
    dialog.get_by_role("button", name="Apply").click()
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


def correct(house, product_id, change):
    """A colleague does it."""
    with house.app.app_context():
        before = db.session.query(Product.on_hand).filter_by(id=product_id).scalar()
        correcting.correct(product_id, seen=before, change=change, reason="lost", user_id=1)


def test_a_product_shows_what_a_colleague_corrected_and_a_begun_correction_stays(
    filled_house, product, page, sign_in, shoot
):
    product_id, _sku, _ean, before = product
    sign_in(page, "stef@example.com")
    page.goto(f"/products/{product_id}")
    tile, form = page.locator(".tile[href='#movements']"), page.locator("#correction")
    number, moved = page.get_by_label("Units"), page.locator("#correction [data-moved]")
    expect(tile.locator(".tile__value")).to_have_text(str(before))
    correct(filled_house, product_id, -1)
    expect(tile.locator(".tile__value")).to_have_text(str(before - 1))
    expect(page.locator("#movements tbody tr").first).to_contain_text("Lost")
    expect(form).to_contain_text(f"{before - 1} on hand")  # nobody has begun to fill it in
    expect(moved).to_be_hidden()

    number.fill("2")
    page.get_by_role("heading", level=1).click()  # the field has no focus any more, but what was typed
    correct(filled_house, product_id, -1)
    expect(tile.locator(".tile__value")).to_have_text(str(before - 2))
    expect(number).to_have_value("2")
    expect(form).to_contain_text(f"{before - 1} on hand")
    expect(form.locator("[name=seen]")).to_have_value(str(before - 1))
    expect(moved).to_contain_text(f"counts from the {before - 1} that were on hand when you began")
    shoot(page, "wide-light-stock-product-moved-meanwhile")
    assert sticking_out(page) + pale_texts(page) == []
    page.get_by_label("Reason").select_option("damaged")
    page.get_by_role("button", name="Correct", exact=True).click()
    expect(page.locator(".field__error").first).to_contain_text(f"Meanwhile somebody made it {before - 2}")

    correct(filled_house, product_id, -1)
    expect(tile.locator(".tile__value")).to_have_text(str(before - 3))
    expect(page.locator(".field__error").first).to_be_visible()
    expect(form.locator("[name=seen]")).to_have_value(str(before - 2))


def test_older_movements_are_shown_beside_a_begun_correction(filled_house, product, page, sign_in):
    product_id, *_ = product
    for change in (1, -1) * 30:
        correct(filled_house, product_id, change)
    sign_in(page, "stef@example.com")
    page.goto(f"/products/{product_id}")
    page.get_by_label("Units").fill("2")
    rows = page.locator("#movements tbody tr")
    page.locator("#movements").get_by_role("link", name="Next").click()
    expect(rows.last).to_contain_text("Opening stock")
    expect(page).to_have_url(re.compile("page="))
    expect(page.locator("#movements-title")).to_be_in_viewport()
    expect(page.get_by_label("Units")).to_have_value("2")
    correct(filled_house, product_id, 1)
    expect(page.locator("#correction [data-moved]")).to_be_visible()
    expect(rows.last).to_contain_text("Opening stock")  # still the page that was turned to


def test_a_product_shows_the_order_that_has_just_come_in(filled_house, page, sign_in):
    with filled_house.app.app_context():
        is_free = Product.on_hand - Product.reserved > 3
        offer = db.session.query(Offer).join(Offer.product).filter(is_free).order_by(Offer.id).first()
        product_id, offer_id, reserved = offer.product_id, offer.external_id, offer.product.reserved
    sign_in(page)
    page.goto(f"/products/{product_id}")
    tile = page.locator(".tile[href='#reserved-title'] .tile__value")
    orders = page.locator("section[aria-labelledby=reserved-title] tbody tr")
    there = orders.count()
    expect(tile).to_have_text(str(reserved))
    filled_house.world.place_order(offer_id=offer_id)
    with filled_house.app.app_context(), transaction() as tx:
        tx.session.query(Shop).one().next_sync_at = clock.now()
    expect(tile).to_have_text(str(reserved + 1), timeout=45_000)
    expect(orders).to_have_count(there + 1)


def test_what_colleagues_scan_appears_without_disturbing_the_scanner(filled_house, product, browse, sign_in, shoot):
    _id, _sku, ean, _on_hand = product
    page = browse(viewport=PHONE, has_touch=True)
    sign_in(page, "stef@example.com")
    page.goto("/stock/count")
    page.get_by_role("button", name="Start counting").click()
    ready_to_scan(page)
    code, lines = page.get_by_label("Scan a product"), page.locator("#count-lines")
    page.keyboard.type("87")
    count_id = int(page.url.rsplit("/", 1)[1].partition("?")[0])
    scan(filled_house, count_id, ean)
    expect(lines).to_contain_text("1 product")
    expect(lines).to_contain_text("Mia Manager")
    expect(code).to_be_focused()
    expect(code).to_have_value("87")
    code.fill("")
    page.get_by_label("Units").focus()
    page.keyboard.type("1")
    scan(filled_house, count_id, ean)
    expect(lines).to_contain_text("2 units")
    expect(page.get_by_label("Units")).to_be_focused()
    page.keyboard.type("2")
    expect(page.get_by_label("Units")).to_have_value("12")
    shoot(page, "phone-light-count-colleague")

    with filled_house.app.app_context():
        counting.discard(count_id, user_id=1)
    expect(page.get_by_text("Discarded")).to_be_visible()  # nobody scans on into a count that has ended


def test_a_list_in_which_somebody_types_waits(filled_house, product, browse, sign_in):
    _id, sku, ean, _on_hand = product
    with filled_house.app.app_context():
        count_id = counting.start(user_id=1).id
    scan(filled_house, count_id, ean)
    page = browse()
    sign_in(page)
    page.clock.install()
    page.goto(f"/stock/counts/{count_id}")
    ready_to_scan(page)
    amount, units = page.get_by_label(f"Counted of {sku}"), page.locator("#count-lines .card__sub")
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    amount.fill("1")
    scan(filled_house, count_id, ean)
    page.clock.run_for(10_000)
    expect(units).to_have_text("1 unit")
    expect(amount).to_be_focused()
    expect(amount).to_have_value("1")
    assert asked == []
    page.get_by_label("Scan a product").focus()
    page.clock.run_for(4_000)
    expect(units).to_have_text("2 units")
    assert len(asked) == 1


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
