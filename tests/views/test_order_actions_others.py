"""Canceling, splitting, deleting, undoing and sending an order on its page, as staff do it."""

import pytest
from flask import current_app
from sqlalchemy import select

from stoqflow_web.extensions import db
from stoqflow_web.models import SalesOrder, Writeback
from stoqflow_web.models.sales_orders import ON_HOLD, READY_TO_PICK
from stoqflow_web.models.writebacks import CONFIRMED, NEEDS_ATTENTION, REJECTED, SUBMITTED
from stoqflow_web.services.completing import Parcel, complete
from stoqflow_web.services.splitting import split
from stoqflow_web.transaction import transaction
from tests.support.builders import make_order, make_product, make_shop
from tests.support.counting import counted_queries

pytestmark = pytest.mark.usefixtures("clock", "ctx")
CANCEL, SPLIT, DELETE = "#cancellation form", "#split form", "#deletion form"
UNDO, SEND = "form[action$=undoing]", "form[action$=sending]"


@pytest.fixture
def sam(signed_in):
    return signed_in("staff")


@pytest.fixture
def order():
    return make_order(lines=2, quantity=2)


def opened(browser, order):
    return browser.get(f"/orders/{order.id}")


def all_lines(order):
    return [str(line.id) for line in order.lines]


def rows():
    db.session.rollback()
    return [(row.kind, row.state) for row in db.session.scalars(select(Writeback).order_by(Writeback.id))]


def status(order):
    db.session.rollback()
    return db.session.scalars(select(SalesOrder.status).where(SalesOrder.id == order.id)).one()


def completed(order):
    complete(order.id, [Parcel(carrier="postnl", track_and_trace=f"3SABCD{order.id:010}")], user_id=None)
    return order


def told_by_bol(**fields):
    """What the worker writes down."""
    with transaction() as tx:
        for row in tx.session.scalars(select(Writeback)):
            for name, value in fields.items():
                setattr(row, name, value)


def twice(browser, order, form, **typed):
    """The same form sent a second time."""
    page = opened(browser, order)
    browser.submit(form, **typed)
    browser.page = page
    return browser.submit(form, **typed)


# Cancel


def test_canceling_tells_the_consequences_and_when_bol_hears_it(sam, order):
    page = opened(sam, order)
    words = page.one("#cancellation").get_text(" ")
    for part in (
        "also cancels the order at bol.com",
        "cancellation norm",
        "stock of the offer to 0",
        "delete the order",
    ):
        assert part in words
    page = sam.submit(CANCEL, reason="out-of-stock", lines=all_lines(order))
    assert f"{order.number} is canceled here. bol.com hears it at 09:14; undo until then." in page.text
    assert page.texts("#reporting .pill") == ["Queued · undo until 09:14"]
    assert "Canceled · Out of stock" in page.texts(".table .pill")
    assert rows() == [("cancellation", "pending")] * 2


def test_canceling_needs_a_reason(sam, order):
    opened(sam, order)
    page = sam.submit(CANCEL)
    assert page.status == 422
    assert page.error_beside("reason") == "Choose a reason."
    page = sam.submit("main form", reason="unfindable", lines=all_lines(order))
    assert page.url == f"/orders/{order.id}"
    assert status(order) == "canceled"


def test_the_clients_wish_is_the_reason_when_there_is_one(sam):
    page = opened(sam, make_order(is_cancellation_requested=True))
    assert page.one("#cancellation select option[selected]")["value"] == "requested-by-client"


def test_chosen_lines_are_canceled_and_the_rest_stays_open(sam, order):
    opened(sam, order)
    one = order.lines[0]
    page = sam.submit(CANCEL, reason="bad-condition", lines=str(one.id))
    assert "The line is canceled here. bol.com hears it at 09:14; undo until then." in page.text
    assert status(order) == "ready-to-pick"
    assert page.texts(".table .pill").count("Canceled · Damaged or in bad condition") == 1
    assert len(page.all("#cancellation [name=lines]")) == 1


