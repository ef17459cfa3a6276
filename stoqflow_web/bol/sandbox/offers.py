"""Offers v11: list by cursor, one, create, change, delete, and why one is not for sale. All synchronous."""

import base64
import binascii
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from itertools import islice
from typing import Any

from stoqflow_web.bol.sandbox import identifiers
from stoqflow_web.bol.sandbox.answers import Answer, Call
from stoqflow_web.bol.sandbox.checking import UUID, Body, Parameters, wrong_value
from stoqflow_web.bol.sandbox.problems import bad_parameters, conflict, not_found
from stoqflow_web.bol.sandbox.records import Offer, StockTold
from stoqflow_web.bol.sandbox.state import State
from stoqflow_web.bol.sandbox.wire import fields, fine_moment, number

LARGEST_PAGE = 100
MOST_STOCK = 2_147_483_647
LONGEST_REFERENCE = 100


def list_offers(state: State, call: Call) -> Answer:
    """GET /retailer/offers: a `page` parameter is ignored, the last page has no `nextCursor`."""
    ask = Parameters(call)
    size = ask.whole("page-size", LARGEST_PAGE, 1, LARGEST_PAGE) or LARGEST_PAGE
    offer_ids, eans = ask.texts("offer-ids"), ask.texts("eans")
    for offer_id in offer_ids:
        if not UUID.fullmatch(offer_id):
            ask.refuse("offer-ids", wrong_value(offer_id))
    reference, for_sale = ask.text("reference"), ask.flag("for-sale")
    since = _moment(ask, "last-modified-date-time")
    after = _number_behind(ask, ask.text("cursor"))
    ask.done()

    def wanted(offer: Offer) -> bool:
        return (
            (not offer_ids or offer.offer_id in offer_ids)
            and (not eans or offer.ean in eans)
            and (reference is None or offer.reference == reference)
            and (since is None or offer.modified_at >= since)
            and (for_sale is None or is_for_sale(offer, corrected(offer)) == for_sale)
        )

    corrected = corrector(state)
    found = list(islice((offer for offer in state.offers_after(after) if wanted(offer)), size + 1))
    page: dict[str, Any] = {"pageSize": size}
    if len(found) > size:
        page["nextCursor"] = _cursor(found[size - 1].number)
    listed = [_described(offer, corrected(offer), state.nulls) for offer in found[:size]]
    return call.answer({"offers": listed, "page": page})


def get_offer(state: State, call: Call) -> Answer:
    """GET /retailer/offers/{offer-id}."""
    offer = _offer(state, call)
    return call.answer(_described(offer, corrector(state)(offer), state.nulls))


def get_reasons(state: State, call: Call) -> Answer:
    """GET /retailer/offers/{offer-id}/not-for-sale-reasons; nothing (204) when it is for sale."""
    offer = _offer(state, call)
    reasons = not_for_sale_reasons(offer, corrector(state)(offer))
    if not reasons:
        return call.nothing()
    countries = [{"countryCode": country, "reasons": reasons} for country in offer.countries]
    return call.answer({"offerId": offer.offer_id, "countries": countries})


def create_offer(state: State, call: Call) -> Answer:
    """POST /retailer/offers: 409 when the EAN is already offered in that condition."""
    body = Body(call)
    ean = body.text(body.content, "ean", "ean", required=True)
    if ean and not (ean.isdigit() and len(ean) <= 13):
        body.complain("ean", wrong_value(ean))
    condition = body.object("condition") or {}
    category = body.text(
        condition, "category", "condition.category", required=True, allowed=("NEW", "SECONDHAND", "REFURBISHED")
    )
    fulfilment = body.object("fulfilment") or {}
    method = body.text(fulfilment, "method", "fulfilment.method", required=True, allowed=("FBR", "FBB"))
    change = _read_change(body)
    if "price" not in change:
        body.complain("pricing.bundlePrices", "The supplied value is empty, but is required.")
    body.done()
    if any(offer.ean == ean and offer.condition.get("category") == category for offer in state.offers.values()):
        raise conflict(call.path, f"An offer for EAN {ean} with condition {category} already exists.")
    title = body.content.get("unknownProductTitle")
    offer = Offer(
        offer_id=identifiers.offer_id(state.random),
        number=state.next_offer_number(),
        ean=str(ean).zfill(13),
        reference=None,
        title=title if isinstance(title, str) else f"Artikel {ean}",
        brand="",
        price=Decimal(1),
        stock=0,
        modified_at=state.clock.now(),
        method=str(method),
        condition=condition,
        bol_product_id=None if title else identifiers.digits(state.random, "93000", 16),
    )
    _change(offer, change)
    state.keep_offer(offer)
    return call.answer({"offerId": offer.offer_id}, 201)


