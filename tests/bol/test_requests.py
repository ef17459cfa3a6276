"""What bol receives."""

import json
from datetime import date
from urllib.parse import parse_qsl

import pytest

from tests.bol.scripted import Reply

V10 = "application/vnd.retailer.v10+json"
V11 = "application/vnd.retailer.v11+json"
STATUS = {
    "processStatusId": "01a0",
    "eventType": "CREATE_SHIPMENT",
    "description": "",
    "status": "PENDING",
    "links": [],
}


def test_a_token_is_asked_with_the_secret_in_the_header_only(bol, client):
    bol.queue("/retailer/orders", Reply({}))
    client.orders()
    (asked,) = bol.requests("/token")
    assert asked.headers["authorization"].startswith("Basic ")
    assert (asked.body, asked.query) == (b"grant_type=client_credentials", "")


def test_orders_are_read_in_v10_with_our_name_and_the_token(bol, client):
    bol.queue("/retailer/orders", Reply({}))
    client.orders(status="ALL", fulfilment_method="ALL", change_interval_minute=12, latest_change_date=date(2026, 8, 1))
    (asked,) = bol.requests("/retailer/orders")
    assert asked.headers["accept"] == V10
    assert asked.headers["authorization"] == "Bearer token-1"
    assert asked.headers["user-agent"].startswith("Stoqflow/")
    assert "cookie" not in asked.headers
    assert dict(parse_qsl(asked.query)) == {
        "page": "1",
        "status": "ALL",
        "fulfilment-method": "ALL",
        "change-interval-minute": "12",
        "latest-change-date": "2026-08-01",
    }


def test_pages_are_read_until_one_is_not_full(bol, client):
    def order(number):
        return {"orderId": f"C{number}", "orderItems": []}

    full = Reply({"orders": [order(number) for number in range(50)]})
    bol.queue("/retailer/orders", full, full, Reply({"orders": [order(99)]}))
    assert [len(page) for page in client.order_pages()] == [50, 50, 1]
    assert [dict(parse_qsl(asked.query))["page"] for asked in bol.requests("/retailer/orders")] == ["1", "2", "3"]


def test_offers_are_read_in_v11_from_cursor_to_cursor(bol, client):
    offer = {
        "offerId": "a",
        "pricing": {"bundlePrices": [{"quantity": 2, "unitPrice": 9}, {"quantity": 1, "unitPrice": 9.5}]},
    }
    bol.queue(
        "/retailer/offers",
        Reply({"offers": [offer], "page": {"pageSize": 100, "nextCursor": "next/+="}}),
        Reply({"offers": [], "page": {"pageSize": 100}}),
    )
    pages = list(client.offer_pages())
    assert [page.next_cursor for page in pages] == ["next/+=", None]
    assert str(pages[0].offers[0].unit_price) == "9.5"
    first, second = bol.requests("/retailer/offers")
    assert first.headers["accept"] == V11
    assert dict(parse_qsl(second.query)) == {"page-size": "100", "cursor": "next/+="}


def test_a_shipment_always_names_its_quantities(bol, client):
    bol.queue("/retailer/shipments", Reply(STATUS, status=202))
    status = client.create_shipment({"92": 2, "93": 1}, reference="SO-1", transporter="TNT", track_and_trace="3SABC")
    (asked,) = bol.requests("/retailer/shipments")
    assert status.is_pending
    assert asked.headers["content-type"] == V10
    assert json.loads(asked.body) == {
        "orderItems": [{"orderItemId": "92", "quantity": 2}, {"orderItemId": "93", "quantity": 1}],
        "shipmentReference": "SO-1",
        "transport": {"transporterCode": "TNT", "trackAndTrace": "3SABC"},
    }


def test_letter_mail_goes_without_a_code(bol, client):
    bol.queue("/retailer/shipments", Reply(STATUS, status=202))
    client.create_shipment({"92": 2}, reference=None, transporter="BRIEFPOST", track_and_trace=None)
    assert json.loads(bol.requests("/retailer/shipments")[0].body) == {
        "orderItems": [{"orderItemId": "92", "quantity": 2}],
        "transport": {"transporterCode": "BRIEFPOST"},
    }


def test_a_cancellation_names_one_item_and_a_reason(bol, client):
    bol.queue("/retailer/orders/cancellation", Reply(STATUS, status=202))
    client.cancel_order_item("92", "OUT_OF_STOCK")
    (asked,) = bol.requests("/retailer/orders/cancellation")
    assert (asked.method, json.loads(asked.body)) == (
        "PUT",
        {"orderItems": [{"orderItemId": "92", "reasonCode": "OUT_OF_STOCK"}]},
    )


def test_stock_is_patched_in_v11_and_answered_with_nothing(bol, client):
    bol.queue("/retailer/offers/abc", Reply(status=204))
    assert client.update_stock("abc", 7, managed_by_retailer=True) is None
    (asked,) = bol.requests("/retailer/offers/abc")
    assert (asked.method, asked.headers["accept"], asked.headers["content-type"]) == ("PATCH", V11, V11)
    assert json.loads(asked.body) == {"stock": {"amount": 7, "managedByRetailer": True}}


def test_2500_process_statuses_take_three_calls(bol, make_client):
    bol.queue("/shared/process-status", Reply({"processStatuses": [STATUS]}))
    found = make_client().process_statuses(str(number) for number in range(2500))
    sizes = [len(json.loads(asked.body)["processStatusQueries"]) for asked in bol.requests("/shared/process-status")]
    assert sizes == [1000, 1000, 500]
    assert len(found) == 3


@pytest.mark.parametrize("order_id", ["", ".", ".."])
def test_an_id_that_would_lead_to_another_path_is_refused(client, order_id):
    with pytest.raises(ValueError, match="ids"):
        client.order(order_id)


def test_an_id_stays_one_segment_of_the_path(bol, client):
    bol.queue("/retailer/orders/a%2Fb%3Fc", Reply({"orderId": "a/b?c", "orderItems": []}))
    assert client.order("a/b?c").order_id == "a/b?c"


@pytest.mark.parametrize(
    "send",
    [
        lambda client: client.create_shipment({}, reference=None, transporter="TNT", track_and_trace="1"),
        lambda client: client.create_shipment({"92": 0}, reference=None, transporter="TNT", track_and_trace="1"),
        lambda client: client.create_shipment({"92": 1}, reference="x" * 91, transporter="TNT", track_and_trace="1"),
        lambda client: client.cancel_order_item("92", "BECAUSE"),
        lambda client: client.update_stock("abc", 1000, managed_by_retailer=True),
        lambda client: client.orders(change_interval_minute=61),
        lambda client: client.shipments(order_id="a", fulfilment_method="FBR"),
        lambda client: client.change_transport("1", transporter="TNT", track_and_trace=""),
    ],
)
def test_what_bol_would_surely_refuse_is_not_sent(bol, client, send):
    with pytest.raises(ValueError, match=r"bol|shipment|must be"):
        send(client)
    assert bol.asked == []


@pytest.mark.parametrize("wrap", [lambda rows: rows, lambda rows: {"rateLimits": rows}])
def test_the_published_limits_may_be_wrapped_or_not(bol, client, wrap):
    row = {"path": "/retailer/orders", "methods": ["GET"], "maxCapacity": 25, "timeToLive": 1, "timeUnit": "MINUTES"}
    bol.queue("/retailer/public/ratelimits", Reply(wrap([row])))
    (limit,) = client.public_rate_limits()
    assert (limit.path, limit.max_capacity, limit.window) == ("/retailer/orders", 25, 60)
