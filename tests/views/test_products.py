"""The products pages, as a person sees them."""

import pytest

from stoqflow_web.exchange import FBB
from stoqflow_web.services import correcting
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


def test_the_page_of_a_product_explains_each_number(sam):
    product = make_product("HK-1", title="Pan", stock=5, reserved=2)
    make_offer(make_shop("Outdoor BE"), product, is_on_hold=True)
    ready = make_order(products=[product], quantity=2)
    waiting = make_order(products=[product], quantity=4, status="on-hold")
    page = sam.get(f"/products/{product.id}")
    assert page.heading == "Pan"
    assert page.texts(".tile") == [
        "On hand 5 The sum of its movements",
        "Reserved 2 By 1 order ready to pick",
        "Free 3 On hand less reserved",
        "Waited for 4 By 1 order on hold",
    ]
    holds, waits = "section[aria-labelledby=reserved-title] tbody a", "section[aria-labelledby=waiting-title] tbody a"
    assert (page.texts(holds), page.texts(waits)) == ([ready.number], [waiting.number])
    assert "Outdoor BE" in page.text
    assert "Put on hold at bol.com" in page.text
    assert "The stock never changed." in page.text


def test_a_page_of_movements_turned_reads_itself_again_where_it_is(sam):
    product = make_product("HK-1", stock=200)
    for number in range(60):
        correcting.correct(product.id, seen=200 - number, change=-1, reason="lost", user_id=sam.user.id)
    page = sam.get(f"/products/{product.id}")
    assert page.one("#product")["hx-get"] == f"/products/{product.id}"
    older = page.one("#movements a[rel=next]")
    assert older["hx-target"] == "#product"
    fragment = sam.htmx_get(str(older["hx-get"]))
    assert fragment.soup.find("html") is None
    assert fragment.one("#product")["hx-get"] == older["hx-get"]
    assert fragment.texts("#movements tbody td:nth-child(3)")[-1] == "199"
    assert "200" not in fragment.texts(".tile__value")


def test_a_correction_that_was_refused_or_asked_for_is_begun(sam):
    product = make_product("HK-1", stock=12)
    assert not sam.get(f"/products/{product.id}").all("[data-begun]")
    assert sam.submit("#correction form", number="many").all("[data-begun]")
    assert sam.page.one("#product")["hx-get"] == f"/products/{product.id}"
    assert sam.get(f"/products/{product.id}?reason=returned").all("[data-begun]")


def test_a_correction_says_what_it_did_and_stands_in_the_list(sam):
    product = make_product("HK-1", stock=12)
    sam.get(f"/products/{product.id}")
    page = sam.submit("#correction form", number="15", reason="found", note="behind the shelf")
    assert page.texts("#flashes .notice") == ["HK-1: 12 → 15."]
    assert page.texts("#movements tbody tr") == [f"Found behind the shelf +3 15 today 09:12 by {sam.user.name}"]
    page = sam.submit("#correction form", how="change", number="−4", reason="damaged")
    assert page.texts("#flashes .notice") == ["HK-1: 15 → 11."]


def test_a_correction_is_the_difference_to_what_the_person_saw(sam, signed_in):
    product = make_product("HK-1", stock=12)
    emma = signed_in("staff")
    sam.get(f"/products/{product.id}")
    emma.get(f"/products/{product.id}")
    emma.submit("#correction form", how="change", number="-1", reason="own-use")
    page = sam.submit("#correction form", how="change", number="3", reason="found")
    assert page.texts("#flashes .notice") == ["HK-1: 12 → 15. Meanwhile 1 went out: 14 on hand now."]


def test_two_people_who_count_the_same_shelf_do_not_take_it_off_twice(sam, signed_in):
    product = make_product("HK-1", stock=12)
    emma = signed_in("staff")
    sam.get(f"/products/{product.id}")
    emma.get(f"/products/{product.id}")
    emma.submit("#correction form", number="10", reason="lost")
    page = sam.submit("#correction form", number="10", reason="lost")
    assert page.error_beside("number") == "Meanwhile somebody made it 10. Look once more, then press again."
    page = sam.submit("#correction form")
    assert page.texts("#movements tbody tr") == [f"Lost -2 10 today 09:12 by {emma.user.name}"]


def test_a_second_click_on_the_same_form_changes_nothing(sam):
    product = make_product("HK-1", stock=12)
    shown = sam.get(f"/products/{product.id}")
    sam.submit("#correction form", number="15", reason="found")
    sam.page = shown
    page = sam.submit("#correction form", number="15", reason="found")
    assert page.texts("#flashes .notice") == ["This correction was made already: 15 on hand now."]


def test_a_link_can_choose_why_the_stock_is_corrected(sam):
    pan = make_product("HK-1", stock=12)
    page = sam.get(f"/products/{pan.id}?reason=returned")
    assert page.one("#correction option[selected]")["value"] == "returned"
    assert page.one("#correction [name=how][checked]")["value"] == "change"  # 1 is one more, not all there is
    assert page.one("#correction [autofocus]")["name"] == "number"
    sam.submit("#correction form", number="1")
    assert sam.page.texts("#flashes .notice") == ["HK-1: 12 → 13."]
    for nothing in ("", "?reason=shipped"):
        assert not sam.get(f"/products/{pan.id}{nothing}").all("#correction [autofocus]")


def test_a_refused_correction_keeps_what_was_typed(sam):
    product = make_product("HK-1", stock=12)
    sam.get(f"/products/{product.id}")
    page = sam.submit("#correction form", number="many", note="why not")
    assert page.status == 422
    assert page.error_beside("number") == "Enter a whole number."
    assert page.error_beside("reason") == "Choose a reason."
    assert page.one("[name=note]")["value"] == "why not"
    page = sam.submit("#correction form", how="change", number="-13", reason="lost")
    assert page.error_beside("number") == "That is more than there is: 12 on hand."


@pytest.mark.parametrize("product_id", ["0", "9" * 40])
def test_a_product_that_is_not_here_is_not_found(sam, product_id):
    assert sam.get(f"/products/{product_id}").status == 404
