"""The home page, as a person sees it."""

from datetime import timedelta

import pytest

from stoqflow_web import clock as clock_module
from stoqflow_web.models.sales_orders import COMPLETE, ON_HOLD
from stoqflow_web.services import shops
from tests.queries.test_orders import tell
from tests.queries.test_today import check
from tests.services.test_attention import row
from tests.services.transfers import new_run
from tests.support.builders import make_order, make_product, make_shop
from tests.support.counting import counted_queries
from tests.views.test_attention import stuck_shipment

pytestmark = pytest.mark.usefixtures("clock", "ctx")


@pytest.fixture
def sam(signed_in):
    return signed_in("staff")


@pytest.fixture
def emma(signed_in):
    return signed_in("manager")


def tile(page, name):
    return page.texts(f"#tile-{name}")[0]


def test_the_page_is_the_start_and_says_which_day_it_is(sam):
    make_shop()
    page = sam.get("/")
    assert page.heading == "Today"
    assert page.texts(".page-head__note") == ["Monday 23 November"]
    assert page.texts(".nav a[aria-current=page]") == ["Today"]
    assert page.one(".brand")["href"] == "/"


def test_each_tile_leads_to_a_list_of_as_many_orders_as_it_says(sam):
    now, shop = clock_module.now(), make_shop()
    tomorrow = clock_module.today() + timedelta(days=1)
    make_order(shop=shop, created_at=now - timedelta(hours=2, minutes=5))
    make_order(shop=shop, deliver_by=tomorrow)
    make_order(shop=shop, deliver_by=tomorrow, status=ON_HOLD)
    make_order(shop=shop, is_cancellation_requested=True, printed_at=now)
    done = [make_order(shop=shop, status=COMPLETE, ended_at=now) for _number in range(3)]
    tell(done[0], "confirmed")
    tell(done[1], "needs-attention")
    page = sam.get("/")
    assert tile(page, "ready") == "Ready to pick 2 oldest came in 2 h ago"
    assert tile(page, "late_today") == "Ship today 2 first in 8 h 18 min"
    assert tile(page, "requests") == "Cancellation requests 1 1 printed already"
    assert tile(page, "attention") == "Needs attention 1 to be decided"
    assert tile(page, "confirmed") == "Confirmed by bol today 1 of 3 complete"
    for name in ("ready", "late_today", "confirmed"):
        link = page.one(f"#tile-{name}")
        listed = sam.get(link["href"])
        number = int(link.select_one(".tile__value").get_text())
        assert len(listed.all("#orders tbody tr")) == number
        assert listed.one(".tabs__tab[aria-current] .count").get_text(strip=True) == str(number)
    assert len(sam.get(page.one("#tile-attention")["href"]).all("#attention article")) == 1
    assert page.one("#tile-requests")["href"] == "/cancellation-requests"


def test_products_to_choose_and_shops_locked_out_need_attention_too_and_stand_on_its_list(sam, emma):
    shop, lost = make_shop(), make_shop("Outdoor BE")
    order = make_order(shop=shop, products=[None], status=ON_HOLD)
    make_order(shop=shop, products=[None], status=COMPLETE)
    page = sam.get("/")
    assert tile(page, "attention") == "Needs attention 1 1 product to choose"
    assert "Nobody knows which product this is" in page.texts("section[aria-labelledby=attention-title]")[0]
    shops.mark_access_lost(lost.id, "no")
    page = sam.get("/")
    assert tile(page, "attention") == "Needs attention 2 1 shop locked out · 1 product to choose"
    assert page.texts(".nav a[href='/needs-attention'] .nav__count") == ["2"]
    listed = sam.get("/needs-attention")
    assert [row["id"] for row in listed.all("#attention article")] == [
        f"locked-out-{lost.id}",
        f"line-to-choose-{order.lines[0].id}",
    ]
    assert sam.get(listed.one("#attention article .button")["href"]).status == 200
    assert emma.get("/needs-attention").texts(f"#locked-out-{lost.id} .button") == ["Replace keys"]


def test_whose_products_were_never_transferred_is_told_to_do_so(sam, emma):
    shop = make_shop("Outdoor BE")
    page = emma.get("/")
    assert page.texts(f"#bare-{shop.id}") == [
        "Transfer the products of Outdoor BE first, so that its orders find them. Transfer products"
    ]
    assert page.one(f"#bare-{shop.id} a")["href"] == f"/shops/{shop.id}"
    assert sam.get("/").texts(f"#bare-{shop.id}") == [
        "The products of Outdoor BE are not here yet: a manager can transfer them."
    ]
    new_run(shop.id, "products")
    assert not emma.get("/").all(f"#bare-{shop.id}")


def test_only_what_bol_confirmed_is_green_and_only_what_asks_for_somebody_is_red(sam):
    make_shop()
    page = sam.get("/")
    assert not page.all(".tile--danger, .tile--ok, .tile--warn")
    done = make_order(status=COMPLETE, ended_at=clock_module.now(), deliver_by=clock_module.today())
    tell(done, "confirmed")
    page = sam.get("/")
    assert [link["id"] for link in page.all(".tile--ok")] == ["tile-confirmed"]
    assert not page.all(".tile--danger")


