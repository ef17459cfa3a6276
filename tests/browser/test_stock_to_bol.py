"""A manager sees what telling bol.com the stock would change, tries a margin, switches it on and sees it told."""

import re

from playwright.sync_api import Page, expect
from sqlalchemy import select

from stoqflow_web.exchange import FBR
from stoqflow_web.models import Offer
from stoqflow_web.models.products import OPENING
from stoqflow_web.services import stock
from stoqflow_web.transaction import transaction
from tests.browser.watching import pale_texts, sticking_out
from tests.support.clocks import wait_until

LONG = 60_000


def test_the_preview_is_recalculated_and_switched_on_from(filled_house, browse, sign_in, shoot) -> None:
    page: Page = sign_in(browse())
    page.goto("/shops/1")
    page.get_by_role("button", name="Sync now").click()
    expect(page.locator("#sync-card")).not_to_contain_text("not yet", timeout=LONG)
    page.locator("#sync-card").get_by_role("link", name="off").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Stock to bol.com")
    page.get_by_role("button", name="Compare now").click()
    tiles = page.locator("#stock-preview .tile__value")
    expect(tiles).to_have_count(4, timeout=LONG)
    offline, lower, *_ = (int(one) for one in tiles.all_inner_texts())

    page.get_by_label("Safety margin").fill("999")
    expect(tiles.nth(1)).not_to_have_text(str(lower), timeout=LONG)
    assert int(tiles.nth(0).inner_text()) > offline
    expect(page).to_have_url(re.compile(r"margin=999"))
    expect(page.get_by_label("Safety margin")).to_be_focused()
    expect(page.locator("#stock-preview tbody tr").first).to_contain_text("goes offline")
    assert sticking_out(page) + pale_texts(page) == []
    shoot(page, "stock-to-bol-preview")

    page.get_by_label("Safety margin").fill("1")
    expect(page).to_have_url(re.compile(r"margin=1$"), timeout=LONG)
    page.get_by_role("button", name=re.compile("Switch on")).first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("at once")
    dialog.get_by_role("button", name="Switch on").click()
    told = page.locator("#stock-telling .tile__value")
    expect(told.nth(1)).to_have_text("0", timeout=LONG)
    shoot(page, "stock-to-bol-told")

    with filled_house.app.app_context(), transaction() as tx:
        offer = tx.session.scalars(
            select(Offer).where(Offer.product_id.is_not(None), Offer.fulfilment_method == FBR)
        ).first()
        there = filled_house.world.offers[offer.external_id]
        number = there.stock
        stock.move(tx, offer.product, 30, OPENING)
    wait_until(lambda: there.stock > number, seconds=60)
    assert sticking_out(page) + pale_texts(page) == []
    page.get_by_label("Safety margin").fill("999")
    expect(page.locator("#margin-effect")).to_contain_text("go offline", timeout=LONG)
    shoot(page, "stock-to-bol-margin")
    assert sticking_out(page) + pale_texts(page) == []
