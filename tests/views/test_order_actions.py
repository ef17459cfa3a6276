"""Completing an order on its page, as staff do it."""

import pytest
from sqlalchemy import select

from stoqflow_web.extensions import db
from stoqflow_web.models import OrderLine, SalesOrder, Writeback
from stoqflow_web.models.sales_orders import ON_HOLD
from stoqflow_web.services.splitting import split
from stoqflow_web.transaction import transaction
from tests.support.builders import ask_to_cancel, make_order, make_product, make_shop

pytestmark = pytest.mark.usefixtures("clock", "ctx")
FORM = "#completion form"
CODE = "parcels-0-track_and_trace"
POSTNL, DHL = "3SABCD0123456789", "JVGL0123456789012345"


@pytest.fixture
def sam(signed_in):
    return signed_in("staff")


@pytest.fixture
def order():
    return make_order(lines=2, quantity=2)


def opened(browser, order):
    return browser.get(f"/orders/{order.id}")


def complete(browser, order, **typed):
    opened(browser, order)
    return browser.submit(FORM, **({CODE: POSTNL} | typed))


def shipped():
    db.session.rollback()
    return [
        (parcel.carrier, parcel.track_and_trace, sorted(parcel.quantities.values()))
        for order in db.session.scalars(select(SalesOrder).order_by(SalesOrder.id))
        for parcel in order.parcels
    ]


def rows():
    db.session.rollback()
    return [(row.kind, row.state) for row in db.session.scalars(select(Writeback).order_by(Writeback.id))]


def test_a_code_completes_the_order_and_the_page_says_when_bol_hears_it(sam, order):
    page = complete(sam, order)
    assert f"{order.number} is complete. bol.com hears it at 09:14; undo until then." in page.text
    assert "Complete" in page.texts(".page-head .pill")
    assert page.texts("#reporting .pill") == ["Queued · undo until 09:14"]
    assert "PostNL · 3SABCD0123456789" in page.one("#parcels").get_text()
    assert shipped() == [("postnl", POSTNL, [2, 2])]
    assert not page.all(FORM)
    assert not page.all(".pill--ok")
    assert "by Staff1" in page.one("#history").get_text()


def test_the_card_says_when_bol_hears_it(sam, order):
    assert "bol.com hears it after 2 minutes; undo until then" in opened(sam, order).text
    at_once = make_order(shop=make_shop(hold_minutes=0))
    assert "bol.com hears it at once" in opened(sam, at_once).text


def test_a_second_click_says_calmly_that_it_is_complete_already(sam, order):
    opened(sam, order)
    first = sam.page
    sam.submit(FORM, **{CODE: POSTNL})
    sam.page = first
    page = sam.submit(FORM, **{CODE: POSTNL})
    assert page.status == 200
    assert f"{order.number} is complete already." in page.texts(".notice--info")
    assert len(shipped()) == 1
    assert rows() == [("shipment", "pending")]


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "Fill in the Track & Trace code: bol.com wants one for PostNL."),
        ("concept", "“CONCEPT” is no Track & Trace code. bol.com counts it as missing."),
        ("https://postnl.nl/3SABCD", "This is a web address. Fill in only the code itself."),
        ("3SABC 3SDEF", "A code has no spaces. Is there more than one code in the field?"),
        ("SO-{id}", "This is the number of the order, not the Track & Trace code."),
        ("ABC-123456", "This does not look like a code of PostNL. Check it; if it is right, confirm it."),
    ],
)
def test_a_code_that_can_not_be_right_is_refused_beside_its_field(sam, order, typed, sentence):
    page = complete(sam, order, **{CODE: typed.replace("SO-{id}", order.number)})
    assert page.status == 422
    assert page.error_beside(CODE) == sentence
    assert shipped() == []


def test_an_uncommon_code_goes_once_a_person_confirms_it(sam, order):
    page = complete(sam, order, **{CODE: "ABC-123456"})
    assert page.one(f"[name={CODE}]")["value"] == "ABC-123456"
    sam.submit(FORM, **{"parcels-0-is_confirmed": "y"})
    assert shipped() == [("postnl", "ABC-123456", [2, 2])]


