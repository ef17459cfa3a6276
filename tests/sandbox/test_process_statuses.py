from tests.sandbox.conftest import Asker


def _writes(bol: Asker, count: int) -> list[str]:
    return [bol.cancel(f"000000000{number}").json["processStatusId"] for number in range(count)]


def test_ids_are_uuids_of_version_7_that_sort_by_time(bol: Asker) -> None:
    (first,) = _writes(bol, 1)
    bol.world.jump(seconds=1)
    (second,) = _writes(bol, 1)
    assert first[14] == second[14] == "7"
    assert first < second


def test_many_are_answered_at_once_and_unknown_ones_are_silently_missing(bol: Asker) -> None:
    ids = _writes(bol, 3)
    queries = [{"processStatusId": one} for one in [*ids, "01a04540-25af-7ac4-8d4a-26411bdb9a8b"]]
    reply = bol.post("/shared/process-status", {"processStatusQueries": queries})
    assert [status["processStatusId"] for status in reply.json["processStatuses"]] == ids
    assert {status["status"] for status in reply.json["processStatuses"]} == {"PENDING"}


def test_none_of_them_known_is_an_empty_object(bol: Asker) -> None:
    reply = bol.post("/shared/process-status", {"processStatusQueries": [{"processStatusId": "1"}]})
    assert reply.json == {}


def test_one_to_a_thousand_may_be_asked(bol: Asker) -> None:
    body = {"processStatusQueries": [{"processStatusId": "1"}] * 1001}
    assert bol.post("/shared/process-status", body, checked=False).status == 400
    assert bol.post("/shared/process-status", {"processStatusQueries": []}, checked=False).status == 400


def test_they_are_found_by_entity_newest_first(bol: Asker) -> None:
    offer_id = bol.world.add_offer()
    body = {"amount": 4, "managedByRetailer": True}
    made = [bol.put(f"/retailer/offers/{offer_id}/stock", body).json["processStatusId"] for _ in range(2)]
    query = f"?entity-id={offer_id}&event-type=UPDATE_OFFER_STOCK"
    found = bol.get(f"/shared/process-status{query}").json["processStatuses"]
    assert [status["processStatusId"] for status in found] == made[::-1]
    assert bol.get(f"/shared/process-status?entity-id={offer_id}").status == 400


def test_one_is_gone_a_day_after_it_ended(bol: Asker) -> None:
    (one,) = _writes(bol, 1)
    bol.world.jump(hours=23)
    assert bol.get(f"/shared/process-status/{one}").status == 200
    bol.world.jump(hours=2)
    reply = bol.get(f"/shared/process-status/{one}")
    assert (reply.status, reply.json["detail"]) == (404, "Not Found")


def test_the_next_write_can_be_made_to_fail_and_does_nothing(bol: Asker) -> None:
    order_id = bol.world.place_order()
    (item,) = bol.item_ids(order_id)
    bol.world.fail_next("CREATE_SHIPMENT", "Track and trace code is not valid.")

    bol.outcome(bol.cancel("0000000000"))
    failed = bol.outcome(bol.ship(item))

    assert (failed["status"], failed["errorMessage"]) == ("FAILURE", "Track and trace code is not valid.")
    assert failed["links"]
    assert bol.items(order_id)[0]["quantityShipped"] == 0
    assert bol.outcome(bol.ship(item))["status"] == "SUCCESS"


def test_a_time_out_may_or_may_not_have_been_done(bol: Asker) -> None:
    order_id = bol.world.place_order(quantity=2)
    (item,) = bol.item_ids(order_id)
    bol.world.time_out_next()
    assert bol.outcome(bol.ship((item, 1)))["status"] == "TIMEOUT"
    assert bol.items(order_id)[0]["quantityShipped"] == 0

    bol.world.time_out_next("CREATE_SHIPMENT", applied=True)
    assert bol.outcome(bol.ship((item, 1)))["status"] == "TIMEOUT"
    assert bol.items(order_id)[0]["quantityShipped"] == 1


def test_a_write_can_stay_pending_and_then_those_behind_it_wait(bol: Asker) -> None:
    bol.world.hold_next(600)
    first, second = _writes(bol, 2)
    bol.world.jump(seconds=599)
    assert bol.get(f"/shared/process-status/{second}").json["status"] == "PENDING"
    bol.world.jump(seconds=1)
    assert bol.get(f"/shared/process-status/{first}").json["status"] == "FAILURE"
    assert bol.get(f"/shared/process-status/{second}").json["status"] == "FAILURE"
