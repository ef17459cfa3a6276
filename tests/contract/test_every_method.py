"""Every method of the client, once, against a running pretend bol.com: what comes back is what its world says."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from stoqflow_web.bol import (
    FBB,
    INDICATORS,
    BolClient,
    NotFoundAtBol,
    Verdict,
    read_message,
    read_signature,
    verify,
)
from stoqflow_web.bol.sandbox import SandboxOptions, World
from stoqflow_web.bol.sandbox.records import Item, Offer, Order
from tests.contract.conftest import Watched
from tests.contract.recording import Recorder

V10 = "application/vnd.retailer.v10+json"
V11 = "application/vnd.retailer.v11+json"
COVERED: set[str] = set()


def covers(*methods: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Says which methods a test is about; its client checks that they were really called."""

    def note(test: Callable[..., None]) -> Callable[..., None]:
        COVERED.update(methods)
        test.covers = methods  # type: ignore[attr-defined]
        return test

    return note


@pytest.fixture
def sandbox_options() -> SandboxOptions:
    return SandboxOptions(orders=60, offers=120, limits=False, process_delay=0.0)


def test_no_method_is_left_out() -> None:
    public = {name for name in vars(BolClient) if not name.startswith("_")}
    # `close` and the two that remember speak to nobody; `forget_refusal` speaks to the shared store.
    assert public - {"close", "forget_refusal", "answered_at", "strictness"} == COVERED


# The account


@covers("current_retailer")
def test_current_retailer(client: Watched, world: World) -> None:
    retailer = client.current_retailer()
    assert (retailer.retailer_id, retailer.display_name) == (world.options.retailer_id, world.options.shop_name)


@covers("public_rate_limits")
def test_public_rate_limits(client: Watched, world: World) -> None:
    found = {(limit.path, limit.methods): limit for limit in client.public_rate_limits()}
    assert len(found) == len(world.limits.public_list())
    assert (found["/retailer/orders", ("GET",)].max_capacity, found["/retailer/orders", ("GET",)].window) == (25, 60)
    assert found["/retailer/offers/export", ("POST",)].window == 3600


# Orders


@covers("orders")
def test_orders(client: Watched, world: World, recorder: Recorder) -> None:
    world.empty()
    newest = world.place_order(quantity=3, ean="0012345678905")
    (listed,) = client.orders()
    order = world.order(newest)
    assert (listed.order_id, listed.order_placed_date_time) == (newest, _second(order.placed_at))
    (item,) = listed.order_items
    assert (item.order_item_id, item.ean, item.quantity) == (order.items[0].item_id, "0012345678905", 3)
    assert (item.quantity_shipped, item.quantity_cancelled, item.cancellation_request) == (0, 0, False)
    assert item.latest_changed_date_time == _second(order.items[0].changed_at)
    assert recorder.last.query == "page=1&status=OPEN&fulfilment-method=FBR"

    world.cancel(newest)
    today = world.clock.today()
    assert client.orders() == []
    assert client.orders(status="SHIPPED") == []
    asked = client.orders(status="ALL", fulfilment_method="ALL", change_interval_minute=60, latest_change_date=today)
    assert [(found.order_id, found.order_items[0].quantity_cancelled) for found in asked] == [(newest, 3)]
    assert client.orders(status="ALL", latest_change_date=today - timedelta(days=3)) == []
    assert client.orders(fulfilment_method=FBB) == []


@covers("order_pages")
def test_order_pages(client: Watched, world: World) -> None:
    world.empty()
    placed = [world.place_order() for _ in range(101)]
    pages = list(client.order_pages())
    assert [len(page) for page in pages] == [50, 50, 1]
    assert [order.order_id for page in pages for order in page] == world.open_order_ids()
    assert sorted(world.open_order_ids()) == sorted(placed)


