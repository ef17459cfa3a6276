"""Choosing the product of a line, in a browser. Staff may do it."""

import pytest

from stoqflow_web.models.sales_orders import CANCELED, COMPLETE, ON_HOLD
from stoqflow_web.wording.problems import UNKNOWN_PRODUCT, kind_of
from tests.support.builders import make_order, make_product, make_shop

pytestmark = pytest.mark.usefixtures("clock", "ctx")
ITEM = {"offer_external_id": "offer-7", "reference": "NEW-7", "ean": "8712345678906", "title": "A <new> thing"}


@pytest.fixture
def sam(signed_in):
    return signed_in("staff")


@pytest.fixture
def order():
    return make_order(shop=make_shop(), products=[None], status=ON_HOLD, items=ITEM)


def choosing(order):
    return f"/order-lines/{order.lines[0].id}/product"


def test_the_order_page_leads_to_the_choice_and_back(sam, order):
    product = make_product("HK-1", ean="8712345678906", title="The thing")
    page = sam.get(f"/orders/{order.id}")
    assert "On hold · choose product" in page.texts(".pill")
    page = sam.get(page.one("table a.button")["href"])
    assert page.heading == "Choose product"
    assert "Same EAN" in page.text
    page = sam.submit("#candidates .row form")
    assert page.url == f"/orders/{order.id}"
    assert "HK-1 is chosen." in page.text
    assert "Ready to pick" in page.texts(".pill")
    assert product.sku in page.one("table").get_text()


def test_the_choice_says_how_many_other_lines_it_solved(sam, order):
    make_order(shop=order.shop, products=[None], status=ON_HOLD, items=ITEM)
    make_product("HK-1", ean="8712345678906")
    sam.get(choosing(order))
    assert "HK-1 is chosen, also for 1 other line of the same offer." in sam.submit("#candidates .row form").text


def test_products_are_searched_for(sam, order):
    make_product("HK-1", title="Theepot")
    sam.get(choosing(order))
    assert "No product here has this EAN" in sam.page.text
    assert "Theepot" in sam.submit("#candidates > form", q="thee").text
    assert "Nothing found" in sam.submit("#candidates > form", q="%").text
    assert sam.htmx_get(choosing(order) + "?q=thee").soup.find("html") is None


def test_a_new_product_begins_with_what_bol_says(sam, order):
    page = sam.get(choosing(order))
    assert page.one("[name=sku]")["value"] == "NEW-7"
    assert page.one("[name=title]")["value"] == "A <new> thing"
    assert page.one("[name=ean]")["value"] == "8712345678906"
    page = sam.submit("#new-product")
    assert page.url == f"/orders/{order.id}"
    assert "NEW-7 is chosen." in page.text
    assert "On hold · 1 short" in page.texts(".pill")


@pytest.mark.parametrize(
    ("sku", "sentence"),
    [
        ("", "Enter a SKU."),
        ("x" * 101, "This has 101 characters; at most 100 can be kept."),
        ("TAKEN", "There is a product with this SKU already."),
    ],
)
def test_a_refused_product_says_why_beside_the_field_and_keeps_what_was_typed(sam, order, sku, sentence):
    make_product("TAKEN")
    sam.get(choosing(order))
    page = sam.submit("#new-product", sku=sku, title="My words")
    assert page.status == 422
    assert sentence in page.error_beside("sku")
    assert page.one("[name=title]")["value"] == "My words"


@pytest.mark.parametrize("product_id", ["", "x", "²", "-1", "9" * 5000])
def test_a_nonsense_choice_asks_again(sam, order, product_id):
    make_product(ean="8712345678906")
    sam.get(choosing(order))
    page = sam.submit("#candidates .row form", product_id=product_id)
    assert page.url == choosing(order)
    assert "Choose one of the products." in page.text


def test_a_product_that_has_gone_and_a_line_that_is_not_here_are_said(sam, order):
    make_product(ean="8712345678906")
    sam.get(choosing(order))
    assert sam.submit("#candidates .row form", product_id="999999").status == 404
    assert sam.get("/order-lines/999999/product").status == 404
    assert sam.get(f"/order-lines/{'9' * 40}/product").status == 404


def test_a_choice_without_our_form_is_refused(sam, order):
    product = make_product()
    answer = sam.client.post(choosing(order), data={"product_id": product.id})
    assert answer.status_code == 400


