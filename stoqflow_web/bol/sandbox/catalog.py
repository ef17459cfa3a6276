"""What bol's catalogue says of a product: title, brand, picture, product id (v10)."""

from stoqflow_web.bol.sandbox.answers import Answer, Call
from stoqflow_web.bol.sandbox.checking import Parameters, wrong_value
from stoqflow_web.bol.sandbox.problems import bad_parameters, not_found
from stoqflow_web.bol.sandbox.records import Offer
from stoqflow_web.bol.sandbox.state import State

SIZES = {"small": 200, "medium": 500}


def get_product(state: State, call: Call) -> Answer:
    """GET /retailer/content/catalog-products/{ean}."""
    offer = _known_product(state, call)
    text = f"{offer.title}. Een fijn product van {offer.brand or 'eigen merk'} voor dagelijks gebruik."
    content = {
        "published": True,
        "gpc": {"chunkId": "16013654"},
        "enrichment": {"status": 2},
        "attributes": [
            {"id": "Name", "values": [{"value": offer.title}]},
            {"id": "Description", "values": [{"value": text}]},
        ],
        "parties": [{"name": offer.brand, "type": "BRAND", "role": "BRAND"}] if offer.brand else [],
    }
    return call.answer(content)


def get_assets(state: State, call: Call) -> Answer:
    """GET /retailer/products/{ean}/assets: pictures, served by this pretend bol.com itself."""
    ask = Parameters(call)
    usage = ask.choice("usage", ("PRIMARY", "ADDITIONAL", "IMAGE"))
    ask.done()
    offer = _known_product(state, call)
    if usage == "ADDITIONAL":
        return call.answer({"assets": []})
    variants = [
        {
            "size": name,
            "width": side,
            "height": side,
            "mimeType": "image/jpeg",
            "url": f"{call.base_url}/media/{offer.ean}/{side}.jpg",
        }
        for name, side in SIZES.items()
    ]
    return call.answer({"assets": [{"usage": usage or "PRIMARY", "order": 0, "variants": variants}]})


def get_product_ids(state: State, call: Call) -> Answer:
    """GET /retailer/products/{ean}/product-ids."""
    offer = _known_product(state, call)
    return call.answer({"bolProductId": offer.bol_product_id, "eans": [{"ean": offer.ean}]})


def _known_product(state: State, call: Call) -> Offer:
    if not (call.target.isdigit() and len(call.target) in {8, 10, 12, 13}):
        raise bad_parameters(call.path, [{"name": "ean", "reason": wrong_value(call.target)}])
    offer = state.offer_by_ean(call.target.zfill(13))
    if offer is None or not offer.is_known_product:
        raise not_found(call.path, f"Product for EAN {call.target} not found.")
    return offer