@covers("order")
def test_order(client: Watched, world: World, recorder: Recorder) -> None:
    for order in list(world.orders.values()):
        _same_order(client.order(order.order_id), order)
    assert {exchange.media for exchange in recorder.asked()} == {V10}


@covers("cancel_order_item", "process_status")
def test_cancel_order_item_and_process_status(client: Watched, world: World) -> None:
    order = world.order(world.place_order(quantity=2))
    queued = client.cancel_order_item(order.items[0].item_id, "OUT_OF_STOCK")
    assert queued.is_pending
    assert (queued.event_type, queued.entity_id) == ("CANCEL_ORDER", None)
    ended = client.process_status(queued.process_status_id)
    assert (ended.is_success, ended.entity_id) == (True, order.items[0].item_id)
    assert ended.create_timestamp == _second(world.processes[queued.process_status_id].created_at)
    assert order.items[0].cancelled == 2


# Shipments


@covers("create_shipment", "shipments", "shipment", "shipment_pages")
def test_create_shipment_and_read_it_back(client: Watched, world: World, recorder: Recorder) -> None:
    order = world.order(world.place_order(lines=2, quantity=3, ean="0000000012345"))
    wanted = {order.items[0].item_id: 2, order.items[1].item_id: 1}
    client.create_shipment(wanted, reference="SO-1-BO", transporter="TNT", track_and_trace="0003SKBUI01")
    (listed,) = client.shipments(order_id=order.order_id)
    assert listed.shipment_reference == "SO-1-BO"
    assert [(item.order_item_id, item.ean) for item in listed.shipment_items] == [
        (item.item_id, "0000000012345") for item in order.items
    ]

    shipment, kept = client.shipment(listed.shipment_id), world.shipments[listed.shipment_id]
    assert (shipment.shipment_id, shipment.shipment_reference) == (kept.shipment_id, "SO-1-BO")
    assert shipment.shipment_date_time == listed.shipment_date_time == _second(kept.shipped_at)
    assert shipment.order.order_id == listed.order.order_id == order.order_id
    assert {item.order_item_id: item.quantity_shipped for item in shipment.shipment_items} == kept.quantities == wanted
    for item, known in zip(shipment.shipment_items, order.items, strict=True):
        assert (item.unit_price, item.commission) == (known.unit_price, known.commission)
        assert (item.quantity, item.product and item.product.title) == (3, known.title)
    transport = shipment.transport
    assert transport is not None
    assert (transport.transport_id, transport.transporter_code) == (kept.transport_id, "TNT")
    assert transport.track_and_trace == "0003SKBUI01"
    assert [event.event_date_time for event in transport.transport_events] == [_second(kept.shipped_at)]
    assert shipment.shipment_details.zip_code == order.shipment_details["zipCode"]

    client.create_shipment({order.items[0].item_id: 1}, reference=None, transporter="DHL", track_and_trace=None)
    assert [len(page) for page in client.shipment_pages(order_id=order.order_id)] == [2]
    assert "shipmentReference" not in recorder.asked("/retailer/shipments")[-2].body.decode()
    of_bol = sum(shipment.method == FBB for shipment in world.shipments.values())
    assert len(client.shipments(fulfilment_method=FBB)) == of_bol


@covers("change_transport", "process_statuses", "process_statuses_of")
def test_change_transport_and_follow_the_writes(client: Watched, world: World) -> None:
    order = world.order(world.place_order(lines=1))
    shipped = client.create_shipment(
        {order.items[0].item_id: 1}, reference="SO-2", transporter="TNT", track_and_trace=None
    )
    (listed,) = client.shipments(order_id=order.order_id)
    kept = world.shipments[listed.shipment_id]
    changed = client.change_transport(kept.transport_id, transporter="DHL", track_and_trace="JVGL1")
    refused = client.change_transport(kept.transport_id, transporter="DHL", track_and_trace="JVGL2")
    assert changed.entity_id == kept.transport_id
    ids = [status.process_status_id for status in (shipped, changed, refused)]
    ended = {status.process_status_id: status for status in client.process_statuses([*ids, "1", *ids])}
    assert [ended[status_id].status for status_id in ids] == ["SUCCESS", "SUCCESS", "FAILURE"]
    assert ended[ids[0]].entity_id == kept.shipment_id
    assert ended[ids[2]].error_message == world.processes[ids[2]].error_message
    assert (kept.transporter_code, kept.track_and_trace) == ("DHL", "JVGL1")
    found = client.process_statuses_of(kept.transport_id, "CHANGE_TRANSPORT")
    assert [status.process_status_id for status in found] == [ids[2], ids[1]]
    assert client.process_statuses_of("1", "CHANGE_TRANSPORT") == []
    assert client.process_statuses(["1"]) == []


