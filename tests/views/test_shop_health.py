"""On every page: one banner for each shop that has trouble with bol.com, and how old the last sync is."""

from datetime import timedelta

import pytest

from stoqflow_web import exchange
from stoqflow_web.clock import now
from stoqflow_web.models import Shop, Writeback
from stoqflow_web.services import outbox, shops
from stoqflow_web.services.completing import Parcel, complete
from stoqflow_web.transaction import transaction
from tests.support.builders import make_order, make_product, make_shop
from tests.support.counting import counted_queries

pytestmark = pytest.mark.usefixtures("clock", "ctx")


@pytest.fixture
def sam(signed_in):
    return signed_in("staff")


@pytest.fixture
def mia(signed_in):
    return signed_in("manager")


def waiting(shop: Shop, how_many: int = 1) -> None:
    """So many messages of the shop that were not sent yet."""
    for _ in range(how_many):
        made = make_order(products=[make_product()], status="on-hold", shop=shop)
        complete(
            made.id,
            [Parcel(carrier="postnl", track_and_trace="3SABCD0123456789", is_confirmed=True)],
            user_id=None,
            despite_shortage=True,
        )


def silent(name: str, **fields) -> Shop:
    return make_shop(name, trouble="silent", trouble_since=now() - timedelta(minutes=10), **fields)


def banners(page) -> list[str]:
    return page.texts(".banners .notice")


def test_while_all_is_well_there_is_no_banner(mia):
    waiting(make_shop("Home"))
    assert banners(mia.get("/orders")) == []


def test_a_silent_bol_says_since_when_what_is_safe_and_that_nothing_need_be_done(sam):
    waiting(make_shop("Home"))
    waiting(silent("Outdoor BE"), 2)
    expected = [
        "bol.com does not answer for Outdoor BE since 09:02 · 2 messages about orders are safe in the queue "
        "Nothing to do: it goes on by itself."
    ]
    for path in ("/orders", "/products", "/needs-attention", "/activity", "/account"):
        assert banners(sam.get(path)) == expected


def test_what_is_just_being_tried_is_among_the_messages_that_wait(sam, clock):
    shop = silent("Outdoor BE")
    waiting(shop, 2)
    clock.jump(minutes=3)
    assert len(outbox.claim(shop.id, 1)) == 1
    assert "2 messages about orders are safe in the queue" in banners(sam.get("/orders"))[0]


@pytest.mark.parametrize(
    ("because", "sentence", "to_do", "leads_to"),
    [
        (exchange.KEYS_REFUSED, "bol.com refuses the keys of Outdoor BE", "Replace the keys.", "/keys"),
        (
            exchange.ACCOUNT_INACTIVE,
            "bol.com says that the account of Outdoor BE is not active",
            "Ask bol.com's partner service, then check the keys.",
            "/key-check",
        ),
        (exchange.KEYS_UNUSABLE, "The keys of Outdoor BE can't be used", "Replace the keys.", "/keys"),
    ],
)
def test_lost_access_says_of_which_sort_it_is_and_what_helps(mia, sam, because, sentence, to_do, leads_to):
    shop = make_shop("Outdoor BE")
    waiting(shop)
    shops.mark_access_lost(shop.id, "no", because=because)
    banner = mia.get("/products").one(".banners .notice--danger")
    told = " ".join(banner.get_text(" ").split())
    assert f"{sentence} since 09:12 · 1 message about an order is safe in the queue {to_do} Other shops go on." in told
    step = banner.select_one("a, form")
    assert (step.get("href") or step.get("action")) == f"/shops/{shop.id}{leads_to}"
    told = sam.get("/products").one(".banners .notice--danger")
    assert not told.select("a, form")
    assert "Tell a manager; other shops go on." in told.get_text()


def test_fewer_calls_than_usual_take_longer_and_ask_nothing_of_anybody(sam):
    make_shop("Outdoor BE", trouble="limited", trouble_since=now())
    assert banners(sam.get("/orders")) == [
        "bol.com allows half of the usual calls, or fewer, for Outdoor BE since 09:12 · "
        "no message about an order waits "
        "Nothing to do: syncs and transfers take longer."
    ]


def test_a_paused_shop_is_named_only_when_something_waits(sam, mia):
    shop = make_shop("Outdoor BE")
    shops.pause(shop.id, user_id=None)
    assert banners(sam.get("/orders")) == []
    waiting(shop)
    assert "Outdoor BE is paused since 09:12 · 1 message about an order" in banners(sam.get("/orders"))[0]
    mia.get("/orders")
    assert mia.submit(".banners form").url == f"/shops/{shop.id}"
    assert banners(mia.page) == []


