"""The plain way to fetch orders, to measure ours against: a list page, then one order after another."""

import time
from itertools import islice
from typing import Any

import requests

from tests.bench.harness import Bol

MEDIA_TYPE = "application/vnd.retailer.v10+json"
ORDERS_ON_A_PAGE = 50


def seconds_per_order(bol: Bol, *, orders: int) -> float:
    """What one open order takes such a client, its share of the list included. Nothing is stored."""
    with requests.Session() as session:
        began = time.monotonic()
        session.headers.update({"Accept": MEDIA_TYPE, "Authorization": f"Bearer {_token(session, bol)}"})
        fetched = 0
        for page in range(1, -(-orders // ORDERS_ON_A_PAGE) + 1):
            listed = _asked(session, f"{bol.url}/retailer/orders?page={page}")["orders"]
            for order in islice(listed, orders - fetched):
                _asked(session, f"{bol.url}/retailer/orders/{order['orderId']}")
                fetched += 1
        return (time.monotonic() - began) / fetched


def _token(session: requests.Session, bol: Bol) -> str:
    answer = session.post(
        bol.token_url, data={"grant_type": "client_credentials"}, auth=(bol.client_id, bol.client_secret)
    )
    answer.raise_for_status()
    return str(answer.json()["access_token"])


def _asked(session: requests.Session, url: str) -> Any:
    answer = session.get(url)
    answer.raise_for_status()
    return answer.json()
