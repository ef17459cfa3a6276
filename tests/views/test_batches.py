"""Many orders at once, as a person sees it."""

import csv
import io

import pytest
from sqlalchemy import select

from stoqflow_web.extensions import db
from stoqflow_web.models import Batch, BatchRow, SalesOrder, Writeback
from stoqflow_web.services import batches
from stoqflow_web.transaction import transaction
from tests.support.builders import make_order, make_product, make_shop
from tests.support.counting import counted_queries
from tests.support.jobs import run_jobs

pytestmark = pytest.mark.usefixtures("clock", "ctx")
CHOICE = "form[data-selects-rows]"


def code(number):
    return f"3SABCD{number:010}"


@pytest.fixture
def sam(signed_in):
    return signed_in("staff")


@pytest.fixture
def orders():
    shop, product = make_shop("Home & Kitchen NL"), make_product("HK-1", stock=100)
    return [make_order(shop=shop, products=[product], client=f"Client {number}") for number in range(4)]


def post(browser, url, **fields):
    """A press on one of several buttons of a form: the token comes from the page shown."""
    token = browser.page.all("input[name=csrf_token]")[-1]["value"]
    return browser._show(browser.client.post(url, data={"csrf_token": token} | fields, follow_redirects=True))


def status_of(order):
    db.session.rollback()
    return db.session.get_one(SalesOrder, order.id, populate_existing=True).status


def test_each_row_has_a_box_and_the_bar_says_what_can_be_done(sam, orders):
    page = sam.get("/orders")
    assert [box["value"] for box in page.all("td.table__check input")] == [str(order.id) for order in orders]
    buttons = ["Print pick list", "Print slips", "Delete…", "Cancel…", "Complete…"]
    assert page.texts(".selection button") == buttons
    done = make_order(status="complete")
    page = sam.get("/orders?tab=complete")
    assert page.one("td.table__check input")["value"] == str(done.id)
    assert page.texts(".selection button") == buttons[:3]


def test_all_that_match_is_offered_when_there_is_more_than_the_page_shows(sam, orders, monkeypatch):
    from stoqflow_web.queries import paging

    monkeypatch.setattr(paging.turn_to, "__kwdefaults__", {"size": 2})
    assert "or all 4 that match" in sam.get("/orders").text
    page = sam.get("/orders?q=client")
    assert "or all 4 that match" in page.text
    page = post(sam, page.one(CHOICE)["action"], kind="cancel", all="1", order=str(orders[0].id))
    assert page.heading == "Cancel 4 orders"
    monkeypatch.setattr(batches, "MOST_ORDERS", 3)
    assert post(sam, "/batches", kind="cancel", all="1").status == 422


def test_the_box_in_the_heading_is_the_whole_page_without_javascript(sam, orders):
    page = sam.get("/orders?q=client")
    here = page.one("input[name=here]")["value"]
    assert post(sam, "/batches", kind="delete", whole_page="1", here=here).heading == "Delete 4 orders"


def test_codes_are_typed_checked_confirmed_and_the_orders_complete(sam, orders, app):
    sam.get("/orders")
    page = post(sam, "/batches", kind="complete", order=[str(order.id) for order in orders[:2]])
    assert page.heading == "Complete 2 orders"
    fields = [control["name"] for control in page.all("input[name^=code-]")]
    page = sam.submit("form[action$=codes]", **{fields[0]: code(1), fields[1]: "concept"})
    assert "1 can be completed. 1 cannot." in page.texts("h2")[0]
    assert "“CONCEPT” is no Track & Trace code" in page.text
    assert status_of(orders[0]) == "ready-to-pick"
    wrong = page.one("input[name^=code-]")["name"]
    page = sam.submit("form[action$=codes]", **{wrong: code(2)})
    assert page.texts("h2")[0] == "2 can be completed."
    page = sam.submit("#confirm")
    assert page.one(".stack")["hx-trigger"] == "every 1s"
    run_jobs(app)
    page = sam.get(page.url)
    assert [status_of(order) for order in orders] == ["complete", "complete", "ready-to-pick", "ready-to-pick"]
    assert page.one(".stack")["hx-trigger"] == "every 5s"  # for what bol.com answers
    assert "Undo 2 until 09:14" in page.text
    row = sam.get("/orders?tab=complete").texts("#orders tbody tr")[0]
    assert row.endswith("Complete Queued · undo until 09:14")
    page = sam.get(f"/orders?tab=complete&q={code(2)}")
    assert page.texts(".table__link") == [orders[1].number]


