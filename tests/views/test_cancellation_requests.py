"""The inbox of cancellation requests, and both answers there and on the order's page."""

import pytest

from stoqflow_web.extensions import db
from stoqflow_web.models import SalesOrder
from stoqflow_web.services import answering, printing
from stoqflow_web.services.completing import Parcel, complete
from stoqflow_web.services.splitting import split
from stoqflow_web.transaction import transaction
from tests.support.builders import ask_to_cancel, make_order, make_product, make_shop
from tests.support.counting import counted_queries

pytestmark = pytest.mark.usefixtures("ctx")
INBOX = "/cancellation-requests"


@pytest.fixture
def sam(clock, signed_in):
    return signed_in("staff")


def asked_order(**given):
    return make_order(is_cancellation_requested=True, **given)


def completed(order):
    parcel = Parcel(carrier="postnl", track_and_trace=f"3SABCD{order.id:010}")
    complete(order.id, [parcel], user_id=None, despite_shortage=True)
    return order


def read(order):
    db.session.rollback()
    return db.session.get_one(SalesOrder, order.id, populate_existing=True)


def titles(page):
    return page.texts(".row__title")


def answer_forms(page, order):
    return f"#request-{order.lines[0].id} form"


def test_without_requests_the_inbox_says_so(sam):
    make_order()
    page = sam.get(INBOX)
    assert "No cancellation requests" in page.text
    assert "Cancellation requests" in page.texts(".nav a")


def test_each_line_that_awaits_an_answer_is_a_row_the_most_urgent_first(sam, clock):
    shop = make_shop("Keuken", hold_minutes=5)
    later = asked_order(shop=shop, deliver_by=clock().date(), client="Linh Nguyen")
    with transaction() as tx:
        tx.session.get_one(SalesOrder, later.id).sort_day = clock().date().replace(day=30)
    two = asked_order(products=[make_product(title="Pan"), make_product(title="Lid")], quantity=2)
    make_order()
    clock.jump(minutes=12)
    page = sam.get(INBOX)
    assert titles(page)[:2] == [f"{two.number} · 2 × Pan", f"{two.number} · 2 × Lid"]
    assert titles(page)[2].startswith(later.number)
    assert "Nguyen, Utrecht · Keuken · asked 09:12 · 12 min ago" in page.text


def test_menu_tile_and_tab_count_the_same_orders_however_many_lines_each_has(sam, clock):
    asked_order(lines=3)
    asked_order(status="complete", ended_at=clock())
    assert sam.get(INBOX).texts(".nav__count--urgent") == ["2"]
    assert sam.get("/").one("#tile-requests .tile__value").get_text() == "2"
    page = sam.get("/orders?tab=cancellation-requested")
    assert page.texts(".tabs__tab[aria-current]") == ["Cancellation requested 2"]
    assert len(page.all("#orders tbody tr")) == 2


def test_a_row_says_how_far_the_order_is(sam):
    asked_order(status="ready-to-pick")
    asked_order(status="on-hold")
    printed = asked_order()
    printing.note_printed([printed.id], printing.PICK_LIST, user_id=None)
    ask_to_cancel(completed(make_order()).id)
    page = sam.get(INBOX)
    assert page.texts(".row__aside .pill:not(:first-child)") == [
        "Ready to pick",
        "On hold",
        "Printed",
        "Complete, not sent",
    ]
    assert page.texts(".row .danger-text") == [
        "Somebody may be picking it.",
        "The parcel may be packed: keep it back.",
    ]


def test_accepting_takes_the_row_away_and_says_when_bol_hears_it(sam):
    order, other = asked_order(), asked_order()
    sam.get(INBOX)
    page = sam.submit(answer_forms(sam.page, order))
    assert page.url == INBOX
    assert f"{order.number} is canceled here. bol.com hears it at 09:14; undo until then." in page.text
    assert [title.split(" ")[0] for title in titles(page)] == [other.number]
    assert read(order).lines[0].cancel_reason == "requested-by-client"


def test_shipping_anyway_asks_for_the_reason_on_a_page_of_its_own(sam):
    order = asked_order()
    page = sam.get(INBOX)
    page = sam.get(page.one(".row a[href*=shipping-anyway]")["href"])
    page = sam.submit(reason="  ")
    assert page.status == 422
    assert "Say why" in page.error_beside("reason")
    page = sam.submit(reason="It has left")
    assert page.url == INBOX
    assert f"{order.number} can be completed like any other." in page.text
    assert read(order).lines[0].ship_anyway_reason == "It has left"
    assert "No cancellation requests" in page.text
    assert "Ships anyway · It has left" in sam.get(f"/orders/{order.id}").texts(".table .pill")


