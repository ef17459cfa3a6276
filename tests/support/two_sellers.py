"""Two seller accounts at one pretend bol.com, told apart by their keys and tokens as at the real one."""

import base64
from collections.abc import Iterable
from typing import Any

from stoqflow_web.bol.sandbox import Sandbox


class TwoSellers:
    """A WSGI callable in front of two worlds. Requests that name neither go to the first."""

    def __init__(self, first: Sandbox, second: Sandbox) -> None:
        self._first, self._second = first, second

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        scheme, _, proof = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
        is_second = self._has_keys(proof) if scheme == "Basic" else proof in self._second.world.tokens._issued
        return (self._second if is_second else self._first)(environ, start_response)

    def _has_keys(self, proof: str) -> bool:
        return base64.b64decode(proof).decode().startswith(f"{self._second.world.options.client_id}:")
