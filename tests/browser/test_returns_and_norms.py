"""What clients send back, and how bol.com measures the shop, as they come in by themselves."""

import pytest
from playwright.sync_api import expect
from sqlalchemy import select, update

from stoqflow_web import clock
from stoqflow_web.extensions import db
from stoqflow_web.models import PerformanceIndicator, Reading, ReturnItem, SalesOrder, Shop
from stoqflow_web.models.sales_orders import READY_TO_PICK
from stoqflow_web.transaction import transaction
from tests.browser.conftest import PHONE, WIDE
from tests.browser.watching import pale_texts, sticking_out
from tests.support.clocks import wait_until


@pytest.fixture
def sent_back(filled_house) -> ReturnItem:
    """A client has sent something back; it was read here, and so was how bol.com measures the shop."""
    with filled_house.app.app_context():
        order = db.session.scalars(select(SalesOrder).where(SalesOrder.status == READY_TO_PICK)).first()
        external_id = order.marketplace_order.external_id
        db.session.rollback()
        filled_house.world.ship_by_hand(external_id)
        return_id = filled_house.world.send_back(external_id)
        rma_id = filled_house.world.returns[return_id].rma_id
        with transaction() as tx:  # instead of waiting for the first sync, and for the next half hour
            tx.session.execute(update(Shop).values(next_sync_at=clock.now()))
            tx.session.execute(update(Reading).values(next_at=clock.now()))
        return wait_until(lambda: _read(rma_id), 60)


def _read(rma_id: str) -> ReturnItem | None:
    db.session.rollback()
    item = db.session.scalars(select(ReturnItem).where(ReturnItem.rma_id == rma_id)).one_or_none()
    measured = db.session.scalars(select(PerformanceIndicator.id)).first()
    return item if item and item.track_and_trace and measured else None


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_scanned_parcel_and_the_norms_are_found_on_any_screen(sent_back, browse, sign_in, shoot, scheme):
    found = {}
    for device, size in (("wide", WIDE), ("phone", PHONE)):
        page = sign_in(browse(viewport=size, color_scheme=scheme), "stef@example.com")
        expect(page.locator("section[aria-labelledby=norms-title]")).to_be_visible()
        shoot(page, f"norms-{device}-{scheme}-today")
        found[f"{device} today"] = sticking_out(page) + pale_texts(page)
        page.get_by_role("link", name="Service norms").click()
        expect(page.locator("#norm-cancellations")).to_contain_text("at most 2 %")
        shoot(page, f"norms-{device}-{scheme}-service-norms")
        found[f"{device} norms"] = sticking_out(page) + pale_texts(page)
        page.goto("/returns")
        shoot(page, f"norms-{device}-{scheme}-returns")
        found[f"{device} returns"] = sticking_out(page) + pale_texts(page)
        search = page.get_by_label("Search returns")
        search.fill(sent_back.track_and_trace.lower())
        rows = page.locator(".returns tbody tr")
        expect(rows).to_have_count(1, timeout=30_000)
        expect(search).to_be_focused()
        rows.locator("a[href^='/orders/']").click()
        card = page.locator("section[aria-labelledby=returns-title]")
        expect(card).to_contain_text("To be handled")
        shoot(page, f"norms-{device}-{scheme}-order")
        found[f"{device} order"] = sticking_out(page) + pale_texts(page)
    assert {name: faults for name, faults in found.items() if faults} == {}
