"""The same over a real connection."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection

import pytest
import requests

from stoqflow_web.bol.sandbox import RunningSandbox, SandboxOptions, start_sandbox

V10 = "application/vnd.retailer.v10+json"


@pytest.fixture
def running() -> Iterator[RunningSandbox]:
    with start_sandbox(SandboxOptions(orders=5, offers=5, limits=False)) as running:
        yield running


@pytest.fixture
def session(running: RunningSandbox) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        keys = (running.client_id, running.client_secret)
        token = session.post(running.token_url, auth=keys, data={"grant_type": "client_credentials"}).json()
        session.headers.update({"Authorization": f"Bearer {token['access_token']}", "Accept": V10})
        yield session


def test_one_connection_serves_many_requests(running: RunningSandbox) -> None:
    with closing(HTTPConnection(running.url.removeprefix("http://"), timeout=5)) as connection:
        connection.connect()
        socket = connection.sock
        for _ in range(3):
            # A body that nobody asked for must not be taken for the next request.
            connection.request("POST", "/token", b"grant_type=nonsense", {"Accept": "application/json"})
            assert connection.getresponse().read() == b'{"error":"unsupported_grant_type"}'
        assert connection.sock is socket


def test_whoever_keeps_a_connection_is_not_answered_after_the_end(
    running: RunningSandbox, session: requests.Session
) -> None:
    assert session.get(f"{running.url}/retailer/orders").status_code == 200
    running.stop()
    with pytest.raises(requests.ConnectionError):
        session.get(f"{running.url}/retailer/orders")


def test_many_at_once_are_answered(running: RunningSandbox, session: requests.Session) -> None:
    order_id = running.world.place_order()
    with ThreadPoolExecutor(24) as pool:
        asked = pool.map(lambda _: session.get(f"{running.url}/retailer/orders/{order_id}"), range(200))
        assert {answer.json()["orderId"] for answer in asked} == {order_id}


def test_a_lost_answer_is_a_broken_connection(running: RunningSandbox, session: requests.Session) -> None:
    running.world.lose_next_answer()
    with pytest.raises(requests.ConnectionError):
        session.get(f"{running.url}/retailer/orders")
    assert session.get(f"{running.url}/retailer/orders").status_code == 200


def test_a_cut_answer_breaks_off_in_its_body(running: RunningSandbox, session: requests.Session) -> None:
    running.world.cut_next_answer(path="/retailer/retailers")
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        session.get(f"{running.url}/retailer/retailers/current")


def test_slowness_runs_into_a_time_out_and_does_not_hold_up_others(
    running: RunningSandbox, session: requests.Session
) -> None:
    running.world.slow_down(1, path="/retailer/orders", count=1)
    with pytest.raises(requests.Timeout):
        session.get(f"{running.url}/retailer/orders", timeout=0.05)
    assert session.get(f"{running.url}/retailer/returns", timeout=0.5).status_code == 200
