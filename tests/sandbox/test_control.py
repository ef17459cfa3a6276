import pytest
from bs4 import BeautifulSoup

from stoqflow_web.bol.sandbox.verbs import VERBS
from tests.sandbox.conftest import Asker, Reply

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def _say(bol: Asker, verb: str, form: str = "") -> Reply:
    return bol.raw("POST", f"/control/{verb}", {**FORM, "Accept": "application/json"}, form.encode())


def test_the_page_shows_the_keys_and_escapes_the_clients(bol: Asker) -> None:
    bol.world.place_order(details={"surname": "<b>O'Brien</b> & Zn."})
    page = bol.raw("GET", "/?said=%3Cscript%3E", {})
    text = page.body.decode()
    assert page.media == "text/html"
    assert bol.world.options.client_id in text
    assert bol.world.options.client_secret.replace("'", "&#x27;") in text
    assert "&lt;b&gt;O&#x27;Brien&lt;/b&gt; &amp; Zn." in text
    assert "<script" not in text
    assert "style=" not in text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert bol.raw("GET", "/control/style.css", {}).media == "text/css"


def test_the_page_shows_what_was_told_of_stock_and_what_is_left_to_sell(bol: Asker) -> None:
    told = bol.world.add_offer(reference="HK-1", method="FBR", title="Koekenpan")
    bol.world.jump(minutes=1)
    bol.patch(f"/retailer/offers/{told}", {"stock": {"amount": 7, "managedByRetailer": False}})
    bol.patch(f"/retailer/offers/{told}", {"onHoldByRetailer": False})
    bol.world.place_order(reference="HK-1", quantity=2)
    page = BeautifulSoup(bol.raw("GET", "/", {}).body, "html.parser")
    (row,) = [row for row in page.find_all("tr") if "Stock of" in row.get_text()]
    assert [cell.get_text() for cell in row.find_all("td")][1:] == [
        "stock",
        f"Stock of HK-1 is 7, offer {told}",
        "at once",
        "",
    ]
    assert _offer_rows(bol, "")[0][:3:2] + _offer_rows(bol, "")[0][4:] == ["HK-1", bol.world.offers[told].ean, "7", "5"]


def test_offers_are_found_by_any_of_their_names_and_the_list_is_bounded(bol: Asker) -> None:
    for number in range(20):
        bol.world.jump(seconds=1)
        bol.world.add_offer(reference=f"HK-{number}", method="FBR", title="Pan")
    bol.world.add_offer(reference="<HK-99>", method="FBR", title="Wok")
    assert len(_offer_rows(bol, "")) == 15
    assert [row[0] for row in _offer_rows(bol, "wok")] == ["<HK-99>"]
    assert [row[0] for row in _offer_rows(bol, "hk-7")] == ["HK-7"]
    assert _offer_rows(bol, "nothing") == []


def _offer_rows(bol: Asker, asked: str) -> list[list[str]]:
    page = BeautifulSoup(bol.raw("GET", f"/?offer={asked}", {}).body, "html.parser")
    (section,) = [one for one in page.find_all("section") if one.h2.get_text() == "Offers"]
    return [[cell.get_text() for cell in row.find_all("td")] for row in section.select("tbody tr")]


def test_a_form_places_an_order_and_goes_back_with_a_message(bol: Asker) -> None:
    reply = bol.raw("POST", "/control/place-order", FORM, b"lines=2&quantity=3&fulfilment=&pickup_point=yes")
    assert reply.status == 303
    (order_id,) = bol.order_ids()
    assert order_id in reply.headers["location"]
    assert [item["quantity"] for item in bol.items(order_id)] == [3, 3]


def test_a_program_gets_json(bol: Asker) -> None:
    order_id = _say(bol, "place-order").json["result"]
    assert _say(bol, "ask-to-cancel", f"order_id={order_id}").json == {"result": None}
    assert bol.items(order_id)[0]["cancellationRequest"] is True
    assert bol.raw("GET", "/control/state", {}).json["openOrders"] == 1
    assert bol.raw("GET", "/control/requests", {}).json[-1]["path"] == f"/retailer/orders/{order_id}"


@pytest.mark.parametrize(
    ("verb", "form"),
    [("cancel", "order_id=C000000000"), ("jump", "days=veel"), ("set-limit", "rule=x&capacity=1"), ("jump", "days=-1")],
)
def test_what_cannot_be_done_is_said(bol: Asker, verb: str, form: str) -> None:
    reply = _say(bol, verb, form)
    assert reply.status == 422
    assert reply.json["error"]


@pytest.mark.parametrize(
    ("verb", "form", "sentence"),
    [
        ("place-order", "quantity=-3", "Quantity: fill in 1 or more."),
        ("place-order", "lines=0", "Lines: fill in 1 or more."),
        ("place-order", "lines=1000000", "Lines: fill in 100 at most."),
        ("place-order", "quantity=1.5", "Quantity: fill in a whole number."),
        ("change-stock", "offer_id=x&amount=-1", "Stock: fill in 0 or more."),
        ("jump", "days=abc", "Days: fill in a number."),
        ("jump", "days=nan", "Days: fill in a number."),
        ("jump", "days=-1", "Days: fill in 0 or more."),
        ("go-down", "minutes=-5", "Minutes: fill in 0 or more."),
    ],
)
def test_a_number_that_is_none_is_refused_by_the_name_of_its_field(bol: Asker, verb, form, sentence) -> None:
    assert _say(bol, verb, form).json == {"error": sentence}
    assert bol.order_ids() == []


def test_one_minute_is_one_minute(bol: Asker) -> None:
    for minutes, words in (("1", "1%20minute."), ("2", "2%20minutes."), ("", "10%20minutes.")):
        reply = bol.raw("POST", "/control/go-down", FORM, f"minutes={minutes}".encode())
        assert f"down%20for%20{words}" in reply.headers["location"]


def test_what_people_come_for_stands_first_and_the_faults_are_folded_away(bol: Asker) -> None:
    bol.world.place_order()
    page = BeautifulSoup(bol.raw("GET", "/", {}).body, "html.parser")
    first, second, *_ = page.select("main > *")
    assert first.select_one("button.main").text == "Place an order"
    assert second.select_one("button.main").text == "Client asks to cancel"
    assert not page.select_one("details.faults").has_attr("open")
    assert page.select_one("details.faults form[action='/control/go-down']")


def test_the_faults_stay_open_for_whoever_makes_them(bol: Asker) -> None:
    after = bol.raw("POST", "/control/revoke-keys", FORM).headers["location"]
    page = BeautifulSoup(bol.raw("GET", after, {}).body, "html.parser")
    assert page.select_one("details.faults").has_attr("open")
    assert page.select_one(".said").text == "The keys are revoked."
    assert "faults" not in bol.raw("POST", "/control/place-order", FORM).headers["location"]


def test_every_verb_is_a_method_of_the_world_with_those_fields(bol: Asker) -> None:
    for name, verb in VERBS.items():
        method = getattr(bol.world, name.replace("-", "_"))
        assert set(verb.fields) <= set(method.__code__.co_varnames), name


def test_bols_own_paths_know_nothing_of_control(bol: Asker) -> None:
    assert bol.get("/retailer/control").status == 404
    assert bol.raw("GET", "/control/nothing", {}).status == 404
    assert bol.raw("POST", "/control/__init__", FORM).status == 404


def test_another_site_cannot_steer_it(bol: Asker) -> None:
    reply = bol.raw("POST", "/control/go-down", {**FORM, "Sec-Fetch-Site": "cross-site"})
    assert reply.status == 403
    assert bol.get("/retailer/orders").status == 200
