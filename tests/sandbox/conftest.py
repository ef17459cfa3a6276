"""A pretend bol.com with a clock that stands still, and someone who asks it things.

Everything that is asked and answered is held against bol's own documents, where they are at hand.
"""

import base64
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from werkzeug.test import Client

from stoqflow_web.bol.sandbox import Sandbox, SandboxOptions, World, make_sandbox
from tests.openapi import check_request, check_response, documents_are_here, require_documents

# A Tuesday, half past twelve in Amsterdam.
NOON = datetime(2026, 9, 15, 10, 30, tzinfo=UTC)


@dataclass
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def media(self) -> str:
        return self.headers.get("content-type", "").split(";")[0]


class Asker:
    """Asks as a well-behaved client does; `checked=False` for requests that are wrong on purpose."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.world: World = sandbox.world
        self._client = Client(sandbox)
        self._token: str | None = None

    def raw(self, method: str, path: str, headers: dict[str, str], body: bytes = b"") -> Reply:
        answer = self._client.open(path, method=method, headers=headers, data=body)
        return Reply(answer.status_code, {name.lower(): value for name, value in answer.headers}, answer.get_data())

    def token(self, client_id: str | None = None, secret: str | None = None) -> Reply:
        options = self.world.options
        pair = f"{client_id or options.client_id}:{secret or options.client_secret}"
        headers = {
            "Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}",
            "Accept": "application/json",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        return self.raw("POST", "/token", headers, b"grant_type=client_credentials")

    def sign_in(self) -> None:
        self._token = self.token().json["access_token"]

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        version: str = "v10",
        form: str = "json",
        checked: bool = True,
    ) -> Reply:
        if self._token is None:
            self.sign_in()
        media = f"application/vnd.retailer.{version}+{form}"
        headers = {"Authorization": f"Bearer {self._token}", "Accept": media}
        plain = path.partition("?")[0]
        if body is not None:
            headers["Content-Type"] = media
            if checked and documents_are_here():
                check_request(method, plain, body, media)
        content_sent = b"" if body is None else json.dumps(body).encode()
        reply = self.raw(method, path, headers, content_sent)
        if reply.status == 401 and reply.json["title"] == "Expired JWT":
            self.sign_in()
            headers["Authorization"] = f"Bearer {self._token}"
            reply = self.raw(method, path, headers, content_sent)
        if documents_are_here() and ("json" in reply.media or reply.status == 204):
            content = None if reply.status == 204 else reply.json
            check_response(method, plain, reply.status, media if form == "json" else reply.media, content)
        return reply

    def get(self, path: str, **options: Any) -> Reply:
        return self.ask("GET", path, **options)

    def post(self, path: str, body: Any, **options: Any) -> Reply:
        return self.ask("POST", path, body, **options)

    def put(self, path: str, body: Any, **options: Any) -> Reply:
        return self.ask("PUT", path, body, **options)

    def patch(self, path: str, body: Any, **options: Any) -> Reply:
        return self.ask("PATCH", path, body, version="v11", **options)

    def order_ids(self, query: str = "") -> list[str]:
        return [order["orderId"] for order in self.get(f"/retailer/orders{query}").json.get("orders", [])]

    def items(self, order_id: str) -> list[dict[str, Any]]:
        return self.get(f"/retailer/orders/{order_id}").json["orderItems"]

    def item_ids(self, order_id: str) -> list[str]:
        return [item["orderItemId"] for item in self.items(order_id)]

    def ship(self, *parts: Any, reference: str = "WH-1", **more: Any) -> Reply:
        """Each part is an item id, or an item id with a quantity."""
        asked = [part if isinstance(part, tuple) else (part, None) for part in parts]
        items = [{"orderItemId": item} | ({"quantity": count} if count else {}) for item, count in asked]
        transport = {"transporterCode": "TNT", "trackAndTrace": "3SABCD0000001"}
        body = {"orderItems": items, "shipmentReference": reference, "transport": transport, **more}
        return self.post("/retailer/shipments", {name: value for name, value in body.items() if value is not None})

    def cancel(self, item_id: str, reason: str = "OUT_OF_STOCK") -> Reply:
        body = {"orderItems": [{"orderItemId": item_id, "reasonCode": reason}]}
        return self.put("/retailer/orders/cancellation", body)

    def outcome(self, reply: Reply) -> dict[str, Any]:
        """What became of a write once its delay has passed."""
        assert reply.status == 202, reply.body
        self.world.jump(seconds=self.world.process_delay)
        return self.get(f"/shared/process-status/{reply.json['processStatusId']}").json


def asker(**options: Any) -> Asker:
    return Asker(make_sandbox(SandboxOptions(**{"orders": 0, "offers": 12, "standing_clock": NOON, **options})))


@pytest.fixture
def bol() -> Asker:
    """A shop with a dozen offers and no orders yet; limits do not get in the way."""
    return asker(limits=False)


@pytest.fixture
def world(bol: Asker) -> World:
    return bol.world


@pytest.fixture(scope="session")
def busy_bol() -> Asker:
    """A shop as `stoqflow demo` has it; only for reading."""
    return asker(orders=400, offers=1200, limits=False)


@pytest.fixture
def documents() -> None:
    """For a test that is about the documents: without them it is skipped."""
    require_documents()
