"""What bol pushes: events become signed messages, and messages are posted until they are taken or given up.

Nothing here sends anything: `sending.py` does, by this file's word. Whoever calls holds the world's lock.
"""

import base64
from dataclasses import replace
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from stoqflow_web.bol.sandbox.records import Delivery, Event, Subscription
from stoqflow_web.bol.sandbox.wire import moment

if TYPE_CHECKING:
    from stoqflow_web.bol.sandbox.state import State

ORDER, PROCESS_STATUS, TEST = "ORDER", "PROCESS_STATUS", "TEST"
# Seconds between the attempts: ten within about ten minutes, as bol documents; then the subscription is switched off.
INTERVALS = (2, 5, 10, 20, 40, 60, 90, 150, 220)
ENDED_KEPT = 500

# What may be asked of the next message
TWICE, LATE, OUT_OF_ORDER, FORGED = "twice", "late", "out of order", "forged"


def announce(state: "State", resource: str, kind: str, resource_id: str, *, after: float = 0.0) -> None:
    """Something happened that subscribers hear of, in so many seconds."""
    due_at = state.clock.now() + timedelta(seconds=after)
    state.events.append(Event(due_at, resource, kind, resource_id))


def make_due(state: "State") -> None:
    """Turns the events whose time has come into messages for whoever is subscribed now."""
    if not state.events:
        return
    now = state.clock.now()
    due = [event for event in state.events if event.due_at <= now]
    state.events = [event for event in state.events if event.due_at > now]
    for event in due if state.is_pushing else ():
        for subscription in state.subscriptions.values():
            if subscription.is_pushed_to and event.resource in subscription.resources:
                post(state, subscription, event)


def post(state: "State", subscription: Subscription, event: Event) -> None:
    """Puts a message in the queue; the oddity that was asked for happens to it."""
    oddity, seconds = state.oddities.pop(0) if state.oddities else (None, 0.0)
    body = msgspec.json.encode(_content(state, event))
    delivery = Delivery(
        subscription_id=subscription.subscription_id,
        to=subscription.event_destination,
        signature=_forged_header(state, body) if oddity == FORGED else sign(state, body),
        body=body,
        event=event,
        due_at=state.clock.now() + timedelta(seconds=seconds),
        is_forged=oddity == FORGED,
        is_held=oddity == OUT_OF_ORDER,
    )
    for held in state.deliveries:
        if held.is_held and held.after is None and held.subscription_id == subscription.subscription_id:
            held.after = delivery
    state.deliveries.append(delivery)
    if oddity == TWICE:
        state.deliveries.append(replace(delivery))
    _forget_ended(state)


def due_deliveries(state: "State") -> list[Delivery]:
    """Those to be posted now, oldest first; whoever takes them says how it went with `posted`."""
    now = state.clock.now()
    return [delivery for delivery in state.deliveries if delivery.is_due(now)]


def posted(state: "State", delivery: Delivery, status: int | None) -> None:
    """An attempt was made: `status` is what came back in time, None for nothing."""
    delivery.is_under_way = False
    delivery.attempts += 1
    delivery.last_status = status
    if status is not None and 200 <= status < 300:
        delivery.ended = "taken"
    elif delivery.is_forged:  # it was never bol's
        delivery.ended = "given up"
    elif delivery.attempts <= len(INTERVALS):
        delivery.due_at = state.clock.now() + timedelta(seconds=INTERVALS[delivery.attempts - 1])
    else:
        delivery.ended = "given up"
        switch_off(state, delivery.subscription_id)


def switch_off(state: "State", subscription_id: str) -> None:
    """What was still to be sent to it is never sent again."""
    if subscription_id in state.subscriptions:
        state.subscriptions[subscription_id].enabled = False
    drop(state, subscription_id)


def drop(state: "State", subscription_id: str) -> None:
    for delivery in state.deliveries:
        if delivery.subscription_id == subscription_id and delivery.ended is None:
            delivery.ended = "dropped"


def sign(state: "State", body: bytes) -> str:
    """The header `Signature` for a body, with the newest key."""
    key_id = current_key_id(state)
    return _header(key_id, _loaded(state.signing_keys[key_id]).sign(body, padding.PKCS1v15(), hashes.SHA256()))


def current_key_id(state: "State") -> str:
    if not state.signing_keys:
        add_key(state)
    return max(state.signing_keys, key=int)


def add_key(state: "State") -> None:
    """Signs with a new key from now on; the older ones stay published."""
    state.signing_keys[str(len(state.signing_keys))] = _new_key()


def public_keys(state: "State") -> list[dict[str, Any]]:
    """As bol publishes them: base64 of a DER SubjectPublicKeyInfo."""
    current_key_id(state)
    return [
        {"id": key_id, "type": "RSA", "publicKey": base64.b64encode(_public(der)).decode()}
        for key_id, der in state.signing_keys.items()
    ]


def _content(state: "State", event: Event) -> dict[str, Any]:
    return {
        "retailerId": int(state.options.retailer_id),
        "timeStamp": moment(state.clock.now()),
        "event": {
            "resource": event.resource,
            "type": event.kind,
            "resourceId": event.resource_id,
            "metadata": {},
            "links": [],
        },
    }


def _forged_header(state: "State", body: bytes) -> str:
    """By somebody who has no key of bol's, under the name of one."""
    return _header(current_key_id(state), _loaded(_stranger_key()).sign(body, padding.PKCS1v15(), hashes.SHA256()))


def _header(key_id: str, signature: bytes) -> str:
    return f'keyId={key_id}, algorithm="rsa-sha256", signature={base64.b64encode(signature).decode()}'


def _forget_ended(state: "State") -> None:
    ended = [delivery for delivery in state.deliveries if delivery.ended]
    if len(ended) > ENDED_KEPT:
        old = {id(delivery) for delivery in ended[:-ENDED_KEPT]}
        state.deliveries = [delivery for delivery in state.deliveries if id(delivery) not in old]


def _new_key() -> bytes:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


@lru_cache(maxsize=1)
def _stranger_key() -> bytes:
    return _new_key()


def _public(der: bytes) -> bytes:
    return (
        _loaded(der)
        .public_key()
        .public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    )


@lru_cache(maxsize=16)
def _loaded(der: bytes) -> rsa.RSAPrivateKey:
    key = serialization.load_der_private_key(der, password=None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError("The signing key is not an RSA key.")
    return key
