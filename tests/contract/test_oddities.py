"""What bol.com may send although nobody likes it: every answer is understood, and bol's documents allow it."""

from decimal import Decimal

import pytest

from stoqflow_web.bol.sandbox import SandboxOptions, World
from stoqflow_web.bol.sandbox.names import AWKWARD_NAMES
from tests.contract.conftest import Watched
from tests.contract.recording import Recorder


@pytest.fixture(params=[False, True], ids=["left out", "null"])
def sandbox_options(request: pytest.FixtureRequest) -> SandboxOptions:
    """What has no value is left out of an answer, or sent as null."""
    return SandboxOptions(orders=0, offers=30, limits=False, process_delay=0.0, send_nulls=request.param)


def test_nothing_at_all(client: Watched, world: World, recorder: Recorder) -> None:
    world.empty()
    assert client.orders() == []
    assert client.shipments() == []
    assert client.inventory() == []
    assert client.returns() == []
    assert client.process_statuses(["1"]) == []
    assert client.offers().offers == ()
    empty = [exchange.answer for exchange in recorder.asked() if exchange.path != "/retailer/offers"]
    assert set(empty) == {b"{}"}


def test_an_order_without_billing_address(client: Watched, world: World) -> None:
    order_id = world.place_order(billing=False)
    assert client.order(order_id).billing_details is None


def test_a_pickup_point(client: Watched, world: World) -> None:
    order = client.order(world.place_order(pickup_point=True, country="BE", billing=True))
    kept = world.order(order.order_id)
    assert order.pickup_point
    assert order.shipment_details.pickup_point_name == kept.shipment_details["pickupPointName"]
    assert order.billing_details is not None
    assert (order.shipment_details.country_code, order.billing_details.country_code) == ("BE", "BE")


@pytest.mark.parametrize(("fulfilment", "is_fbb", "is_vvb"), [("FBR", 0, 0), ("VVB", 0, 1), ("FBB", 1, 0)])
def test_who_ships(client: Watched, world: World, fulfilment: str, is_fbb: int, is_vvb: int) -> None:
    (item,) = client.order(world.place_order(fulfilment=fulfilment)).order_items
    assert (item.is_fbb, item.is_vvb) == (is_fbb, is_vvb)
    assert len(client.orders()) == 1 - is_fbb
    (listed,) = client.orders(fulfilment_method="ALL")
    assert listed.order_items[0].is_fbb == is_fbb


def test_a_mixed_order_is_listed_with_only_the_items_that_fit(client: Watched, world: World) -> None:
    order = client.order(world.place_order(lines=[{"fulfilment": "FBR"}, {"fulfilment": "FBB"}]))
    ours, theirs = (item.order_item_id for item in order.order_items)
    for method, expected in (("FBR", [ours]), ("FBB", [theirs]), ("ALL", [ours, theirs])):
        (listed,) = client.orders(fulfilment_method=method)
        assert [item.order_item_id for item in listed.order_items] == expected


@pytest.mark.parametrize("name", AWKWARD_NAMES, ids=str)
def test_a_name_that_looks_like_markup_arrives_as_it_is(client: Watched, world: World, name: tuple[str, str]) -> None:
    order_id = world.place_order(details={"firstName": name[0], "surname": name[1]}, billing=True)
    address = client.order(order_id).shipment_details
    assert (address.first_name, address.surname) == name


def test_an_address_that_was_blanked(client: Watched, world: World) -> None:
    order_id = world.place_order(billing=False)
    kept = world.order(order_id).shipment_details
    kept.update({name: "" for name in kept if name not in ("salutation", "countryCode", "language")})
    address = client.order(order_id).shipment_details
    assert (address.name, address.zip_code, address.country_code) == ("", "", kept["countryCode"])


def test_an_item_whose_offer_is_gone(client: Watched, world: World) -> None:
    order_id = world.place_order(lines=[{"ean": "0000000000017", "title": 'Pan 28" & <deksel>', "unit_price": "0.10"}])
    (item,) = client.order(order_id).order_items
    assert (item.offer_id, item.reference, item.ean) == (None, None, "0000000000017")
    assert (item.title, item.unit_price) == ('Pan 28" & <deksel>', Decimal("0.10"))


