"""Returns: the list and one of them (v10)."""

from typing import Any

from stoqflow_web.bol.sandbox.answers import Answer, Call
from stoqflow_web.bol.sandbox.checking import Parameters
from stoqflow_web.bol.sandbox.problems import not_found
from stoqflow_web.bol.sandbox.records import Return
from stoqflow_web.bol.sandbox.state import State
from stoqflow_web.bol.sandbox.wire import fields, moment

PAGE_SIZE = 50
HANDLING_RESULTS = (
    "RETURN_RECEIVED",
    "EXCHANGE_PRODUCT",
    "RETURN_DOES_NOT_MEET_CONDITIONS",
    "REPAIR_PRODUCT",
    "CUSTOMER_KEEPS_PRODUCT_PAID",
    "STILL_APPROVED",
)
CUSTOMER_FIELDS = (
    "salutation",
    "firstName",
    "surname",
    "streetName",
    "houseNumber",
    "houseNumberExtension",
    "extraAddressInformation",
    "zipCode",
    "city",
    "countryCode",
    "email",
    "company",
)


def list_returns(state: State, call: Call) -> Answer:
    """GET /retailer/returns: handled ones newest first, the others oldest first."""
    ask = Parameters(call)
    page = ask.page()
    handled = ask.flag("handled")
    method = ask.choice("fulfilment-method", ("FBR", "FBB"))
    ask.done()
    found = sorted(
        (
            made
            for made in state.returns.values()
            if handled in (None, made.handled_at is not None) and method in (None, made.method)
        ),
        key=lambda made: made.registered_at,
        reverse=bool(handled),
    )
    listed = [
        {**_head(made), "returnItems": [_item(made)]} for made in found[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]
    ]
    return call.answer({"returns": listed} if listed else {})


def get_return(state: State, call: Call) -> Answer:
    """GET /retailer/returns/{return-id}."""
    made = state.returns.get(call.target)
    if made is None:
        raise not_found(call.path, f"Return for return id {call.target} not found.")
    item = fields(
        state.nulls,
        **_item(made),
        title=made.title,
        trackAndTrace=f"3SRETO{made.return_id}",
        transporterName="PostNL",
        customerDetails={name: made.customer[name] for name in CUSTOMER_FIELDS if name in made.customer},
    )
    return call.answer({**_head(made), "returnItems": [item]})


def _head(made: Return) -> dict[str, Any]:
    return {
        "returnId": made.return_id,
        "registrationDateTime": moment(made.registered_at),
        "fulfilmentMethod": made.method,
    }


def _outcome(made: Return) -> str:
    return "REJECTED" if made.handling_result == "RETURN_DOES_NOT_MEET_CONDITIONS" else "ACCEPTED"


def _item(made: Return) -> dict[str, Any]:
    results = []
    if made.handled_at:
        results.append(
            {
                "quantity": made.quantity,
                "processingResult": _outcome(made),
                "handlingResult": made.handling_result or "RETURN_RECEIVED",
                "processingDateTime": moment(made.handled_at),
            }
        )
    return {
        "rmaId": made.rma_id,
        "orderId": made.order_id,
        "ean": made.ean,
        "expectedQuantity": made.quantity,
        "returnReason": {
            "mainReason": made.main_reason,
            "detailedReason": made.detailed_reason,
            "customerComments": made.comments,
        },
        "handled": made.handled_at is not None,
        "processingResults": results,
    }
