"""What is the matter with a shop appears on a page that is open, and goes again, without a reload."""

from playwright.sync_api import expect

from stoqflow_web import clock
from stoqflow_web.models import Shop
from stoqflow_web.transaction import transaction


def set_shop(house, page, **columns) -> None:
    """Somewhere something happens to the shop, and the page asks, a little earlier than it would by itself."""
    with house.app.app_context(), transaction() as tx:
        for name, value in columns.items():
            setattr(tx.session.query(Shop).one(), name, value)
    page.evaluate("() => document.body.dispatchEvent(new Event('import-ended'))")


def test_a_banner_comes_and_goes_on_an_open_page_and_the_rail_tells_the_age_of_the_sync(
    filled_house, page, sign_in, shoot
):
    set_shop(filled_house, page, next_sync_at=clock.now().replace(year=2100))
    sign_in(page)
    page.goto("/products")
    page.fill("[name=q]", "spa")
    expect(page.locator(".banners .notice")).to_have_count(0)
    set_shop(filled_house, page, trouble="silent", trouble_since=clock.now(), synced_at=clock.now())

    expect(page.locator(".banners .notice")).to_contain_text("bol.com does not answer for Home & Kitchen NL")
    expect(page.locator(".sidebar__status--warn")).to_contain_text("bol.com synced")
    expect(page.locator("[name=q]")).to_have_value("spa")
    shoot(page, "banner")
    set_shop(filled_house, page, trouble=None, trouble_since=None)
    expect(page.locator(".banners .notice")).to_have_count(0)