def test_a_pasted_list_names_the_lines_that_can_not_be_completed(sam, orders):
    canceled = make_order(status="canceled")
    lines = [f"{order.number};{code(order.id)}" for order in orders]
    sam.get("/batches/new")
    page = sam.submit(codes="\n".join([*lines, f"{canceled.number};{code(9)}", "", f"SO-99;{code(8)}"]))
    assert page.texts("h2")[0] == "4 can be completed. 2 cannot."
    assert f"Line 5 · {canceled.number} {canceled.number} is canceled already." in page.text
    assert "Line 7 · SO-99 Unknown order." in page.text


def test_codes_to_be_confirmed_are_counted_apart_and_the_button_says_what_it_does(sam, orders, app):
    lines = [f"{order.number};;{code(place)}" for place, order in enumerate((orders[0], orders[1], orders[1]))]
    sam.get("/batches/new")
    page = sam.submit(codes="\n".join([*lines, f"{orders[2].number};;{code(0)}", f"{orders[3].number};;99887766"]))
    assert page.texts("h2")[0] == "1 can be completed. 3 are to be confirmed. 1 cannot."
    assert page.text.count("To be confirmed") == 3
    assert page.texts("#confirm button")[-1] == "Complete 1 order (4 with the box ticked)"
    page = sam.submit("#confirm")
    assert page.heading == "Complete 1 of 5 orders"
    run_jobs(app)
    assert [status_of(order) for order in orders] == ["ready-to-pick", "complete", "ready-to-pick", "ready-to-pick"]


def test_when_every_code_is_to_be_confirmed_the_box_is_asked_for(sam, orders, app):
    sam.get("/batches/new")
    page = sam.submit(codes=f"{orders[0].number};{code(1)}\n{orders[1].number};{code(1)}")
    assert page.texts("#confirm button")[-1] == "Complete 2 orders"
    page = sam.submit("#confirm")
    assert page.status == 422
    assert "tick this box" in page.error_beside("codes_are_right")
    sam.submit("#confirm", codes_are_right="y")
    run_jobs(app)
    assert [status_of(order) for order in orders[:2]] == ["complete", "complete"]


def test_a_file_is_taken_and_a_wrong_one_gets_a_sentence(sam, orders):
    page = sam.get("/batches/new")
    token = page.one("main input[name=csrf_token]")["value"]

    def upload(content):
        data = {"csrf_token": token, "file": (io.BytesIO(content), "codes.csv")}
        return sam._show(sam.client.post("/batches/new", data=data, follow_redirects=True))

    page = upload(f"order,code\n{orders[0].number},{code(1)}\nSO-Gé,1".encode("latin-1"))
    assert page.status == 422
    assert "Line 3" in page.error_beside("file")
    assert upload(f"order,code\n{orders[0].number},{code(1)}".encode()).texts("h2")[0] == "1 can be completed."


def test_ten_thousand_pasted_lines_are_not_too_large(sam):
    page = sam.get("/batches/new")
    text = "\n".join(f"SO-{number + 100_000},PostNL letterbox parcel,{code(number)}" for number in range(10_000))
    assert len(text) > 500_000
    token = page.one("main input[name=csrf_token]")["value"]
    answer = sam.client.post(
        "/batches/new", data={"csrf_token": token, "codes": text}, content_type="multipart/form-data"
    )
    assert answer.status_code == 303
    assert db.session.scalars(select(Batch.total)).one() == 10_000


def test_cancel_tells_the_consequences_and_wants_a_reason(sam, orders, app):
    sam.get("/orders")
    page = post(sam, "/batches", kind="cancel", order=[str(orders[0].id)])
    assert "This also cancels the orders at bol.com" in page.text
    page = sam.submit("#confirm")
    assert page.status == 422
    assert page.error_beside("reason") == "Choose a reason."
    sam.submit("#confirm", reason="out-of-stock")
    run_jobs(app)
    assert status_of(orders[0]) == "canceled"


def test_delete_tells_that_bol_is_not_told(sam, orders, app):
    sam.get("/orders")
    page = post(sam, "/batches", kind="delete", order=[str(orders[0].id)])
    assert "bol.com is not told: the orders stay open there and will expire." in page.text
    page = sam.submit("#confirm")
    run_jobs(app)
    assert status_of(orders[0]) == "deleted"
    assert orders[0].number in sam.get(page.url).text


