"""Who the seller is (v10), and the public list of limits."""

from datetime import timedelta

import msgspec

from stoqflow_web.bol.sandbox.answers import Answer, Call
from stoqflow_web.bol.sandbox.problems import not_found
from stoqflow_web.bol.sandbox.state import State


def get_retailer(state: State, call: Call) -> Answer:
    """GET /retailer/retailers/current, or by the account's own id."""
    retailer_id = state.options.retailer_id
    if call.target not in ("current", retailer_id):
        raise not_found(call.path, f"Retailer with id {call.target} not found.")
    content = {
        "retailerId": retailer_id,
        "displayName": state.options.shop_name,
        "companyName": f"{state.options.shop_name} B.V.",
        "vatNumber": "NL857463524B01",
        "kvkNumber": "68473921",
        "registrationDate": (state.clock.today() - timedelta(days=2400)).isoformat(),
        "topRetailer": False,
        "ratingMethod": "THREE_MONTHS",
        "retailerRating": {"retailerRating": 8.9, "deliveryTimeRating": 9.2, "serviceRating": 8.4},
        "retailerReview": {
            "totalReviewCount": 214,
            "approvalPercentage": 9,
            "positiveReviewCount": 190,
            "neutralReviewCount": 15,
            "negativeReviewCount": 9,
        },
    }
    return call.answer(content)


def public_limits(state: State) -> Answer:
    """GET /retailer/public/ratelimits: no token is needed."""
    body = msgspec.json.encode({"rateLimits": state.limits.public_list()})
    return Answer(200, body, "application/json;charset=UTF-8")
