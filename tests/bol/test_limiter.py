"""Turns: never more than bol allows in a window, never less than it would have given."""

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis

from stoqflow_web.bol import LimitReached, MemoryLimiter, Permit, SharedStoreUnavailable, rule_for
from stoqflow_web.bol.limiter import front_guard
from stoqflow_web.sharing import RedisLimiter
from tests.bol.scripted import Reply

ORDER = {"orderId": "C1", "orderItems": []}
WINDOW = 0.25
AGES = 10**9  # seconds; a window that does not end while the tests run


def take(limiter, number, *, limit=5, window=WINDOW, key="k"):
    """Take turns as a thread of the client does; for each the window it belongs to and the moment it is meant for.

    Not the moment at which the thread really woke up: on a busy machine that says nothing about the limiter.
    """
    for _ in range(number):
        permit = limiter.reserve(key, limit=limit, window=window, max_wait=60)
        meant_for = time.time() + permit.wait
        time.sleep(permit.wait)
        yield permit.opened, meant_for


def test_many_threads_fill_every_window_and_no_window_is_overfull(limiter):
    with ThreadPoolExecutor(10) as threads:
        sent = [turn for turns in threads.map(lambda _: list(take(limiter, 4)), range(10)) for turn in turns]
    windows = Counter(round(opened / WINDOW) for opened, _ in sent)
    assert len(sent) == 40
    assert max(windows.values()) == 5
    assert sum(count == 5 for count in windows.values()) >= 6  # full, but for those at both ends


def test_the_first_of_a_window_waits_for_the_guard_and_the_last_does_not_leave_late(limiter):
    with ThreadPoolExecutor(10) as threads:
        sent = [turn for turns in threads.map(lambda _: list(take(limiter, 3)), range(10)) for turn in turns]
    places = [meant_for % WINDOW for _, meant_for in sent]
    assert min(places) >= front_guard(WINDOW) - 0.005
    assert max(places) <= WINDOW * 0.95


def test_accounts_and_rules_have_budgets_of_their_own(limiter):
    first = [limiter.reserve(f"k{number}", limit=1, window=AGES, max_wait=5).granted for number in range(5)]
    again = [limiter.reserve(f"k{number}", limit=1, window=AGES, max_wait=5).granted for number in range(5)]
    assert (first, again) == ([True] * 5, [False] * 5)


def test_a_wait_longer_than_allowed_takes_nothing_and_says_how_long(limiter):
    limiter.reserve("k", limit=1, window=AGES, max_wait=60)
    refused = [limiter.reserve("k", limit=1, window=AGES, max_wait=10) for _ in range(3)]
    assert not any(permit.granted for permit in refused)
    assert refused[0].wait == pytest.approx(refused[2].wait, abs=1)
    assert refused[0].wait > 10


def test_a_smaller_limit_of_bols_is_learned(limiter):
    permit = limiter.reserve("k", limit=25, window=AGES, max_wait=60)
    limiter.learn("k", permit, limit=3, remaining=2, reset=reset_of(permit))
    granted = [limiter.reserve("k", limit=25, window=AGES, max_wait=5).granted for _ in range(4)]
    assert granted == [True, True, False, False]


def test_a_larger_limit_of_bols_is_used(limiter):
    permit = limiter.reserve("k", limit=2, window=AGES, max_wait=60)
    limiter.learn("k", permit, limit=50, remaining=49, reset=reset_of(permit))
    granted = [limiter.reserve("k", limit=2, window=AGES, max_wait=5).granted for _ in range(50)]
    assert granted == [True] * 49 + [False]


def test_what_others_used_of_the_budget_is_learned(limiter):
    permit = limiter.reserve("k", limit=20, window=AGES, max_wait=60)
    limiter.learn("k", permit, limit=20, remaining=1, reset=reset_of(permit))
    granted = [limiter.reserve("k", limit=20, window=AGES, max_wait=5).granted for _ in range(3)]
    assert granted == [True, False, False]


def test_a_window_that_lasts_longer_than_we_thought_is_learned(limiter):
    permit = limiter.reserve("k", limit=2, window=1, max_wait=5)
    limiter.learn("k", permit, limit=2, remaining=1, reset=45)
    assert limiter.reserve("k", limit=2, window=1, max_wait=70).window == 60


def test_windows_that_begin_elsewhere_than_on_our_clock_are_learned(limiter):
    permit = limiter.reserve("k", limit=1, window=3600, max_wait=7200)
    ends_in = reset_of(permit)
    elsewhere = ends_in - 1700 if ends_in > 1750 else ends_in + 1700
    limiter.learn("k", permit, limit=1, remaining=0, reset=elsewhere)
    assert limiter.reserve("k", limit=1, window=3600, max_wait=0).wait == pytest.approx(elsewhere + 1, abs=1)


def test_a_slow_answer_does_not_move_the_windows(limiter):
    permit = limiter.reserve("k", limit=1, window=3600, max_wait=7200)
    ends_in = min(reset_of(permit), 3580)
    limiter.learn("k", permit, limit=1, remaining=0, reset=ends_in + 20, age=30)  # written half a minute ago
    assert limiter.reserve("k", limit=1, window=3600, max_wait=0).wait == pytest.approx(reset_of(permit) + 1, abs=1)


def reset_of(permit: Permit) -> float:
    return permit.opened + permit.window - time.time()