# Offers and products


@covers("offers", "offer_pages", "offer")
def test_offers(client: Watched, world: World, recorder: Recorder) -> None:
    odd = world.add_offer(reference="007", ean="0000000012345", price=Decimal("1234.50"))
    world.add_offer(price=Decimal(50), method="FBB", reference=None)
    listed = [offer for page in client.offer_pages() for offer in page.offers]
    assert [offer.offer_id for offer in listed] == list(world.offers)
    for offer in listed:
        _same_offer(offer, world.offers[offer.offer_id])
    assert client.offer(odd) == next(offer for offer in listed if offer.offer_id == odd)
    first = client.offers(page_size=25)
    assert [offer.offer_id for offer in first.offers] == list(world.offers)[:25]
    second = client.offers(cursor=first.next_cursor, page_size=25)
    assert [offer.offer_id for offer in second.offers] == list(world.offers)[25:50]
    assert {exchange.media for exchange in recorder.asked()} == {V11}


@covers("update_stock")
def test_update_stock(client: Watched, world: World, recorder: Recorder) -> None:
    offer_id = world.add_offer(stock=5, managed_by_retailer=True, price=Decimal("9.99"))
    assert client.update_stock(offer_id, 0, False) is None
    offer = world.offers[offer_id]
    assert (offer.stock, offer.managed_by_retailer, offer.price) == (0, False, Decimal("9.99"))
    assert (recorder.last.status, recorder.last.answer) == (204, b"")
    client.update_stock(offer_id, 999, True)
    assert (offer.stock, offer.managed_by_retailer) == (999, True)


@covers("catalog_product", "assets")
def test_catalog_product_and_assets(client: Watched, world: World) -> None:
    known = world.offers[world.add_offer(ean="0000012345670", title='Pan <b>"Ø 28"</b> & deksel', brand="Léa")]
    known.bol_product_id = "9300000012345678"
    product = client.catalog_product("0000012345670")
    assert (product.title, product.brand, product.published) == (known.title, "Léa", True)
    (picture,) = client.assets("0000012345670")
    assert picture.usage == "PRIMARY"
    assert str(picture.url("medium")).endswith("/media/0000012345670/500.jpg")
    assert client.assets("0000012345670", "ADDITIONAL") == []
    assert client.assets("0000012345670", None)


# Stock at bol, and returns


@covers("inventory")
def test_inventory(client: Watched, world: World) -> None:
    kept = [offer for offer in world.offers.values() if offer.method == FBB]
    assert kept
    assert [
        (item.ean, item.bsku, item.title, item.regular_stock, item.graded_stock) for item in client.inventory()
    ] == [
        (offer.ean, f"{offer.number:010}", offer.title, offer.regular_stock, offer.graded_stock) for offer in kept[:50]
    ]
    assert client.inventory(page=99) == []


