"""Subscriptions v11: synchronous. What they bring is in `pushing.py`."""

from typing import Any
from urllib.parse import urlsplit

from stoqflow_web.bol.sandbox import identifiers, pushing
from stoqflow_web.bol.sandbox.answers import Answer, Call
from stoqflow_web.bol.sandbox.checking import EMPTY, Body, wrong_value
from stoqflow_web.bol.sandbox.problems import not_found
from stoqflow_web.bol.sandbox.records import Event, Subscription
from stoqflow_web.bol.sandbox.state import State
from stoqflow_web.bol.sandbox.wire import fields

RESOURCES = (
    "PROCESS_STATUS",
    "SHIPMENT",
    "PRICE_STAR_BOUNDARY",
    "COMPETING_OFFER",
    "OFFER_FOR_SALE",
    "OFFER_NOT_FOR_SALE",
    "ORDER",
)
TYPES = ("WEBHOOK", "GCP_PUBSUB", "AWS_SQS")


def list_subscriptions(state: State, call: Call) -> Answer:
    """GET /retailer/subscriptions."""
    listed = [_described(subscription, state.nulls) for subscription in state.subscriptions.values()]
    return call.answer({"subscriptions": listed} if listed else {})


def get_subscription(state: State, call: Call) -> Answer:
    """GET /retailer/subscriptions/{id}."""
    return call.answer(_described(_subscription(state, call), state.nulls))


def create_subscription(state: State, call: Call) -> Answer:
    """POST /retailer/subscriptions: active at once."""
    subscription = _read(call, identifiers.digits(state.random, "5", 6))
    state.subscriptions[subscription.subscription_id] = subscription
    return call.answer(_described(subscription, state.nulls), 201)


def change_subscription(state: State, call: Call) -> Answer:
    """PUT /retailer/subscriptions/{id}."""
    _subscription(state, call)
    state.subscriptions[call.target] = _read(call, call.target)
    return call.nothing()


def delete_subscription(state: State, call: Call) -> Answer:
    """DELETE /retailer/subscriptions/{id}."""
    _subscription(state, call)
    del state.subscriptions[call.target]
    pushing.drop(state, call.target)
    return call.nothing()


def send_test(state: State, call: Call) -> Answer:
    """POST /retailer/subscriptions/test/{id}."""
    subscription = _subscription(state, call)
    test_id = identifiers.digits(state.random, "7", 10)
    pushing.post(state, subscription, Event(state.clock.now(), pushing.TEST, "TEST", test_id))
    return call.answer({"resource": pushing.TEST, "type": "TEST", "resourceId": test_id})


def signature_keys(state: State, call: Call) -> Answer:
    """GET /retailer/subscriptions/signature-keys: base64 of a DER SubjectPublicKeyInfo."""
    return call.answer({"signatureKeys": pushing.public_keys(state)})


def _subscription(state: State, call: Call) -> Subscription:
    subscription = state.subscriptions.get(call.target)
    if subscription is None:
        raise not_found(call.path, f"Subscription with id {call.target} not found.")
    return subscription


def _read(call: Call, subscription_id: str) -> Subscription:
    body = Body(call)
    kind = body.text(body.content, "subscriptionType", "subscriptionType", required=True, allowed=TYPES)
    destination = body.text(body.content, "eventDestination", "eventDestination", required=True)
    if destination and kind == "WEBHOOK" and urlsplit(destination).scheme != "https":
        body.complain("eventDestination", wrong_value(destination))
    identity = body.text(body.content, "identity", "identity", required=kind == "AWS_SQS")
    enabled = body.flag(body.content, "enabled", "enabled")
    resources = body.content.get("resources")
    if not isinstance(resources, list) or not resources:
        body.complain("resources", EMPTY)
        resources = []
    for resource in resources:
        if resource not in RESOURCES:
            body.complain("resources", wrong_value(resource, RESOURCES))
    body.done()
    return Subscription(
        subscription_id=subscription_id,
        resources=list(resources),
        event_destination=str(destination),
        subscription_type=str(kind),
        enabled=enabled is not False,
        identity=identity,
    )


def _described(subscription: Subscription, nulls: bool) -> dict[str, Any]:
    return fields(
        nulls,
        id=subscription.subscription_id,
        resources=subscription.resources,
        eventDestination=subscription.event_destination,
        subscriptionType=subscription.subscription_type,
        enabled=subscription.enabled,
        identity=subscription.identity,
    )