def test_in_the_dialog_the_form_comes_back_with_its_error_and_leaves_when_it_is_done(sam):
    order = asked_order()
    sam.get(INBOX)
    address = f"/order-lines/{order.lines[0].id}/shipping-anyway?back={INBOX}"
    fragment = sam.htmx_get(address)
    assert not fragment.all("h1")
    form = fragment.one("form")
    assert form["hx-post"] == form["action"]
    refused = sam.htmx_post(form["action"], reason="", back=INBOX)
    assert refused.status == 422
    assert refused.one("[aria-invalid=true]")["name"] == "reason"
    assert sam.htmx_post(form["action"], reason="It has left", back=INBOX).headers["HX-Redirect"] == INBOX


def test_who_comes_second_is_told_what_the_first_one_answered(sam, signed_in):
    order = asked_order()
    other = signed_in("staff")
    for person in (sam, other):
        person.get(INBOX)
    other.submit(answer_forms(other.page, order))
    page = sam.get(f"/order-lines/{order.lines[0].id}/shipping-anyway")
    page = sam.submit(reason="It has left")
    assert "This was answered already: it is canceled." in page.text
    shipped = asked_order()
    answering.ship_anyway(shipped.id, [shipped.lines[0].id], "It left", user_id=None)
    other.page = sam.get(f"/orders/{order.id}")
    token = other.page.all("input[name=csrf_token]")[0]["value"]
    answer = sam.client.post(f"/order-lines/{shipped.lines[0].id}/acceptance", data={"csrf_token": token})
    assert answer.location == INBOX
    assert "it is shipped anyway (It left)" in sam.get(INBOX).text


def test_what_is_packed_already_is_to_be_kept_back(sam):
    order = completed(make_order())
    ask_to_cancel(order.id)
    sam.get(INBOX)
    page = sam.submit(answer_forms(sam.page, order))
    assert "Keep the parcel back." in page.text
    assert read(order).status == "canceled"


def test_a_parcel_with_more_in_it_is_to_be_packed_anew(sam):
    order = make_order(products=[make_product(title="Pan"), make_product(title="Lid")])
    with transaction() as tx:
        tx.session.get_one(SalesOrder, order.id).lines[1].item.quantity = 1
    completed(order)
    ask_to_cancel(order.id)
    answering.ship_anyway(order.id, [order.lines[1].id], "stays", user_id=None)
    sam.get(INBOX)
    page = sam.submit(answer_forms(sam.page, order))
    assert f"Pan is canceled for the client, and {order.number} is open again without it." in page.text
    assert read(order).is_open


def test_the_answers_stand_beside_the_lines_of_the_order_too(sam):
    order = asked_order(lines=2)
    page = sam.get(f"/orders/{order.id}")
    assert page.texts(".table .button") == ["Cancel for the client", "Ship anyway…"] * 2
    page = sam.submit(f"form[action='/order-lines/{order.lines[1].id}/acceptance']")
    assert page.url == f"/orders/{order.id}"
    assert "The line is canceled here." in page.text


def test_a_part_says_which_it_is(sam):
    order = asked_order(quantity=3)
    split(order.id, {order.lines[0].id: 1}, user_id=None)
    page = sam.get(INBOX)
    assert ["1 of 2 parts" in row for row in page.texts(".row")] == [True, False]
    assert "2 of 2 parts" in page.texts(".row")[1]


@pytest.mark.both_databases
def test_a_long_inbox_has_pages_and_costs_the_same(app, sam):
    made = [asked_order() for _ in range(2)]
    with counted_queries(app) as few:
        sam.get(INBOX)
    made += [asked_order() for _ in range(50)]
    with counted_queries(app) as many:
        page = sam.get(INBOX)
    assert len(many) == len(few)
    seen = titles(page)
    page = sam.get(page.one("a[rel=next]")["href"])
    seen += titles(page)
    assert [title.split(" ")[0] for title in seen] == [order.number for order in made]
    assert len(titles(sam.get(page.one("a[rel=prev]")["href"]))) == 50


def test_what_is_answered_goes_away_by_itself(sam):
    order = asked_order()
    sam.get(INBOX)
    fragment = sam.htmx_get(INBOX)
    assert fragment.one("#requests")["hx-trigger"] == "every 5s"
    answering.accept(order.id, [order.lines[0].id], user_id=None)
    assert "No cancellation requests" in sam.htmx_get(INBOX).text


# Printing begins the work


def test_what_is_put_on_paper_is_noted_and_looking_at_it_is_not(sam):
    fine, held = make_order(), make_order(status="on-hold")
    sam.get("/orders/pick-list?all=1")
    assert read(fine).printed_at is None
    sam.get("/orders")
    page = sam.submit(".page-head form[action*=prints]")
    assert page.heading == "Pick list"
    assert (read(fine).printed_at is None, read(held).printed_at is None) == (False, True)
    assert "On a pick list" in sam.get(f"/orders/{fine.id}").one("#history").get_text()


def test_a_packing_slip_counts_once(sam, clock):
    held, began = make_order(status="on-hold"), clock()
    for _ in range(2):
        printing.note_printed([held.id], printing.PACKING_SLIPS, user_id=None)
        clock.jump(minutes=1)
    assert read(held).printed_at == began
    assert sam.get(f"/orders/{held.id}").one("#history").get_text().count("On a packing slip") == 1