@covers("returns")
def test_returns(client: Watched, world: World) -> None:
    order_id = world.place_order(quantity=2)
    world.ship_by_hand(order_id)
    return_id = world.send_back(order_id)
    kept = world.returns[return_id]
    found = next(one for one in client.returns() if one.return_id == return_id)
    assert found.registration_date_time == _second(kept.registered_at)
    (item,) = found.return_items
    assert (item.rma_id, item.order_id, item.ean) == (kept.rma_id, order_id, kept.ean)
    assert (item.expected_quantity, item.handled) == (2, False)
    assert item.return_reason.customer_comments == kept.comments
    handled = [one.return_id for one in client.returns(handled=True, fulfilment_method="FBR")]
    assert sorted(handled) == sorted(
        one.return_id for one in world.returns.values() if one.handled_at and one.method == "FBR"
    )
    assert client.returns(page=99) == []


@covers("return_")
def test_return(client: Watched, world: World) -> None:
    order_id = world.place_order(quantity=2)
    world.ship_by_hand(order_id)
    kept = world.returns[world.send_back(order_id)]
    found = client.return_(kept.return_id)
    (item,) = found.return_items
    assert (item.title, item.transporter_name) == (kept.title, "PostNL")
    assert item.track_and_trace == f"3SRETO{kept.return_id}"
    assert (item.handled, item.processing_results) == (False, ())

    world.handle_return(kept.return_id, "RETURN_DOES_NOT_MEET_CONDITIONS")
    (item,) = client.return_(kept.return_id).return_items
    (result,) = item.processing_results
    assert item.handled
    assert (result.quantity, result.handling_result) == (2, "RETURN_DOES_NOT_MEET_CONDITIONS")
    assert (result.processing_result, result.processing_date_time) == ("REJECTED", _second(kept.handled_at))


# How bol measures the seller


@covers("performance_indicators")
def test_performance_indicators(client: Watched, world: World, recorder: Recorder) -> None:
    world.empty()
    order_id = world.place_order(lines=4)
    shipped, cancelled, for_the_client, _still_open = world.order(order_id).items
    client.create_shipment({shipped.item_id: 1}, reference=None, transporter="TNT", track_and_trace=None)
    client.cancel_order_item(cancelled.item_id, "OUT_OF_STOCK")
    client.cancel_order_item(for_the_client.item_id, "REQUESTED_BY_CUSTOMER")
    year, week, _ = world.clock.today().isocalendar()

    (told,) = client.performance_indicators("CANCELLATIONS", year=year, week=week)
    assert recorder.last.query == f"name=CANCELLATIONS&year={year}&week={week:02}"
    assert (told.name, told.type, told.details.period.year) == ("CANCELLATIONS", "PERCENTAGE", str(year))
    assert (told.details.norm.condition, told.details.norm.value) == ("<=", Decimal("0.02"))
    score = told.details.score
    assert score is not None
    assert (score.numerator, score.denominator, score.conforms) == (1, 3, False)
    assert (score.value, score.distance_to_norm) == (Decimal("0.3333"), Decimal("0.3133"))

    (told,) = client.performance_indicators("TRACK_AND_TRACE", year=year, week=week)
    score = told.details.score
    assert score is not None
    assert (score.numerator, score.denominator, score.value, score.conforms) == (0, 1, 0, False)

    for name in INDICATORS:
        (told,) = client.performance_indicators(name, year=2020, week=53)
        assert (told.details.score, told.details.period.week) == (None, "53")


# Subscriptions


