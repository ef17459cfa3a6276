"""From bol's JSON to records. Missing and null are the same thing; unknown keys are skipped; a wrong type is named."""

import re
from decimal import Decimal
from typing import Any, TypeVar

import msgspec

from .errors import UnexpectedAnswer

T = TypeVar("T")

_json = msgspec.json.Decoder(float_hook=Decimal)  # money must not pass through a float
_MOMENTS = ("Date", "DateTime", "Timestamp")
_PATH = re.compile(r"at `(?P<path>.+)`$")


def decode(body: bytes, kind: type[T]) -> T:
    """The record in `body`. Raises UnexpectedAnswer; its `field` is set when the JSON is of another shape."""
    try:
        return msgspec.convert(_without_nothing(_json.decode(body)), kind)
    except msgspec.ValidationError as mismatch:
        raise _wrong_type(str(mismatch)) from None
    except (msgspec.DecodeError, ValueError, ArithmeticError, RecursionError):
        raise UnexpectedAnswer("bol.com sent an answer that can't be read (broken JSON).", retryable=True) from None


def _without_nothing(value: Any) -> Any:
    """bol leaves optional keys out, or sends null, or an empty text for a date: one of the three is enough for us."""
    if isinstance(value, dict):
        return {key: _without_nothing(item) for key, item in value.items() if not _is_nothing(key, item)}
    if isinstance(value, list):
        return [_without_nothing(item) for item in value]
    return value


def _is_nothing(key: str, value: object) -> bool:
    return value is None or (value == "" and key.endswith(_MOMENTS))


def _wrong_type(complaint: str) -> UnexpectedAnswer:
    found = _PATH.search(complaint)
    error = UnexpectedAnswer(f"bol.com sent an answer of another shape than it documents: {complaint}.")
    error.field = found["path"] if found else "$"
    return error
