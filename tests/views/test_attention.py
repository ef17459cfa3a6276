"""The page Needs attention, as a person sees it."""

import pytest

from stoqflow_web.models import SalesOrder
from stoqflow_web.services.canceling import cancel
from stoqflow_web.services.completing import Parcel, complete
from tests.services.test_attention import order, row, rows, stuck
from tests.support.builders import make_order, make_product
from tests.support.counting import counted_queries

pytestmark = pytest.mark.usefixtures("clock", "ctx")

CANCELLED = "Order item with id 1 can not be shipped: it has already been cancelled."


@pytest.fixture
def sam(signed_in):
    return signed_in("staff")


def stuck_shipment(why: str = "rejected", said: str | None = None, **given) -> tuple[SalesOrder, int]:
    made = make_order(products=[make_product()], status="on-hold")
    complete(
        made.id,
        [Parcel(carrier="postnl", track_and_trace="3SABCD0123456789", is_confirmed=True)],
        user_id=None,
        despite_shortage=True,
    )
    return made, stuck(order(made.id).writebacks[0].id, why, said, **given)


def test_a_row_says_what_bol_said_what_it_means_and_what_to_do(sam):
    made, row_id = stuck_shipment(said=CANCELLED)
    page = sam.get("/needs-attention")
    text = page.texts(f"#matter-{row_id}")[0]
    assert text.startswith(f"{made.number} · shipment 3SABCD0123456789 (PostNL)")
    assert f"bol.com said: {CANCELLED}" in text
    assert "The parcel may still be here. Stop it" in text
    assert "tried 3 times" in text
    assert page.texts(f"#matter-{row_id} .button--primary") == ["Take over bol's state"]
    assert page.texts(".nav a[aria-current=page]") == ["Needs attention 1"]
    assert page.one(".nav__count--urgent").get_text() == "1"


def test_a_text_nobody_knows_is_shown_as_it_is(sam):
    stuck_shipment(said="<i>Computer says no</i>")
    assert "<i>Computer says no</i>" in sam.get("/needs-attention").text


def test_nothing_needs_attention(sam):
    page = sam.get("/needs-attention")
    assert "Nothing needs attention" in page.text
    assert "Needs attention" in page.texts(".nav a")


def test_try_again_takes_the_row_off_the_page(sam):
    _made, row_id = stuck_shipment("exhausted")
    sam.get("/needs-attention")
    page = sam.submit(f"#matter-{row_id} form[action$=retries]")
    assert "sent to bol.com again" in page.text
    assert not page.all(".row")
    assert row(row_id).state == "pending"


def test_who_comes_second_is_told_so(sam, signed_in):
    _made, row_id = stuck_shipment("exhausted")
    other = signed_in("staff")
    for person in (sam, other):
        person.get("/needs-attention")
    sam.submit(f"#matter-{row_id} form[action$=retries]")
    page = other.get(f"/writebacks/{row_id}/withdrawal")
    assert (page.status, "dealt with already" in page.text) == (200, True)
    assert row(row_id).state == "pending"


def test_ship_anyway_and_cancel_for_the_client_are_offered_when_the_client_asked(sam):
    made, row_id = stuck_shipment("cancellation-requested", was_sent=False)
    page = sam.get("/needs-attention")
    assert page.texts(f"#matter-{row_id} .button") == [
        "Cancel for the client",
        "Ship anyway…",
        "Take over bol's state",
        "Don't tell bol.com",
    ]
    sam.submit(f"#matter-{row_id} form[action$=acceptance]")
    assert order(made.id).status == "canceled"


def test_a_cancellation_names_its_item(sam):
    made = make_order(products=[make_product(title="Pan")], status="on-hold")
    cancel(made.id, "other", user_id=None)
    stuck(rows()[0].id, "deleted-units", was_sent=False)
    page = sam.get("/needs-attention")
    assert "cancellation of Pan" in page.text
    assert page.texts(".row .button--primary") == ["Cancel it all at bol"]


