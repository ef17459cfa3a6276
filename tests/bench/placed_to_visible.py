"""From the moment bol.com lists an order to the moment the orders page shows it, with all limits on.

Nothing is shortened: a scheduler, a worker, and a sync each minute, as a shop has it after linking. Orders are placed
at random moments, so that half of them wait for more than half of a minute by the interval alone.
"""

import random
import statistics
import sys
import time

import requests
from flask.testing import FlaskClient

from tests.bench.harness import Bol, Figure, installation, pretend_bol, running, signed_in_client, wait_for, worker
from tests.support.syncs import shop_now

ORDERS = 40
SECONDS = 180.0
LATENCY = 0.05
EVERY = 0.5  # seconds between two looks at the page
PROMISED = 120.0  # "new orders appear within two minutes"


def measure() -> list[Figure]:
    with pretend_bol(orders=60, offers=40, latency=LATENCY) as bol, installation(bol) as home:
        shop_id = home.link_shop(bol)
        client = signed_in_client(home)
        with running([sys.executable, "-m", "jobs.scheduler"], home.environ), worker(home):
            wait_for(lambda: shop_now(shop_id).synced_at, every=0.5)
            waits = _waits(bol, client)
    quantiles = statistics.quantiles(waits, n=20)
    what = f"{len(waits)} orders from listed at bol.com to the orders page, 50 ms an answer"
    return [
        Figure("placed-to-visible", f"{what}: p50", "half the interval, and the work", quantiles[9], PROMISED / 2, "s"),
        Figure("placed-to-visible", f"{what}: p95", "two minutes", quantiles[18], PROMISED, "s"),
    ]


def _waits(bol: Bol, client: FlaskClient) -> list[float]:
    """Seconds for each order."""
    chance = random.Random(7)
    begin = time.monotonic()
    moments = sorted(begin + chance.uniform(0, SECONDS) for _ in range(ORDERS))
    placed: dict[str, float] = {}
    waits: list[float] = []
    while moments or placed:
        while moments and moments[0] <= time.monotonic():
            moments.pop(0)
            placed[_place(bol)] = time.monotonic()
        for order_id in [order_id for order_id in placed if is_shown(client, order_id)]:
            waits.append(time.monotonic() - placed.pop(order_id))
        if any(time.monotonic() - since > 3 * PROMISED for since in placed.values()):
            raise TimeoutError(f"never seen: {', '.join(placed)}")
        time.sleep(EVERY)
    return waits


def is_shown(client: FlaskClient, order_id: str) -> bool:
    """Whether the orders page has a row for what is found by bol.com's number."""
    return '<tr id="order-' in client.get(f"/orders?q={order_id}").text


def _place(bol: Bol) -> str:
    answer = requests.post(f"{bol.url}/control/place-order", json={"quantity": 1}, timeout=10)
    answer.raise_for_status()
    return str(answer.json()["result"])
