"""bol.com pushes: what a client orders turns up on a page that is open, and nobody loses their place on it."""

from datetime import timedelta

from playwright.sync_api import expect
from sqlalchemy import select

from stoqflow_web import clock
from stoqflow_web.extensions import db
from stoqflow_web.models import Shop
from stoqflow_web.transaction import transaction

LONG = 60_000


def test_push_is_switched_on_and_a_pushed_order_turns_up_without_touching_anything(filled_house, page, sign_in, shoot):
    with filled_house.app.app_context(), transaction() as tx:
        shop = tx.session.scalars(select(Shop)).one()
        shop.next_sync_at = clock.now() + timedelta(hours=1)  # not by the sync, then
        shop_id = shop.id
    sign_in(page)
    page.goto(f"/shops/{shop_id}")
    card = page.locator("#push-card")
    card.get_by_role("button", name="Switch on").click()
    expect(card).to_contain_text("arrived", timeout=LONG)
    shoot(page, "push")

    page.goto("/orders")
    rows = page.locator("tbody tr[id^=order-]")
    number, row = rows.count(), page.locator(f"#{rows.first.get_attribute('id')}")
    row.locator("input[type=checkbox]").check()
    search = page.get_by_label("Search orders")
    search.focus()
    filled_house.world.place_order()
    expect(rows).to_have_count(number + 1, timeout=LONG)
    expect(row.locator("input[type=checkbox]")).to_be_checked()
    expect(search).to_be_focused()
    shoot(page, "push-orders")
    with filled_house.app.app_context():
        assert db.session.scalars(select(Shop)).one().next_sync_at > clock.now()
