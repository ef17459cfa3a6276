"""The pages for counting by scanning, as a person sees them."""

import pytest

from stoqflow_web.models import Product
from stoqflow_web.services import counting
from tests.services.transfers import read
from tests.support.builders import make_product

pytestmark = pytest.mark.usefixtures("clock", "ctx")


@pytest.fixture
def mug():
    return make_product("MUG-1", title="Mug", ean="8712345678906", stock=5)


@pytest.fixture
def sam(signed_in, mug):
    """Somebody of the staff who has begun to count."""
    browser = signed_in("staff")
    browser.get("/stock/count")
    browser.submit("main form[action='/stock/count']")
    return browser


def scan(browser, code, **fields):
    return browser.submit("form[data-scan]", code=code, **fields)


def test_a_count_from_the_first_scan_to_the_applied_difference(sam, mug):
    scan(sam, "8712345678906")
    page = scan(sam, "MUG-1", units="2")
    assert page.texts(".scanned") == ["Mug MUG-1 3 counted"]
    page = sam.submit("#line-1 form.amount", counted="8")
    assert page.texts(".scanned") == ["Mug MUG-1 8 counted"]
    page = sam.get(page.one("a[href$=review]")["href"])
    assert page.texts("tbody tr") == [f"MUG-1 Mug 8 5 +3 today 09:12 by {sam.user.name}"]
    page = sam.submit("form[action$=application]")
    assert page.texts("#flashes .notice") == ["1 product counted, 1 corrected."]
    assert read(Product, mug.id).on_hand == 8
    page = sam.get(f"/products/{mug.id}")
    assert page.texts("#movements tbody tr") == [f"Counted · the count +3 8 today 09:12 by {sam.user.name}"]
    assert sam.get(page.one("#movements tbody a")["href"]).heading == "Count of today 09:12"


def test_units_without_a_code_are_how_many_there_are_of_the_last_product(sam):
    make_product("CUP-1", title="Cup")
    scan(sam, "MUG-1")
    scan(sam, "CUP-1")
    page = scan(sam, "", units="17")
    assert page.texts(".scanned") == ["Cup CUP-1 17 counted"]
    assert scan(sam, "MUG-1").texts(".scanned") == ["Mug MUG-1 2 counted"]
    assert scan(sam, "", units="0").texts(".scanned") == ["Mug MUG-1 0 counted"]
    refused = scan(sam, "", units="many")
    assert (refused.status, refused.texts("#counted [role=alert]")) == (422, ["Not counted Enter a whole number."])


def test_an_open_count_reads_its_list_again_only_when_somebody_changed_it(sam, signed_in, clock):
    def watched(page):
        return str(page.one("#count-lines")["hx-get"])

    seen = watched(sam.page)
    assert sam.htmx_get(seen).status == 204
    emma = signed_in("staff")
    emma.get("/stock/count")
    for change in (
        lambda: scan(emma, "MUG-1"),
        lambda: emma.submit("#line-1 form.amount", counted="0"),
        lambda: emma.submit("#line-1 form[action$=removal]"),
    ):
        clock.jump(seconds=1)
        change()
        fragment = sam.htmx_get(seen)
        assert fragment.status == 200
        seen = watched(fragment)
        assert sam.htmx_get(seen).status == 204
    assert "Nothing scanned yet" in fragment.text
    assert sam.get(seen).heading == "Count stock"


def test_an_open_page_of_a_count_that_has_ended_leads_on(sam):
    seen = str(sam.page.one("#count-lines")["hx-get"])
    counting.discard(1, user_id=None)
    ended = sam.htmx_get(seen)
    assert (ended.status, ended.headers["HX-Redirect"]) == (204, "/stock/counts/1")


def test_an_unknown_code_stands_in_red_and_in_the_field(sam):
    page = scan(sam, "0000000000017")
    assert page.status == 422
    assert page.texts("[role=alert] .notice--stop") == [
        "Not counted · 0000000000017 No product here has this EAN or SKU. Nothing was counted."
    ]
    assert page.one("#code")["value"] == "0000000000017"


def test_a_scan_by_htmx_gets_only_what_came_of_it(sam):
    address = sam.page.one("form[data-scan]")["action"]
    fragment = sam.htmx_post(address, code="MUG-1", units="")
    assert fragment.soup.find("html") is None
    assert fragment.texts(".scanned") == ["Mug MUG-1 1 counted"]
    fragment = sam.htmx_post(address, code="nothing", units="1")
    assert (fragment.status, fragment.one("[role=alert]")["data-scan-refused"]) == (422, "nothing")


@pytest.mark.parametrize("units", ["0", "-3", "many", "100001", "9" * 40])
def test_units_that_can_not_be_are_refused(sam, units):
    page = scan(sam, "MUG-1", units=units)
    assert page.status == 422
    assert page.all(".notice--stop")


@pytest.mark.parametrize("counted", ["", "many", "-1", "9" * 40])
def test_an_amount_that_can_not_be_is_refused(sam, counted):
    scan(sam, "MUG-1")
    page = sam.submit("#line-1 form.amount", counted=counted)
    assert page.status == 422
    assert page.all(".notice--stop")


def test_whoever_comes_later_scans_into_the_same_count(sam, signed_in):
    scan(sam, "MUG-1")
    emma = signed_in("staff")
    emma.get("/stock/count")
    assert scan(emma, "MUG-1").texts(".scanned") == ["Mug MUG-1 2 counted"]


def test_what_has_ended_says_so_calmly(sam, mug):
    scan(sam, "MUG-1")
    scanning = sam.page
    sam.get(scanning.one("a[href$=review]")["href"])
    reviewing = sam.page
    sam.submit("form[action$=application]")
    sam.page = reviewing
    assert "This count was applied already." in sam.submit("form[action$=application]").text
    sam.page = scanning
    assert "This count was applied already." in scan(sam, "MUG-1").text
    assert read(Product, mug.id).on_hand == 1


def test_a_discarded_count_changes_nothing_and_a_new_one_can_begin(sam, mug):
    scan(sam, "MUG-1")
    sam.get(sam.page.one("a[href$=review]")["href"])
    assert "Nothing was changed." in sam.submit("form[action$=discarding]").text
    assert sam.page.heading == "Count stock"
    assert read(Product, mug.id).on_hand == 5


@pytest.mark.parametrize("address", ["/stock/counts/7", "/stock/counts/7/review", f"/stock/counts/{10**30}"])
def test_a_count_that_is_not_here_is_not_found(sam, address):
    assert sam.get(address).status == 404
