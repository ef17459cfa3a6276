"""Many seller accounts at one pretend bol.com, told apart by their keys and tokens as at the real one."""

import base64
import json
import sys
import threading
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from stoqflow_web.bol.sandbox import RunningSandbox, Sandbox, SandboxOptions, World, make_sandbox


class Sellers:
    """A WSGI callable in front of several worlds. Requests that name none of them go to the first.

    `GET /counted` tells how often which path was asked for, over all of them.
    """

    def __init__(self, sandboxes: Sequence[Sandbox]) -> None:
        self._sandboxes = list(sandboxes)
        self._by_client = {sandbox.world.options.client_id: sandbox for sandbox in sandboxes}

    @property
    def world(self) -> World:
        return self._sandboxes[0].world

    @property
    def worlds(self) -> list[World]:
        return [sandbox.world for sandbox in self._sandboxes]

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/counted":
            body = json.dumps(self.counted()).encode()
            start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
            return [body]
        scheme, _, proof = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
        return self._meant(scheme, proof)(environ, start_response)

    def counted(self) -> Counter[str]:
        return Counter(f"{seen.method} {seen.path}" for world in self.worlds for seen in world.requests_seen())

    def _meant(self, scheme: str, proof: str) -> Sandbox:
        first = self._sandboxes[0]
        if scheme == "Basic":
            return self._by_client.get(base64.b64decode(proof).decode().partition(":")[0], first)
        return next((one for one in self._sandboxes if proof in one.world.tokens._issued), first)


def seller_options(number: int, **options: Any) -> SandboxOptions:
    """Options of one of many sellers: other keys, another account, other offers for each number (from 0)."""
    return SandboxOptions(
        **{
            "seed": 1000 + number,
            "client_id": f"{number:08d}-2222-4333-8444-555555555555",
            "client_secret": f"the-secret-of-seller-{number}",
            "retailer_id": str(2_000_000 + number),
            "shop_name": f"Seller {number}",
        }
        | options
    )


def start_sellers(how_many: int, *, port: int = 0, **options: Any) -> RunningSandbox:
    """So many sellers, each with a world of its own, at one address. `sandbox.worlds` are theirs."""
    sandboxes = [make_sandbox(seller_options(number, **options)) for number in range(how_many)]
    return RunningSandbox(Sellers(sandboxes), "127.0.0.1", port)


if __name__ == "__main__":
    start_sellers(int(sys.argv[1]), port=int(sys.argv[2]), orders=int(sys.argv[3]), offers=5)
    threading.Event().wait()
