"""The guard of an open order page: quiet while nothing is the matter, STOP when the parcel must not leave."""

from dataclasses import replace

import pytest
from rq import Queue

from stoqflow_web.extensions import db
from stoqflow_web.models import MarketplaceOrder, SalesOrder, Shop, Writeback
from stoqflow_web.services import cancellation_requests, refreshing
from stoqflow_web.services.canceling import cancel
from stoqflow_web.services.completing import Parcel, complete
from stoqflow_web.services.deleting import delete
from stoqflow_web.transaction import transaction
from tests.support.builders import ask_to_cancel, make_order, make_product

pytestmark = pytest.mark.usefixtures("ctx")


@pytest.fixture
def sam(clock, signed_in):
    return signed_in("staff")


@pytest.fixture
def order(clock):
    return make_order(products=[make_product(title="Pan"), make_product(title="Lid")])


def opened(browser, order):
    """Opens the page; the address that it asks the guard at."""
    page = browser.get(f"/orders/{order.id}")
    return page.one("#guard [hx-get]")["hx-get"]


def sentences(fragment):
    return fragment.texts("#stop p")


def change(model, key, **columns):
    with transaction() as tx:
        for name, value in columns.items():
            setattr(tx.session.get_one(model, key), name, value)


def bol_changes(order, *lines, left=0, **item):
    """What storing the order would do: the item changes, and its line follows while the order is open."""
    with transaction() as tx:
        found = tx.session.get_one(SalesOrder, order.id)
        for number in lines:
            for name, value in item.items():
                setattr(found.lines[number].item, name, value)
            if found.is_open:
                found.lines[number].quantity = left
        if not found.lines_to_ship:
            found.status = "canceled" if "quantity_cancelled" in item else "complete"


def completed(order):
    complete(order.id, [Parcel(carrier="postnl", track_and_trace=f"3SABCD{order.id:010}")], user_id=None)
    return order


def accept_by_itself(order, number):
    """The client asks to cancel this line, and the shop's setting answers."""
    with transaction() as tx:
        found = tx.session.get_one(SalesOrder, order.id)
        found.lines[number].item.is_cancellation_requested = True
        cancellation_requests.accept_by_itself(tx, [found])


def jobs(app):
    return Queue("urgent", connection=app.extensions["redis"]).job_ids


def test_while_nothing_is_the_matter_it_says_quietly_when_bol_was_asked(sam, order, clock):
    address = opened(sam, order)
    clock.jump(seconds=3)
    fragment = sam.htmx_get(address)
    assert fragment.texts("#asked") == ["bol.com asked 3 s ago: nothing canceled"]
    assert fragment.texts("#checked") == ["3 s ago"]
    assert not fragment.all("[data-stop]")


def test_a_wish_to_cancel_stops_the_page_with_both_answers(sam, order, clock):
    address = opened(sam, order)
    clock.jump(minutes=4)
    ask_to_cancel(order.id)
    assert sentences(sam.htmx_get(address)) == [
        f"STOP · {order.number}",
        "The client asked bol.com to cancel this order at 09:16. Do not ship.",
    ]
    one = make_order(is_cancellation_requested=True)
    assert sam.get(f"/orders/{one.id}").texts("#stop .button") == ["Cancel for the client", "Ship anyway…"]


def test_a_wish_for_one_line_names_it(sam, order):
    address = opened(sam, order)
    with transaction() as tx:
        line = tx.session.get_one(SalesOrder, order.id).lines[1]
        line.item.is_cancellation_requested = True
    assert sentences(sam.htmx_get(address))[1:] == [
        "The client asked bol.com to cancel Lid. Do not ship it before this is answered."
    ]


def test_what_bol_cancelled_meanwhile_stops_the_page_until_it_is_loaded_anew(sam, order):
    address = opened(sam, order)
    bol_changes(order, 1, quantity_cancelled=1)
    fragment = sam.htmx_get(address)
    assert sentences(fragment)[1:] == ["bol.com canceled Lid. Take it out of the parcel."]
    assert fragment.texts("#stop .button") == ["Show the order as it is now"]
    assert not sam.htmx_get(opened(sam, order)).all("[data-stop]")
    bol_changes(order, 0, quantity_cancelled=1)
    fragment = sam.htmx_get(address)
    assert sentences(fragment)[1:] == ["bol.com canceled this order. Do not ship."]
    assert not fragment.all("#guard [hx-get]"), "nothing more can happen to it"


