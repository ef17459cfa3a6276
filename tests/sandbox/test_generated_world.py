from collections import Counter

import pytest

from stoqflow_web.bol.sandbox.identifiers import check_digit
from tests.sandbox.conftest import Asker, asker


def _everything(bol: Asker) -> list[bytes]:
    offers = bol.get("/retailer/offers", version="v11").body
    return [offers, *(bol.get(f"/retailer/orders/{one}").body for one in bol.order_ids("?status=ALL"))]


def test_the_same_seed_gives_the_same_shop_and_another_seed_another() -> None:
    assert _everything(asker(orders=20, seed=7)) == _everything(asker(orders=20, seed=7))
    assert _everything(asker(orders=20, seed=7)) != _everything(asker(orders=20, seed=8))


@pytest.mark.usefixtures("documents")
def test_every_order_and_shipment_passes_bols_documents(busy_bol: Asker) -> None:
    for order_id in busy_bol.world.orders:
        busy_bol.get(f"/retailer/orders/{order_id}")
    for shipment_id in busy_bol.world.shipments:
        busy_bol.get(f"/retailer/shipments/{shipment_id}")
    for return_id in busy_bol.world.returns:
        busy_bol.get(f"/retailer/returns/{return_id}")
    for page in range(1, 10):
        busy_bol.get(f"/retailer/orders?status=ALL&fulfilment-method=ALL&page={page}")


@pytest.mark.usefixtures("documents")
def test_every_offer_passes_bols_documents_in_both_versions(busy_bol: Asker) -> None:
    cursor = ""
    while cursor is not None:
        content = busy_bol.get(f"/retailer/offers?{cursor}", version="v11").json
        cursor = f"cursor={content['page']['nextCursor']}" if "nextCursor" in content["page"] else None
    for offer_id in list(busy_bol.world.offers)[:200]:
        busy_bol.get(f"/retailer/offers/{offer_id}")
        busy_bol.get(f"/retailer/offers/{offer_id}/not-for-sale-reasons", version="v11")
    assert busy_bol.get("/retailer/inventory").json["inventory"]


def test_the_orders_are_those_of_a_real_day(busy_bol: Asker) -> None:
    orders = busy_bol.world.orders.values()
    items = [item for order in orders for item in order.items]
    kinds = Counter("VVB" if item.is_vvb else item.method for item in items)
    assert all(kinds[kind] > 10 for kind in ("FBR", "VVB", "FBB"))
    assert any({"FBR", "FBB"} <= {item.method for item in order.items} for order in orders)
    assert any(len(order.items) > 1 for order in orders)
    assert any(item.quantity > 1 for item in items)
    assert any(order.pickup_point for order in orders)
    assert any(order.billing_details is None for order in orders)
    assert any(item.cancellation_request for item in items)
    assert any(item.exact_delivery_date for item in items)
    assert any(not item.is_open for item in items)
    assert any(item.offer_id is None for item in items)
    assert any("<b>" in order.shipment_details["surname"] for order in orders)
    assert {order.shipment_details["countryCode"] for order in orders} == {"NL", "BE"}
    assert {"nl", "nl-BE", "fr-BE"} == {order.shipment_details["language"] for order in orders}


def test_no_open_order_is_late_on_the_first_day(busy_bol: Asker) -> None:
    today = busy_bol.world.clock.today()
    for item in busy_bol.world.items.values():
        assert (item.exact_delivery_date or item.latest_delivery_date) >= today
        assert item.expiry_date > today


def test_the_offers_have_what_a_shop_collects_over_the_years(busy_bol: Asker) -> None:
    offers = list(busy_bol.world.offers.values())
    references = Counter(offer.reference for offer in offers)
    assert references[None] > 5
    assert references["007"] == 1
    assert any(count == 2 for reference, count in references.items() if reference)
    assert any(offer.ean.startswith("000000") for offer in offers)
    right = sum(check_digit(offer.ean[:12]) == offer.ean[12] for offer in offers)
    assert 0.97 < right / len(offers) < 1
    assert any(offer.stock == 0 for offer in offers)
    assert len({offer.ean for offer in offers}) == len(offers)