def test_a_code_is_edited_on_a_page_of_its_own(sam):
    made, row_id = stuck_shipment(said="Unknown transporter code 'X'.")
    page = sam.get("/needs-attention")
    assert page.texts(f"#matter-{row_id} .button--primary") == ["Edit code"]
    sam.get(f"/writebacks/{row_id}/code")
    assert "web address" in sam.submit(track_and_trace="https://x").error_beside("track_and_trace")
    assert "does not look like" in sam.submit(track_and_trace="ABC1234").error_beside("track_and_trace")
    page = sam.submit(track_and_trace="ABC1234", is_confirmed="y")
    assert page.url == "/needs-attention"
    assert order(made.id).parcels[0].track_and_trace == "ABC1234"


def test_taking_over_is_work_for_the_background(sam):
    _made, row_id = stuck_shipment(said=CANCELLED)
    sam.get(f"/writebacks/{row_id}/takeover")
    page = sam.submit()
    assert "bol.com is being asked about this order" in page.text


def test_more_rows_cost_no_more_queries(app, sam):
    stuck_shipment()
    sam.get("/needs-attention")
    with counted_queries(app) as few:
        sam.get("/needs-attention")
    for _number in range(5):
        stuck_shipment()
    with counted_queries(app) as many:
        sam.get("/needs-attention")
    assert len(many) <= len(few)


def test_a_long_list_has_pages(sam):
    for _number in range(51):
        stuck_shipment()
    page = sam.get("/needs-attention")
    assert len(page.all("article.row")) == 50
    assert len(sam.get(page.one("a[rel=next]")["href"]).all("article.row")) == 1


@pytest.mark.parametrize("path", ["takeover", "code"])
def test_what_is_not_there_is_not_found(sam, path):
    assert sam.get(f"/writebacks/999999999999999999999/{path}").status == 404


def test_an_order_leads_to_what_to_do_about_it(sam):
    made, row_id = stuck_shipment(said=CANCELLED)
    link = sam.get(f"/orders/{made.id}").one(f"#parcels a[href='/writebacks/{row_id}']")
    page = sam.get(link["href"])
    assert page.heading == made.number
    assert len(page.all("article.row")) == 1
    sam.get(page.one(f"#matter-{row_id} a[href$=withdrawal]")["href"])
    page = sam.submit()
    assert page.url == "/needs-attention"


def test_what_is_withdrawn_is_never_green(sam):
    made, row_id = stuck_shipment()
    page = sam.get(f"/writebacks/{row_id}/withdrawal")
    assert "never told to bol.com" in page.text
    assert row(row_id).state == "needs-attention", "it asks first"
    sam.submit()
    page = sam.get(f"/orders/{made.id}")
    assert "Not told to bol" in page.texts(".pill")
    assert "Confirmed by bol" not in page.texts(".pill")
    assert not page.all(".pill--ok")


def test_the_orders_list_has_a_tab_for_what_needs_attention(sam):
    made, _row_id = stuck_shipment(said=CANCELLED)
    make_order()
    page = sam.get("/orders")
    tab = next(link for link in page.all(".tabs a") if "Needs attention" in link.get_text())
    assert tab.get_text().split()[-1] == "1"
    assert sam.get(tab["href"]).texts("tbody .table__link") == [made.number]
    assert sam.get(f"{tab['href']}&shop={made.shop_id}").texts("tbody .table__link") == [made.number]
    assert sam.get(f"{tab['href']}&q={made.number}").texts("tbody .table__link") == [made.number]


def test_what_is_settled_meanwhile_goes_away_by_itself(sam):
    _made, row_id = stuck_shipment("exhausted")
    page = sam.get("/needs-attention")
    root = page.one("#attention")
    assert (root["hx-get"], root["hx-trigger"]) == ("/needs-attention", "every 10s")
    assert sam.htmx_get(root["hx-get"]).all(f"#matter-{row_id}")
    assert not sam.htmx_get(root["hx-get"]).all("h1")


def test_what_was_sent_is_not_called_not_sent(sam):
    _made, sent = stuck_shipment(said=CANCELLED)
    _made, kept = stuck_shipment("cancelled-there", was_sent=False)
    page = sam.get("/needs-attention")
    assert "refused, tried 3 times" in page.texts(f"#matter-{sent}")[0]
    assert "not sent" not in page.texts(f"#matter-{sent}")[0]
    assert "not sent, tried 3 times" in page.texts(f"#matter-{kept}")[0]
