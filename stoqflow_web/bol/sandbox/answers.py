"""What goes in and out of an endpoint."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

V10 = "v10"
V11 = "v11"


def vendor_media(version: str, form: str = "json") -> str:
    """bol's media type of a version, for example `application/vnd.retailer.v10+json`."""
    return f"application/vnd.retailer.{version}+{form}"


@dataclass(slots=True)
class Answer:
    """A finished answer; `cut_at` breaks the connection after so many bytes of the body."""

    status: int
    body: bytes = b""
    media: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    cut_at: int | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """One request to an endpoint, after the token, the limits and the media type were found in order."""

    method: str
    path: str
    target: str
    args: Mapping[str, list[str]]
    body: bytes
    version: str
    base_url: str
    client_id: str

    def answer(self, content: Any, status: int = 200) -> Answer:
        return Answer(status, msgspec.json.encode(content), vendor_media(self.version) + ";charset=UTF-8")

    def nothing(self) -> Answer:
        """204, as v11 answers a change."""
        return Answer(204)

    def parameter(self, name: str) -> str | None:
        values = self.args.get(name)
        return values[0] if values else None