def test_of_a_canceled_line_in_a_part_bol_hears_when_all_parts_are_final(sam, order):
    split(order.id, {order.lines[0].id: 1}, user_id=None)
    opened(sam, order)
    page = sam.submit(CANCEL, reason="bad-condition", lines=str(order.lines[1].id))
    assert page.texts("#flashes .notice") == ["The line is canceled here. bol.com hears it when all parts are final."]
    assert rows() == []


def test_canceling_nothing_is_refused_beside_the_lines(sam, order):
    opened(sam, order)
    page = sam.submit(CANCEL, reason="other", lines=None)
    assert page.status == 422
    assert page.texts("fieldset .field__error") == ["Choose at least one line that is still open."]
    assert status(order) == "ready-to-pick"


def test_a_second_click_on_cancel_does_nothing_and_says_so(sam, order):
    page = twice(sam, order, CANCEL, reason="out-of-stock", lines=all_lines(order))
    assert f"{order.number} is canceled already." in page.text
    assert len(rows()) == 2


def test_a_second_click_on_canceling_a_line_does_nothing_and_says_so(sam, order):
    page = twice(sam, order, CANCEL, reason="out-of-stock", lines=str(order.lines[0].id))
    assert page.status == 200
    assert "That is canceled already." in page.text
    assert rows() == [("cancellation", "pending")]


# Split


def test_what_is_short_is_what_the_split_begins_with(sam):
    order = make_order(products=[make_product(stock=1), make_product(stock=9)], quantity=3, status=ON_HOLD)
    page = opened(sam, order)
    assert [field["value"] for field in page.all("#split .parcel__units")] == ["2", "0"]
    assert "4 of 6 are in stock now: the rest is filled in for the backorder." in page.text
    page = sam.submit(SPLIT)
    assert status(order) == READY_TO_PICK
    assert page.heading == f"{order.number}-BO"
    assert f"Split: this is the backorder {order.number}-BO." in page.text
    assert page.one("#related-title + *, section[aria-labelledby=related-title] a").get_text() == order.number
    page = opened(sam, order)
    assert f"{order.number}-BO" in page.one("section[aria-labelledby=related-title]").get_text()


@pytest.mark.parametrize(
    ("units", "sentence"),
    [
        (0, "Choose what moves to the backorder."),
        (2, "Something must stay: this would move the whole order."),
        (3, "From 0 to 2."),
        (-1, "From 0 to 2."),
    ],
)
def test_a_split_that_makes_no_sense_is_refused_beside_the_lines(sam, order, units, sentence):
    opened(sam, order)
    page = sam.submit(SPLIT, **{f"units-{line.id}": units for line in order.lines})
    assert page.status == 422
    assert sentence in page.texts("fieldset .field__error")
    page = sam.submit("main form", **{f"units-{line.id}": 1 for line in order.lines})
    assert page.heading == f"{order.number}-BO"


def test_a_second_click_on_split_makes_no_second_backorder(sam, order):
    page = twice(sam, order, SPLIT, **{f"units-{order.lines[0].id}": 1})
    assert f"{order.number} was split already: see {order.number}-BO." in page.texts(".notice--info")
    assert db.session.query(SalesOrder).count() == 2


def test_a_backorder_can_be_split_again(sam):
    order = make_order(quantity=4)
    opened(sam, order)
    sam.submit(SPLIT, **{f"units-{order.lines[0].id}": 2})
    field = sam.page.one("#split .parcel__units")["name"]
    assert sam.submit(SPLIT, **{field: 1}).heading == f"{order.number}-BO2"


def test_a_single_unit_can_not_be_split(sam):
    assert not opened(sam, make_order()).all("#split")


# Delete