def test_of_a_part_that_bol_cancelled_it_says_how_many_still_leave(sam, clock):
    order = make_order(products=[make_product(title="Pan")], quantity=3)
    address = opened(sam, order)
    bol_changes(order, 0, left=2, quantity_cancelled=1)
    assert sentences(sam.htmx_get(address))[1:] == ["bol.com canceled a part of Pan. Of that, ship only 2 × Pan."]
    assert sam.htmx_get(opened(sam, order)).texts("#asked") == ["bol.com asked just now: nothing more canceled"]


def test_what_was_shipped_elsewhere_meanwhile_stops_the_page(sam, order):
    address = opened(sam, order)
    bol_changes(order, 0, quantity_shipped=1)
    assert sentences(sam.htmx_get(address))[1:] == ["Pan was shipped outside Stoqflow. Do not ship it again."]
    bol_changes(order, 1, quantity_shipped=1)
    assert "Do not ship it a second time." in sentences(sam.htmx_get(address))[1]


def test_a_complete_order_is_watched_until_bol_has_confirmed_it(sam, order):
    completed(order)
    address = opened(sam, order)
    ask_to_cancel(order.id)
    assert "Keep the parcel back until this is answered." in sentences(sam.htmx_get(address))[1]
    with transaction() as tx:
        row = tx.session.query(Writeback).one()
        row.state, row.sent_at = "confirmed", row.created_at
        for line in tx.session.get_one(SalesOrder, order.id).lines:
            line.item.quantity_shipped = 1
    fragment = sam.htmx_get(address)
    assert not fragment.all("[data-stop], #asked, #guard [hx-get]")


def test_a_parcel_that_waits_because_bol_cancelled_it_stops_also_a_page_that_is_opened_later(sam, order):
    completed(order)
    bol_changes(order, 0, 1, quantity_cancelled=1)
    with transaction() as tx:
        row = tx.session.query(Writeback).one()
        row.state, row.why = "needs-attention", "cancelled-there"
    assert sam.get(f"/orders/{order.id}").texts("#stop p")[1:] == ["bol.com canceled this order. Do not ship."]


def test_what_was_on_paper_when_bol_cancelled_it_stops_also_a_page_that_is_opened_later(sam, order, clock):
    other = make_order()
    change(SalesOrder, order.id, printed_at=clock())
    for each in (order, other):
        bol_changes(each, *range(len(each.lines)), quantity_cancelled=1)
    assert sam.get(f"/orders/{order.id}").all("#stop")
    assert not sam.get(f"/orders/{other.id}").all("#stop")


def test_what_the_shop_cancels_by_itself_for_the_client_stops_the_page_that_was_open(sam, order):
    change(Shop, order.shop_id, accepts_requests=True)
    address = opened(sam, order)
    accept_by_itself(order, 1)
    assert sentences(sam.htmx_get(address)) == [
        f"STOP · {order.number}",
        "Lid was canceled for the client at 09:12. Take it out of the parcel.",
    ]
    accept_by_itself(order, 0)
    fragment = sam.htmx_get(address)
    assert sentences(fragment)[1:] == ["This order was canceled for the client at 09:12. Do not ship."]
    assert fragment.texts("#stop .button") == ["Show the order as it is now"]
    assert not sam.get(f"/orders/{order.id}").all("[data-stop]")


def test_what_a_colleague_did_is_no_reason_to_stop(sam, order):
    address = opened(sam, order)
    completed(order)
    fragment = sam.htmx_get(address)
    assert not fragment.all("[data-stop]")
    assert f"{order.number} has changed while this page was open." in fragment.text
    other = make_order()
    address = opened(sam, other)
    cancel(other.id, "out-of-stock", user_id=None)
    with transaction() as tx:
        row = tx.session.query(Writeback).filter_by(kind="cancellation").one()
        row.state = "confirmed"
        tx.session.get_one(SalesOrder, other.id).lines[0].item.quantity_cancelled = 1
    assert not sam.htmx_get(address).all("[data-stop]")


