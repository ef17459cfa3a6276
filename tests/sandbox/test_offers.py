import re
from datetime import timedelta
from itertools import chain

import pytest

from tests.sandbox.conftest import NOON, Asker


def _pages(bol: Asker, query: str = "") -> list[list[str]]:
    pages, cursor = [], ""
    while True:
        content = bol.get(f"/retailer/offers?page-size=5{query}{cursor}", version="v11").json
        pages.append([offer["offerId"] for offer in content["offers"]])
        if "nextCursor" not in content["page"]:
            return pages
        cursor = f"&cursor={content['page']['nextCursor']}"


def _one(bol: Asker, offer_id: str) -> dict:
    return bol.get(f"/retailer/offers/{offer_id}", version="v11").json


def test_pages_follow_the_cursor_to_the_last_which_has_none(bol: Asker) -> None:
    pages = _pages(bol)
    assert [len(page) for page in pages] == [5, 5, 2]
    assert len({offer_id for page in pages for offer_id in page}) == 12


def test_an_exactly_full_last_page_has_no_cursor_either(bol: Asker) -> None:
    for _ in range(3):
        bol.world.add_offer()
    assert [len(page) for page in _pages(bol)] == [5, 5, 5]


def test_the_size_of_a_page_is_a_hundred_when_nothing_is_said_and_page_is_ignored(bol: Asker) -> None:
    content = bol.get("/retailer/offers?page=7", version="v11").json
    assert content["page"] == {"pageSize": 100}
    assert len(content["offers"]) == 12


def test_a_seller_without_offers_has_an_empty_list(bol: Asker) -> None:
    bol.world.empty()
    assert bol.get("/retailer/offers", version="v11").json == {"offers": [], "page": {"pageSize": 100}}


def test_offers_are_found_by_id_ean_reference_and_change(bol: Asker) -> None:
    one = bol.world.add_offer(reference="A-7", ean="0000007740404", modified_at=NOON)
    other = bol.world.add_offer(reference="008", modified_at=NOON - timedelta(days=1))
    assert _pages(bol, "&reference=A-7") == [[one]]
    assert _pages(bol, "&eans=0000007740404,1234567890128") == [[one]]
    assert _pages(bol, f"&offer-ids={one}&offer-ids={other}") == [[one, other]]
    assert _pages(bol, "&last-modified-date-time=2026-09-15T10:30:00Z") == [[one]]


def test_offers_can_be_filtered_by_being_for_sale(bol: Asker) -> None:
    sold_out = bol.world.add_offer(method="FBR", stock=0)
    assert sold_out in chain(*_pages(bol, "&for-sale=false"))
    assert sold_out not in chain(*_pages(bol, "&for-sale=true"))


@pytest.mark.parametrize("query", ["page-size=0", "page-size=101", "cursor=nonsense", "offer-ids=12", "for-sale=ja"])
def test_wrong_parameters_are_refused(bol: Asker, query: str) -> None:
    assert bol.get(f"/retailer/offers?{query}", version="v11").status == 400


def test_fields_that_are_not_set_are_left_out(bol: Asker) -> None:
    bare = bol.world.add_offer(
        reference=None, method="FBB", bol_product_id=None, economic_operator_id=None, title="Onbekend ding"
    )
    offer = _one(bol, bare)
    assert {"reference", "stock", "product", "economicOperatorId"}.isdisjoint(offer)
    assert offer["unknownProductTitle"] == "Onbekend ding"
    assert "unknownProductTitle" not in _one(bol, bol.world.add_offer(bol_product_id="9300000000000001"))


def test_times_have_microseconds(bol: Asker) -> None:
    offer = _one(bol, bol.world.add_offer())
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+0[12]:00", offer["lastModifiedDateTime"])


def test_a_change_touches_only_what_it_names(bol: Asker) -> None:
    offer_id = bol.world.add_offer(method="FBR", reference="A-1", stock=3, managed_by_retailer=False)
    before = _one(bol, offer_id)
    reply = bol.patch(f"/retailer/offers/{offer_id}", {"stock": {"amount": 7, "managedByRetailer": True}})
    assert (reply.status, reply.body) == (204, b"")
    after = _one(bol, offer_id)
    assert after["stock"] == {"amount": 7, "correctedStock": 7, "managedByRetailer": True}
    assert (after["reference"], after["pricing"]) == (before["reference"], before["pricing"])
    assert after["lastModifiedDateTime"] > before["lastModifiedDateTime"]


@pytest.mark.parametrize(
    "body", [{"stock": {"amount": -1}}, {"stock": {"amount": "7"}}, {"pricing": {"bundlePrices": []}}, {"reference": 7}]
)
def test_a_wrong_change_is_refused(bol: Asker, body: object) -> None:
    offer_id = bol.world.add_offer()
    reply = bol.ask("PATCH", f"/retailer/offers/{offer_id}", body, version="v11", checked=False)
    assert reply.status == 400
    assert reply.media == "application/vnd.retailer.v11+json"


def test_open_orders_are_subtracted_from_the_stock_to_sell(bol: Asker) -> None:
    offer_id = bol.world.add_offer(method="FBR", stock=10, managed_by_retailer=False)
    bol.world.place_order(offer_id=offer_id, quantity=3)
    assert _one(bol, offer_id)["stock"]["correctedStock"] == 7

    bol.world.jump(seconds=1)
    bol.patch(f"/retailer/offers/{offer_id}", {"stock": {"amount": 10, "managedByRetailer": True}})
    assert _one(bol, offer_id)["stock"]["correctedStock"] == 10
    bol.world.jump(seconds=1)
    bol.world.place_order(offer_id=offer_id, quantity=2)
    assert _one(bol, offer_id)["stock"]["correctedStock"] == 8


def test_reasons_are_given_for_what_is_not_for_sale_and_nothing_otherwise(bol: Asker) -> None:
    good = {"method": "FBR", "stock": 5, "on_hold": False, "economic_operator_id": "x", "bol_product_id": "9300"}
    fine, sold_out = bol.world.add_offer(**good), bol.world.add_offer(**{**good, "stock": 0})
    assert bol.get(f"/retailer/offers/{fine}/not-for-sale-reasons", version="v11").status == 204
    reply = bol.get(f"/retailer/offers/{sold_out}/not-for-sale-reasons", version="v11")
    assert reply.json["countries"][0]["reasons"][0]["code"] == "4003-3"


def test_an_offer_can_be_made_and_taken_away_but_not_made_twice(bol: Asker) -> None:
    body = {
        "ean": "8712345678906",
        "condition": {"category": "NEW"},
        "pricing": {"bundlePrices": [{"quantity": 1, "unitPrice": 50}]},
        "fulfilment": {"method": "FBR", "schedule": "BOL_DELIVERY_PROMISE"},
        "stock": {"amount": 6, "managedByRetailer": True},
    }
    made = bol.post("/retailer/offers", body, version="v11")
    assert made.status == 201
    assert _one(bol, made.json["offerId"])["pricing"]["bundlePrices"] == [{"quantity": 1, "unitPrice": 50}]
    assert bol.post("/retailer/offers", body, version="v11").status == 409

    path = f"/retailer/offers/{made.json['offerId']}"
    assert bol.ask("DELETE", path, version="v11").status == 204
    assert bol.get(path, version="v11").status == 404