def change_offer(state: State, call: Call) -> Answer:
    """PATCH /retailer/offers/{offer-id}: only what is named changes."""
    offer = _offer(state, call)
    body = Body(call)
    change = _read_change(body)
    body.done()
    _change(offer, change)
    offer.modified_at = state.clock.now()
    if "stock" in change:
        state.stock_told.append(StockTold(offer.modified_at, offer.offer_id, offer.reference, offer.stock))
    return call.nothing()


def delete_offer(state: State, call: Call) -> Answer:
    """DELETE /retailer/offers/{offer-id}."""
    state.remove_offer(_offer(state, call).offer_id)
    return call.nothing()


def corrector(state: State) -> Callable[[Offer], int]:
    """Tells what is left to sell of an offer: its stock less the open orders that bol subtracts.

    With `managedByRetailer` only orders placed after the offer's last change count, else all open ones.
    """
    open_quantities = state.open_quantities()

    def corrected(offer: Offer) -> int:
        open_orders = open_quantities.get(offer.offer_id, [])
        since = offer.modified_at if offer.managed_by_retailer else None
        return max(0, offer.stock - sum(count for at, count in open_orders if since is None or at > since))

    return corrected


def not_for_sale_reasons(offer: Offer, corrected: int) -> list[dict[str, Any]]:
    reasons = []
    if offer.on_hold:
        reasons.append(_reason("ON_HOLD", "4002-1", "The offer is put on hold by the retailer"))
    if (offer.regular_stock if offer.method == "FBB" else corrected) == 0:
        reasons.append(_reason("STOCK", "4003-3", "Out of stock"))
    if offer.economic_operator_id is None:
        reasons.append(_reason("OFFER", "3001-99", "Economic operator incomplete"))
    if not offer.is_known_product:
        missing = {"missingAttributes": [{"name": "Description"}]}
        reasons.append({**_reason("CONTENT", "4004-2", "Product information missing"), **missing})
    return reasons


def is_for_sale(offer: Offer, corrected: int) -> bool:
    return not not_for_sale_reasons(offer, corrected)


def bundle_prices(offer: Offer) -> list[dict[str, Any]]:
    steps = [(1, offer.price), *offer.bundle_prices]
    return [{"quantity": quantity, "unitPrice": number(price)} for quantity, price in steps]


def _reason(category: str, code: str, description: str) -> dict[str, Any]:
    return {"category": category, "code": code, "description": description}


def _offer(state: State, call: Call) -> Offer:
    if not UUID.fullmatch(call.target):
        raise bad_parameters(call.path, [{"name": "offer-id", "reason": wrong_value(call.target)}])
    offer = state.offers.get(call.target.lower())
    if offer is None:
        raise not_found(call.path, f"Offer with id {call.target} not found.")
    return offer


def _described(offer: Offer, corrected: int, nulls: bool) -> dict[str, Any]:
    stock = {"amount": offer.stock, "correctedStock": corrected, "managedByRetailer": offer.managed_by_retailer}
    for_sale = is_for_sale(offer, corrected)
    return fields(
        nulls,
        offerId=offer.offer_id,
        ean=offer.ean,
        lastModifiedDateTime=fine_moment(offer.modified_at),
        reference=offer.reference,
        onHoldByRetailer=offer.on_hold,
        economicOperatorId=offer.economic_operator_id,
        unknownProductTitle=None if offer.is_known_product else offer.title,
        stock=stock if offer.method == "FBR" else None,
        countryAvailabilities=[{"countryCode": country, "forSale": for_sale} for country in offer.countries],
        condition=offer.condition,
        product={"bolProductId": offer.bol_product_id} if offer.bol_product_id else None,
        pricing={"bundlePrices": bundle_prices(offer)},
        fulfilment=_fulfilment(offer),
    )


