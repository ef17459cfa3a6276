"""What bol answers becomes records; what it should not answer becomes a sentence."""

import gzip
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from stoqflow_web.bol import BolUnavailable, NoAnswer, UnexpectedAnswer
from tests.bol.scripted import Reply

ITEM = {
    "orderItemId": "0200000001",
    "cancellationRequest": False,
    "fulfilment": {"method": "FBR", "distributionParty": "RETAILER", "latestDeliveryDate": "2026-08-29"},
    "offer": {"offerId": "6ff736b5", "reference": "007"},
    "product": {"ean": "0000007740404", "title": "Lamp <b>"},
    "quantity": 3,
    "quantityShipped": 1,
    "quantityCancelled": 1,
    "unitPrice": 50,
    "totalPrice": 149.99,
    "discounts": [],
    "commission": 0.1,
    "latestChangedDateTime": "2026-08-27T18:00:17+02:00",
}
ORDER = {
    "orderId": "C000AB12CD",
    "pickupPoint": False,
    "orderPlacedDateTime": "2026-08-27T17:59:40+02:00",
    "shipmentDetails": {"firstName": "Zoë", "surname": "de Vries", "city": "Gent", "countryCode": "BE"},
    "orderItems": [ITEM],
}


def order_of(bol, client, **changes):
    bol.queue("/retailer/orders/C1", Reply({**ORDER, **changes}))
    return client.order("C1")


def item_of(bol, client, **changes):
    return order_of(bol, client, orderItems=[{**ITEM, **changes}]).order_items[0]


def test_money_is_exact_whether_bol_writes_it_with_or_without_decimals(bol, client):
    item = item_of(bol, client)
    assert (item.unit_price, item.total_price, item.commission) == (Decimal(50), Decimal("149.99"), Decimal("0.1"))
    assert isinstance(item.unit_price, Decimal)


def test_ids_references_and_eans_keep_their_leading_zeros(bol, client):
    item = item_of(bol, client)
    assert (item.order_item_id, item.reference, item.ean) == ("0200000001", "007", "0000007740404")


def test_what_is_still_open_is_neither_shipped_nor_cancelled(bol, client):
    item = item_of(bol, client)
    assert item.open_quantity == 1
    assert item.is_open
    assert not item.is_fbb
    assert not item.is_vvb


def test_days_are_days_and_moments_have_a_zone(bol, client):
    order = order_of(bol, client)
    assert order.order_placed_date_time == datetime(2026, 8, 27, 15, 59, 40, tzinfo=UTC)
    assert order.order_items[0].fulfilment.deliver_by == date(2026, 8, 29)


@pytest.mark.parametrize("fraction", ["", ".5", ".198346", ".198346789"])
def test_fractions_of_a_second_may_have_any_length(bol, client, fraction):
    changed = item_of(bol, client, latestChangedDateTime=f"2026-08-27T18:00:17{fraction}+02:00")
    assert changed.latest_changed_date_time.replace(microsecond=0) == datetime(2026, 8, 27, 16, 0, 17, tzinfo=UTC)


def test_a_moment_without_a_zone_is_a_wrong_type(bol, client):
    with pytest.raises(UnexpectedAnswer) as caught:
        item_of(bol, client, latestChangedDateTime="2026-08-27T18:00:17")
    assert caught.value.field == "$.orderItems[0].latestChangedDateTime"


def test_null_is_the_same_as_missing(bol, client):
    nothing = {"fulfilment": None, "offer": None, "product": None, "discounts": None, "totalPrice": None}
    item = item_of(bol, client, **nothing)
    assert (item.fulfilment, item.reference, item.ean, item.title, item.total_price) == (None, None, "", "", None)
    assert item.discounts == ()


def test_an_order_without_any_address_is_still_an_order(bol, client):
    order = order_of(bol, client, shipmentDetails=None, billingDetails=None)
    assert order.shipment_details.city == ""
    assert order.billing_details is None


def test_an_empty_text_for_a_date_is_no_date(bol, client):
    item = item_of(
        bol, client, fulfilment={"method": "FBR", "latestDeliveryDate": "", "exactDeliveryDate": "2026-09-01"}
    )
    assert item.fulfilment.deliver_by == date(2026, 9, 1)


def test_new_fields_and_new_words_are_normal(bol, client):
    item = item_of(
        bol, client, fulfilment={"method": "FBX", "timeFrameType": "MOONLIGHT", "new": [1]}, another={"a": 1}
    )
    assert item.fulfilment.method == "FBX"
    assert not item.is_fbb


