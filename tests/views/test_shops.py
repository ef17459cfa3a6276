"""A manager links a shop, sees how it does, and mends it."""

import logging

import pytest
from sqlalchemy import func, select

from stoqflow_web.extensions import db
from stoqflow_web.models import Shop
from stoqflow_web.services import shops
from tests.support.builders import make_shop
from tests.support.counting import counted_queries
from tests.support.linking import link_shop


def fill_in(manager, sandbox, **typed):
    manager.get("/shops/new")
    given = {"name": "Home & Kitchen", "api_key": sandbox.client_id, "api_secret": sandbox.client_secret}
    return manager.submit(**(given | typed))


def test_the_first_shop_is_linked_from_an_empty_list(sandbox, signed_in):
    manager = signed_in()
    assert manager.get("/shops").one(".empty a")["href"] == "/shops/new"
    page = fill_in(manager, sandbox)
    assert (page.status, page.heading, page.url) == (200, "Home & Kitchen", "/shops/1")
    assert "this is the account of Keuken & Buiten (1472583)" in page.text
    assert "Linked" in page.texts(".pill")
    assert manager.get("/shops").texts("td a") == ["Home & Kitchen"]


def test_a_refusal_keeps_what_was_typed_but_never_the_secret(sandbox, signed_in):
    page = fill_in(signed_in(), sandbox, api_secret="very-hidden")
    assert page.status == 422
    assert "does not know this key and secret together" in page.error_beside("api_key")
    assert page.one("[name=name]")["value"] == "Home & Kitchen"
    assert page.one("[name=api_key]")["value"] == sandbox.client_id
    assert "very-hidden" not in page.html


def test_every_empty_field_has_its_own_sentence_at_once(sandbox, signed_in):
    page = fill_in(signed_in(), sandbox, name="", api_key=" ", api_secret="")
    assert page.error_beside("name").startswith("Give the shop a name")
    assert page.error_beside("api_key").startswith("Paste the key")
    assert page.error_beside("api_secret").startswith("Paste the secret")


def test_a_name_of_40_kb_is_refused(sandbox, signed_in):
    assert "at most 100 characters" in fill_in(signed_in(), sandbox, name="x" * 40_000).error_beside("name")


def test_an_unknown_platform_is_refused(sandbox, signed_in):
    page = fill_in(signed_in(), sandbox, platform="elsewhere.com")
    assert page.status == 422
    assert page.error_beside("platform")


@pytest.mark.parametrize(
    ("trouble", "sentence"),
    [
        (lambda world: world.deactivate_account(), "this seller account is not active"),
        (lambda world: world.go_down(10), "bol.com does not answer at the moment"),
    ],
)
def test_trouble_at_bol_is_told_beside_the_key(sandbox, signed_in, trouble, sentence):
    trouble(sandbox.world)
    page = fill_in(signed_in(), sandbox)
    assert page.status == 422
    assert sentence in page.error_beside("api_key")


def test_the_same_account_is_not_linked_twice(app, sandbox, signed_in):
    manager = signed_in()
    fill_in(manager, sandbox, name="First")
    page = fill_in(manager, sandbox, name="Second")
    assert "already linked as the shop “First”" in page.error_beside("api_key")
    assert fill_in(manager, sandbox, name="First").url == "/shops/1"
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Shop)) == 1


def test_the_secret_is_in_no_page_no_cookie_and_no_log(sandbox, signed_in, caplog):
    caplog.set_level(logging.DEBUG)
    manager = signed_in()
    pages = [fill_in(manager, sandbox), *(manager.get(url) for url in ("/shops", "/shops/1", "/shops/1/keys"))]
    assert all(sandbox.client_secret not in page.html for page in pages)
    cookie = manager.client.get_cookie("stoqflow")
    assert cookie
    assert sandbox.client_secret not in cookie.value
    assert sandbox.client_secret not in caplog.text


def test_markup_in_a_name_is_text(ctx, signed_in):
    shop = make_shop("<script>alert(1)</script> & <b>Co</b>")
    manager = signed_in()
    assert manager.get(f"/shops/{shop.id}").heading == shop.name
    assert manager.get("/shops").texts("td a") == [shop.name]
    assert manager.get(f"/shops/{shop.id}/name").one("[name=name]")["value"] == shop.name


