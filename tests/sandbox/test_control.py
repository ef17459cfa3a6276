import pytest

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
