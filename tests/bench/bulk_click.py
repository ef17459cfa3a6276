"""How long a click on 500 orders takes until the page answers; the work itself happens in the background."""

import time

from bs4 import BeautifulSoup
from flask.testing import FlaskClient

from tests.bench.harness import Figure, installation, signed_in_client
from tests.bench.order_list import add_orders
from tests.support.builders import make_product, make_shop

CHOSEN = 500
TIMES = 20
LIMIT_SECONDS = 0.3


def measure() -> list[Figure]:
    """No worker runs, so that the clicks alone are measured; their work waits in the queue."""
    with installation() as home:
        shop_id, product_id = make_shop().id, make_product(stock=1_000_000).id
        add_orders(shop_id, product_id, 1, 10 * CHOSEN)  # one in five is ready and in this shop twice: more than enough
        client = signed_in_client(home)
        token = _token(client)
        ids = [str(number) for number in range(1, 10 * CHOSEN) if number % 5 in (0, 2)][:CHOSEN]
        codes = "\n".join(f"SO-{10_000 + int(number)};3SABCD{int(number):010}" for number in ids)
        taken: dict[str, list[float]] = {"choose": [], "check the codes of": [], "confirm": []}
        for _ in range(TIMES):
            seconds, _batch = _click(client, "/batches", {"csrf_token": token, "kind": "cancel", "order": ids})
            taken["choose"].append(seconds)
            seconds, batch = _click(client, "/batches/new", {"csrf_token": token, "codes": codes})
            taken["check the codes of"].append(seconds)
            seconds, _batch = _click(client, f"{batch}/confirmation", {"csrf_token": token})
            taken["confirm"].append(seconds)
    return [
        Figure("bulk-click", f"{what} {CHOSEN} orders, p95", "the answer", _p95(seconds), LIMIT_SECONDS, unit="s")
        for what, seconds in taken.items()
    ]


def _click(client: FlaskClient, url: str, fields: dict[str, object]) -> tuple[float, str]:
    began = time.perf_counter()
    answer = client.post(url, data=fields)
    seconds = time.perf_counter() - began
    if answer.status_code != 303:
        raise RuntimeError(f"{url} answered {answer.status}: {answer.text[:500]}")
    return seconds, answer.location


def _p95(seconds: list[float]) -> float:
    return sorted(seconds)[int(len(seconds) * 0.95) - 1]


def _token(client: FlaskClient) -> str:
    token = BeautifulSoup(client.get("/batches/new").text, "html.parser").select_one("main [name=csrf_token]")
    assert token is not None
    return str(token["value"])