def test_deleting_says_that_bol_is_not_told_and_the_order_is_gone(sam, order):
    page = opened(sam, order)
    words = " ".join(page.one("#deletion").get_text(" ").split())
    assert "bol.com is not told; the order stays open there and will expire." in words
    assert "part of a split" not in words
    page = sam.submit(DELETE)
    assert page.url == "/orders"
    assert f"{order.number} is deleted. bol.com is not told." in page.text
    assert not page.texts("#orders tbody tr")
    for url in ("", "/cancellation", "/split", "/deletion", "/reporting", "/completion"):
        answer = sam.client.get(f"/orders/{order.id}{url}", follow_redirects=True)
        assert answer.status_code == 404, url
        assert f"{order.number} was deleted by Staff1; a manager can bring it back." in answer.text, url
    assert sam.client.get(f"/order-lines/{order.lines[0].id}/product").status_code == 404


def test_a_second_click_on_delete_says_calmly_that_it_is_gone(sam, order):
    page = twice(sam, order, DELETE)
    assert page.url == "/orders"
    assert f"{order.number} is deleted already." in page.texts(".notice--info")


def test_deleting_a_part_warns_of_what_the_others_do(sam):
    order = make_order(quantity=3)
    backorder = split(order.id, {order.lines[0].id: 1}, user_id=None)
    words = opened(sam, backorder).one("#deletion .notice").get_text(" ")
    assert "This is a part of a split order." in words
    assert "once they are final" in words
    completed(order)
    assert "The other parts are sent now." in opened(sam, backorder).one("#deletion .notice").get_text(" ")
    sam.submit(DELETE)
    assert rows() == [("shipment", "pending")]


def test_what_bol_hears_right_now_can_not_be_deleted(sam, order):
    completed(order)
    told_by_bol(state=SUBMITTED)
    opened(sam, order)
    page = sam.submit(DELETE)
    assert f"{order.number} is being told to bol.com right now." in " ".join(page.texts("#flashes .notice--warn"))


# Undo and send now


def test_undo_opens_the_order_again(sam, order):
    completed(order)
    page = opened(sam, order)
    assert "until 09:14" in page.one("#reporting").get_text()
    page = sam.submit(UNDO)
    assert f"{order.number} is open again. bol.com heard nothing." in page.text
    assert page.one("#completion form")
    assert not page.all("#parcels")
    assert rows() == [("shipment", "withdrawn")]


@pytest.mark.parametrize(
    ("canceled_there", "sentence"),
    [
        (2, "is undone, and not open again: it is over at bol.com already. Do not ship it."),
        (1, "is open again, without what is over at bol.com already. Look at what is left of it."),
    ],
)
def test_undo_of_what_bol_canceled_meanwhile_does_not_say_that_all_is_open_again(sam, canceled_there, sentence):
    order = completed(make_order(quantity=2))
    with transaction() as tx:
        tx.session.get_one(SalesOrder, order.id).lines[0].item.quantity_cancelled = canceled_there
    sam.get(f"/orders/{order.id}")
    page = sam.submit(UNDO)
    assert page.texts("#flashes .notice--warn") == [f"{order.number} {sentence}"]


def test_a_second_click_on_undo_says_that_it_is_open_again(sam, order):
    assert "is open again already." in twice(sam, completed(order), UNDO).text


def test_undo_that_comes_too_late_says_so(sam, order):
    opened(sam, completed(order))
    told_by_bol(state=SUBMITTED)
    page = sam.submit(UNDO)
    assert "It is too late to undo: this was sent to bol.com." in " ".join(page.texts("#flashes .notice--warn"))
    assert not page.all(UNDO)
    assert status(order) == "complete"


def test_send_now_ends_the_hold(sam, order):
    page = twice(sam, completed(order), SEND)
    assert "It is on its way to bol.com already." in page.text
    assert not page.all(SEND)
    assert page.texts("#reporting .pill") == ["Queued"]
    assert "Send now pressed, without waiting" in page.one("#history").get_text()


