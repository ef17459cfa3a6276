import pytest

from tests.sandbox.conftest import Asker


def test_a_shipment_is_queued_then_seen_on_the_order_and_in_the_list(bol: Asker) -> None:
    order_id = bol.world.place_order(lines=2, quantity=2)
    first, second = bol.item_ids(order_id)

    queued = bol.ship((first, 1), second, reference="WH-10234")
    assert "entityId" not in queued.json
    assert queued.json["links"][0]["href"].endswith(queued.json["processStatusId"])
    done = bol.outcome(queued)

    assert done["status"] == "SUCCESS"
    assert "links" not in done
    assert [item["quantityShipped"] for item in bol.items(order_id)] == [1, 2]
    (listed,) = bol.get(f"/retailer/shipments?order-id={order_id}").json["shipments"]
    assert listed["shipmentReference"] == "WH-10234"
    assert [item["orderItemId"] for item in listed["shipmentItems"]] == [first, second]
    shipment = bol.get(f"/retailer/shipments/{listed['shipmentId']}").json
    assert shipment["transport"]["trackAndTrace"] == "3SABCD0000001"
    assert [item["quantityShipped"] for item in shipment["shipmentItems"]] == [1, 2]


def test_an_order_can_be_shipped_in_several_parcels(bol: Asker) -> None:
    order_id = bol.world.place_order(quantity=3)
    (item,) = bol.item_ids(order_id)
    bol.outcome(bol.ship((item, 2)))
    bol.outcome(bol.ship((item, 1)))
    assert len(bol.get(f"/retailer/shipments?order-id={order_id}").json["shipments"]) == 2
    assert bol.items(order_id)[0]["quantityShipped"] == 3


def test_the_same_shipment_sent_twice_ends_in_failure(bol: Asker) -> None:
    order_id = bol.world.place_order()
    (item,) = bol.item_ids(order_id)
    first, second = bol.ship((item, 1)), bol.ship((item, 1))
    assert bol.outcome(first)["status"] == "SUCCESS"
    assert "already been handled" in bol.outcome(second)["errorMessage"]
    assert len(bol.get(f"/retailer/shipments?order-id={order_id}").json["shipments"]) == 1


def test_an_unknown_item_fails_with_the_recorded_sentence(bol: Asker) -> None:
    assert bol.outcome(bol.ship("0000000000"))["errorMessage"] == (
        "Request contains unknown order item id(s): [0000000000]. Possible reasons: order item(s) do not exist or "
        "order item(s) can not be fulfilled by the retailer (only FBR items can be fulfilled)."
    )


def test_what_bol_itself_fulfils_cannot_be_shipped(bol: Asker) -> None:
    (item,) = bol.item_ids(bol.world.place_order(fulfilment="FBB"))
    assert "only FBR items" in bol.outcome(bol.ship(item))["errorMessage"]


def test_a_cancelled_item_cannot_be_shipped(bol: Asker) -> None:
    order_id = bol.world.place_order()
    (item,) = bol.item_ids(order_id)
    queued = bol.ship(item)
    bol.world.cancel(order_id)
    assert "already been cancelled" in bol.outcome(queued)["errorMessage"]


def test_no_more_than_is_open_can_be_shipped(bol: Asker) -> None:
    (item,) = bol.item_ids(bol.world.place_order(quantity=2))
    assert "larger than the open quantity 2" in bol.outcome(bol.ship((item, 3)))["errorMessage"]


def test_items_of_two_orders_cannot_travel_together(bol: Asker) -> None:
    (one,), (other,) = bol.item_ids(bol.world.place_order()), bol.item_ids(bol.world.place_order())
    assert "different orders" in bol.outcome(bol.ship(one, other))["errorMessage"]


def test_an_unknown_carrier_is_refused_later(bol: Asker) -> None:
    (item,) = bol.item_ids(bol.world.place_order())
    failed = bol.outcome(bol.ship(item, transport={"transporterCode": "POSTDUIF", "trackAndTrace": "1"}))
    assert failed["errorMessage"] == "Unknown transporter code 'POSTDUIF'."


