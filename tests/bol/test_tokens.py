"""One token per account: shared, renewed in time, never asked for in a hurry."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from stoqflow_web.bol import (
    BolUnavailable,
    LimitReached,
    MemoryTokenStore,
    NoConnection,
    SharedStoreUnavailable,
    TokenBraked,
    TokenRefused,
    WrongCredentials,
)
from stoqflow_web.bol.tokens import BURST, Grant, TokenSource
from stoqflow_web.sharing import RedisTokenStore
from tests.bol.conftest import SECRET
from tests.bol.scripted import Reply, problem

NOBODY = {"retailerId": "1"}


class Host:
    """A token host with a clock: grants tokens that live `lifetime` seconds, or fails with `failure`."""

    def __init__(self, store, lifetime=599.0, secret=SECRET):
        self.now = 1_000_000.0
        self.lifetime = lifetime
        self.failure = None
        self.asked_at = []
        self.source = self.another_worker(store, secret)

    def another_worker(self, store, secret=SECRET):
        return TokenSource("id", secret, store=store, fetch=self.fetch, clock=lambda: self.now)

    def fetch(self):
        self.asked_at.append(self.now)
        if self.failure:
            raise self.failure
        return Grant(f"token-{len(self.asked_at)}", self.lifetime)


def test_16_threads_of_4_workers_ask_for_one_token(bol, make_client, token_store):
    bol.queue("/retailer/retailers/current", Reply(NOBODY))
    clients = [make_client(tokens=token_store) for _ in range(4)]
    together = threading.Barrier(16)

    def ask(number):
        together.wait()
        return clients[number % 4].current_retailer().retailer_id

    with ThreadPoolExecutor(16) as threads:
        assert list(threads.map(ask, range(16))) == ["1"] * 16
    assert len(bol.requests("/token")) == 1


@pytest.mark.parametrize(("lifetime", "kept_for"), [(599, 554), (299, 254), (100, 80), (5, 4)])
def test_a_token_is_renewed_shortly_before_it_runs_out(token_store, lifetime, kept_for):
    host = Host(token_store, lifetime)
    assert host.source.current() == "token-1"
    host.now += kept_for - 0.1
    assert host.source.current() == "token-1"
    host.now += 0.2
    assert host.source.current() == "token-2"


def test_tokens_that_live_5_seconds_are_renewed_for_minutes_without_a_brake(token_store):
    host = Host(token_store, lifetime=5)
    for _ in range(300):
        host.source.current()
        host.now += 1.9
    assert 90 < len(host.asked_at) < 150


def test_an_expired_token_in_the_middle_is_renewed_once_and_the_call_goes_on(bol, client):
    expired = problem(401, "JWT expired at 2023-03-16T12:53:03Z.")
    bol.queue("/retailer/retailers/current", Reply(NOBODY), expired, Reply(NOBODY))
    client.current_retailer()
    assert client.current_retailer().retailer_id == "1"
    assert [asked.headers["authorization"][-7:] for asked in bol.requests("/retailer/retailers/current")] == [
        "token-1",
        "token-1",
        "token-2",
    ]


def test_a_second_401_in_a_row_ends_it(bol, client):
    bol.queue("/retailer/retailers/current", problem(401, "Invalid token"))
    with pytest.raises(TokenRefused):
        client.current_retailer()
    assert len(bol.requests("/token")) == 2
    assert len(bol.requests("/retailer/retailers/current")) == 2


def test_when_bol_revokes_a_token_16_threads_ask_for_one_new_one(bol, make_client, token_store):
    host = Host(token_store)
    workers = [host.another_worker(token_store) for _ in range(16)]
    for worker in workers:
        worker.current()
    with ThreadPoolExecutor(16) as threads:
        assert set(threads.map(lambda worker: worker.renewed("token-1"), workers)) == {"token-2"}
    assert len(host.asked_at) == 2


def test_tokens_that_bol_keeps_revoking_are_asked_for_slower_and_slower(token_store):
    host = Host(token_store)
    token = host.source.current()
    for _ in range(600):
        with suppress(TokenBraked):
            token = host.source.renewed(token)
        host.now += 1
    assert len(host.asked_at) <= 1 + BURST + 600 / 30


def test_wrong_credentials_are_remembered_and_not_asked_about_again_at_once(token_store):
    host = Host(token_store)
    host.failure = WrongCredentials("no")
    for _ in range(29):
        with pytest.raises(WrongCredentials):
            host.source.current()
        host.now += 1
    assert len(host.asked_at) == 1
    host.now += 2
    host.failure = None
    assert host.source.current() == "token-2"


def test_a_person_who_presses_check_gets_a_fresh_answer(token_store):
    host = Host(token_store)
    host.failure = WrongCredentials("no")
    with pytest.raises(WrongCredentials):
        host.source.current()
    host.failure = None
    host.source.forget_refusal()
    assert host.source.current() == "token-2"


def test_pressing_check_like_mad_does_not_hammer_bol(token_store):
    host = Host(token_store)
    host.failure = WrongCredentials("no")
    for _ in range(50):
        host.source.forget_refusal()
        with suppress(WrongCredentials, TokenBraked):
            host.source.current()
    assert len(host.asked_at) == BURST


def test_when_the_keys_are_revoked_bol_is_left_alone(bol, client):
    bol.queue("/retailer/retailers/current", Reply(NOBODY), problem(401, "Invalid token"))
    client.current_retailer()
    bol.queue("/token", Reply({"error": "invalid_client"}, status=401, kind="application/json"))
    for _ in range(5):
        with pytest.raises(WrongCredentials):
            client.current_retailer()
    assert len(bol.requests("/retailer/retailers/current")) == 2
    assert len(bol.requests("/token")) == 2


def test_after_more_than_three_failures_in_a_row_we_stop_asking_for_a_while(token_store):
    host = Host(token_store)
    host.failure = BolUnavailable("down")
    for _ in range(4):
        with pytest.raises(BolUnavailable):
            host.source.current()
    with pytest.raises(TokenBraked, match="several times in a row") as caught:
        host.source.current()
    assert 299 <= caught.value.retry_after <= 300
    assert len(host.asked_at) == 4
    host.now += 301
    host.failure = None
    assert host.source.current() == "token-5"


def test_a_failed_connection_is_no_hammering(token_store):
    host = Host(token_store)
    host.failure = NoConnection("nobody there")
    for _ in range(20):
        with pytest.raises(NoConnection):
            host.source.current()
    host.failure = None
    assert host.source.current() == "token-21"


def test_replaced_keys_never_meet_the_old_token(token_store):
    host = Host(token_store)
    assert host.source.current() == "token-1"
    assert host.another_worker(token_store, "another secret").current() == "token-2"


@pytest.mark.parametrize("lifetime", ["599", 599.0, None, "soon", -5, 10**9])
def test_a_strange_lifetime_is_survived(bol, client, lifetime):
    bol.token_lifetime = lifetime
    bol.queue("/retailer/retailers/current", Reply(NOBODY))
    assert client.current_retailer().retailer_id == "1"


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply({"error": "invalid_client"}, status=400, kind="application/json"), WrongCredentials),
        (Reply({"error": "unauthorized_client"}, status=401, kind="application/json"), TokenRefused),
        (Reply(b"<html>", status=403, kind="text/html"), TokenRefused),
        (Reply(b"", status=429), LimitReached),
        (Reply(b"<html>", status=502, kind="text/html"), BolUnavailable),
    ],
)
def test_each_failure_of_the_token_host_is_its_own_error_and_is_asked_once(bol, client, reply, error):
    bol.queue("/token", reply)
    with pytest.raises(error):
        client.current_retailer()
    assert len(bol.requests("/token")) == 1


def test_a_store_written_by_another_version_is_simply_asked_anew():
    store = MemoryTokenStore()
    host = Host(store)
    store.write(host.source._key, b"\xff\x00", seconds=60)
    assert host.source.current() == "token-1"


def test_what_redis_holds_names_no_account(valkey):
    Host(RedisTokenStore(valkey)).source.current()
    (name,) = valkey.keys()
    assert b"id" not in name.removeprefix(b"stoqflow:bol:")
    assert valkey.ttl(name) <= 3600
    assert SECRET.encode() not in valkey.get(name)


def test_a_lost_redis_is_a_passing_trouble(bol, make_client, tmp_path):
    import redis

    gone = RedisTokenStore(redis.Redis(unix_socket_path=str(tmp_path / "gone"), retry=None))
    with pytest.raises(SharedStoreUnavailable) as caught:
        make_client(tokens=gone).current_retailer()
    assert caught.value.retryable
    assert bol.asked == []