def test_send_now_does_not_say_that_it_was_sent(sam, order):
    opened(sam, completed(order))
    page = sam.submit(SEND)
    assert page.texts("#flashes .notice") == ["bol.com is told now; this page shows what it answers."]
    assert current_step(page) == "Queued"


def test_a_part_that_waits_can_be_undone_without_an_end(sam):
    order = make_order(quantity=2)
    split(order.id, {order.lines[0].id: 1}, user_id=None)
    page = opened(sam, completed(order))
    assert page.one(UNDO)
    assert not page.all(SEND)


def test_without_a_hold_undo_is_possible_until_it_is_sent(sam):
    order = make_order(shop=make_shop(hold_minutes=0))
    page = opened(sam, order)
    assert "bol.com hears it at once; undo is possible until it is sent" in page.one("#completion").get_text()
    page = opened(sam, completed(order))
    assert page.one(UNDO)
    assert "until it is sent" in page.one("#reporting").get_text()
    assert not page.all(SEND)


# The steps


def test_the_steps_move_by_themselves_and_the_asking_ends(sam, order, clock):
    page = opened(sam, completed(order))
    assert current_step(page) == "Queued"
    assert page.one("#reporting")["hx-trigger"] == "every 15s"
    assert ask(sam, page).status == 204

    clock.jump(minutes=2)
    page = ask(sam, page)
    assert page.one("#reporting")["hx-trigger"] == "every 2s"
    assert page.texts("#reporting .pill") == ["Queued"]

    told_by_bol(state=SUBMITTED)
    page = ask(sam, page)
    assert (current_step(page), page.texts("#reporting .pill")) == ("Sent", ["Sent to bol"])
    assert not page.all(".pill--ok, .is-confirmed")

    told_by_bol(state=CONFIRMED)
    page = ask(sam, page)
    assert page.one("#reporting .is-confirmed").get_text() == "Confirmed"
    assert page.texts(".pill--ok") == ["Confirmed by bol", "Confirmed by bol"]
    assert page.one("#parcels")["hx-swap-oob"] == page.one("#history")["hx-swap-oob"] == "true"
    assert not page.one("#reporting").has_attr("hx-get")


def test_the_parcels_are_called_shipped_once_bol_confirmed_them(sam, order):
    assert opened(sam, completed(order)).texts("#parcels h2") == ["Parcels"]
    told_by_bol(state=CONFIRMED)
    assert opened(sam, order).texts("#parcels h2") == ["Shipped"]


def ask(browser, page):
    return browser.htmx_get(page.one("#reporting")["hx-get"])


def current_step(page):
    return page.one("#reporting [aria-current]").get_text()


def test_what_bol_refused_is_shown_in_its_own_words(sam, order):
    completed(order)
    told_by_bol(state=NEEDS_ATTENTION, why=REJECTED, their_sentence="Item <b>is</b> closed")
    page = opened(sam, order)
    assert page.texts("#reporting .pill--danger") == ["Refused by bol"]
    assert "bol.com said: Item <b>is</b> closed" in page.one("#parcels").get_text()
    assert not page.one("#reporting").has_attr("hx-get")


def test_an_open_order_asks_nothing(sam, order):
    page = opened(sam, order)
    assert current_step(page) == "Open"
    assert not page.one("#reporting").has_attr("hx-get")


def test_a_page_of_a_large_family_asks_the_database_no_more_often(sam):
    few, many = make_order(lines=2, quantity=4), make_order(lines=6, quantity=4)
    for order, lines in ((few, few.lines[:1]), (many, many.lines[:4])):
        for line in lines:
            split(order.id, {line.id: 1}, user_id=None)
        completed(order)
    assert questions(sam, few) == questions(sam, many)


def questions(browser, order):
    opened(browser, order)
    with counted_queries(current_app) as counted:
        opened(browser, order)
    return len(counted)
