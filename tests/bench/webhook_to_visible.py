"""From the moment a client orders at bol.com to the moment an open orders page shows it, pushed.

Real processes: the pretend bol.com posts to the web process, a worker fetches the order, and a page that is open asks
every two seconds whether anything changed, as its htmx does. The sync is out of the way.
"""

import os
import random
import re
import statistics
import sys
import time
from contextlib import ExitStack
from datetime import timedelta
from urllib.parse import urlsplit

import requests
from bs4 import BeautifulSoup

from stoqflow_web import clock
from stoqflow_web.extensions import db
from stoqflow_web.models import Shop
from stoqflow_web.queries import push_subscriptions as queries
from stoqflow_web.services import push_subscriptions, users
from stoqflow_web.supervisor import web_command
from stoqflow_web.transaction import transaction
from tests.bench.harness import Bol, Figure, free_port, installation, is_there, running, wait_for, worker

ORDERS = 40  # fewer than the rows of a page
EVERY = 2.0  # seconds between two questions of an open page; templates/order_changes/_watch.html
LONGEST = 60.0
LATENCY = 0.05
PROMISED = 3.0
PASSWORD = "only to measure"


def measure() -> list[Figure]:
    port, bol_port = free_port(), free_port()
    address, bol = f"http://127.0.0.1:{port}", Bol(f"http://127.0.0.1:{bol_port}")
    os.environ["STOQFLOW_PUBLIC_URL"] = "https://stoqflow.example"
    options = ("--port", bol_port, "--orders", 0, "--offers", 40, "--latency", LATENCY, "--webhooks-to", address)
    sandbox = [sys.executable, "-m", "stoqflow_web.cli", "sandbox", *map(str, options)]
    with ExitStack() as stack:
        stack.enter_context(running(sandbox, os.environ.copy()))
        wait_for(lambda: is_there(bol.url))
        home = stack.enter_context(installation(bol))
        shop_id = home.link_shop(bol)
        users.add_user(email="bench@example.com", name="Bench", role="manager", password=PASSWORD)
        with transaction() as tx:
            tx.session.get_one(Shop, shop_id).next_sync_at = clock.now() + timedelta(hours=1)
        stack.enter_context(running(web_command("127.0.0.1", urlsplit(address).port or 0), home.environ))
        stack.enter_context(running([sys.executable, "-m", "jobs.scheduler"], home.environ))
        stack.enter_context(worker(home))
        wait_for(lambda: is_there(f"{address}/health"))
        push_subscriptions.switch_on(shop_id, user_id=None)
        wait_for(lambda: _is_tested(shop_id), every=0.2)
        waits = _waits(bol, address)
    quantiles = statistics.quantiles(waits, n=20)
    what = f"{len(waits)} orders from ordered at bol.com to an open page, pushed, 50 ms an answer"
    return [
        Figure("webhook-to-visible", f"{what}: p50", "half of what is promised", quantiles[9], PROMISED / 2, "s"),
        Figure("webhook-to-visible", f"{what}: p95", "three seconds", quantiles[18], PROMISED, "s"),
    ]


def _waits(bol: Bol, address: str) -> list[float]:
    """Seconds for each order, one after the other, at any moment between two questions of the page."""
    chance, page = random.Random(7), OpenPage(address)
    waits = []
    for _ in range(ORDERS):
        page.look_for(chance.uniform(0, EVERY))
        began = time.monotonic()
        before = page.orders
        _place(bol)
        while page.orders == before:
            if time.monotonic() - began > LONGEST:
                raise TimeoutError(f"order {before + 1} was never seen")
            page.look_for(0.0)
        waits.append(time.monotonic() - began)
    return waits


class OpenPage:
    """What htmx does for a list of orders that is open in a browser."""

    def __init__(self, address: str) -> None:
        self._address, self._session = address, requests.Session()
        self._sign_in()
        self._html = self._get("/orders")
        self._watch = self._asks()
        self._next = time.monotonic() + EVERY

    @property
    def orders(self) -> int:
        """How many rows it has."""
        return self._html.count('<tr id="order-')

    def look_for(self, seconds: float) -> None:
        """Let so much time pass, and at least until the next question when there is no time."""
        until = time.monotonic() + seconds if seconds else self._next
        while self._next <= until:
            time.sleep(max(0.0, self._next - time.monotonic()))
            self._look()
        time.sleep(max(0.0, until - time.monotonic()))

    def _look(self) -> None:
        answer = self._session.get(f"{self._address}{self._watch}", headers=self._htmx, timeout=30)
        if answer.status_code == 200:
            self._watch = _address_in(answer.text, "order-changes")
            self._html = self._get("/orders")
        self._next = time.monotonic() + EVERY

    @property
    def _htmx(self) -> dict[str, str]:
        return {"HX-Request": "true", "HX-Request-Type": "partial"}

    def _get(self, path: str) -> str:
        return self._session.get(f"{self._address}{path}", headers=self._htmx, timeout=30).text

    def _asks(self) -> str:
        return _address_in(self._session.get(f"{self._address}/orders", timeout=30).text, "order-changes")

    def _sign_in(self) -> None:
        page = BeautifulSoup(self._session.get(f"{self._address}/sign-in", timeout=30).text, "html.parser")
        token = page.select_one("[name=csrf_token]")
        assert token is not None
        fields = {"email": "bench@example.com", "password": PASSWORD, "csrf_token": token["value"]}
        self._session.post(f"{self._address}/sign-in", data=fields, timeout=30).raise_for_status()


def _address_in(html: str, element_id: str) -> str:
    found = re.search(rf'id="{element_id}" hx-get="([^"]+)"', html)
    assert found is not None, html[:500]
    return found[1].replace("&amp;", "&")


def _is_tested(shop_id: int) -> bool:
    db.session.rollback()
    row = queries.state_of(shop_id).subscription
    return row is not None and row.tested_at is not None


def _place(bol: Bol) -> None:
    answer = requests.post(f"{bol.url}/control/place-order", json={"quantity": 1}, timeout=10)
    answer.raise_for_status()