def test_staff_see_nothing_of_shops(ctx, signed_in):
    shop = make_shop()
    staff = signed_in("staff")
    token = staff.get("/account").one("main [name=csrf_token]")["value"]
    for path in ("/shops", "/shops/new", f"/shops/{shop.id}", f"/shops/{shop.id}/keys", f"/shops/{shop.id}/readiness"):
        assert staff.get(path).status == 403
    for path in ("", f"/{shop.id}/pause", f"/{shop.id}/keys", f"/{shop.id}/key-check", f"/{shop.id}/imports"):
        assert staff.client.post(f"/shops{path}", data={"csrf_token": token}).status_code == 403
    assert not shop.is_paused


def test_lost_access_says_since_when_why_and_what_to_do(ctx, clock, signed_in):
    shop = make_shop("Home")
    shops.mark_access_lost(shop.id, "The keys were taken back.")
    page = signed_in().get(f"/shops/{shop.id}")
    banner = page.one(".banners .notice--danger")
    assert "bol.com refuses the keys of Home since 09:12" in " ".join(banner.text.split())
    assert "The keys were taken back." in page.texts("#api-configuration p")
    assert banner.select_one("a")["href"] == f"/shops/{shop.id}/keys"
    assert "Access lost" in page.texts(".page-head .pill")
    assert not page.all("#transfer-products button")


def test_keys_are_checked_and_replaced_from_the_shop_page(ctx, sandbox, signed_in):
    shop_id, manager = link_shop(sandbox), signed_in()
    sandbox.world.revoke_keys()
    manager.get(f"/shops/{shop_id}")
    page = manager.submit("[action$=key-check]")
    assert "bol.com refuses the keys of" in page.text
    sandbox.world.restore_keys()
    manager.get(f"/shops/{shop_id}/keys")
    page = manager.submit(api_key=sandbox.client_id, api_secret=sandbox.client_secret)
    assert "Keuken & Buiten (1472583) answered to them" in page.text
    assert "Linked" in page.texts(".pill")


def test_a_shop_is_paused_renamed_and_resumed(ctx, signed_in):
    shop, manager = make_shop("Home"), signed_in()
    manager.get(f"/shops/{shop.id}")
    page = manager.submit("[action$=pause]")
    assert "Paused" in page.texts(".page-head .pill")
    assert not page.all("#transfer-products button")
    assert "Linked" in manager.submit("[action$=resumption]").texts(".page-head .pill")
    manager.get(f"/shops/{shop.id}/name")
    assert manager.submit(name="").error_beside("name")
    page = manager.submit(name="Garden")
    assert page.heading == "Garden"
    assert "Renamed from “Home” to “Garden”" in page.text


def test_the_history_shows_the_newest_and_folds_the_older_away(ctx, signed_in):
    shop, manager = make_shop("Home"), signed_in()
    for number in range(30):
        shops.rename(shop.id, name=f"Name {number}", user_id=None)
    page = manager.get(f"/shops/{shop.id}")
    assert len(page.all("#history li")) == 30
    assert "to “Name 29”" in page.texts("#history li")[0]
    assert len(page.all("#history details li")) == 22
    assert page.texts("#api-configuration button") == ["Check keys now"]
    for number in range(30):
        shops.rename(shop.id, name=f"Again {number}", user_id=None)
    assert len(manager.get(f"/shops/{shop.id}").all("#history li")) == 50


def test_an_unknown_shop_is_not_found(signed_in):
    manager = signed_in()
    for path in ("/shops/404", "/shops/404/keys", "/shops/404/readiness", f"/shops/{2**70}", f"/imports/{2**70}"):
        assert manager.get(path).status == 404


def test_a_list_of_many_shops_costs_no_more_queries(ctx, signed_in):
    manager = signed_in()
    make_shop()
    with counted_queries(ctx) as few:
        manager.get("/shops")
    for _ in range(4):
        make_shop()
    with counted_queries(ctx) as many:
        manager.get("/shops")
    assert len(many) == len(few)