def test_an_order_with_a_day_and_hour_of_its_own(client: Watched, world: World) -> None:
    order_id = world.place_order(exact_date=True, time_frame="APPOINTMENT", deliver_in_days=4)
    order, kept = client.order(order_id), world.order(order_id)
    promised = order.order_items[0].fulfilment
    assert (promised.latest_delivery_date, promised.exact_delivery_date) == (None, kept.items[0].exact_delivery_date)
    assert promised.deliver_by == kept.items[0].exact_delivery_date
    assert order.shipment_details.delivery_phone_number == kept.shipment_details["deliveryPhoneNumber"]
    assert order.order_items[0].additional_services[0].service_type == "PLACEMENT_AND_INSTALLATION"


def test_cancelled_partly_shipped_expired_and_half_wanted(client: Watched, world: World) -> None:
    cancelled, partly, expired, unwanted = (world.place_order(quantity=3, fulfilment="FBR") for _ in range(4))
    world.cancel(cancelled)
    world.order(partly).items[0].ship(2, world.clock.now())
    world.expire(expired)
    world.ask_to_cancel(unwanted)
    found = {}
    for order_id in (cancelled, partly, expired, unwanted):
        (item,) = client.order(order_id).order_items
        found[order_id] = (
            item.quantity_shipped,
            item.quantity_cancelled,
            item.open_quantity,
            item.cancellation_request,
        )
    assert found == {
        cancelled: (0, 3, 0, False),
        partly: (2, 0, 1, False),
        expired: (0, 3, 0, False),
        unwanted: (0, 0, 3, True),
    }
    assert {order.order_id for order in client.orders()} == {partly, unwanted}
    assert {order.order_id for order in client.orders(status="ALL")} == {cancelled, partly, expired, unwanted}


def test_offers_of_every_kind(client: Watched, world: World) -> None:
    kinds = [
        world.add_offer(**what)
        for what in (
            {"reference": None},
            {"reference": "007"},
            {"reference": "<b>R&D</b>", "title": "Ünïcødé 🧺"},
            {"method": "FBB", "regular_stock": 3},
            {"schedule": "SHIPPING_VIA_BOL"},
            {"schedule": "MY_DELIVERY_PROMISE"},
            {"bol_product_id": None},
            {"bundle_prices": [(3, Decimal("9.5")), (10, Decimal(9))]},
            {"condition": {"category": "REFURBISHED", "grade": "A", "margin": True}},
            {"on_hold": True, "stock": 0},
        )
    ]
    listed = {offer.offer_id: offer for page in client.offer_pages() for offer in page.offers}
    for offer_id in kinds:
        assert client.offer(offer_id) == listed[offer_id]
        assert listed[offer_id].reference == world.offers[offer_id].reference
    assert [listed[kinds[place]].is_vvb for place in (4, 5)] == [True, False]
    assert not listed[kinds[-1]].is_for_sale


def test_writes_that_are_refused_time_out_or_are_forgotten(client: Watched, world: World) -> None:
    (item,) = world.order(world.place_order(quantity=1)).items
    world.fail_next("CANCEL_ORDER", "Nee <b>&</b> nogmaals nee.")
    failed = client.cancel_order_item(item.item_id, "OTHER")
    world.time_out_next("CANCEL_ORDER")
    late = client.cancel_order_item(item.item_id, "OTHER")
    ended = {status.process_status_id: status for status in client.process_statuses([failed.process_status_id])}
    assert ended[failed.process_status_id].is_failure
    assert ended[failed.process_status_id].error_message == "Nee <b>&</b> nogmaals nee."
    assert client.process_status(late.process_status_id).is_timeout
    world.hold_next()
    assert client.process_status(client.cancel_order_item(item.item_id, "OTHER").process_status_id).is_pending


def test_a_return_of_a_shipped_item(client: Watched, world: World) -> None:
    order_id = world.place_order(fulfilment="FBR")
    world.ship_by_hand(order_id)
    world.send_back(order_id)
    (found,) = client.returns()
    assert found.return_items[0].order_id == order_id