def test_the_list_of_what_is_confirmed_today_is_a_tab_only_while_it_is_looked_at(sam):
    make_order()
    assert "Confirmed by bol today" not in sam.get("/orders").text
    page = sam.get("/orders?tab=confirmed-today")
    assert page.texts(".tabs__tab[aria-current]") == ["Confirmed by bol today 0"]


def test_the_chart_is_also_a_table_to_be_read_out(sam):
    make_order(placed_at=clock_module.now() - timedelta(hours=2))
    page = sam.get("/")
    assert page.one("svg.chart desc").get_text() == "1 placed and 0 complete today."
    assert "07:00 · 1 placed, 0 complete" in page.texts("svg.chart g > title")
    assert len(page.all(".chart__placed")) == 1
    assert not page.all(".chart__complete")
    assert page.texts("caption + thead + tbody tr")[7] == "07:00 1 0"


def test_a_day_on_which_nothing_happened_yet_says_so(sam):
    make_shop()
    page = sam.get("/")
    assert "Nothing yet today" in page.text
    assert not page.all("svg.chart")
    assert "Nothing. What bol.com refuses" in page.text


def test_a_matter_is_settled_from_here_and_one_is_back_here(sam):
    _made, row_id = stuck_shipment("exhausted")
    page = sam.get("/")
    assert page.texts(f"#matter-{row_id} .matter__what")[0].endswith("shipment · 09:12")
    assert "bol.com did not take it" in page.texts(f"#matter-{row_id}")[0]
    page = sam.submit(f"#matter-{row_id} form[action$=retries]")
    assert (page.url, page.heading) == ("/", "Today")
    assert "sent to bol.com again" in page.text
    assert row(row_id).state == "pending"


@pytest.mark.parametrize(
    ("columns", "pill", "words"),
    [
        ({"synced_at": timedelta(seconds=14)}, "Healthy", "synced 14 s ago · difference 0"),
        ({"synced_at": timedelta(hours=2)}, "Sync is late", "synced 2 h ago"),
        ({}, "Not synced yet", "its orders come in with the first sync"),
        (
            {"trouble": "silent", "trouble_since": timedelta(hours=3), "synced_at": timedelta(hours=3)},
            "Waiting",
            "bol unreachable since 06:12 · 2 safe in queue",
        ),
        (
            {"trouble": "limited", "trouble_since": timedelta(minutes=2), "synced_at": timedelta(seconds=9)},
            "Limits cut",
            "bol.com allows fewer calls since 09:10 · 2 safe in queue",
        ),
        (
            {"access_lost_at": timedelta(days=1), "synced_at": timedelta(days=1)},
            "Locked out",
            "bol.com refuses the keys since 22 Nov 09:12 · 2 safe in queue",
        ),
        ({"paused_at": timedelta(minutes=12)}, "Paused", "paused since 09:00 · 2 safe in queue"),
    ],
)
def test_a_shop_says_how_it_does(sam, columns, pill, words):
    ages = {name: value for name, value in columns.items() if isinstance(value, timedelta)}
    shop = make_shop(**(columns | {name: clock_module.now() - age for name, age in ages.items()}))
    check(shop, ago=timedelta(seconds=14))
    for _number in range(2):
        tell(make_order(shop=shop, status=COMPLETE), "pending")
    page = sam.get("/")
    assert page.texts(f"#shop-{shop.id}") == [f"{shop.name} {words} {pill}"]
    assert bool(page.all(f"#shop-{shop.id} .pill--ok")) == (pill == "Healthy")


def test_a_shop_that_differs_from_bol_is_not_healthy(sam):
    shop = make_shop(synced_at=clock_module.now())
    check(shop, ago=timedelta(0), different=["C1", "C2"])
    assert sam.get("/").texts(f"#shop-{shop.id}") == [f"{shop.name} synced just now · difference 2 Differs"]


def test_managers_go_from_here_to_a_shop_and_staff_read_its_name(sam, emma):
    shop = make_shop()
    assert emma.get("/").one(f"#shop-{shop.id} a")["href"] == f"/shops/{shop.id}"
    assert not sam.get("/").all(f"#shop-{shop.id} a")


def test_before_the_first_shop_a_manager_is_led_to_adding_one(sam, emma):
    assert emma.get("/").one("main .empty a")["href"] == "/shops/new"
    page = sam.get("/")
    assert not page.all("main .empty a")
    assert "a manager" in page.text


def test_an_open_page_asks_for_the_part_that_changes(sam):
    make_order()
    sam.get("/")
    fragment = sam.htmx_get("/")
    assert fragment.one("#today")["hx-get"] == "/"
    assert not fragment.all("nav, h1")
    assert tile(fragment, "ready").startswith("Ready to pick 1")


def test_the_page_asks_as_much_of_the_database_with_many_orders_and_shops_as_with_few(sam, app):
    def asked():
        with counted_queries(app) as statements:
            sam.get("/")
        return len(statements)

    product = make_product()
    for shop in (make_shop(), make_shop(trouble="silent")):
        tell(make_order(shop=shop, products=[product], status=COMPLETE, ended_at=clock_module.now()), "needs-attention")
    few = asked()
    for _number in range(4):
        shop = make_shop(trouble="silent")
        make_order(shop=shop, products=[product])
        tell(make_order(shop=shop, products=[product], status=COMPLETE, ended_at=clock_module.now()), "needs-attention")
    assert asked() == few
