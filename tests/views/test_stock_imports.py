"""Stock from a file and to a file, as a person sees it."""

import csv
import io

import pytest

from stoqflow_web.models import Product
from stoqflow_web.services.stock_import_work import carry_on
from tests.services.transfers import read
from tests.support.builders import make_order, make_product

pytestmark = pytest.mark.usefixtures("clock", "ctx")


@pytest.fixture
def sam(signed_in):
    return signed_in("staff")


def upload(browser, content, name="stock.csv"):
    browser.get("/stock/imports")
    content = content.encode() if isinstance(content, str) else content
    return browser.submit("main form", file=(io.BytesIO(content), name))


def test_a_file_from_the_dry_run_to_the_movement(sam):
    mug = make_product("MUG", stock=5)
    make_product("SAME", stock=1)
    page = upload(sam, "sku;on_hand\nMUG;8\nSAME;1\nNONE;3\n")
    assert page.heading == "stock.csv"
    assert "1 product would change" in page.text
    assert page.texts("tbody tr") == [
        "MUG Line 2 8 5 +3 8 Would change",
        "SAME Line 3 1 1 — — As it is",
        "NONE Line 4 3 — — — Refused Unknown SKU.",
    ]
    assert read(Product, mug.id).on_hand == 5
    page = sam.submit("form[action$=application]")
    assert page.one("#stock-import")["hx-trigger"] == "every 1s"
    carry_on(1)
    fragment = sam.htmx_get("/stock/imports/1")
    assert "1 product changed" in fragment.text
    assert "hx-trigger" not in fragment.one("#stock-import").attrs
    assert sam.htmx_get("/stock/imports/1?show=refused").texts("tbody tr") == [
        "NONE Line 4 3 — — — Refused Unknown SKU."
    ]
    page = sam.get(f"/products/{mug.id}")
    assert page.texts("#movements tbody tr") == [
        f"Imported from a file · stock.csv +3 8 today 09:12 by {sam.user.name}"
    ]


@pytest.mark.parametrize(
    ("content", "sentence"), [("", "The file is empty."), ("a,b\n1,2", "sku"), (b"PK\x03\x04\xff", "spreadsheet")]
)
def test_a_file_that_can_not_be_used_is_refused_beside_the_field(sam, content, sentence):
    page = upload(sam, content)
    assert page.status == 422
    assert sentence in page.error_beside("file")


def test_no_file_at_all_is_refused_too(sam):
    sam.get("/stock/imports")
    assert sam.submit("main form").error_beside("file") == "Choose a file."


def test_a_file_can_be_left(sam):
    mug = make_product("MUG", stock=5)
    upload(sam, "sku,on_hand\nMUG,8\n")
    assert "Nothing was changed." in sam.submit("form[action$=discarding]").text
    assert sam.get("/stock/imports/1").status == 404
    assert read(Product, mug.id).on_hand == 5


def test_the_export_tells_the_stock_of_every_product_and_no_formula(sam):
    make_product("=1+1", ean="0000007740404", title="@cmd", stock=-3)
    make_product("HK-1", title="Pan", stock=12, reserved=2, ean=None)
    answer = sam.client.get("/products/export.csv")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="stock.csv"'
    rows = list(csv.reader(io.StringIO(answer.get_data().decode("utf-8-sig"))))
    assert rows == [
        ["sku", "ean", "title", "on_hand", "reserved", "free"],
        ["'=1+1", "0000007740404", "'@cmd", "-3", "0", "-3"],
        ["HK-1", "", "Pan", "12", "2", "10"],
    ]


def test_an_old_export_would_undo_what_happened_since_and_the_page_says_so(sam):
    mug = make_product("MUG", stock=5)
    exported = sam.client.get("/products/export.csv").data
    sam.get(f"/products/{mug.id}")
    sam.submit("#correction form", how="change", number="-1", reason="damaged")
    assert "an old export would undo what happened since it was made" in sam.get("/stock/imports").text
    assert upload(sam, exported).texts("tbody tr") == ["MUG Line 2 5 4 +1 5 Would change"]


def test_products_that_orders_on_hold_wait_for_can_be_shown_alone(sam):
    short, enough = make_product("SHORT", stock=1), make_product("ENOUGH", stock=9)
    make_order(products=[short, enough], quantity=2, status="on-hold")
    make_order(products=[make_product("READY", stock=0)], quantity=2)
    sam.get("/products")
    page = sam.submit("#products form", stock="short")
    assert page.texts("tbody .table__link") == ["SHORT"]
    assert sam.submit("#products form", q="nothing").all("tbody .table__link") == []
