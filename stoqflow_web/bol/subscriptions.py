"""Subscriptions (v11): what bol pushes to us, the keys it signs with, and how a pushed message is read and verified.

Reading and verifying ask nobody anything: they are functions of the bytes that came in.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from enum import Enum
from typing import Any

import msgspec
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key

from .record import Record

# Resources
ORDER = "ORDER"
PROCESS_STATUS = "PROCESS_STATUS"
TEST = "TEST"

WEBHOOK = "WEBHOOK"
ALGORITHM = "rsa-sha256"
LONGEST_HEADER = 4_000
_ID = re.compile(r"[A-Za-z0-9_-]{1,60}")


class Subscription(Record, frozen=True, kw_only=True):
    """One subscription of the account. bol sets `enabled` to false when it could not deliver for ten minutes."""

    id: str
    resources: tuple[str, ...] = ()
    event_destination: str = ""
    subscription_type: str = WEBHOOK
    enabled: bool = True


class SubscriptionList(Record, frozen=True, kw_only=True):
    """All of them; the key is missing when there are none."""

    subscriptions: tuple[Subscription, ...] = ()


class SignatureKey(Record, frozen=True, kw_only=True):
    """A key that bol signs with: base64 of a DER SubjectPublicKeyInfo."""

    id: str
    type: str = "RSA"
    public_key: str = ""


class SignatureKeyList(Record, frozen=True, kw_only=True):
    """The keys in use."""

    signature_keys: tuple[SignatureKey, ...] = ()


class Signature(msgspec.Struct, frozen=True, kw_only=True):
    """What the header `Signature` of a message says."""

    key_id: str
    value: bytes


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A pushed message, a hint and never a fact. `sent_at` is bol's text as it came: it only tells messages apart."""

    retailer_id: str
    sent_at: str
    resource: str
    type: str
    resource_id: str


class Verdict(Enum):
    """Whether a message is from bol."""

    GENUINE = "genuine"
    FORGED = "forged"
    UNKNOWN_KEY = "unknown key"  # ask for the keys anew, then look again


def read_signature(header: str | None) -> Signature | None:
    """`keyId=0, algorithm="rsa-sha256", signature=<base64>` as parts; None when it is anything else."""
    if not header or len(header) > LONGEST_HEADER:
        return None
    parts = dict(_named(part) for part in header.split(","))
    key_id, value = parts.get("keyid", ""), parts.get("signature", "")
    if not _ID.fullmatch(key_id) or parts.get("algorithm", ALGORITHM).lower() != ALGORITHM:
        return None
    try:
        decoded = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return None
    return Signature(key_id=key_id, value=decoded) if decoded else None


def verify(body: bytes, signature: Signature, keys: Mapping[str, str]) -> Verdict:
    """Whether the bytes, exactly as they came in, were signed with one of `keys` (by id, as bol gives them)."""
    key = _public_key(keys.get(signature.key_id, ""))
    if key is None:
        return Verdict.UNKNOWN_KEY
    try:
        key.verify(signature.value, body, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return Verdict.FORGED
    return Verdict.GENUINE


def read_message(body: bytes) -> Message | None:
    """The message in `body`, None when it is not one. bol writes `timeStamp` or `timestamp`, ids as text or number."""
    try:
        content = msgspec.json.decode(body)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None
    event = content.get("event") if isinstance(content, dict) else None
    if not isinstance(event, dict):
        return None
    sent_at = next((value for name, value in content.items() if name.lower() == "timestamp"), "")
    message = Message(
        retailer_id=_text(content.get("retailerId")),
        sent_at=_text(sent_at),
        resource=_text(event.get("resource")),
        type=_text(event.get("type")),
        resource_id=_text(event.get("resourceId")),
    )
    ids = (message.retailer_id, message.resource, message.type, message.resource_id)
    return message if all(_ID.fullmatch(one) for one in ids) and len(message.sent_at) <= 60 else None


def _named(part: str) -> tuple[str, str]:
    """Name in lower case and value without quotes. Only the first = parts them: base64 ends in some."""
    name, _, value = part.strip().partition("=")
    return name.strip().lower(), value.strip().replace('"', "")


def _public_key(text: str) -> rsa.RSAPublicKey | None:
    try:
        key = load_der_public_key(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError, UnsupportedAlgorithm):
        return None
    return key if isinstance(key, rsa.RSAPublicKey) else None


def _text(value: Any) -> str:
    return str(value) if isinstance(value, str) or type(value) is int else ""
