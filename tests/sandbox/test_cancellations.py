import pytest

from tests.sandbox.conftest import Asker


def test_a_cancellation_takes_all_that_is_open_and_empties_the_stock_of_the_offer(bol: Asker) -> None:
    offer_id = bol.world.add_offer(stock=9, method="FBR")
    order_id = bol.world.place_order(offer_id=offer_id, quantity=3, fulfilment="FBR")
    (item,) = bol.item_ids(order_id)
    bol.outcome(bol.ship((item, 1)))

    queued = bol.cancel(item)
    assert queued.json["status"] == "PENDING"
    assert queued.json["description"] == f"Cancel order item with id {item}."
    assert "entityId" not in queued.json
    done = bol.outcome(queued)

    assert (done["status"], done["eventType"], done["entityId"]) == ("SUCCESS", "CANCEL_ORDER", item)
    (after,) = bol.items(order_id)
    assert (after["quantityShipped"], after["quantityCancelled"]) == (1, 2)
    assert bol.get(f"/retailer/offers/{offer_id}", version="v11").json["stock"]["amount"] == 0


def test_nothing_happens_before_the_delay_has_passed(bol: Asker) -> None:
    order_id = bol.world.place_order()
    bol.cancel(*bol.item_ids(order_id))
    assert bol.items(order_id)[0]["quantityCancelled"] == 0


def test_a_nonsense_item_is_accepted_and_fails_later(bol: Asker) -> None:
    done = bol.outcome(bol.cancel("0000000000"))
    assert done["status"] == "FAILURE"
    assert done["errorMessage"].startswith("Request contains unknown order item id(s): [0000000000].")
    assert "entityId" not in done


def test_what_was_shipped_cannot_be_cancelled(bol: Asker) -> None:
    (item,) = bol.item_ids(bol.world.place_order())
    bol.outcome(bol.ship(item))
    assert "already been handled" in bol.outcome(bol.cancel(item))["errorMessage"]


def test_bol_cancelling_leaves_the_stock_alone(bol: Asker) -> None:
    offer_id = bol.world.add_offer(stock=9, method="FBR")
    bol.world.cancel(bol.world.place_order(offer_id=offer_id))
    assert bol.world.offers[offer_id].stock == 9


@pytest.mark.parametrize("count", [0, 2])
def test_exactly_one_item_per_cancellation(bol: Asker, count: int) -> None:
    body = {"orderItems": [{"orderItemId": "9200000001", "reasonCode": "OTHER"}] * count}
    reply = bol.put("/retailer/orders/cancellation", body, checked=False)
    assert reply.status == 400
    assert reply.json["violations"][0]["name"] == "orderItems"


def test_a_wrong_reason_is_answered_with_the_allowed_ones(bol: Asker) -> None:
    body = {"orderItems": [{"orderItemId": "9200000001", "reasonCode": "Unknown"}]}
    (violation,) = bol.put("/retailer/orders/cancellation", body, checked=False).json["violations"]
    assert violation["name"] == "orderItems[0].reasonCode"
    assert violation["reason"].startswith(
        "Request contains invalid value(s): 'Unknown', allowed values: OUT_OF_STOCK, REQUESTED_BY_CUSTOMER, "
    )


def test_an_empty_reason_gives_two_violations(bol: Asker) -> None:
    body = {"orderItems": [{"orderItemId": "9200000001", "reasonCode": ""}]}
    violations = bol.put("/retailer/orders/cancellation", body, checked=False).json["violations"]
    assert len(violations) == 2
    assert violations[0]["reason"] == "The supplied value is empty, but is required."