def test_no_box_to_confirm_where_the_code_looks_right(sam, order):
    assert not opened(sam, order).all("[name=parcels-0-is_confirmed]")


def test_a_scanned_code_brings_its_carrier_along(sam, order):
    complete(sam, order, **{CODE: DHL})
    assert shipped() == [("dhl", DHL, [2, 2])]


def test_a_carrier_that_somebody_chose_is_not_changed_behind_their_back(sam, order):
    page = complete(sam, order, **{CODE: DHL, "parcels-0-carrier": "ups"})
    assert page.status == 422
    assert "code of UPS" in page.error_beside(CODE)
    assert page.one("[name=parcels-0-carrier] option[selected]")["value"] == "ups"


def test_the_form_begins_with_the_carrier_of_the_shop(sam):
    page = opened(sam, make_order(shop=make_shop(default_carrier="dpd-nl")))
    assert page.one("[name=parcels-0-carrier] option[selected]")["value"] == "dpd-nl"


def test_typing_tells_what_the_code_looks_like_and_brings_the_carrier(sam, order):
    opened(sam, order)
    told = sam.htmx_post(f"/orders/{order.id}/packing?parcel=0", **{CODE: POSTNL, "parcels-0-carrier": "postnl"})
    assert told.texts("#parcels-0-code") == ["Looks like a PostNL code"]
    assert not told.all("select")
    told = sam.htmx_post(f"/orders/{order.id}/packing?parcel=0", **{CODE: DHL, "parcels-0-carrier": "postnl"})
    assert told.one("select option[selected]")["value"] == "dhl"
    assert told.one("#parcels-0-carrier-field")["hx-swap-oob"] == "true"
    told = sam.htmx_post(f"/orders/{order.id}/packing?parcel=0&chosen=1", **{CODE: DHL, "parcels-0-carrier": "postnl"})
    assert not told.all("select")
    assert told.one("[name=parcels-0-is_confirmed]")
    assert rows() == []


def test_letters_need_no_code(sam, order):
    complete(sam, order, **{CODE: "", "parcels-0-carrier": "letter"})
    assert shipped() == [("letter", None, [2, 2])]


def test_two_parcels_each_hold_what_is_put_into_them(sam, order):
    page = complete_in_two(sam, order)
    one, two = [line.id for line in order.lines]
    assert page.one(f"[name={CODE}]")["value"] == POSTNL
    assert page.one(f"[name=parcels-0-units-{one}]")["value"] == "2"
    assert page.one(f"[name=parcels-1-units-{one}]")["value"] == "0"
    second = {"parcels-1-track_and_trace": "3SABCD0123456780"}
    page = sam.submit(FORM, **second)
    assert page.status == 422
    assert "This parcel is empty. Take it out, or put something in." in page.texts(".parcel .field__error")
    page = sam.submit(FORM, **{f"parcels-1-units-{two}": 2})
    assert "There are more units in the parcels than in the order." in page.texts(".parcel .field__error")
    page = sam.submit(FORM, **{f"parcels-0-units-{two}": 0, f"parcels-1-units-{two}": 1})
    assert "Not everything is in a parcel. Put it in, or split it off into a backorder first." in page.texts(
        ".parcel .field__error"
    )
    sam.submit(FORM, **{f"parcels-1-units-{two}": 2})
    assert shipped() == [("postnl", POSTNL, [2]), ("postnl", "3SABCD0123456780", [2])]


def complete_in_two(browser, order, change="add"):
    """Presses the button for another parcel, without scripts."""
    opened(browser, order)
    button = browser.page.one(f"{FORM} [formaction$={change}]")
    browser.page.one(FORM)["action"] = button["formaction"]
    return browser.submit(FORM, **{CODE: POSTNL})


def test_a_parcel_can_be_taken_out_again_and_its_units_go_back(sam, order):
    page = complete_in_two(sam, order)
    one = order.lines[0].id
    fields = {"count": "2", CODE: POSTNL, f"parcels-0-units-{one}": "1", f"parcels-1-units-{one}": "1"}
    page = sam.htmx_post(f"/orders/{order.id}/packing?change=take-out", **fields)
    assert page.one("[name=count]")["value"] == "1"
    assert page.one(f"[name={CODE}]")["value"] == POSTNL
    assert not page.all(".parcel__lines")


