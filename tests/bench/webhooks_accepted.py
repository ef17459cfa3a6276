"""Fifty webhooks a second at the web process as `run.py web` runs it: how long bol.com waits for each answer.

Each is verified, stored and handed to a worker that works beside it. bol.com gives up after five seconds.
"""

import json
import statistics
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import requests
from sqlalchemy import func, select

from stoqflow_web.bol.sandbox import SandboxOptions, World, pushing
from stoqflow_web.models import PushSubscription, Shop, WebhookMessage
from stoqflow_web.services import signature_keys
from stoqflow_web.supervisor import web_command
from stoqflow_web.transaction import reading, transaction
from tests.bench.harness import (
    Bol,
    Figure,
    Installation,
    free_port,
    installation,
    is_there,
    pretend_bol,
    running,
    wait_for,
    worker,
)

PER_SECOND = 50
SECONDS = 10
WARM_UP = 50
ORDERS = 100
TOKEN = "only-to-measure"
PROMISED = 0.050


def measure() -> list[Figure]:
    with pretend_bol(orders=5, offers=5, limits=False) as bol, installation(bol) as home:
        shop_id = home.link_shop(bol)
        signer = World(SandboxOptions(orders=0, offers=1))
        account_id = _subscribe(shop_id, signer)
        address = f"http://127.0.0.1:{free_port()}"
        command = web_command("127.0.0.1", urlsplit(address).port or 0)
        with running(command, home.environ), worker(home):
            wait_for(lambda: is_there(f"{address}/health"))
            took = _post_all(f"{address}/webhooks/bol/{TOKEN}", _messages(signer, account_id, _orders(bol)))
            wait_for(lambda: _handled(home) == WARM_UP + PER_SECOND * SECONDS, every=0.5)
    quantiles = statistics.quantiles(took, n=20)
    what = f"{len(took)} webhooks at {PER_SECOND} a second, from sent to answered"
    return [
        Figure("webhooks-accepted", f"{what}: p50", "", quantiles[9] * 1000, PROMISED * 1000, "ms"),
        Figure("webhooks-accepted", f"{what}: p95", "50 ms", quantiles[18] * 1000, PROMISED * 1000, "ms"),
    ]


def _subscribe(shop_id: int, signer: World) -> str:
    """As if it had been switched on; the account's id."""
    keys = {key["id"]: key["publicKey"] for key in pushing.public_keys(signer)}
    with transaction() as tx:
        shop = tx.session.get_one(Shop, shop_id)
        tx.session.add(PushSubscription(shop_id=shop_id, token=TOKEN, created_at=shop.created_at, external_id="1"))
        signature_keys.keep_keys(tx, shop_id, keys)
        return shop.account_id


def _orders(bol: Bol) -> list[str]:
    """Placed at bol.com: the worker fetches them while the messages come in."""
    answers = [requests.post(f"{bol.url}/control/place-order", json={"quantity": 1}, timeout=10) for _ in range(ORDERS)]
    return [str(answer.json()["result"]) for answer in answers]


def _messages(signer: World, account_id: str, orders: list[str]) -> list[tuple[bytes, str]]:
    """Half about orders, again and again, half about ended messages of nobody: signed before the clock runs."""
    made = []
    for number in range(WARM_UP + PER_SECOND * SECONDS):
        resource, kind = [("ORDER", "ORDER_CREATED"), ("PROCESS_STATUS", "SUCCESS")][number % 2]
        subject = f"{number:09}" if number % 2 else orders[number // 2 % len(orders)]
        event = {"resource": resource, "type": kind, "resourceId": subject, "metadata": {}, "links": []}
        sent_at = f"2026-11-23T{number // 60:02}:{number % 60:02}:13+01:00"  # another moment: another message
        content = {"retailerId": int(account_id), "timeStamp": sent_at, "event": event}
        body = json.dumps(content).encode()
        made.append((body, pushing.sign(signer, body)))
    return made


def _post_all(address: str, messages: list[tuple[bytes, str]]) -> list[float]:
    """At a steady pace, whatever the answers take; bol.com keeps no connection."""
    took: list[float] = []
    lock = threading.Lock()

    def post(message: tuple[bytes, str], is_measured: bool) -> None:
        headers = {"Content-Type": "application/json", "Signature": message[1]}
        began = time.perf_counter()
        answer = requests.post(address, data=message[0], headers=headers, timeout=10)
        seconds = time.perf_counter() - began
        answer.raise_for_status()
        if is_measured:
            with lock:
                took.append(seconds)

    with ThreadPoolExecutor(16) as pool:
        asked = []
        begin = time.perf_counter()
        for number, message in enumerate(messages):
            time.sleep(max(0.0, begin + number / PER_SECOND - time.perf_counter()))
            asked.append(pool.submit(post, message, number >= WARM_UP))
        for one in asked:
            one.result()
    return took


def _handled(home: Installation) -> int:
    with reading() as session:
        handled = session.scalar(
            select(func.count()).select_from(WebhookMessage).where(WebhookMessage.handled_at.is_not(None))
        )
    print(f"  handled: {handled}", file=sys.stderr)
    return handled or 0