def _fulfilment(offer: Offer) -> dict[str, Any]:
    if offer.method == "FBB":
        return {"method": "FBB"}
    fulfilment: dict[str, Any] = {"method": "FBR", "schedule": offer.schedule}
    if offer.schedule == "MY_DELIVERY_PROMISE":
        return {**fulfilment, "profileId": "7b3f2c1e-6a58-4f0d-9d3a-1f6f0a2b9c11"}
    promise = {"minimumDaysToCustomer": 0, "maximumDaysToCustomer": 1, "ultimateOrderTime": offer.last_order_time}
    return {**fulfilment, "deliveryPromise": promise}


def _read_change(body: Body) -> dict[str, Any]:
    """The fields of an offer that a body names, checked; complaints are left in the body."""
    change: dict[str, Any] = {}
    stock = body.object("stock")
    if stock is not None:
        amount = body.whole(stock, "amount", "stock.amount", 0, MOST_STOCK)
        managed = body.flag(stock, "managedByRetailer", "stock.managedByRetailer")
        change.update({"stock": amount} if amount is not None else {})
        change.update({"managed_by_retailer": managed} if managed is not None else {})
    pricing = body.object("pricing")
    if pricing is not None:
        change.update(_read_prices(body, pricing))
    reference = body.text(body.content, "reference", "reference", longest=LONGEST_REFERENCE)
    change.update({"reference": reference} if reference is not None else {})
    on_hold = body.flag(body.content, "onHoldByRetailer", "onHoldByRetailer")
    change.update({"on_hold": on_hold} if on_hold is not None else {})
    operator = body.text(body.content, "economicOperatorId", "economicOperatorId")
    change.update({"economic_operator_id": operator} if operator is not None else {})
    return change


def _read_prices(body: Body, pricing: dict[str, Any]) -> dict[str, Any]:
    path = "pricing.bundlePrices"
    steps = pricing.get("bundlePrices")
    if not isinstance(steps, list) or not steps or not all(isinstance(step, dict) for step in steps):
        body.complain(path, wrong_value(steps))
        return {}
    read: list[tuple[int, Decimal]] = []
    for place, step in enumerate(steps):
        quantity = body.whole(step, "quantity", f"{path}[{place}].quantity", 1, 24, required=True)
        price = step.get("unitPrice")
        if isinstance(price, bool) or not isinstance(price, int | float) or not 1 <= price <= 9999:
            body.complain(f"{path}[{place}].unitPrice", wrong_value(price))
        elif quantity is not None:
            read.append((quantity, Decimal(str(price))))
    if read and read[0][0] != 1:
        body.complain(path, wrong_value(read[0][0]))
    return {"price": read[0][1], "bundle_prices": read[1:]} if read else {}


def _change(offer: Offer, change: dict[str, Any]) -> None:
    for name, value in change.items():
        setattr(offer, name, value)


def _moment(ask: Parameters, name: str) -> datetime | None:
    text = ask.text(name)
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        ask.refuse(name, wrong_value(text))
        return None
    return at


def _cursor(number: int) -> str:
    return base64.urlsafe_b64encode(f"offer:{number}".encode()).decode()


def _number_behind(ask: Parameters, cursor: str | None) -> int:
    if cursor is None:
        return 0
    try:
        word, _, number = base64.urlsafe_b64decode(cursor.encode()).decode().partition(":")
        if word == "offer":
            return int(number)
    except (binascii.Error, ValueError):
        pass
    ask.refuse("cursor", wrong_value(cursor))
    return 0
