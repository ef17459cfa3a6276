"""What lies in bol's own warehouse (v10)."""

import re

from stoqflow_web.bol.sandbox.answers import Answer, Call
from stoqflow_web.bol.sandbox.checking import Parameters, wrong_value
from stoqflow_web.bol.sandbox.records import Offer
from stoqflow_web.bol.sandbox.state import State

PAGE_SIZE = 50
# Where enough begins is not documented.
SUFFICIENT = 5


def list_inventory(state: State, call: Call) -> Answer:
    """GET /retailer/inventory: `quantity` ranges apply to regular stock unless `state` says graded."""
    ask = Parameters(call)
    page = ask.page()
    enough = ask.choice("stock", ("SUFFICIENT", "INSUFFICIENT"))
    kind = ask.choice("state", ("REGULAR", "GRADED"))
    query = (ask.text("query") or "").lower()
    ranges = [_range(ask, text) for text in ask.texts("quantity")]
    ask.done()

    def wanted(offer: Offer) -> bool:
        count = offer.graded_stock if kind == "GRADED" else offer.regular_stock
        return (
            offer.method == "FBB"
            and (kind is None or count > 0)
            and (enough is None or (offer.regular_stock >= SUFFICIENT) == (enough == "SUFFICIENT"))
            and (not ranges or any(low <= count <= high for low, high in ranges))
            and (not query or query in offer.title.lower() or query == offer.ean)
        )

    found = [offer for offer in state.offers.values() if wanted(offer)]
    listed = [
        {
            "ean": offer.ean,
            "bsku": f"{offer.number:010d}",
            "gradedStock": offer.graded_stock,
            "regularStock": offer.regular_stock,
            "title": offer.title,
        }
        for offer in found[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]
    ]
    return call.answer({"inventory": listed} if listed else {})


def _range(ask: Parameters, text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d{1,9})-(\d{1,9})", text)
    if match is None:
        ask.refuse("quantity", wrong_value(text))
        return (0, 0)
    return (int(match[1]), int(match[2]))
