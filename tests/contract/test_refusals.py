"""What bol's documents refuse the pretend bol.com refuses too, and what they allow it takes; differences are named."""

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from stoqflow_web.bol import CANCEL_REASONS
from tests.openapi import check_request
from tests.sandbox.conftest import Asker, asker

MEDIA = "application/vnd.retailer.v10+json"
often = settings(max_examples=200, deadline=None, derandomize=True, database=None)

junk = st.one_of(st.none(), st.booleans(), st.integers(-3, 3), st.just([]), st.just({}), st.just("x"), st.just(1.5))
words = st.text("aZ09-_ é<&", max_size=6)


def some(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """An object that may lack any of its fields, have something odd in one, and have one that nobody knows."""
    usually = {name: st.one_of(strategy, strategy, strategy, junk) for name, strategy in fields.items()}
    return st.fixed_dictionaries({}, optional={**usually, "unheardOf": junk})


def items(item: st.SearchStrategy[Any], most: int) -> st.SearchStrategy[Any]:
    return st.lists(st.one_of(item, item, item, junk), max_size=most)


reasons = st.sampled_from([*CANCEL_REASONS, "Unknown", ""])
cancellations = some(orderItems=items(some(orderItemId=words, reasonCode=reasons), 2))
shipments = some(
    orderItems=items(some(orderItemId=words, quantity=st.integers(-1, 12_000)), 3),
    shipmentReference=st.one_of(words, st.just("x" * 90), st.just("x" * 91)),
    shippingLabelId=words,
    transport=some(transporterCode=words, trackAndTrace=words),
)
codes = st.one_of(words, words, st.sampled_from([5, True, ["TNT"], {"code": "TNT"}]))
changes = st.tuples(some(trackAndTrace=words), st.fixed_dictionaries({}, optional={"transporterCode": codes})).map(
    lambda both: both[0] | both[1]
)


@pytest.fixture(scope="module")
def bol() -> Asker:
    return asker(limits=False)


@often
@given(body=cancellations)
@example(body={"orderItems": [{"orderItemId": "9", "reasonCode": "OTHER"}]})
@example(body={"orderItems": [{"orderItemId": "9", "reasonCode": "OTHER"}] * 2})
def test_cancellations(bol: Asker, body: dict[str, Any]) -> None:
    # Their text says that the list takes one item only; their schema does not.
    has_several = isinstance(body.get("orderItems"), list) and len(body["orderItems"]) > 1
    _same_judgement(bol, "PUT", "/retailer/orders/cancellation", body, is_refused_beyond=has_several)


@often
@given(body=shipments)
@example(body={"orderItems": [{"orderItemId": "9", "quantity": 1}], "transport": {"transporterCode": "TNT"}})
@example(body={"orderItems": [{"orderItemId": "9"}] * 100})
@example(body={"orderItems": [{"orderItemId": "9"}] * 101})
def test_shipments(bol: Asker, body: dict[str, Any]) -> None:
    _same_judgement(bol, "POST", "/retailer/shipments", body, is_refused_beyond=_is_odd_shipment(body))


@often
@given(body=changes)
@example(body={"transporterCode": "TNT", "trackAndTrace": "3S1"})
def test_changes_of_transport(bol: Asker, body: dict[str, Any]) -> None:
    # Required and nullable at once in the documents: a change without a code changes nothing, so it is refused.
    is_odd = body.get("trackAndTrace") is None or body.get("transporterCode") == ""
    _same_judgement(bol, "PUT", "/retailer/transports/300000001", body, is_refused_beyond=is_odd)


def _is_odd_shipment(body: dict[str, Any]) -> bool:
    """What the schema lets pass and the words beside it do not, or that has no meaning: refused all the same."""
    listed = body.get("orderItems")
    parts = [part for part in listed if isinstance(part, dict)] if isinstance(listed, list) else []
    counts = [part["quantity"] for part in parts if type(part.get("quantity")) is int]
    transport = body.get("transport") if isinstance(body.get("transport"), dict) else {}
    return (
        body.get("shipmentReference") == ""  # "only null or non-empty strings accepted"
        or body.get("shippingLabelId") == ""
        or any(not 1 <= count <= 9999 for count in counts)
        or "" in (transport.get("transporterCode"), transport.get("trackAndTrace"))
        or bool(transport and body.get("shippingLabelId"))  # a label or a transport, never both
    )


def _same_judgement(bol: Asker, method: str, path: str, body: dict[str, Any], *, is_refused_beyond: bool) -> None:
    reply = bol.ask(method, path, body, checked=False)  # the answer itself is judged, whatever it is
    if not _documents_allow(method, path, body) or is_refused_beyond:
        assert reply.status == 400, body
        assert reply.json["violations"]
    else:
        assert reply.status == 202, (body, reply.body)


def _documents_allow(method: str, path: str, body: dict[str, Any]) -> bool:
    # Nullable beside `allOf`: a strict reading of OpenAPI 3.0 lets no null through, bol does.
    given_fields = {name: value for name, value in body.items() if (name, value) != ("transport", None)}
    try:
        check_request(method, path, given_fields, MEDIA)
    except AssertionError:
        return False
    return True