def test_a_bol_label_is_needed_for_what_travels_with_bol(bol: Asker) -> None:
    order_id = bol.world.place_order(fulfilment="VVB")
    (item,) = bol.item_ids(order_id)
    assert "shipping label of bol" in bol.outcome(bol.ship(item))["errorMessage"]

    label = bol.world.buy_label(item)
    assert bol.outcome(bol.ship(item, transport=None, shippingLabelId=label))["status"] == "SUCCESS"


def test_a_label_and_a_transport_together_are_refused_at_once_without_a_name(bol: Asker) -> None:
    reply = bol.ship("9200000001", shippingLabelId="a-label")
    assert reply.status == 400
    assert reply.json["violations"] == [
        {
            "reason": "Conflicting transport method: Either provide Transport or ShippingLabelId. "
            "The current request contains both."
        }
    ]


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ({"orderItems": []}, "orderItems"),
        ({"orderItems": [{"orderItemId": "9200000001"}] * 101}, "orderItems"),
        ({"orderItems": [{"orderItemId": ""}]}, "orderItems[0].orderItemId"),
        ({"orderItems": [{"orderItemId": "9", "quantity": "2"}]}, "orderItems[0].quantity"),
        ({"orderItems": [{"orderItemId": "9"}], "shipmentReference": "x" * 91}, "shipmentReference"),
        ({"orderItems": [{"orderItemId": "9"}], "shipmentReference": ""}, "shipmentReference"),
        ({"orderItems": [{"orderItemId": "9"}], "transport": {}}, "transport.transporterCode"),
        ({}, "orderItems"),
    ],
)
def test_a_body_that_breaks_the_contract_is_refused_at_once(bol: Asker, body: object, name: str) -> None:
    reply = bol.post("/retailer/shipments", body, checked=False)
    assert reply.status == 400
    assert reply.json["violations"][0]["name"] == name


def test_a_body_that_is_not_json_is_refused(bol: Asker) -> None:
    bol.sign_in()
    media = "application/vnd.retailer.v10+json"
    token = bol.token().json["access_token"]
    headers = {"Authorization": f"Bearer {token}", "Accept": media, "Content-Type": media}
    assert bol.raw("POST", "/retailer/shipments", headers, b"{not json").status == 400


def test_track_and_trace_can_be_given_afterwards_but_only_once(bol: Asker) -> None:
    order_id = bol.world.place_order()
    (item,) = bol.item_ids(order_id)
    bol.outcome(bol.ship(item, transport={"transporterCode": "TNT"}))
    (listed,) = bol.get(f"/retailer/shipments?order-id={order_id}").json["shipments"]
    path = f"/retailer/transports/{listed['transport']['transportId']}"
    body = {"transporterCode": "DHL", "trackAndTrace": "JVGL0001"}

    queued = bol.put(path, body)
    assert queued.json["entityId"] == listed["transport"]["transportId"]
    assert bol.outcome(queued)["status"] == "SUCCESS"
    transport = bol.get(f"/retailer/shipments/{listed['shipmentId']}").json["transport"]
    assert (transport["transporterCode"], transport["trackAndTrace"]) == ("DHL", "JVGL0001")
    assert bol.outcome(bol.put(path, body))["status"] == "FAILURE"
    assert bol.put(path, {"trackAndTrace": ""}, checked=False).status == 400


def test_shipments_are_listed_by_fulfilment_or_by_order_but_not_both(bol: Asker) -> None:
    assert bol.get("/retailer/shipments").json == {}
    assert bol.get("/retailer/shipments?order-id=C000000000&fulfilment-method=FBR").status == 400
    assert bol.get("/retailer/shipments/1").status == 404


def test_a_shipment_made_by_hand_is_in_the_list_too(bol: Asker) -> None:
    order_id = bol.world.place_order()
    shipment_id = bol.world.ship_by_hand(order_id)
    (listed,) = bol.get("/retailer/shipments").json["shipments"]
    assert listed["shipmentId"] == shipment_id
