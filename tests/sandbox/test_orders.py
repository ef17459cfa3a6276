from datetime import timedelta

from tests.sandbox.conftest import NOON, Asker, asker


def test_nothing_is_an_empty_object(bol: Asker) -> None:
    assert bol.get("/retailer/orders").json == {}


def test_without_parameters_open_orders_of_the_seller_are_listed(bol: Asker) -> None:
    own, bols = bol.world.place_order(), bol.world.place_order(fulfilment="FBB")
    gone = bol.world.place_order()
    bol.world.cancel(gone)

    assert bol.order_ids() == [own]
    assert set(bol.order_ids("?fulfilment-method=ALL&status=ALL")) == {own, bols, gone}
    assert bol.order_ids("?fulfilment-method=FBB") == [bols]


def test_filtering_is_per_item(bol: Asker) -> None:
    order_id = bol.world.place_order(lines=2)
    first, second = bol.item_ids(order_id)
    bol.world.cancel(order_id, first)

    listed = bol.get("/retailer/orders").json["orders"][0]["orderItems"]

    assert [item["orderItemId"] for item in listed] == [second]
    assert len(bol.items(order_id)) == 2


def test_a_partly_shipped_item_is_open_and_a_shipped_one_is_not(bol: Asker) -> None:
    order_id = bol.world.place_order(quantity=3)
    (item,) = bol.item_ids(order_id)
    bol.outcome(bol.ship((item, 2)))
    assert bol.order_ids("?status=OPEN") == [order_id]
    assert bol.order_ids("?status=SHIPPED") == []

    bol.outcome(bol.ship(item))
    assert bol.order_ids("?status=OPEN") == []
    assert bol.order_ids("?status=SHIPPED") == [order_id]


def test_handled_items_leave_the_list_after_48_hours_but_are_found_by_date(bol: Asker) -> None:
    order_id = bol.world.place_order()
    bol.world.cancel(order_id)
    bol.world.jump(hours=47)
    assert bol.order_ids("?status=ALL") == [order_id]

    bol.world.jump(hours=2)
    assert bol.order_ids("?status=ALL") == []
    assert bol.order_ids("?status=ALL&latest-change-date=2026-09-15") == [order_id]
    assert bol.get(f"/retailer/orders/{order_id}").status == 200


def test_recent_changes_can_be_asked_for(bol: Asker) -> None:
    older, newer = bol.world.place_order(), bol.world.place_order()
    bol.world.jump(minutes=20)
    bol.world.ask_to_cancel(newer)
    bol.world.jump(minutes=4)

    assert bol.order_ids("?change-interval-minute=5") == [newer]
    assert set(bol.order_ids("?change-interval-minute=30")) == {older, newer}


def test_pages_are_newest_first_and_shift_when_an_order_comes_in(bol: Asker) -> None:
    placed = [bol.world.place_order(placed_at=NOON - timedelta(minutes=60 - number)) for number in range(51)]
    assert bol.order_ids("?page=1") == placed[:0:-1]
    assert bol.order_ids("?page=2") == placed[:1]

    bol.world.place_order()
    assert bol.order_ids("?page=2") == placed[1::-1]
    assert bol.get("/retailer/orders?page=3").json == {}


def test_an_order_that_is_handled_while_its_list_is_paged_pulls_the_next_ones_a_place_forward(bol: Asker) -> None:
    placed = [bol.world.place_order(placed_at=NOON - timedelta(minutes=number)) for number in range(60)]
    first_page = bol.order_ids("?page=1")
    bol.world.ship_by_hand(placed[10])
    second_page = bol.order_ids("?page=2")

    assert (len(first_page), len(second_page)) == (50, 9)
    assert set(placed) - {*first_page, *second_page} == {placed[50]}, "the one that slipped through between the pages"
    assert set(bol.order_ids("?status=ALL")) > {placed[10]}, "among all orders it keeps its place"


def test_an_order_that_changes_joins_the_recent_changes_at_the_place_of_its_placing(bol: Asker) -> None:
    placed = [bol.world.place_order(placed_at=NOON - timedelta(days=1, minutes=number)) for number in range(55)]
    bol.world.jump(days=1)
    for order_id in placed[1:53]:
        bol.world.ask_to_cancel(order_id)
    first_page = bol.order_ids("?status=ALL&change-interval-minute=3")
    bol.world.ask_to_cancel(placed[0])

    assert first_page == placed[1:51]
    assert bol.order_ids("?status=ALL&change-interval-minute=3&page=2") == placed[50:53]
    assert bol.order_ids("?status=ALL&change-interval-minute=3")[0] == placed[0]


