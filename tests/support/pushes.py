"""A desk that bol.com pushes to: its messages go through the app's own address, its jobs are done here and now."""

import base64
import json
from collections.abc import Sequence
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from flask import Flask
from sqlalchemy import select

from stoqflow_web.bol.sandbox import World
from stoqflow_web.extensions import db
from stoqflow_web.models import PushSubscription, WebhookMessage
from stoqflow_web.services import push_subscriptions, signature_keys, webhook_work
from tests.support.desk import Desk

PUBLIC_URL = "https://orders.shop.example"


class Push:
    """What is pushed to a desk. Not by the pretend bol.com's own thread: `arrive` carries messages over, at once."""

    def __init__(self, app: Flask, desk: Desk) -> None:
        self.app, self.desk, self.world = app, desk, desk.world
        self.http = app.test_client()
        self.statuses: list[int] = []

    def switch_on(self) -> PushSubscription:
        """Pressed, done by a worker, and tested."""
        push_subscriptions.switch_on(self.desk.shop_id, user_id=None)
        push_subscriptions.keep(self.desk.shop_id)
        self.arrive()
        self.work()
        return self.row

    @property
    def row(self) -> PushSubscription:
        db.session.rollback()
        found = select(PushSubscription).where(PushSubscription.shop_id == self.desk.shop_id)
        return db.session.scalars(found.execution_options(populate_existing=True)).one()

    @property
    def messages(self) -> Sequence[WebhookMessage]:
        db.session.rollback()
        found = select(WebhookMessage).order_by(WebhookMessage.id).execution_options(populate_existing=True)
        return db.session.scalars(found).all()

    def outcomes(self) -> list[str | None]:
        return [message.outcome for message in self.messages]

    def arrive(self) -> list[int]:
        """All that bol.com would post now, posted; the statuses that it gets."""
        from stoqflow_web.bol.sandbox import pushing

        answered = []
        while True:
            with self.world.lock:
                self.world.settle()
                due = pushing.due_deliveries(self.world)
            if not due:
                return answered
            for delivery in due:
                answered.append(self.post(delivery.body, delivery.signature, path=_path(delivery.to)))
                with self.world.lock:
                    pushing.posted(self.world, delivery, answered[-1])

    def post(self, body: bytes, signature: str | None, *, path: str | None = None, **headers: str) -> int:
        """Posted as a stranger does: no session, no token of a form."""
        given = {"Content-Type": "application/json"} | headers
        if signature is not None:
            given["Signature"] = signature
        answer = self.http.post(path or f"/webhooks/bol/{self.row.token}", data=body, headers=given)
        return answer.status_code

    def work(self) -> None:
        """What a worker does for what came in."""
        webhook_work.handle(self.desk.shop_id)

    def refresh_keys(self) -> None:
        signature_keys.refresh(self.desk.shop_id)


def _path(address: str) -> str:
    assert address.startswith(PUBLIC_URL)
    return address.removeprefix(PUBLIC_URL)


def message(world: World, *, resource: str = "ORDER", kind: str = "ORDER_CREATED", **what: Any) -> bytes:
    """The bytes of a message of the shape that was captured."""
    event = {"resource": resource, "type": kind, "resourceId": what.get("subject", "C000AB12CD")}
    content = {
        "retailerId": what.get("retailer_id", int(world.options.retailer_id)),
        "timeStamp": what.get("sent_at", "2026-11-23T09:12:13+01:00"),
        "event": event | {"metadata": {}, "links": []},
    }
    return json.dumps(content, separators=(",", ":")).encode()


class Stranger:
    """Somebody with a key that bol.com does not have."""

    def __init__(self) -> None:
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def sign(self, body: bytes, key_id: str = "0") -> str:
        signed = base64.b64encode(self._key.sign(body, padding.PKCS1v15(), hashes.SHA256())).decode()
        return f'keyId={key_id}, algorithm="rsa-sha256", signature={signed}'

    @property
    def der(self) -> bytes:
        encoding, form = serialization.Encoding.DER, serialization.PrivateFormat.PKCS8
        return self._key.private_bytes(encoding, form, serialization.NoEncryption())