@covers(
    "subscriptions",
    "subscription",
    "create_subscription",
    "change_subscription",
    "delete_subscription",
    "send_test_message",
    "signature_keys",
)
def test_subscriptions(client: Watched, world: World, recorder: Recorder) -> None:
    assert client.subscriptions() == []
    made = client.create_subscription(["ORDER", "PROCESS_STATUS"], "https://127.0.0.1:9/bol")
    assert made == client.subscription(made.id) == client.subscriptions()[0]
    assert (made.resources, made.event_destination) == (("ORDER", "PROCESS_STATUS"), "https://127.0.0.1:9/bol")
    world.switch_subscriptions_off()
    assert not client.subscription(made.id).enabled
    client.change_subscription(made.id, ["ORDER"], "https://127.0.0.1:9/other")
    changed = client.subscription(made.id)
    assert (changed.enabled, changed.resources, changed.event_destination) == (
        True,
        ("ORDER",),
        "https://127.0.0.1:9/other",
    )

    client.send_test_message(made.id)
    (delivery,) = world.deliveries
    signature = read_signature(delivery.signature)
    assert verify(delivery.body, signature, client.signature_keys()) == Verdict.GENUINE
    message = read_message(delivery.body)
    assert (message.retailer_id, message.resource) == (world.options.retailer_id, "TEST")

    client.delete_subscription(made.id)
    assert client.subscriptions() == []
    with pytest.raises(NotFoundAtBol):
        client.delete_subscription(made.id)
    assert {exchange.media for exchange in recorder.asked()} == {V11}


def _same_order(found: Any, order: Order) -> None:
    assert (found.order_id, found.pickup_point) == (order.order_id, order.pickup_point)
    assert found.order_placed_date_time == _second(order.placed_at)
    _same_address(found.shipment_details, order.shipment_details)
    if order.billing_details is None:
        assert found.billing_details is None
    else:
        _same_address(found.billing_details, order.billing_details)
    assert len(found.order_items) == len(order.items)
    for item, known in zip(found.order_items, order.items, strict=True):
        _same_item(item, known)


def _same_item(item: Any, known: Item) -> None:
    assert (item.order_item_id, item.ean, item.title) == (known.item_id, known.ean, known.title)
    assert (item.offer_id, item.reference) == (known.offer_id, known.reference)
    assert (item.quantity, item.quantity_shipped, item.quantity_cancelled) == (
        known.quantity,
        known.shipped,
        known.cancelled,
    )
    assert (item.is_open, item.cancellation_request) == (known.is_open, known.cancellation_request)
    assert (item.is_fbb, item.is_vvb) == (known.method == "FBB", known.is_vvb)
    discount = sum((amount for _, amount in known.discounts), start=Decimal(0))
    amounts = (item.unit_price, item.total_price, item.commission)
    assert amounts == (known.unit_price, known.unit_price * known.quantity - discount, known.commission)
    assert {type(amount) for amount in amounts} == {Decimal}
    assert [(one.title, one.amount) for one in item.discounts] == known.discounts
    assert tuple(one.service_type for one in item.additional_services) == known.services
    assert item.latest_changed_date_time == _second(known.changed_at)
    promised = item.fulfilment
    assert (promised.latest_delivery_date, promised.exact_delivery_date) == (
        known.latest_delivery_date,
        known.exact_delivery_date,
    )
    assert (promised.expiry_date, promised.time_frame_type) == (known.expiry_date, known.time_frame)


def _same_address(found: Any, known: dict[str, Any]) -> None:
    fields = {
        "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name): text
        for name, text in known.items()
    }
    assert {name: getattr(found, name) for name in fields} == fields


def _same_offer(found: Any, offer: Offer) -> None:
    assert (found.ean, found.reference, found.unit_price) == (offer.ean, offer.reference, offer.price)
    assert isinstance(found.unit_price, Decimal)
    assert [(step.quantity, step.unit_price) for step in found.pricing.bundle_prices] == [
        (1, offer.price),
        *offer.bundle_prices,
    ]
    assert (found.stock and found.stock.amount) == (offer.stock if offer.method == "FBR" else None)
    assert (found.is_fbb, found.on_hold_by_retailer) == (offer.method == FBB, offer.on_hold)
    assert found.last_modified_date_time == offer.modified_at
    assert found.unknown_product_title == (None if offer.is_known_product else offer.title)
    assert found.condition.category == offer.condition["category"]


def _second(at: datetime) -> datetime:
    """v10 tells moments to the second; two aware moments are equal whatever their zones."""
    return at.astimezone(UTC).replace(microsecond=0)