def test_what_is_handled_is_among_the_recent_changes_only_when_all_are_asked_for(bol: Asker) -> None:
    order_id = bol.world.place_order(quantity=2)
    bol.world.jump(hours=3)
    bol.world.cancel(order_id)
    assert bol.order_ids("?change-interval-minute=2") == []
    (item,) = bol.get("/retailer/orders?change-interval-minute=2&status=ALL").json["orders"][0]["orderItems"]
    assert (item["fulfilmentStatus"], item["quantityCancelled"], item["quantityShipped"]) == ("HANDLED", 2, 0)


def test_a_new_order_may_take_a_while_to_appear(bol: Asker) -> None:
    bol.world.set_appearing_delay(90)
    order_id = bol.world.place_order()
    bol.world.jump(seconds=89)
    assert bol.get("/retailer/orders").json == {}
    assert bol.get(f"/retailer/orders/{order_id}").status == 404
    assert bol.world.open_order_ids() == []

    bol.world.jump(seconds=1)
    (listed,) = bol.get("/retailer/orders?status=ALL&change-interval-minute=2").json["orders"]
    assert listed["orderId"] == order_id
    assert listed["orderPlacedDateTime"] == "2026-09-15T12:30:00+02:00"
    changed_at = listed["orderItems"][0]["latestChangedDateTime"]
    assert "2026-09-15T12:30:12+02:00" <= changed_at <= "2026-09-15T12:30:40+02:00"
    assert bol.world.place_order(appears_after=0) in bol.order_ids()


def test_the_days_of_changes_are_amsterdams_unless_told_otherwise(bol: Asker) -> None:
    order_id = bol.world.place_order()
    bol.world.jump(hours=12)  # half past ten in the evening by UTC, half past midnight in Amsterdam
    bol.world.ask_to_cancel(order_id)
    assert bol.order_ids("?latest-change-date=2026-09-16") == [order_id]

    other = asker(limits=False, utc_change_days=True)
    order_id = other.world.place_order()
    other.world.jump(hours=12)
    other.world.ask_to_cancel(order_id)
    assert other.order_ids("?latest-change-date=2026-09-16") == []
    assert other.order_ids("?latest-change-date=2026-09-15") == [order_id]


def test_every_answer_tells_what_time_it_is_at_bol(bol: Asker) -> None:
    assert bol.token().headers["date"] == "Tue, 15 Sep 2026 10:30:00 GMT"
    bol.world.jump(days=60, seconds=1.9)
    assert bol.get("/retailer/orders").headers["date"] == "Sat, 14 Nov 2026 10:30:01 GMT"
    bol.world.go_down()
    assert bol.get("/retailer/orders").headers["date"] == "Sat, 14 Nov 2026 10:30:01 GMT"


def test_only_bol_labelled_orders_when_asked(bol: Asker) -> None:
    bol.world.place_order(fulfilment="FBR")
    labelled = bol.world.place_order(fulfilment="VVB")
    assert bol.order_ids("?vvb-only=true") == [labelled]
    assert bol.order_ids("?vvb-only=true&fulfilment-method=FBB") == []
    assert bol.items(labelled)[0]["fulfilment"]["distributionParty"] == "BOL"


def test_wrong_parameters_are_named_together(bol: Asker) -> None:
    reply = bol.get("/retailer/orders?page=0&status=CANCELLED&change-interval-minute=61&latest-change-date=2026-1-1")
    assert reply.status == 400
    named = {violation["name"]: violation["reason"] for violation in reply.json["violations"]}
    assert named["status"] == "Request contains invalid value(s): 'CANCELLED', allowed values: OPEN, SHIPPED, ALL."
    assert set(named) == {"page", "status", "change-interval-minute", "latest-change-date"}


def test_no_more_than_three_months_back(bol: Asker) -> None:
    assert bol.get("/retailer/orders?latest-change-date=2026-05-01").status == 400
    assert bol.get("/retailer/orders?latest-change-date=2026-07-01").json == {}


def test_an_unknown_order_is_a_problem_without_violations(bol: Asker) -> None:
    reply = bol.get("/retailer/orders/9999999999")
    assert reply.status == 404
    assert reply.json["detail"] == "Order for order id 9999999999 not found."
    assert "violations" not in reply.json


