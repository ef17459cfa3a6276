"""Reading and verifying pushed messages: whatever is sent, nothing odd is raised, and no changed byte gets through."""

import base64
import json

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from hypothesis import given
from hypothesis import strategies as st

from stoqflow_web.bol import Verdict, read_message, read_signature, verify

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER = rsa.generate_private_key(public_exponent=65537, key_size=2048)
# Of the shape of one that was captured: capital S, a number, empty metadata and links.
CAPTURED = (
    b'{"retailerId":1234567,"timeStamp":"2021-11-18T16:37:13+01:00","event":{"resource":"PROCESS_STATUS",'
    b'"type":"SUCCESS","resourceId":"33371690441","metadata":{},"links":[]}}'
)


def published(key: rsa.RSAPrivateKey) -> str:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return base64.b64encode(key.public_key().public_bytes(serialization.Encoding.DER, form)).decode()


KEYS = {"0": published(KEY), "1": published(OTHER)}


def header(body: bytes, key: rsa.RSAPrivateKey = KEY, key_id: str = "0") -> str:
    signed = base64.b64encode(key.sign(body, padding.PKCS1v15(), hashes.SHA256())).decode()
    return f'keyId={key_id}, algorithm="rsa-sha256", signature={signed}'


def verdict(body: bytes, text: str, keys: dict[str, str] = KEYS) -> Verdict | None:
    signature = read_signature(text)
    return verify(body, signature, keys) if signature else None


GOOD = header(CAPTURED)


def test_a_captured_message_is_understood_and_genuine() -> None:
    message = read_message(CAPTURED)
    assert message is not None
    assert (message.retailer_id, message.sent_at) == ("1234567", "2021-11-18T16:37:13+01:00")
    assert (message.resource, message.type, message.resource_id) == ("PROCESS_STATUS", "SUCCESS", "33371690441")
    assert verdict(CAPTURED, GOOD) == Verdict.GENUINE


def test_the_documented_forms_are_understood_too() -> None:
    event = {"resource": "ORDER", "type": "ORDER_CREATED", "resourceId": "C000AB12CD"}
    told = read_message(
        json.dumps({"retailerId": "1234567", "timestamp": "2026-01-01T00:00:00Z", "event": event}).encode()
    )
    assert told is not None
    assert (told.retailer_id, told.sent_at, told.resource_id) == ("1234567", "2026-01-01T00:00:00Z", "C000AB12CD")


def test_the_key_is_found_by_its_id() -> None:
    assert verdict(CAPTURED, header(CAPTURED, OTHER, "1")) == Verdict.GENUINE
    assert verdict(CAPTURED, header(CAPTURED, OTHER, "0")) == Verdict.FORGED
    assert verdict(CAPTURED, header(CAPTURED, OTHER, "2")) == Verdict.UNKNOWN_KEY


@given(place=st.integers(0, len(CAPTURED) - 1), other=st.integers(1, 255))
def test_any_other_byte_in_the_body_is_a_forgery(place: int, other: int) -> None:
    changed = bytearray(CAPTURED)
    changed[place] ^= other
    assert verdict(bytes(changed), GOOD) == Verdict.FORGED


@given(place=st.integers(0, 255), other=st.integers(1, 255))
def test_any_other_byte_in_the_signature_is_a_forgery(place: int, other: int) -> None:
    signed = bytearray(KEY.sign(CAPTURED, padding.PKCS1v15(), hashes.SHA256()))
    signed[place] ^= other
    text = f'keyId=0, algorithm="rsa-sha256", signature={base64.b64encode(bytes(signed)).decode()}'
    assert verdict(CAPTURED, text) == Verdict.FORGED


@given(st.sampled_from([b" " + CAPTURED, CAPTURED + b"\n", CAPTURED[:-1], b""]))
def test_a_byte_more_or_less_is_a_forgery(body: bytes) -> None:
    assert verdict(body, GOOD) == Verdict.FORGED


@given(st.one_of(st.none(), st.text(), st.from_regex(r"keyId=.*, algorithm=.*, signature=.*", fullmatch=True)))
def test_no_header_whatever_raises(text: str | None) -> None:
    signature = read_signature(text)
    assert signature is None or verify(CAPTURED, signature, KEYS) != Verdict.GENUINE


@pytest.mark.parametrize(
    "text",
    [
        "",
        "keyId=0",
        GOOD.replace("keyId=0, ", ""),
        GOOD.replace("rsa-sha256", "hs2019"),
        GOOD.replace("rsa-sha256", "none"),
        GOOD.replace("signature=", "signature=~"),
        'keyId=0, algorithm="rsa-sha256", signature=',
        GOOD + "A" * 10_000,
    ],
)
def test_a_header_of_another_shape_is_none(text: str) -> None:
    assert read_signature(text) is None


@pytest.mark.parametrize("key", ["", "no base64", base64.b64encode(b"no key").decode()])
def test_a_key_that_is_none_is_unknown(key: str) -> None:
    assert verdict(CAPTURED, GOOD, {"0": key}) == Verdict.UNKNOWN_KEY


@given(
    st.one_of(
        st.binary(),
        st.recursive(
            st.none() | st.text() | st.integers(),
            lambda inner: (
                st.lists(inner)
                | st.dictionaries(
                    st.sampled_from(["event", "retailerId", "timeStamp", "resource", "type", "resourceId"]), inner
                )
            ),
        ).map(lambda value: json.dumps(value).encode()),
    )
)
def test_no_body_whatever_raises(body: bytes) -> None:
    message = read_message(body)
    assert message is None or message.resource_id


@pytest.mark.parametrize("resource_id", ["../orders", "", "a b", "x" * 61, None, 1.5, ["1"], True])
def test_an_id_that_can_be_none_is_no_message(resource_id: object) -> None:
    event = {"resource": "ORDER", "type": "ORDER_CREATED", "resourceId": resource_id}
    assert read_message(json.dumps({"retailerId": 1, "event": event}).encode()) is None


def test_a_nest_of_brackets_is_no_message() -> None:
    assert read_message(b"[" * 50_000) is None