def test_an_empty_object_is_an_empty_list(bol, client):
    bol.queue("/retailer/orders", Reply({}))
    bol.queue("/retailer/shipments", Reply({}))
    bol.queue("/retailer/inventory", Reply({}))
    bol.queue("/retailer/returns", Reply({}))
    assert [client.orders(), client.shipments(), client.inventory(), client.returns()] == [[], [], [], []]
    assert list(client.order_pages()) == [[]]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"quantity": "3"}, "$.orderItems[0].quantity"),
        ({"quantity": 2.5}, "$.orderItems[0].quantity"),
        ({"orderItemId": 7}, "$.orderItems[0].orderItemId"),
        ({"unitPrice": True}, "$.orderItems[0].unitPrice"),
        ({"product": "a lamp"}, "$.orderItems[0].product"),
        ({"quantityCancelled": None}, "$.orderItems[0]"),
    ],
)
def test_a_wrong_type_is_named_by_its_field_and_not_asked_for_again(bol, client, changes, field):
    with pytest.raises(UnexpectedAnswer) as caught:
        item_of(bol, client, **changes)
    assert caught.value.field == field
    assert not caught.value.retryable
    assert len(bol.requests("/retailer/orders/C1")) == 1


def test_a_name_of_40_kilobytes_is_just_a_name(bol, client):
    order = order_of(bol, client, shipmentDetails={"surname": "é" * 40_000})
    assert len(order.shipment_details.surname) == 40_000


HTML = Reply(b"<html>maintenance</html>", kind="text/html")


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (HTML, UnexpectedAnswer),
        (Reply(b""), UnexpectedAnswer),
        (Reply(b'{"orderId": "C1'), UnexpectedAnswer),
        (Reply(b'{"orderId": "\xff"}'), UnexpectedAnswer),
        (Reply(b"[" * 100_000), UnexpectedAnswer),
        (Reply(b'{"orderId": ' + b"9" * 6_000 + b"}"), UnexpectedAnswer),
        (Reply(ORDER, cut=40), NoAnswer),
        (Reply(silent=True), NoAnswer),
        (Reply(b"<html>Bad gateway</html>", status=502, kind="text/html"), BolUnavailable),
        (Reply(b"not gzip", headers={"Content-Encoding": "gzip"}), NoAnswer),
    ],
    ids=["html", "empty", "broken", "not-utf8", "deep", "huge-number", "cut", "silence", "502", "bad-gzip"],
)
def test_a_damaged_answer_ends_in_a_sentence_after_a_few_attempts(bol, client, naps, reply, error):
    bol.queue("/retailer/orders/C1", reply)
    with pytest.raises(error) as caught:
        client.order("C1")
    assert caught.value.sentence.startswith(("bol.com", "The connection"))
    assert len(bol.requests("/retailer/orders/C1")) in (1, 3)


@pytest.mark.parametrize("damage", [HTML, Reply(b""), Reply(ORDER, cut=40), Reply(b"{"), Reply(status=503)])
def test_damage_that_passes_is_recovered_silently(bol, client, naps, damage):
    bol.queue("/retailer/orders/C1", damage, damage, Reply(ORDER))
    assert client.order("C1").order_id == "C000AB12CD"
    assert len(naps) >= 2


def test_an_enormous_answer_is_not_read_to_its_end(bol, client):
    bomb = gzip.compress(b'"' + b"a" * 60_000_000, compresslevel=1)
    bol.queue("/retailer/orders/C1", Reply(bomb, headers={"Content-Encoding": "gzip"}))
    with pytest.raises(UnexpectedAnswer, match="far larger"):
        client.order("C1")


def test_a_redirect_is_not_followed_with_our_token(bol, client):
    bol.queue("/retailer/orders/C1", Reply(status=302, headers={"Location": f"{bol.url}/elsewhere"}))
    with pytest.raises(UnexpectedAnswer):
        client.order("C1")
    assert bol.requests("/elsewhere") == []


def test_a_page_of_a_proxy_with_404_does_not_mean_that_the_order_is_gone(bol, client):
    bol.queue("/retailer/orders/C1", Reply(b"<html>no such host</html>", status=404, kind="text/html"))
    with pytest.raises(UnexpectedAnswer):
        client.order("C1")