def test_enter_in_the_code_field_completes(sam, order):
    """A browser presses the first button of a form."""
    first = opened(sam, order).all(f"{FORM} button")[0]
    assert first.get_text() == "Complete"
    assert not first.has_attr("formaction")


def test_an_order_whose_client_asked_to_cancel_ships_only_once_that_is_answered(sam):
    order = make_order(is_cancellation_requested=True)
    page = opened(sam, order)
    assert not page.all(FORM)
    assert "Answer that first" in page.one("#completion").get_text()
    sam.get(page.one(".table a[href*=shipping-anyway]")["href"])
    page = sam.submit(reason="It left this morning")
    assert (page.url, "can be completed like any other" in page.text) == (f"/orders/{order.id}", True)
    page = sam.submit(FORM, **{CODE: POSTNL})
    assert "Complete" in page.texts(".page-head .pill")
    assert "although the client asked to cancel: It left this morning" in page.one("#history").get_text()


def test_a_client_who_asks_to_cancel_while_the_page_is_open_stops_the_order(sam, order):
    opened(sam, order)
    ask_to_cancel(order.id)
    page = sam.submit(FORM, **{CODE: POSTNL})
    assert page.status == 422
    assert f"The client asked bol.com to cancel {order.number}." in page.one("#completion").get_text()
    assert shipped() == []


def test_what_bol_cancelled_while_the_page_was_open_is_not_packed_unnoticed(sam):
    order = make_order(lines=2)
    opened(sam, order)
    with transaction() as tx:
        tx.session.get_one(OrderLine, order.lines[1].id).quantity = 0
    page = sam.submit(FORM, **{CODE: POSTNL})
    assert (page.status, shipped()) == (422, [])
    assert "has changed while this page was open" in page.one("#completion [role=alert]").get_text()
    sam.submit(FORM, **{CODE: POSTNL})
    assert shipped() == [("postnl", POSTNL, [1])]


def test_an_order_on_hold_wants_to_know_that_the_goods_are_there(sam):
    order = make_order(products=[make_product(stock=0)], status=ON_HOLD)
    page = complete(sam, order)
    assert page.status == 422
    assert "Tick this when everything is in the parcel." in page.error_beside("despite_shortage")
    sam.submit(FORM, despite_shortage="y")
    assert shipped() == [("postnl", POSTNL, [1])]


def test_an_order_on_hold_is_told_only_what_its_page_offers(sam):
    unknown = make_order(products=[None], status=ON_HOLD)
    page = complete(sam, unknown)
    assert page.error_beside("despite_shortage") == (
        "Choose the product first, or tick this when everything is in the parcel."
    )
    single = make_order(products=[make_product(stock=0)], status=ON_HOLD)
    assert "Otherwise wait for the stock." in complete(sam, single).error_beside("despite_shortage")
    several = make_order(products=[make_product(stock=0)], quantity=2, status=ON_HOLD)
    assert "Otherwise split off what is missing." in complete(sam, several).error_beside("despite_shortage")


def test_a_scanned_code_that_is_looked_at_too_late_says_nothing_more(sam, order):
    opened(sam, order)
    typed = {CODE: POSTNL, "parcels-0-carrier": "postnl", "csrf_token": token(sam.page)}
    sam.client.post(f"/orders/{order.id}/completion", data=typed)
    late = sam.client.post(f"/orders/{order.id}/packing?parcel=0", data=typed, headers={"HX-Request": "true"})
    assert late.status_code == 204
    assert "HX-Redirect" not in late.headers
    assert len(opened(sam, order).texts("#flashes .notice")) == 1


def test_two_enters_in_a_row_are_answered_once(sam, order):
    opened(sam, order)
    typed = {CODE: POSTNL, "parcels-0-carrier": "postnl", "csrf_token": token(sam.page)}
    for _enter in range(2):
        sam.client.post(f"/orders/{order.id}/completion", data=typed)
    assert opened(sam, order).texts("#flashes .notice") == [
        f"{order.number} is complete. bol.com hears it at 09:14; undo until then."
    ]