def test_two_shops_in_trouble_have_a_banner_each_and_what_is_worst_of_a_shop_is_told(sam):
    silent("Tuin")
    shops.mark_access_lost(silent("Bad").id, "no")
    assert [told.partition(" since")[0] for told in banners(sam.get("/orders"))] == [
        "bol.com refuses the keys of Bad",
        "bol.com does not answer for Tuin",
    ]


@pytest.mark.parametrize(
    ("shops_of_the_house", "words", "tone"),
    [
        ([], [], ""),
        ([("Home", 14)], ["bol.com synced 14 s ago"], "ok"),
        ([("Home", 14), ("Outdoor BE", 40)], ["bol.com synced 40 s ago"], "ok"),
        ([("Home", 14), ("Outdoor BE", 12 * 60)], ["Outdoor BE: late, synced 12 min ago"], "warn"),
        ([("Home", 14), ("Outdoor BE", 2 * 3600)], ["Outdoor BE: no sync for 2 h"], "danger"),
        ([("Home", 14), ("New one", None)], ["New one: not synced yet"], "neutral"),
        ([("Home", 12 * 60), ("New one", None)], ["Home: late, synced 12 min ago"], "warn"),
    ],
)
def test_the_rail_says_how_old_the_oldest_last_sync_is(sam, shops_of_the_house, words, tone):
    for name, seconds in shops_of_the_house:
        make_shop(name, synced_at=None if seconds is None else now() - timedelta(seconds=seconds))
    page = sam.get("/account")
    assert page.texts("#last-sync") == (words or [""])
    assert bool(page.all(f".sidebar__status--{tone}")) == bool(words)


def test_a_sync_is_late_by_its_own_interval_and_a_paused_shop_is_none_that_should(sam):
    make_shop("Seldom", sync_minutes=30, synced_at=now() - timedelta(minutes=31))
    shops.pause(make_shop("Closed", synced_at=now() - timedelta(days=3)).id, user_id=None)
    assert sam.get("/account").texts("#last-sync") == ["bol.com synced 31 min ago"]


def test_an_open_page_learns_of_it_without_being_loaded_again(sam, clock):
    shop = make_shop("Outdoor BE", synced_at=now())
    page = sam.get("/orders")
    assert page.one("#shop-health")["hx-get"] == "/shop-health"
    assert page.one("#shop-health")["hx-trigger"].startswith("every 20s")
    clock.jump(seconds=20)
    with transaction() as tx:
        tx.session.get_one(Shop, shop.id).trouble = "silent"
    fragment = sam.htmx_get("/shop-health")
    assert "bol.com does not answer for Outdoor BE" in fragment.one("#shop-health").get_text()
    assert fragment.one("#last-sync[hx-swap-oob]").get_text() == "bol.com synced 20 s ago"
    assert sam.get("/shop-health").url == "/"


def test_a_page_that_asks_by_itself_keeps_nobody_signed_in(app, make_user, signed_in, clock):
    browser = signed_in("staff")
    for _ in range(13):
        clock.jump(hours=1)
        answer = browser.htmx_get("/shop-health")
    assert answer.headers["HX-Redirect"].startswith("/sign-in")


def test_every_page_pays_one_query_while_all_is_well_and_fragments_none(app, sam):
    for name in ("A", "B", "C"):
        waiting(make_shop(name))
    sam.get("/account")
    with counted_queries(app) as asked:
        sam.get("/account")
    assert len([statement for statement in asked if "trouble_since" in statement]) == 1
    assert not [statement for statement in asked if "count" in statement and "GROUP BY writebacks.shop_id" in statement]
    assert not [statement for statement in asked if "api_secret_encrypted" in statement]
    with counted_queries(app) as asked:
        sam.htmx_get("/orders")
    assert not [statement for statement in asked if statement.startswith("SELECT shops.") and "trouble" in statement]


@pytest.mark.both_databases
def test_what_waits_is_counted_for_shops_in_trouble_only(app, sam):
    waiting(make_shop("Home"), 2)
    shop = silent("Outdoor BE")
    waiting(shop, 3)
    with transaction() as tx:
        tx.session.query(Writeback).filter_by(shop_id=shop.id).first().state = "confirmed"
    assert "2 messages about orders are safe in the queue" in banners(sam.get("/orders"))[0]
