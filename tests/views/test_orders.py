"""The orders pages, as a person sees them."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import event

from stoqflow_web import clock as clock_module
from stoqflow_web.exchange import FBB, Address
from stoqflow_web.extensions import db
from stoqflow_web.models import MarketplaceItem
from stoqflow_web.models.history import MARKETPLACE
from stoqflow_web.models.sales_orders import COMPLETE, ON_HOLD, READY_TO_PICK
from stoqflow_web.queries import paging
from stoqflow_web.services import history
from stoqflow_web.transaction import transaction
from tests.support.builders import make_order, make_product, make_shop

pytestmark = pytest.mark.usefixtures("clock", "ctx")


@pytest.fixture
def emma(signed_in):
    return signed_in("manager")


@pytest.fixture
def sam(signed_in):
    return signed_in("staff")


def rows(page):
    return page.texts("#orders tbody tr")


def test_a_row_says_what_to_ship_to_whom_from_which_shop_and_when(sam):
    shop = make_shop("Home & Kitchen NL")
    make_shop("Garden BE")
    pan = make_product(title="Gietijzeren braadpan 28 cm", image_url="https://media.s-bol.com/pan.jpg")
    order = make_order(
        shop=shop,
        products=[pan, make_product()],
        quantity=2,
        client="Linh Nguyen",
        deliver_by=clock_module.today() + timedelta(days=1),
    )
    page = sam.get("/orders")
    (row,) = rows(page)
    assert row == (
        f"{order.number} 08:12 2 × Gietijzeren braadpan 28 cm +1 line Nguyen, Utrecht Home & Kitchen NL "
        "Today 17:30 · 8 h left Ready to pick —"
    )
    assert page.one("tbody abbr")["title"] == "Nothing to tell bol.com yet"
    assert page.one("tbody img")["src"] == "https://media.s-bol.com/pan.jpg"
    assert page.one("tbody a.table__link")["href"] == f"/orders/{order.id}"


def test_with_one_shop_no_row_repeats_its_name(sam):
    make_order(shop=make_shop("Home & Kitchen NL"))
    page = sam.get("/orders")
    assert "Home & Kitchen NL" not in rows(page)[0]
    assert "Shop" not in page.texts("#orders thead th")
    assert not page.all("select[name=shop]")


def test_an_order_that_waits_for_a_product_leads_to_choosing_it(sam):
    order = make_order(products=[make_product(), None], status=ON_HOLD)
    make_order(status=ON_HOLD, is_cancellation_requested=True)
    page = sam.get("/orders")
    assert [link.get_text(strip=True) for link in page.all("tbody a.pill")] == ["On hold · choose product"]
    assert page.one("tbody a.pill")["href"] == f"/order-lines/{order.lines[1].id}/product"


def test_an_order_is_found_by_its_clients_city(sam):
    make_order(client_city="Utrecht")
    order = make_order(client_city="Den Haag")
    assert [order.number in row for row in rows(sam.get("/orders?q=haag"))] == [True]


def test_what_the_client_wants_canceled_says_so_in_the_list(sam):
    make_order(is_cancellation_requested=True)
    page = sam.get("/orders")
    assert page.texts("tbody .pill--danger") == ["Cancellation requested"]
    assert not rows(sam.get("/orders?tab=ready-to-pick"))


def test_the_days_to_choose_from_do_not_contradict_the_tab_of_today(sam):
    make_order()
    page = sam.get("/orders")
    assert page.texts("select[name=due] option") == [
        "Ship by: any day",
        "Before today",
        "Today",
        "Tomorrow",
        "This week",
    ]


def test_tabs_carry_counts_and_keep_what_was_asked(sam):
    shop = make_shop()
    make_shop()
    make_order(shop=shop, status=ON_HOLD)
    make_order(shop=shop)
    page = sam.get(f"/orders?q=anna&shop={shop.id}&due=this-week&tab=on-hold")
    assert page.texts(".tabs__tab")[:3] == ["Open 2", "Ready to pick 1", "On hold 1"]
    assert page.texts(".tabs__tab[aria-current]") == ["On hold 1"]
    assert page.all(".tabs__tab")[1]["href"] == f"/orders?tab=ready-to-pick&q=anna&shop={shop.id}&due=this-week"
    assert page.one("select[name=shop] option[selected]")["value"] == str(shop.id)
    assert len(rows(page)) == 1


def test_a_search_works_as_plain_html(sam):
    make_order(client="Jan Jansen")
    order = make_order(client="Linh Nguyen")
    sam.get("/orders")
    page = sam.submit("#orders form.filters", q="nguyen")
    assert [order.number in row for row in rows(page)] == [True]
    assert page.one("input[name=q]")["value"] == "nguyen"


def test_htmx_gets_only_the_list(sam):
    make_order()
    fragment = sam.htmx_get("/orders?tab=open")
    assert fragment.soup.find("html") is None
    assert fragment.one("#orders")
    assert len(rows(fragment)) == 1


def test_pages_are_turned_both_ways(sam, monkeypatch):
    monkeypatch.setattr(paging.turn_to, "__kwdefaults__", {"size": 2})
    shop, product = make_shop(), make_product()
    made = [make_order(shop=shop, products=[product]).number for _ in range(5)]
    seen, page = [], sam.get("/orders")
    while True:
        seen += page.texts("tbody .table__link")
        further = page.all("a[rel=next]")
        if not further:
            break
        assert further[0]["href"] == further[0]["hx-get"]
        page = sam.get(further[0]["href"])
    assert seen == made
    back = sam.get(page.one("a[rel=prev]")["href"])
    assert back.texts("tbody .table__link") == made[2:4]


@pytest.mark.parametrize("name", ["tab", "q", "shop", "due", "page"])
def test_nonsense_in_the_address_is_read_as_not_asked(sam, name):
    make_order()
    for nonsense in ("", "-1", "9" * 30, "²", "%", "';--", "\x00", "<b>", "é" * 300, "[]", "x" * 40_000, "\udcff"):
        answer = sam.client.get("/orders", query_string={name: nonsense.encode("utf-8", "surrogateescape")})
        assert answer.status_code == 200, nonsense[:20]
        assert "<b>" not in answer.get_data(as_text=True)


def test_markup_in_names_is_shown_and_not_obeyed(sam):
    shop = make_shop("<i>Shop</i>")
    make_shop()  # with one alone the list leaves its name out
    product = make_product(title="<b>Pan</b>")
    order = make_order(shop=shop, products=[product], client="Jan <script>alert(1)</script>")
    for page in (sam.get("/orders"), sam.get(f"/orders/{order.id}")):
        assert "<b>Pan</b>" in page.text
        assert "<script>alert(1)</script>" in page.text
        assert "<i>Shop</i>" in page.text
        assert not page.all("main script, main b, main i")


def test_without_orders_a_manager_is_sent_to_the_shops_and_staff_to_a_manager(emma, sam):
    page = emma.get("/orders")
    assert "No orders yet Transfer them from the shop's page." in page.text
    assert page.one(".empty a")["href"] == "/shops"
    page = sam.get("/orders")
    assert "A manager can transfer them" in page.text
    assert not page.all(".empty a")


def test_when_nothing_fits_there_is_a_way_back(sam):
    make_order()
    page = sam.get("/orders?q=nobody&tab=on-hold")
    assert page.one(".empty a")["href"] == "/orders?tab=on-hold"
    assert "Nothing found" in page.text


def test_what_is_found_on_other_tabs_only_is_told_with_the_way_there(sam):
    for status in (COMPLETE, COMPLETE, "canceled", READY_TO_PICK):
        make_order(status=status, client="Bo Winter", ended_at=clock_module.now())
    make_order(status=ON_HOLD)
    empty = sam.get("/orders?q=winter&tab=on-hold").one(".empty")
    assert " ".join(empty.get_text(" ").split()) == (
        "Nothing found on this tab 4 orders fit on other tabs: Open 1 Complete 2 Canceled 1"
    )
    for link, number in zip(empty.select("a"), (1, 2, 1), strict=True):
        assert len(sam.get(link["href"]).all("#orders tbody tr")) == number
    assert "No order fits what you asked." in sam.get("/orders?q=summer&tab=on-hold").text


def queries_of(browser, url):
    statements = []

    def note(connection, cursor, statement, *rest):
        statements.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        assert browser.get(url).status == 200
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    return len(statements)


def test_a_longer_list_asks_no_more_of_the_database(sam):
    make_order()
    few = queries_of(sam, "/orders")
    for _ in range(6):
        make_order(lines=3)
    assert queries_of(sam, "/orders") == few


# One order


def test_the_order_page_tells_the_lines_the_client_and_what_bol_says(sam):
    shop = make_shop("Home & Kitchen NL")
    pan = make_product("HK-2281", title="Braadpan", ean="8712345678906", stock=31)
    order = make_order(
        shop=shop, products=[pan], quantity=2, client="Linh Nguyen", external_id="C000AB12CD", status=ON_HOLD
    )
    page = sam.get(f"/orders/{order.id}")
    assert page.texts(".crumbs") == ["Orders / bol.com C000AB12CD"]
    assert page.heading == order.number
    assert page.texts(".page-head__note") == ["Home & Kitchen NL"]
    assert "Ship tomorrow before 17:30" in page.texts(".page-head .pill")
    assert "1 line · 2 units" in page.text
    assert "€ 39.90" in page.texts(".card__note")
    assert page.texts("table tbody tr") == [
        "Braadpan SKU HK-2281 · EAN 8712345678906 Change product 2 × € 19.95 In stock 31"
    ]
    assert page.texts("time[data-ago]") == ["just now"]  # and the browser counts on
    facts = dict(zip(page.texts(".key-values dt"), page.texts(".key-values dd"), strict=True))
    assert facts["Order"] == "C000AB12CD"
    assert facts["Fulfilment"] == "own (FBR)"
    assert facts["Latest delivery"] == "25 Nov"
    assert facts["Checked"] == "just now"
    assert "Linh Nguyen Dorpstraat 1 1111ZZ Utrecht, NL Invoice to the same address" in page.text


def test_an_exact_delivery_day_is_called_so(sam):
    order = make_order(items={"is_delivery_day_exact": True, "time_frame": "EVENING"})
    page = sam.get(f"/orders/{order.id}")
    assert "Exact delivery on Wed 25 Nov, chosen by the client, evening" in page.text


def test_what_bol_ships_itself_and_what_needs_its_label_is_said(sam):
    order = make_order(items={"needs_marketplace_label": True, "quantity_shipped": 1}, quantity=2)
    with transaction() as tx:
        tx.session.add(
            MarketplaceItem(
                order_id=order.marketplace_order_id,
                shop_id=order.shop_id,
                external_id="fbb-1",
                title="Bol's own",
                quantity=3,
                quantity_shipped=0,
                quantity_cancelled=1,
                is_cancellation_requested=False,
                fulfilment_method=FBB,
                needs_marketplace_label=False,
                is_delivery_day_exact=False,
                unit_price=Decimal("5.00"),
            )
        )
    ours, bols = sam.get(f"/orders/{order.id}").texts("table tbody tr")
    assert "VVB Needs bol.com's own label" in ours
    assert "1 shipped at bol.com" in ours
    assert bols == ("Bol's own Shipped by bol.com itself. Do not pick it. 1 canceled at bol.com 3 × € 5.00 FBB")


def test_a_wish_to_cancel_stands_above_everything_until_the_order_is_done(sam):
    order = make_order(is_cancellation_requested=True)
    page = sam.get(f"/orders/{order.id}")
    assert page.texts("main [role=alert] p") == [
        f"STOP · {order.number}",
        "The client asked bol.com to cancel this order at 09:12. Do not ship.",
    ]
    done = make_order(is_cancellation_requested=True, status=COMPLETE, items={"quantity_shipped": 1})
    assert not sam.get(f"/orders/{done.id}").all("main [role=alert]")


@pytest.mark.parametrize("known", [None, Address(), Address(company="Firma BV")])
def test_an_address_with_parts_missing_is_no_problem(sam, known):
    order = make_order(ship_to=known, invoice_to=None, client_name=None, client_city=None, placed_at=None)
    assert sam.get(f"/orders/{order.id}").status == 200
    assert len(rows(sam.get("/orders"))) == 1


def test_another_address_for_the_invoice_and_a_pickup_point_are_shown(sam):
    order = make_order(
        ship_to=Address(first_name="Jan", surname="Jansen", city="Gent", extra="achterom", phone="0612345678"),
        invoice_to=Address(company="Boekhouding BV", city="Brussel", vat_number="BE0123"),
        pickup_point="Albert Heijn",
    )
    text = sam.get(f"/orders/{order.id}").text
    for words in ("achterom", "0612345678", "Pick-up point: Albert Heijn", "Invoice to Boekhouding BV", "BE0123"):
        assert words in text


def test_the_history_is_told_newest_first(sam, clock):
    order = make_order()
    with transaction() as tx:
        history.record(
            tx, "came_in", who=MARKETPLACE, sales_order_id=order.id, shop="Home & Kitchen NL", seconds_after_placed=41
        )
    clock.jump(minutes=1)
    with transaction() as tx:
        history.record(tx, "released", sales_order_id=order.id)
    assert sam.get(f"/orders/{order.id}").texts(".timeline li") == [
        "Stock reserved, ready to pick · today 09:13",
        "Came in through bol.com, shop Home & Kitchen NL · today 09:12 , 41 s after it was placed",
    ]


@pytest.mark.parametrize("order_id", ["0", "999999", "9" * 40])
def test_an_order_that_is_not_here_is_not_found(sam, order_id):
    assert sam.get(f"/orders/{order_id}").status == 404


@pytest.mark.parametrize("url", ["/orders", "/orders/1", "/products", "/products/1", "/order-lines/1/product"])
def test_strangers_see_nothing(browser, url):
    assert browser.get(url).heading == "Sign in"


def test_late_orders_say_so(sam):
    make_order(deliver_by=clock_module.today() - timedelta(days=2))
    assert "Late · 2 days" in rows(sam.get("/orders?tab=late-today"))[0]