def test_confirming_twice_and_leaving_after_it_do_nothing_more(sam, orders, app):
    sam.get("/orders")
    page = post(sam, "/batches", kind="delete", order=[str(orders[0].id)])
    url = page.one("#confirm")["action"]
    for _ in range(2):
        assert post(sam, url).status == 200
    assert db.session.scalars(select(Batch.status)).all() == ["queued"]
    assert post(sam, url.replace("confirmation", "discard")).status == 409
    run_jobs(app)
    assert db.session.scalars(select(Batch.count_done)).all() == [1]


def test_a_draft_can_be_left(sam, orders):
    sam.get("/orders")
    post(sam, "/batches", kind="delete", order=[str(orders[0].id)])
    assert sam.submit("#discard").heading == "Orders"
    assert db.session.scalars(select(BatchRow.id)).all() == []
    assert status_of(orders[0]) == "ready-to-pick"


def test_undo_takes_the_whole_batch_back(sam, orders, app):
    sam.get("/batches/new")
    sam.submit(codes="\n".join(f"{order.number};{code(order.id)}" for order in orders))
    page = sam.submit("#confirm")
    run_jobs(app)
    sam.get(page.url)
    page = sam.submit("form[action$=undo]")
    assert page.heading == "Undo 4 orders"
    run_jobs(app)
    assert {status_of(order) for order in orders} == {"ready-to-pick"}
    assert [link.get_text() for link in sam.get("/batches").all(".table__link")] == [
        "Undo 4 orders",
        "Complete 4 orders",
    ]


def test_a_finished_batch_says_what_bol_answered_and_asks_while_answers_are_missing(sam, orders, app):
    sam.get("/batches/new")
    sam.submit(codes="\n".join(f"{order.number};{code(order.id)}" for order in orders))
    url = sam.submit("#confirm").url
    run_jobs(app)

    def answer(*states):
        with transaction() as tx:
            for row, (state, why) in zip(tx.session.scalars(select(Writeback)), states, strict=True):
                row.state, row.why = state, why
        page = sam.get(url)
        return page.texts("[aria-label='At bol.com'] li"), [
            found["hx-trigger"] for found in page.all("main [hx-trigger]")
        ]

    refused, unsure = ("needs-attention", "rejected"), ("needs-attention", "exhausted")
    assert answer(*[("pending", None)] * 4) == (
        ["0 confirmed by bol", "4 waiting for bol", "0 refused by bol"],
        ["every 5s"],
    )
    assert answer(("confirmed", None), ("submitted", None), refused, ("confirmed", None)) == (
        ["2 confirmed by bol", "1 waiting for bol", "1 refused by bol"],
        ["every 5s"],
    )
    assert answer(("confirmed", None), unsure, refused, refused) == (
        ["1 confirmed by bol", "0 waiting for bol", "2 refused by bol", "1 to look at"],
        [],
    )


def test_the_result_is_a_file_that_no_spreadsheet_runs(sam, orders):
    sam.get("/batches/new")
    page = sam.submit(codes=f"{orders[0].number};{code(1)}\n=1+1;{code(2)}")
    answer = sam.client.get(f"{page.url}/result.csv")
    assert answer.mimetype == "text/csv"
    rows = list(csv.reader(io.StringIO(answer.get_data(as_text=True).removeprefix("\ufeff"))))
    assert [row[1] for row in rows] == ["Order", orders[0].number, "'=1+1"]
    assert rows[2][5:] == ["Not possible", "Unknown order."]


def test_polling_asks_the_same_of_the_database_however_long_the_batch(sam, orders, app):
    asked = []
    for some in (orders[:1], orders):
        sam.get("/batches/new")
        sam.submit(codes="\n".join(f"{order.number};{code(order.id)}" for order in some))
        page = sam.submit("#confirm")
        with counted_queries(app) as statements:
            assert sam.htmx_get(page.url).status == 200
        asked.append(len(statements))
    assert asked[0] == asked[1]
    assert asked[0] <= 4


@pytest.mark.parametrize(
    "fields", [{}, {"kind": "burn", "order": "1"}, {"kind": "cancel"}, {"kind": "cancel", "order": "x"}]
)
def test_nonsense_is_refused_with_a_page(sam, orders, fields):
    sam.get("/orders")
    assert post(sam, "/batches", **fields).status in (404, 422)
    assert db.session.scalars(select(Batch.id)).all() == []


