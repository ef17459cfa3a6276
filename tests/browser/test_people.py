"""Who may do what, as a browser shows it, and with what: the keyboard alone, or without scripts."""

import re

from playwright.sync_api import Locator, Page, expect

from tests.browser.house import OPTIONS, PASSWORD, SHOP, STAFF

MOST_STOPS = 60  # no page has so many places for the Tab key before what it is for


def tab_to(page: Page, wanted: Locator) -> None:
    """Press Tab until the element has the focus, and see that one can see it."""
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        if wanted.evaluate("(element) => element === document.activeElement"):
            ring = wanted.evaluate(
                "(element) => getComputedStyle(element).outlineStyle + getComputedStyle(element).boxShadow"
            )
            assert ring != "nonenone", f"the focus can't be seen on {wanted}"
            return
    raise AssertionError(f"Tab never reaches {wanted}")


def test_with_the_keyboard_alone_a_shop_is_linked_and_a_transfer_started(house, page):
    page.goto("/sign-in")
    tab_to(page, page.get_by_label("E-mail"))
    page.keyboard.type("mia@example.com")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Today")

    tab_to(page, page.get_by_role("link", name="Shops", exact=True))
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_role("link", name="Add shop"))
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_label("Name"))
    page.keyboard.type(SHOP)
    tab_to(page, page.get_by_label("Key", exact=True))
    page.keyboard.type(OPTIONS.client_id)
    tab_to(page, page.get_by_label("Secret", exact=True))
    page.keyboard.type("plausible-But-Wrong-x7Yq2")
    page.keyboard.press("Enter")

    # The field that was refused has the focus already: type it anew and go on.
    expect(page.locator("[aria-invalid=true]")).to_be_focused()
    secret = page.get_by_label("Secret", exact=True)
    if not secret.evaluate("(element) => element === document.activeElement"):
        tab_to(page, secret)
    page.keyboard.type(OPTIONS.client_secret)
    tab_to(page, page.get_by_role("button", name="Save"))
    page.keyboard.press("Space")
    expect(page.get_by_role("heading", level=1)).to_have_text(SHOP)

    orders = page.locator("#transfer-orders")
    tab_to(page, orders.get_by_role("button", name="Transfer", exact=True))
    page.keyboard.press("Space")
    expect(orders).to_contain_text("Finished")


def test_the_skip_link_leads_past_the_menu(filled_house, page, sign_in):
    sign_in(page)
    page.goto("/orders")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


def test_without_scripts_everything_works_by_loading_pages(house, browse):
    page = browse(java_script_enabled=False)
    page.goto("/sign-in")
    page.get_by_label("E-mail").fill("mia@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="Shops", exact=True).click()
    page.get_by_role("link", name="Add shop").click()
    page.get_by_label("Name").fill(SHOP)
    page.get_by_label("Key", exact=True).fill(OPTIONS.client_id)
    page.get_by_label("Secret", exact=True).fill(OPTIONS.client_secret)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(SHOP)

    orders = page.locator("#transfer-orders")
    gate = house.gate("/retailer/orders/", 3)
    orders.get_by_role("button", name="Transfer", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(SHOP)
    expect(orders).to_contain_text(re.compile("Queued|Running"))
    gate.open()
    house.wait_for_transfers()
    page.reload()
    expect(orders).to_contain_text("Finished")

    page.get_by_role("link", name="Orders").first.click()
    expect(page.locator("#orders tbody tr")).to_have_count(len(house.world.open_order_ids()))
    page.get_by_role("searchbox", name="Search orders").fill("SO-10001")
    page.keyboard.press("Enter")
    expect(page.locator("#orders tbody tr")).to_have_count(1)
    page.locator("#orders .table__link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("SO-10001")


def test_staff_see_no_shops_and_are_told_why(filled_house, page, sign_in, shoot):
    page.watcher.expects(403)
    sign_in(page, STAFF)
    expect(page.get_by_role("link", name="Products", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name="Shops", exact=True)).to_have_count(0)
    expect(page.get_by_role("link", name="Users", exact=True)).to_have_count(0)
    answer = page.goto("/shops")
    assert answer.status == 403
    expect(page.locator("main")).to_contain_text("manager")
    shoot(page, "staff-403")
    page.get_by_role("link", name="Back to the start").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Today")


def test_the_link_to_make_the_first_manager_works_once(whole_house, browse, shoot):
    whole_house.begin(people=False)
    link, page = whole_house.first_manager_link(), browse()
    page.goto(link)
    expect(page.get_by_role("heading", level=1)).to_have_text("Welcome to Stoqflow")
    shoot(page, "welcome")
    page.get_by_label("Name").fill("Noor Nieuw")
    page.get_by_label("E-mail").fill("noor@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Begin").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Today")
    expect(page.get_by_text("Noor Nieuw")).to_be_visible()

    late = browse()
    late.watcher.expects(404)
    assert late.goto(link).status == 404
    expect(late.locator("main")).to_contain_text("This link has done its work")
    shoot(late, "welcome-used")


def test_a_session_that_ended_leads_to_the_sign_in_page_and_back(filled_house, page, sign_in):
    sign_in(page)
    page.goto("/products")
    page.context.clear_cookies()
    page.get_by_role("searchbox", name="Search products").fill("anything")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    page.get_by_label("E-mail").fill("mia@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Products")
