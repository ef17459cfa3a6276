"""Reading and judging parameters and bodies; complaints are collected and answered together as bol does."""

import re
from collections.abc import Sequence
from datetime import date
from typing import Any

import msgspec

from stoqflow_web.bol.sandbox.answers import Call
from stoqflow_web.bol.sandbox.problems import Violations, bad_parameters, bad_request

EMPTY = "The supplied value is empty, but is required."
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def wrong_value(value: object, allowed: Sequence[str] = ()) -> str:
    """bol's sentence for a value of the wrong form, or outside the enumeration."""
    text = f"Request contains invalid value(s): '{value}'"
    return f"{text}, allowed values: {', '.join(allowed)}." if allowed else f"{text}."


class Parameters:
    """The query of a call. Ask for each parameter, then `done()` complains about all that were wrong."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._wrong: Violations = []

    def whole(self, name: str, default: int | None, low: int, high: int | None = None) -> int | None:
        text = self._call.parameter(name)
        if text is None:
            return default
        if not re.fullmatch(r"[+-]?[0-9]{1,9}", text) or int(text) < low or (high is not None and int(text) > high):
            self._complain(name, wrong_value(text))
            return None
        return int(text)

    def page(self) -> int:
        return self.whole("page", 1, 1) or 1

    def choice(self, name: str, allowed: Sequence[str], default: str | None = None) -> str | None:
        text = self._call.parameter(name)
        if text is None:
            return default
        if text not in allowed:
            self._complain(name, wrong_value(text, allowed))
            return None
        return text

    def flag(self, name: str) -> bool | None:
        text = self._call.parameter(name)
        if text is None:
            return None
        if text.lower() not in {"true", "false"}:
            self._complain(name, wrong_value(text))
            return None
        return text.lower() == "true"

    def day(self, name: str) -> date | None:
        text = self._call.parameter(name)
        if text is None:
            return None
        try:
            if re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII):
                return date.fromisoformat(text)
            raise ValueError(text)
        except ValueError:
            self._complain(name, wrong_value(text))
            return None

    def text(self, name: str, *, required: bool = False) -> str | None:
        text = self._call.parameter(name)
        if required and not text:
            self._complain(name, EMPTY)
            return None
        return text

    def texts(self, name: str) -> list[str]:
        """A list, sent comma-separated or repeated."""
        return [part for text in self._call.args.get(name, []) for part in text.split(",") if part]

    def refuse(self, name: str, reason: str) -> None:
        self._complain(name, reason)

    def done(self) -> None:
        if self._wrong:
            raise bad_parameters(self._call.path, self._wrong)

    def _complain(self, name: str, reason: str) -> None:
        self._wrong.append({"name": name, "reason": reason})


class Body:
    """The JSON body of a call. Unknown fields are ignored, as bol does."""

    def __init__(self, call: Call) -> None:
        self._path = call.path
        self.wrong: Violations = []
        try:
            content = msgspec.json.decode(call.body)
        except msgspec.DecodeError:
            raise bad_request(call.path, [{"reason": "The request body could not be read."}]) from None
        if not isinstance(content, dict):
            raise bad_request(call.path, [{"reason": "The request body must be an object."}])
        self.content: dict[str, Any] = content

    def text(
        self,
        holder: dict[str, Any],
        name: str,
        path: str,
        *,
        required: bool = False,
        longest: int | None = None,
        allowed: Sequence[str] = (),
    ) -> str | None:
        value = holder.get(name)
        if value is None and not required:
            return None
        if value is None or value == "":
            # One field can produce two violations: empty, and not in the allowed set.
            self.complain(path, EMPTY)
            if allowed:
                self.complain(path, wrong_value("" if value == "" else "null", allowed))
            return None
        if not isinstance(value, str) or (longest is not None and len(value) > longest):
            self.complain(path, wrong_value(value))
            return None
        if allowed and value not in allowed:
            self.complain(path, wrong_value(value, allowed))
            return None
        return value

    def whole(
        self, holder: dict[str, Any], name: str, path: str, low: int, high: int, *, required: bool = False
    ) -> int | None:
        value = holder.get(name)
        if value is None:
            if required:
                self.complain(path, EMPTY)
            return None
        if type(value) is not int or not low <= value <= high:
            self.complain(path, wrong_value(value))
            return None
        return value

    def flag(self, holder: dict[str, Any], name: str, path: str, *, required: bool = False) -> bool | None:
        value = holder.get(name)
        if value is None:
            if required:
                self.complain(path, EMPTY)
            return None
        if not isinstance(value, bool):
            self.complain(path, wrong_value(value))
            return None
        return value

    def objects(self, name: str, low: int, high: int) -> list[dict[str, Any]]:
        """A list of objects, with its smallest and largest length."""
        value = self.content.get(name)
        if value is None or value == []:
            self.complain(name, EMPTY)
            return []
        if not isinstance(value, list) or not all(isinstance(part, dict) for part in value):
            self.complain(name, wrong_value(value))
            return []
        if not low <= len(value) <= high:
            self.complain(name, f"The number of elements must be between {low} and {high}.")
        return value

    def object(self, name: str) -> dict[str, Any] | None:
        value = self.content.get(name)
        if value is None:
            return None
        if not isinstance(value, dict):
            self.complain(name, wrong_value(value))
            return None
        return value

    def complain(self, name: str | None, reason: str) -> None:
        """Without a name when the complaint is about the body as a whole."""
        self.wrong.append({"name": name, "reason": reason} if name else {"reason": reason})

    def done(self) -> None:
        if self.wrong:
            raise bad_request(self._path, self.wrong)
