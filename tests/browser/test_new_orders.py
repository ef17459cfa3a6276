"""Nobody presses a button: what a client orders at bol.com turns up here."""

from playwright.sync_api import expect
from sqlalchemy import select

from stoqflow_web import clock
from stoqflow_web.extensions import db
from stoqflow_web.models import Offer, Product, Shop
from stoqflow_web.queries import orders
from stoqflow_web.transaction import transaction


def test_an_order_placed_at_bol_appears_without_touching_anything(filled_house, page, sign_in):
    with filled_house.app.app_context():
        offer_id = db.session.scalars(
            select(Offer.external_id).join(Offer.product).where(Product.on_hand - Product.reserved > 3)
        ).first()
        ready = orders.counts()["ready-to-pick"]
    sign_in(page)
    page.goto("/")
    tile = page.locator("#today a", has_text="Ready to pick")
    expect(tile).to_contain_text(str(ready))

    filled_house.world.place_order(offer_id=offer_id)
    with filled_house.app.app_context(), transaction() as tx:
        tx.session.query(Shop).one().next_sync_at = clock.now()  # instead of waiting for the minute to pass

    expect(tile).to_contain_text(str(ready + 1), timeout=45_000)