def test_what_somebody_chose_meanwhile_is_told(sam, signed_in, order):
    make_product("HK-1", ean="8712345678906")
    other = make_product("HK-2")
    sam.get(choosing(order))
    late = signed_in("staff")
    late.get(choosing(order))
    sam.submit("#candidates .row form")
    page = late.submit("#candidates .row form", product_id=str(other.id))
    assert page.status == 409
    assert "Somebody chose HK-1 for this line already." in page.text
    assert "HK-1 is chosen for this line already." in late.get(choosing(order)).text


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("ean", "eeee", "An EAN has 8 to 14 digits."),
        ("ean", "notanean", "An EAN has 8 to 14 digits."),
        ("ean", "123", "An EAN has 8 to 14 digits."),
        ("title", "x" * 501, "This has 501 characters; at most 500 can be kept."),
        ("units", "some", "Enter a number from 0 to 9,999."),
        ("units", "-1", "Enter a number from 0 to 9,999."),
        ("units", "10000", "Enter a number from 0 to 9,999."),
    ],
)
def test_each_field_of_a_new_product_says_what_it_takes(sam, order, field, typed, sentence):
    sam.get(choosing(order))
    page = sam.submit("#new-product", **{field: typed})
    assert page.status == 422
    assert sentence in page.error_beside(field)
    assert page.one(f"[name={field}]")["value"] == typed


def test_no_browser_is_told_to_cut_what_is_pasted(sam, order):
    assert not sam.get(choosing(order)).soup.select("#new-product [maxlength]")


@pytest.mark.parametrize(("units", "shown"), [("3", "Ready to pick"), ("", "On hold · 1 short")])
def test_a_new_product_comes_with_what_lies_here(sam, order, units, shown):
    sam.get(choosing(order))
    assert shown in sam.submit("#new-product", units=units, ean="87-1234567890 6").texts(".pill")


@pytest.fixture
def wrongly_chosen(sam, order):
    """The order after somebody chose another brand's bag for it."""
    make_product("WRONG", ean="4006381333931", title="Another brand's bag")
    sam.get(choosing(order) + "?q=wrong")
    sam.submit("#candidates .row form")
    return sam.submit("#doubted")


def test_a_product_with_another_ean_is_asked_about_first(sam, order):
    make_product("WRONG", ean="4006381333931", title="Another brand's bag")
    sam.get(choosing(order) + "?q=wrong")
    page = sam.submit("#candidates .row form")
    assert (
        "Ordered: A <new> thing, EAN 8712345678906; this product: Another brand's bag, EAN 4006381333931." in page.text
    )
    assert "Choose it anyway" in page.text
    assert "On hold · choose product" in sam.get(f"/orders/{order.id}").texts(".pill")


def test_the_line_says_what_was_ordered_when_that_is_something_else(order, wrongly_chosen):
    line = wrongly_chosen.one("table").get_text(" ", strip=True)
    assert "WRONG is chosen." in wrongly_chosen.text
    assert "SKU WRONG · EAN 4006381333931" in " ".join(line.split())
    assert "ordered as: A <new> thing · EAN 8712345678906" in " ".join(line.split())


def test_a_wrong_product_is_changed_from_the_order_page(sam, order, wrongly_chosen):
    make_product("NEW-7", ean="8712345678906", title="The thing")
    page = sam.get(wrongly_chosen.one(f"a[href='{choosing(order)}']")["href"])
    assert page.heading == "Change product"
    page = sam.submit("#candidates .row form")
    assert page.url == f"/orders/{order.id}"
    assert "Product NEW-7 chosen instead of WRONG for “A <new> thing”" in page.text
    assert "ordered as" not in page.text


def test_a_wrong_product_is_changed_into_a_new_one(sam, order, wrongly_chosen):
    sam.get(choosing(order))
    page = sam.submit("#new-product", units="1")
    assert "NEW-7 is chosen." in page.text
    assert "Ready to pick" in page.texts(".pill")


@pytest.mark.parametrize("status", [COMPLETE, CANCELED])
def test_what_has_ended_can_not_be_changed(sam, status):
    ended = make_order(status=status)
    other = make_product("HK-2")
    assert "Change product" not in sam.get(f"/orders/{ended.id}").text
    page = sam.get(choosing(ended))
    assert "This line is not open any more" in page.text
    assert not page.soup.select("#new-product, #candidates")
    assert sam.htmx_post(choosing(ended), product_id=str(other.id)).status == 409


@pytest.mark.parametrize("doubted", ["", "x", "999999", "9" * 5000])
def test_a_nonsense_question_is_not_asked(sam, order, doubted):
    assert "Choose it anyway" not in sam.get(f"{choosing(order)}?doubted={doubted}").text


def test_a_line_without_an_offer_says_whom_the_choice_is_for(sam):
    order = make_order(products=[None], status=ON_HOLD, items=ITEM | {"offer_external_id": None})
    assert "the choice is for this line only" in sam.get(choosing(order)).text
    assert "the choice is for that line only" in kind_of(UNKNOWN_PRODUCT).advice
