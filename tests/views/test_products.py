"""The products pages, as a person sees them."""

import pytest

from stoqflow_web.exchange import FBB
from tests.support.builders import make_offer, make_order, make_product, make_shop

pytestmark = pytest.mark.usefixtures("clock", "ctx")


@pytest.fixture
def sam(signed_in):
    return signed_in("staff")


def test_a_row_tells_the_stock_and_where_it_is_for_sale(sam):
    product = make_product("HK-1", title="<b>Pan</b>", ean="0000007740404", stock=1_200, reserved=50)
    make_offer(make_shop("Home & Kitchen NL"), product, stock=12)
    make_offer(make_shop("Outdoor BE"), product, stock=None, fulfilment_method=FBB)
    page = sam.get("/products")
    assert page.texts("#products tbody tr") == [
        "<b>Pan</b> HK-1 0000007740404 1,200 50 1,150 Home & Kitchen NL: 12 at bol · € 19.95 Outdoor BE: € 19.95 FBB"
    ]


def test_a_product_is_searched_and_the_fragment_is_only_the_list(sam):
    make_product("HK-1")
    make_product("XY-1")
    sam.get("/products")
    assert sam.submit("#products form", q="hk").texts("tbody .table__link") == ["HK-1"]
    fragment = sam.htmx_get("/products?q=xy")
    assert fragment.soup.find("html") is None
    assert fragment.texts("tbody .table__link") == ["XY-1"]


@pytest.mark.parametrize("name", ["q", "page"])
def test_nonsense_in_the_address_does_no_harm(sam, name):
    make_product()
    for nonsense in ("", "%", "\x00", "x" * 40_000, "WyJhZnRlciIsIlx1ZDgwMCJd"):
        assert sam.client.get("/products", query_string={name: nonsense}).status_code == 200


def test_empty_lists_say_what_to_do(sam, signed_in):
    assert "A manager can transfer them" in sam.get("/products").text
    assert signed_in("manager").get("/products").one(".empty a")["href"] == "/shops"
    make_product()
    assert "Nothing found" in sam.get("/products?q=nothing").text


def test_the_page_of_a_product_tells_offers_orders_and_movements(sam):
    product = make_product("HK-1", title="Pan", stock=5)
    make_offer(make_shop("Outdoor BE"), product, is_on_hold=True)
    order = make_order(products=[product])
    page = sam.get(f"/products/{product.id}")
    assert page.heading == "Pan"
    assert "Outdoor BE" in page.text
    assert "Put on hold at bol.com" in page.text
    assert page.one(f"a[href='/orders/{order.id}']").get_text() == order.number
    assert "The stock never changed." in page.text


@pytest.mark.parametrize("product_id", ["0", "9" * 40])
def test_a_product_that_is_not_here_is_not_found(sam, product_id):
    assert sam.get(f"/products/{product_id}").status == 404