def test_the_list_shows_which_orders_need_bols_label(sam, order):
    make_order(items={"needs_marketplace_label": True})
    assert sam.get("/orders").texts("#orders .pill--violet") == ["VVB"]


def test_an_order_that_needs_bols_label_says_why_it_can_not_be_completed(sam):
    order = make_order(items={"needs_marketplace_label": True})
    page = opened(sam, order)
    assert not page.all(FORM)
    assert "must travel with a label of bol.com (VVB)" in page.one("#completion").get_text()
    page = sam.client.post(f"/orders/{order.id}/completion", data={"csrf_token": token(page)})
    assert page.status_code == 422
    assert shipped() == []


def token(page):
    return page.all("[name=csrf_token]")[0]["value"]


def test_codes_and_names_are_shown_and_not_obeyed(sam):
    order = make_order(products=[make_product(title="<b>Pan</b>")])
    page = complete(sam, order, **{CODE: '"><script>alert(1)</script>'})
    assert page.status == 422
    assert not page.all("main script, main b")
    page = sam.get(f"/orders/{order.id}/split")
    assert not page.all("main script, main b")


def test_nonsense_in_the_form_is_refused_and_never_an_error_of_ours(sam, order):
    csrf_token = token(opened(sam, order))
    for name in ("count", CODE, "parcels-0-carrier", "parcels-0-is_confirmed", f"parcels-0-units-{order.lines[0].id}"):
        for nonsense in ("", "-1", "9" * 30, "²", "\x00", "é" * 300, "x" * 40_000):
            data = {"csrf_token": csrf_token, "count": "2", CODE: "concept", "parcels-0-carrier": "postnl"}
            for url in ("completion", "packing?parcel=0", "packing?change=add", "packing?parcel=99"):
                answer = sam.client.post(f"/orders/{order.id}/{url}", data=data | {name: nonsense})
                assert answer.status_code in (200, 422), (name, nonsense[:10], url)
    assert shipped() == []


def test_loading_a_refused_page_again_leads_back_to_the_order(sam, order):
    for url in ("completion", "packing"):
        assert sam.get(f"/orders/{order.id}/{url}").url == f"/orders/{order.id}"


def test_a_part_says_what_it_waits_for(sam):
    order = make_order(quantity=3)
    backorder = split(order.id, {order.lines[0].id: 1}, user_id=None)
    number = backorder.number
    page = complete(sam, order)
    assert f"{order.number} is complete. bol.com hears it when {number} is final too." in page.text
    assert page.texts("#reporting .pill--violet") == [f"Waits for {number}"]
    assert rows() == []


def test_a_code_that_another_order_has_goes_once_a_person_confirms_it(sam, order):
    complete(sam, other := make_order(), **{CODE: POSTNL})
    opened(sam, order)
    told = sam.htmx_post(
        f"/orders/{order.id}/packing?parcel=0", **{CODE: POSTNL.lower(), "parcels-0-carrier": "postnl"}
    )
    sentence = f"{other.number} has this code already. If it is one parcel for both, confirm it."
    assert told.texts("#parcels-0-code .danger-text") == [sentence]
    assert told.one("[name=parcels-0-is_confirmed]")
    page = complete(sam, order)
    assert page.status == 422
    assert page.error_beside(CODE) == sentence
    sam.submit(FORM, **{"parcels-0-is_confirmed": "y"})
    assert shipped() == [("postnl", POSTNL, [2, 2]), ("postnl", POSTNL, [1])]


def test_a_code_that_the_other_parcel_has_is_refused_beside_the_second(sam, order):
    complete_in_two(sam, order)
    two = order.lines[1].id
    page = sam.submit(
        FORM, **{"parcels-1-track_and_trace": POSTNL, f"parcels-0-units-{two}": 0, f"parcels-1-units-{two}": 2}
    )
    assert page.error_beside("parcels-1-track_and_trace") == (
        "Parcel 1 has this code already. If that is right, confirm it."
    )
    sam.submit(FORM, **{"parcels-1-is_confirmed": "y"})
    assert len(shipped()) == 2