def test_the_list_has_no_reference_and_the_detail_has(bol: Asker) -> None:
    offer_id = bol.world.add_offer(reference="007", ean="0000007740404")
    order_id = bol.world.place_order(offer_id=offer_id, quantity=2)

    (listed,) = bol.get("/retailer/orders").json["orders"][0]["orderItems"]
    (item,) = bol.items(order_id)

    assert listed["ean"] == "0000007740404"
    assert "offer" not in listed
    assert item["offer"] == {"offerId": offer_id, "reference": "007"}
    assert item["fulfilment"]["expiryDate"] > item["fulfilment"]["latestDeliveryDate"] >= "2026-09-15"


def test_fields_without_a_value_are_left_out_or_null_on_request(bol: Asker) -> None:
    order_id = bol.world.place_order(billing=False)
    assert "billingDetails" not in bol.get(f"/retailer/orders/{order_id}").json

    nulls = asker(send_nulls=True)
    order_id = nulls.world.place_order(billing=False)
    assert nulls.get(f"/retailer/orders/{order_id}").json["billingDetails"] is None


def test_an_exact_date_takes_the_place_of_the_latest(bol: Asker) -> None:
    order_id = bol.world.place_order(exact_date=True, deliver_in_days=2)
    fulfilment = bol.items(order_id)[0]["fulfilment"]
    assert fulfilment["exactDeliveryDate"] == "2026-09-17"
    assert "latestDeliveryDate" not in fulfilment


def test_times_have_the_offset_of_amsterdam_in_summer_and_in_winter(bol: Asker) -> None:
    summer = bol.world.place_order()
    bol.world.jump(days=60)
    winter = bol.world.place_order()
    assert bol.get(f"/retailer/orders/{summer}").json["orderPlacedDateTime"] == "2026-09-15T12:30:00+02:00"
    assert bol.get(f"/retailer/orders/{winter}").json["orderPlacedDateTime"] == "2026-11-14T11:30:00+01:00"


def test_whole_prices_are_integers_and_others_are_not(bol: Asker) -> None:
    order_id = bol.world.place_order(lines=[{"unit_price": "50"}, {"unit_price": "49.99"}])
    assert [str(item["unitPrice"]) for item in bol.items(order_id)] == ["50", "49.99"]


def test_a_client_may_ask_to_cancel_and_the_item_stays_open(bol: Asker) -> None:
    order_id = bol.world.place_order()
    before = bol.items(order_id)[0]["latestChangedDateTime"]
    bol.world.jump(minutes=5)
    bol.world.ask_to_cancel(order_id)

    (item,) = bol.get("/retailer/orders").json["orders"][0]["orderItems"]
    assert item["cancellationRequest"] is True
    assert item["fulfilmentStatus"] == "OPEN"
    assert item["latestChangedDateTime"] > before


def test_bol_cancels_on_the_third_day_after_the_latest_delivery_date(bol: Asker) -> None:
    order_id = bol.world.place_order(quantity=2, deliver_in_days=1)
    assert bol.items(order_id)[0]["fulfilment"]["expiryDate"] == "2026-09-19"
    bol.world.jump(days=3, hours=11, minutes=29, seconds=59)  # to the last second of the 18th in Amsterdam
    assert bol.order_ids() == [order_id]

    bol.world.jump(seconds=1)
    assert bol.order_ids() == []
    (item,) = bol.items(order_id)
    assert (item["quantityCancelled"], item["cancellationRequest"]) == (2, False)


def test_what_expired_unseen_changed_when_it_expired_and_not_when_somebody_looks(bol: Asker) -> None:
    order_id = bol.world.place_order(deliver_in_days=1)
    bol.world.jump(days=6)
    assert bol.items(order_id)[0]["latestChangedDateTime"] == "2026-09-19T00:00:00+02:00"
    assert bol.order_ids("?status=ALL&change-interval-minute=60") == []
    assert bol.order_ids("?status=ALL") == []
    assert bol.order_ids("?status=ALL&latest-change-date=2026-09-19") == [order_id]


def test_an_order_can_be_of_a_pickup_point_and_an_awkward_client(bol: Asker) -> None:
    order_id = bol.world.place_order(pickup_point=True, country="BE", details={"surname": "<b>O'Brien</b> & Zn."})
    order = bol.get(f"/retailer/orders/{order_id}").json
    assert order["pickupPoint"] is True
    assert order["shipmentDetails"]["pickupPointName"]
    assert order["shipmentDetails"]["surname"] == "<b>O'Brien</b> & Zn."
    assert order["shipmentDetails"]["countryCode"] == "BE"
