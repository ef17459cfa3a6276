"""Our own client and the pretend bol.com, written apart, meet here; bol's documents judge what passes between them."""

import time
from collections.abc import Iterator

import pytest

from stoqflow_web.bol import BolClient, MemoryLimiter, MemoryTokenStore
from stoqflow_web.bol.sandbox import RunningSandbox, SandboxOptions, World
from tests.sandbox.judged import JudgedSandbox


@pytest.fixture
def running(documents: None) -> Iterator[RunningSandbox]:
    options = SandboxOptions(orders=120, offers=250, limits=False, process_delay=0.0)
    sandbox = JudgedSandbox(World(options))
    with RunningSandbox(sandbox, "127.0.0.1", 0) as running:
        yield running
    assert sandbox.complaints == []
    assert sandbox.judged


@pytest.fixture
def client(running: RunningSandbox) -> Iterator[BolClient]:
    # The client keeps to bol's limits by its own table; here its naps pass at once.
    naps: list[float] = []
    with BolClient(
        running.client_id,
        running.client_secret,
        api_url=running.url,
        token_url=running.token_url,
        tokens=MemoryTokenStore(),
        limits=MemoryLimiter(clock=lambda: time.time() + sum(naps)),
        sleep=naps.append,
    ) as client:
        yield client


def test_every_order_is_listed_and_understood(running: RunningSandbox, client: BolClient) -> None:
    listed = [order.order_id for page in client.order_pages() for order in page]
    assert sorted(listed) == sorted(running.world.open_order_ids())
    for order_id in running.world.orders:
        assert client.order(order_id).order_id == order_id


def test_every_offer_is_listed_and_understood(running: RunningSandbox, client: BolClient) -> None:
    listed = [offer.offer_id for page in client.offer_pages() for offer in page.offers]
    assert listed == list(running.world.offers)
    client.update_stock(listed[0], 7, True)
    assert running.world.offers[listed[0]].stock == 7
    assert client.offer(listed[0]).offer_id == listed[0]


def test_titles_pictures_inventory_and_returns_are_understood(running: RunningSandbox, client: BolClient) -> None:
    known = next(offer for offer in running.world.offers.values() if offer.is_known_product)
    assert known.title in str(client.catalog_product(known.ean))
    assert client.assets(known.ean)[0].variants[0].url.startswith(running.url)
    assert client.inventory()
    assert client.returns()
    assert client.current_retailer().retailer_id == running.world.options.retailer_id
    assert client.public_rate_limits()


def test_a_shipment_a_cancellation_and_a_late_code_are_heard(running: RunningSandbox, client: BolClient) -> None:
    order_id = running.world.place_order(lines=2, quantity=2)
    shipped, cancelled = running.world.order(order_id).items
    queued = client.create_shipment(
        {shipped.item_id: 2}, reference="SO-1", transporter="BRIEFPOST", track_and_trace=None
    )
    statuses = [queued, client.cancel_order_item(cancelled.item_id, "OUT_OF_STOCK")]

    (shipment,) = client.shipments(order_id=order_id)
    transport_id = running.world.shipments[shipment.shipment_id].transport_id
    statuses.append(client.change_transport(transport_id, transporter="TNT", track_and_trace="3SKBUI1"))

    ended = client.process_statuses([status.process_status_id for status in statuses])
    assert {status.status for status in ended} == {"SUCCESS"}
    assert client.process_status(statuses[0].process_status_id).entity_id == shipment.shipment_id
    assert client.process_statuses_of(transport_id, "CHANGE_TRANSPORT")
    assert client.shipment(shipment.shipment_id).shipment_id == shipment.shipment_id
    assert (shipped.shipped, cancelled.cancelled) == (2, 2)


def test_nothing_at_all_is_understood(running: RunningSandbox, client: BolClient) -> None:
    running.world.empty()
    assert [list(page) for page in client.order_pages() if page] == []
    assert client.inventory() == []
    assert client.returns() == []
    assert client.shipments() == []
