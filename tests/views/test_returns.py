"""The list of returns, and the card on the order's page."""

from datetime import timedelta

import pytest

from stoqflow_web import clock as clock_module
from stoqflow_web.models import Reading, Return, ReturnItem
from stoqflow_web.models.readings import RETURNS
from stoqflow_web.transaction import transaction
from tests.support.builders import make_order, make_product, make_shop
from tests.support.counting import counted_queries

pytestmark = pytest.mark.usefixtures("clock", "ctx")


@pytest.fixture
def sam(signed_in):
    return signed_in("staff")


def send_back(shop, order_external_id="C000GONE01", rma="81000001", *, hours=1, **what) -> None:
    at = clock_module.now() - timedelta(hours=hours)
    given = {
        "ean": "8700000000001",
        "title": "Koekenpan",
        "expected_quantity": 2,
        "main_reason": "Klacht over artikel",
        "detailed_reason": "Artikel is beschadigd",
        "comments": "Deuk in de rand",
        "is_handled": False,
        "results": [],
    }
    with transaction() as tx:
        parcel = Return(shop_id=shop.id, external_id=f"6{rma}", registered_at=at)
        ids = {"shop_id": shop.id, "rma_id": rma, "order_external_id": order_external_id, "registered_at": at}
        tx.session.add(ReturnItem(parcel=parcel, **(given | ids | what)))


def rows(page) -> list[str]:
    return page.texts(".returns tbody tr")


def test_a_parcel_is_known_by_order_ean_track_and_trace_or_number(sam):
    shop = make_shop("Keuken")
    pan = make_product("HK-1", title="Pan", ean="8700000000001")
    order = make_order(shop=shop, products=[pan], external_id="C000AB12CD", items={"ean": "8700000000001"})
    send_back(shop, "C000AB12CD", track_and_trace="3SRETO1", carrier_name="PostNL")
    send_back(shop, rma="82000002", ean="8700000000002", track_and_trace="3SOTHER")
    page = sam.get("/returns")
    assert rows(page)[1] == (
        "2 × Pan EAN 8700000000001 SO-10001 C000AB12CD Klacht over artikel · Artikel is beschadigd “Deuk in de rand” "
        "3SRETO1 PostNL today 08:12 return 81000001 To be handled Book into stock"
    )
    assert "2 × Koekenpan EAN 8700000000002 not here C000GONE01" in rows(page)[0]
    links = [link["href"] for link in page.all(".returns a")]
    assert links == [f"/products/{pan.id}", f"/orders/{order.id}", f"/products/{pan.id}?reason=returned"]
    for code in ("C000AB12CD", "c000ab", order.number, "8700000000001", "3sreto1", "81000001"):
        assert len(rows(sam.get(f"/returns?q={code}"))) == 1, code
    assert rows(sam.get("/returns?q=C000ABX")) == []
    assert sam.page.texts(".empty__title") == ["Nothing found"]


def test_what_is_handled_is_apart_with_what_came_of_it_but_is_found_all_the_same(sam):
    shop, other = make_shop("Keuken"), make_shop("Tuin")
    refused = {"quantity": 2, "asked": "refused", "made_of_it": "rejected", "at": None}
    send_back(shop, is_handled=True, results=[refused])
    assert sam.get("/returns").texts(".empty__title") == ["Nothing to be handled"]
    (row,) = rows(sam.get("/returns?show=handled"))
    assert row.endswith("Handled 2 × refused: does not meet the conditions (bol.com: rejected)")
    assert len(rows(sam.get("/returns?q=81000001"))) == 1
    assert rows(sam.get(f"/returns?show=handled&shop={other.id}")) == []
    assert "seller account" in sam.get("/returns").one("main").get_text()
    assert [button["type"] for button in sam.page.all("main button")] == ["submit"]  # only that of the search


def test_the_page_says_how_old_the_list_is_and_reads_it_now(sam):
    shop = make_shop("Keuken", synced_until=clock_module.now())
    now = clock_module.now()
    with transaction() as tx:
        read_at = now - timedelta(minutes=12)
        tx.session.add(Reading(shop_id=shop.id, kind=RETURNS, read_at=read_at, next_at=now + timedelta(minutes=18)))
    page = sam.get("/returns?q=82000002")
    assert page.texts(".filters__note") == ["Read 12 min ago · next 09:30"]
    assert "The list was read today 09:00: what a client announced later" in page.texts(".empty")[0]
    assert not page.all("#returns-every-2")
    page = sam.submit("#returns form[action='/returns/readings']")
    assert page.texts(".filters__note") == ["Read 12 min ago · bol.com is being asked…"]
    assert page.one("#returns-every-2")["hx-get"] == "/returns?q=82000002"
    assert (
        "Not now: they are being read, were a minute ago, or bol.com asked for a rest."
        in sam.submit("#returns form[action='/returns/readings']").text
    )


def test_without_a_shop_that_can_be_asked_nothing_is_read(sam):
    make_shop("Keuken", paused_at=clock_module.now())
    sam.get("/returns")
    assert "No shop can be asked now." in sam.submit(".page-head form").text


def test_the_order_page_has_a_card_only_when_something_comes_back(sam):
    shop = make_shop("Keuken")
    order = make_order(shop=shop, external_id="C000AB12CD")
    assert not sam.get(f"/orders/{order.id}").all("#returns-title")
    send_back(shop, "C000AB12CD")
    send_back(make_shop("Tuin"), "C000AB12CD", rma="83000003")  # the same number of another account
    card = sam.get(f"/orders/{order.id}").one("section[aria-labelledby=returns-title]")
    assert [title.get_text() for title in card.select(".row__title")] == ["2 × Koekenpan"]


def test_pages_follow_one_another_and_cost_the_same(app, sam):
    shop = make_shop("Keuken")
    for number in range(60):
        send_back(shop, rma=f"8400{number:04}", hours=number // 2)
    page = sam.get("/returns")
    second = sam.get(page.one("a[rel=next]")["href"])
    assert (len(rows(page)), len(rows(second))) == (50, 10)
    assert not set(rows(page)) & set(rows(second))
    assert rows(sam.get(second.one("a[rel=prev]")["href"])) == rows(page)
    with counted_queries(app) as many:
        sam.get("/returns")
    with counted_queries(app) as few:
        sam.get("/returns?q=84000001")
    assert abs(len(many) - len(few)) <= 1
    assert sam.get("/returns?page=nonsense").heading == "Returns"