@pytest.mark.parametrize(
    "url", ["/batches", "/batches/new", "/batches/1", "/batches/1/result.csv", "/orders/pick-list"]
)
def test_strangers_see_nothing(browser, url):
    assert browser.get(url).heading == "Sign in"


@pytest.mark.parametrize("batch_id", ["0", "99", "9" * 40])
def test_a_batch_that_is_not_here_is_not_found(sam, batch_id):
    assert sam.get(f"/batches/{batch_id}").status == 404


# Print and file


def test_the_pick_list_says_each_product_once_with_the_units_of_all(sam):
    pan, lid = make_product("HK-1", title="Pan"), make_product("HK-2", title="Lid")
    first, second = make_order(products=[pan, lid], quantity=2), make_order(products=[pan])
    held = make_order(status="on-hold", products=[pan])
    asked = make_order(is_cancellation_requested=True, products=[pan])
    page = sam.get("/orders/pick-list?all=1")
    assert f"{held.number} (On hold)" in page.text
    assert f"{asked.number} (Cancellation requested)" in page.text
    to_fetch, by_order = page.all("table")
    assert [row.get_text(" ", strip=True).split(" EAN")[0] for row in to_fetch.select("tbody tr")] == [
        "3 × HK-1 Pan",
        "2 × HK-2 Lid",
    ]
    assert f"{first.number} (2), {second.number}" in " ".join(to_fetch.get_text(" ", strip=True).split())
    assert len(by_order.select("tbody tr")) == 2


def test_what_needs_a_label_of_bol_is_not_on_the_pick_list_and_its_slip_says_so(sam):
    vvb, plain = make_order(items={"needs_marketplace_label": True}), make_order()
    page = sam.get("/orders/pick-list?all=1")
    assert f"{vvb.number} (needs bol.com's label)" in page.text
    assert page.all("table")[1].get_text(" ", strip=True).startswith(plain.number)
    slips = sam.get("/orders/packing-slips?all=1").texts(".sheet")
    assert [" VVB " in slip for slip in slips] == [True, False]
    assert ["Needs bol.com's own label" in slip for slip in slips] == [True, False]


def test_a_packing_slip_names_the_pick_up_point(sam):
    make_order(pickup_point="Albert Heijn Dorpstraat")
    make_order(pickup_point="")
    make_order()
    slips = sam.get("/orders/packing-slips?all=1").texts(".sheet")
    assert "Pick-up point: Albert Heijn Dorpstraat" in slips[0]
    assert "Goes to a pick-up point" in slips[1]
    assert "ick-up point" not in slips[2]


def test_what_is_ticked_is_printed_at_an_address_that_can_be_loaded_again(sam, orders):
    sam.get("/orders")
    chosen = [str(order.id) for order in orders[:2]]
    page = post(sam, "/orders/prints", print="packing_slips", order=chosen)
    assert page.url == f"/orders/packing-slips?orders={'.'.join(chosen)}"
    assert page.texts(".sheet h2") == [order.number for order in orders[:2]]
    assert "Client 1" in page.text
    assert "Dorpstraat 1" in page.text
    assert post(sam, "/orders/prints", print="pick_list").status == 422
    assert post(sam, "/orders/prints", print="index", order=chosen).status == 404


def test_the_list_is_a_file_of_what_was_asked_for(sam, orders, app):
    make_order(client="=HYPERLINK(1) Evil", products=[make_product("=cmd")])
    text = sam.client.get("/orders/export.csv?q=evil").get_data(as_text=True)
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
    assert len(rows) == 2
    assert rows[1][7] == "'=cmd"
    with counted_queries(app) as statements:
        answer = sam.client.get("/orders/export.csv").get_data(as_text=True)
    assert len(answer.splitlines()) == 6
    assert len(statements) < 12


def test_a_split_order_says_which_part_it_is(sam):
    from stoqflow_web.services.splitting import split

    made = make_order(quantity=3)
    split(made.id, {made.lines[0].id: 1}, user_id=None)
    rows = sam.get("/orders").texts("#orders tbody tr")
    assert "1 of 2 parts" in rows[0]
    assert "2 of 2 parts" in rows[1]