def test_a_deleted_order_stops_the_page_and_is_not_asked_about_again(sam, order):
    address = opened(sam, order)
    delete(order.id, user_id=None)
    fragment = sam.htmx_get(address)
    assert "was deleted" in fragment.one("[data-stop]").get_text()
    assert not fragment.all("#guard [hx-get]")


# Asking bol.com


def test_opening_a_page_has_a_worker_ask_first_thing_and_once(app, sam, order, clock):
    opened(sam, order)
    assert jobs(app) == [], "it was asked just now"
    clock.jump(seconds=11)
    opened(sam, order)
    address = opened(sam, order)
    assert jobs(app) == [f"refresh-{order.marketplace_order_id}"]
    app.extensions["redis"].flushall()
    sam.htmx_get(address)
    assert jobs(app) == []
    clock.jump(seconds=31)
    sam.htmx_get(address)
    assert jobs(app) == [f"refresh-{order.marketplace_order_id}"]


def test_the_guard_looks_less_often_the_longer_the_page_is_open(sam, order, clock):
    address = opened(sam, order)
    seen = []
    for minutes in (0, 2, 20):
        clock.jump(minutes=minutes)
        seen.append(sam.htmx_get(address).one("#guard [hx-get]")["hx-trigger"])
    assert seen == ["every 2s", "every 5s", "every 15s"]


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"paused_at": "now"}, "The shop is paused since today 09:12: bol.com is not asked."),
        ({"access_lost_at": "now"}, "bol.com refuses the keys of the shop since today 09:12."),
        (
            {"access_lost_at": "now", "access_lost_because": "inactive"},
            "bol.com says since today 09:12: the account is not active.",
        ),
        ({"trouble": "silent", "trouble_since": "now"}, "bol.com does not answer since today 09:12."),
        ({}, "bol.com could not be asked since today 09:12. It is asked again before anything is sent."),
    ],
    ids=["paused", "locked out", "not active", "silent", "unknown"],
)
def test_when_bol_can_not_be_asked_it_says_so_and_since_when(app, sam, order, clock, columns, words):
    change(Shop, order.shop_id, **{name: clock() if value == "now" else value for name, value in columns.items()})
    clock.jump(minutes=3)
    address = opened(sam, order)
    clock.jump(seconds=20)
    fragment = sam.htmx_get(address)
    assert words in fragment.one("#asked").get_text()
    assert "notice--warn" in fragment.one("#asked")["class"]
    may_ask = not {"paused_at", "access_lost_at"} & set(columns)
    assert bool(jobs(app)) == may_ask


def test_while_it_is_being_asked_it_says_so(sam, order, clock):
    clock.jump(minutes=3)
    page = sam.get(f"/orders/{order.id}")
    assert page.texts("#asked") == ["Asking bol.com… Last asked today 09:12."]


def test_a_paused_shop_is_not_asked_by_the_worker_either(order, clock):
    change(Shop, order.shop_id, paused_at=clock())
    refreshing.refresh(order.marketplace_order_id)  # nobody is there to be asked: it would say so
    db.session.rollback()
    assert db.session.get_one(MarketplaceOrder, order.marketplace_order_id).checked_at == order.created_at


def test_the_page_is_there_without_redis(app, sam, order, clock):
    clock.jump(minutes=3)
    app.extensions["settings"] = replace(app.extensions["settings"], redis_url="redis://127.0.0.1:9")
    assert sam.get(f"/orders/{order.id}").status == 200


def test_without_scripts_the_guards_address_leads_to_the_order(sam, order):
    assert sam.get(f"/orders/{order.id}/guard").heading == order.number


@pytest.mark.parametrize("mark", ["", "open", "open.x:y:z:0", "open.1:2", "9" * 300, "open." + "1:1:1:1." * 5000])
def test_nonsense_in_the_address_is_no_error(sam, order, mark):
    assert sam.htmx_get(f"/orders/{order.id}/guard?seen={mark}&opened=soon").status == 200
