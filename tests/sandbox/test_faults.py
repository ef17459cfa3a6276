import pytest

from stoqflow_web.bol.sandbox import ConnectionCut
from tests.sandbox.conftest import Asker


def test_the_next_answer_can_be_html_with_200(bol: Asker) -> None:
    bol.world.answer_next(200, "<html>Onderhoud</html>", path="/retailer/orders")
    assert bol.get("/retailer/orders").body == b"<html>Onderhoud</html>"
    assert bol.get("/retailer/orders").json == {}


def test_an_odd_answer_waits_for_its_method_and_path_and_counts(bol: Asker) -> None:
    bol.world.answer_next(502, method="POST", path="/retailer/shipments", count=2)
    assert bol.get("/retailer/orders").status == 200
    assert [bol.ship("9200000001").status for _ in range(3)] == [502, 502, 202]
    assert len(bol.world.processes) == 1


def test_the_token_host_only_fails_when_it_is_named(bol: Asker) -> None:
    bol.world.answer_next(500)
    assert bol.token().status == 200
    bol.world.answer_next(500, path="/token")
    assert bol.token().status == 500


def test_a_429_without_retry_after_can_be_answered_once(bol: Asker) -> None:
    bol.world.answer_next(429, '{"title":"Too Many Requests","status":429}', media="application/json")
    assert bol.raw("GET", "/retailer/orders", {}).status == 429


def test_a_lost_answer_was_processed(bol: Asker) -> None:
    order_id = bol.world.place_order()
    (item,) = bol.item_ids(order_id)
    bol.world.lose_next_answer("POST", "/retailer/shipments")
    with pytest.raises(ConnectionCut):
        bol.ship(item)
    bol.world.jump(seconds=5)
    assert bol.items(order_id)[0]["quantityShipped"] == 1


def test_while_bol_is_down_everything_is_a_page_of_html(bol: Asker) -> None:
    bol.sign_in()
    bol.world.go_down(minutes=5)
    reply = bol.get("/retailer/orders")
    assert (reply.status, reply.media) == (503, "text/html")
    assert bol.token().status == 503

    bol.world.jump(minutes=5)
    assert bol.get("/retailer/orders").status == 200
    bol.world.go_down()
    bol.world.come_back()
    assert bol.get("/retailer/orders").status == 200


def test_what_was_asked_is_remembered(bol: Asker) -> None:
    bol.get("/retailer/orders?status=ALL")
    bol.ship("9200000001")
    (listed,) = bol.world.requests_seen("GET", "/retailer/orders")
    assert (listed.query, listed.status, listed.client_id) == ("status=ALL", 200, bol.world.options.client_id)
    assert b"WH-1" in bol.world.requests_seen("POST", "/retailer/shipments")[0].body
    assert bol.world.requests_seen()[0].path == "/token"
    bol.world.forget_requests()
    assert bol.world.requests_seen() == []