def test_during_a_pause_nobody_gets_a_turn_and_a_shorter_pause_does_not_end_it(limiter):
    limiter.pause("k", 0.3)
    limiter.pause("k", 0.1)
    end = time.time() + 0.29
    assert 0.2 < limiter.paused("k") <= 0.3
    assert limiter.paused("other") == 0
    with ThreadPoolExecutor(8) as threads:
        sent = [moment for turns in threads.map(lambda _: list(take(limiter, 1)), range(8)) for _, moment in turns]
    assert min(sent) >= end


def test_budgets_survive_a_redis_that_forgot_its_scripts(valkey):
    limiter = RedisLimiter(valkey)
    limiter.reserve("k", limit=1, window=AGES, max_wait=60)
    valkey.script_flush()
    assert not limiter.reserve("k", limit=1, window=AGES, max_wait=1).granted


def test_two_workers_share_one_budget(valkey_socket, valkey):
    workers = [RedisLimiter(redis.Redis(unix_socket_path=valkey_socket)) for _ in range(2)]
    granted = [workers[number % 2].reserve("k", limit=3, window=AGES, max_wait=5).granted for number in range(6)]
    assert granted == [True] * 3 + [False] * 3


def test_a_lost_redis_is_a_passing_trouble(tmp_path):
    gone = RedisLimiter(redis.Redis(unix_socket_path=str(tmp_path / "gone"), retry=None))
    with pytest.raises(SharedStoreUnavailable):
        gone.reserve("k", limit=3, window=1, max_wait=5)


@pytest.mark.parametrize(
    ("method", "path", "limit", "window"),
    [
        ("GET", "/retailer/orders", 25, 60),
        ("GET", "/retailer/orders/C1", 25, 1),
        ("PUT", "/retailer/orders/cancellation", 10, 1),
        ("GET", "/retailer/shipments/1", 50, 60),
        ("GET", "/retailer/offers/export/1", 9, 3600),
        ("GET", "/retailer/offers/1", 25, 1),
        ("PATCH", "/retailer/offers/1", 50, 1),
        ("GET", "/retailer/subscriptions", 10, 1),
        ("GET", "/retailer/subscriptions/signature-keys", 10, 3600),
        ("POST", "/shared/process-status", 2, 1),
        ("GET", "/retailer/products/123/assets", 50, 60),
        ("GET", "/retailer/something/new", 5, 1),
    ],
)
def test_the_most_specific_rule_counts(method, path, limit, window):
    rule = rule_for(method, path)
    assert (rule.limit, rule.window) == (limit, window)


def test_429_in_the_middle_makes_every_worker_wait_and_nothing_is_lost(bol, make_client, limiter):
    told_off = Reply({"title": "Too Many Requests", "status": 429}, status=429, headers={"Retry-After": "1"})
    bol.queue("/retailer/orders/C1", *[Reply(ORDER)] * 5, told_off, Reply(ORDER))
    clients = [make_client(limits=limiter, sleep=time.sleep) for _ in range(2)]
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda number: clients[number % 2].order("C1").order_id, range(30)))
    moments = sorted(asked.at for asked in bol.requests("/retailer/orders/C1"))
    assert found == ["C1"] * 30
    assert len(moments) == 31
    assert not [moment for moment in moments if moments[5] + 0.15 < moment < moments[5] + 1]


@pytest.mark.parametrize(("headers", "least"), [({"Retry-After": "4"}, 4), ({}, 5), ({"Retry-After": "soon"}, 5)])
def test_429_is_waited_out_as_long_as_bol_says_or_five_seconds(bol, client, naps, headers, least):
    bol.queue("/retailer/orders/C1", Reply({"title": "x"}, status=429, headers=headers), Reply(ORDER))
    assert client.order("C1").order_id == "C1"
    assert least <= sum(naps) < least + 2.5


def test_bol_that_keeps_saying_429_is_given_up_on(bol, client, naps):
    bol.queue("/retailer/orders/C1", Reply({"title": "x"}, status=429, headers={"Retry-After": "1"}))
    with pytest.raises(LimitReached) as caught:
        client.order("C1")
    assert caught.value.retry_after == 1
    assert len(bol.requests("/retailer/orders/C1")) == 6
    assert sum(naps) < 75


def test_a_wait_can_be_watched_and_ended(bol, make_client):
    class Stopped(Exception):
        pass

    watched = []

    def watch(seconds, why):
        watched.append((seconds, why))
        if len(watched) == 3:
            raise Stopped

    bol.queue("/retailer/orders/C1", Reply({"title": "x"}, status=429, headers={"Retry-After": "9"}))
    with pytest.raises(Stopped):
        make_client(on_wait=watch).order("C1")
    assert [why for _, why in watched] == ["GET /retailer/orders/*"] * 3
    assert watched[1][0] > watched[2][0] > 5  # the first may be the wait for the window to begin


def test_the_headers_of_answers_reach_the_limiter(bol, make_client):
    tight = {"x-ratelimit-limit": "2", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "3000"}
    bol.queue("/retailer/orders/C1", Reply(ORDER, headers=tight))
    client = make_client(limits=MemoryLimiter())
    client.order("C1")
    with pytest.raises(LimitReached) as caught:
        client.order("C1")
    assert caught.value.retry_after > 2900
    assert len(bol.requests("/retailer/orders/C1")) == 1
