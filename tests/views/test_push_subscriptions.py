"""The card *Push from bol* on the shop's page, and what an open list of orders asks every two seconds."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from stoqflow_web import clock as clock_module
from stoqflow_web.extensions import db
from stoqflow_web.models import Product, PushSubscription, Shop
from stoqflow_web.models.products import LOST
from stoqflow_web.services import history, stock
from stoqflow_web.transaction import transaction
from tests.support.builders import make_product, make_shop

ADDRESS = "https://orders.shop.example"


@pytest.fixture
def settings(settings):
    return replace(settings, public_url=ADDRESS)


@pytest.fixture
def shop(ctx, clock) -> Shop:
    return make_shop()


def pushed(shop: Shop, **columns) -> None:
    now = clock_module.now()
    given = {"external_id": "5", "subscribed_at": now, "checked_at": now, "test_wanted_at": now, "test_sent_at": now}
    with transaction() as tx:
        tx.session.add(PushSubscription(shop_id=shop.id, token="t", created_at=now, **(given | columns)))


def card(page) -> str:
    return page.texts("#push-card")[0]


def row() -> PushSubscription | None:
    return db.session.scalars(select(PushSubscription)).one_or_none()


def test_without_a_public_address_it_says_what_to_set(app, shop, signed_in):
    app.extensions["settings"] = replace(app.extensions["settings"], public_url=None)
    page = signed_in().get(f"/shops/{shop.id}")
    assert "off" in card(page)
    assert "set STOQFLOW_PUBLIC_URL to the https address" in card(page)
    assert "asked for every minute" in card(page)
    assert page.all("#push-card button") == []

    app.extensions["settings"] = replace(app.extensions["settings"], public_url="http://orders.shop.example")
    page = signed_in().get(f"/shops/{shop.id}")
    assert "only to an https address" in card(page)
    assert page.all("#push-card button") == []


def test_switched_on_it_shows_live_how_far_it_is(shop, signed_in, clock):
    browser = signed_in()
    browser.get(f"/shops/{shop.id}")
    page = browser.submit("#push-card form")
    assert "being switched on" in card(page)
    assert "about to be asked for" in card(page)
    assert "every 1s" in page.one("#push-card")["hx-trigger"]
    assert row().is_wanted

    with transaction() as tx:
        subscription = tx.session.get_one(PushSubscription, row().id)
        subscription.external_id, subscription.subscribed_at = "5", clock_module.now()
        subscription.test_sent_at = clock_module.now()
    assert "Test message on its way" in card(browser.htmx_get(f"/shops/{shop.id}/push-subscription"))

    with transaction() as tx:
        tx.session.get_one(PushSubscription, row().id).tested_at = clock_module.now()
    clock.jump(seconds=2)
    fragment = browser.htmx_get(f"/shops/{shop.id}/push-subscription")
    assert "Push from bol on" in card(fragment)
    assert "arrived 2 s ago" in card(fragment)
    assert "every 10s" in fragment.one("#push-card")["hx-trigger"]


def test_a_test_is_asked_for_again_and_it_is_switched_off(shop, signed_in, clock):
    pushed(shop, tested_at=clock_module.now())
    browser = signed_in()
    browser.get(f"/shops/{shop.id}")
    clock.jump(minutes=5)
    page = browser.submit("#push-card form[action$='/tests']")
    assert "about to be asked for" in card(page), "the one that was sent was another"
    assert row().awaits_test
    page = browser.submit("#push-card form[action$='/end']")
    assert "being switched off" in card(page)
    assert not row().is_wanted


def test_what_is_the_matter_is_said(shop, signed_in, clock):
    pushed(shop, trouble="bol.com has a fault.", mended_at=clock_module.now(), refused=2, refused_at=clock_module.now())
    clock.jump(minutes=1)
    page = signed_in().get(f"/shops/{shop.id}")
    assert "on, to be looked at" in card(page)
    assert "bol.com has a fault." in card(page)
    assert "The test message has not arrived" in card(page)
    assert "switched on again 1 min ago" in card(page)
    assert "2 times, 1 min ago" in card(page)


def test_staff_may_not_touch_it(shop, signed_in):
    browser = signed_in("staff")
    assert browser.get(f"/shops/{shop.id}/push-subscription").status == 403


# Open pages notice what changed


def test_nothing_new_is_nothing_to_swap_and_news_is_an_event(shop, signed_in):
    browser = signed_in()
    for address in ("/", "/orders", f"/products/{make_product().id}"):
        ask = browser.get(address).one("#order-changes")["hx-get"]
        assert browser.htmx_get(ask).status == 204
    with transaction() as tx:
        history.record(tx, "renamed", shop_id=shop.id)
    fragment = browser.htmx_get(ask)
    assert (fragment.status, fragment.headers["HX-Trigger"]) == (200, "orders-changed")
    assert browser.htmx_get(fragment.one("#order-changes")["hx-get"]).status == 204


def test_stock_that_moved_is_news_too(shop, signed_in):
    product = make_product(stock=5)
    browser = signed_in()
    ask = browser.get(f"/products/{product.id}").one("#order-changes")["hx-get"]
    with transaction() as tx:
        stock.move(tx, tx.session.get_one(Product, product.id), -1, LOST)
    fragment = browser.htmx_get(ask)
    assert (fragment.status, fragment.headers["HX-Trigger"]) == (200, "orders-changed")
    assert browser.htmx_get(fragment.one("#order-changes")["hx-get"]).status == 204


def test_a_list_reads_itself_again_as_it_was_asked_for(shop, signed_in):
    browser = signed_in()
    assert browser.get("/orders?tab=complete&q=lamp&due=today").one("#orders")["hx-get"] == (
        "/orders?tab=complete&q=lamp&due=today"
    )
    assert "orders-changed from:body" in browser.page.one("#orders")["hx-trigger"]
    assert "orders-changed from:body" in browser.get("/").one("#today")["hx-trigger"]
