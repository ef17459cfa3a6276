"""Posts what is to be pushed, from a thread beside the server, several at a time."""

import http.client
import logging
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

from stoqflow_web.bol.sandbox import pushing
from stoqflow_web.bol.sandbox.records import Delivery
from stoqflow_web.bol.sandbox.world import World

log = logging.getLogger(__name__)

LOOKS_EVERY = 0.05
# bol's documentation: success is any 2xx within five seconds.
ANSWER_SECONDS = 5.0
AT_ONCE = 8


class Sender:
    """Sends for the worlds that `worlds` gives, until `stop()`. `after_change` is told after each attempt."""

    def __init__(self, worlds: Callable[[], Sequence[World]], after_change: Callable[[], None] | None = None) -> None:
        self._worlds = worlds
        self._after_change = after_change
        self._stopped = threading.Event()
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="webhook")
        self._thread = threading.Thread(target=self._look, name="webhooks", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _look(self) -> None:
        while not self._stopped.wait(LOOKS_EVERY):
            for world in self._worlds():
                if world.subscriptions:
                    self._send_due(world)

    def _send_due(self, world: World) -> None:
        with world.lock:
            world.settle()
            due = pushing.due_deliveries(world)
            for delivery in due:
                delivery.is_under_way = True
        for delivery in due:
            self._pool.submit(self._send, world, delivery)

    def _send(self, world: World, delivery: Delivery) -> None:
        status = None
        try:
            status = _post(delivery, world.options.webhooks_to)
        except (OSError, http.client.HTTPException, ValueError) as error:
            log.info("A webhook did not get through to %s: %s", delivery.to, error)
        with world.lock:
            pushing.posted(world, delivery, status)
        if self._after_change:
            self._after_change()


def _post(delivery: Delivery, instead: str | None) -> int | None:
    """The status that came back in time, None for one that came too late. Raises OSError, HTTPException, ValueError.

    `instead` is an address of plain http that stands for the TLS proxy in front of every destination.
    """
    destination = urlsplit(delivery.to)
    target = urlsplit(instead) if instead else destination
    if target.scheme == "https":
        connection: http.client.HTTPConnection = http.client.HTTPSConnection(
            target.netloc, timeout=ANSWER_SECONDS, context=ssl.create_default_context()
        )
    else:
        connection = http.client.HTTPConnection(target.netloc, timeout=ANSWER_SECONDS)
    began = time.monotonic()
    try:
        path = (destination.path or "/") + (f"?{destination.query}" if destination.query else "")
        headers = {"Content-Type": "application/json", "Signature": delivery.signature, "User-Agent": "bol-webhook"}
        connection.request("POST", path, body=delivery.body, headers=headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status if time.monotonic() - began <= ANSWER_SECONDS else None
    finally:
        connection.close()
