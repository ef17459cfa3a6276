"""Each refusal says what it is, whether and when to try again, and never more than it should."""

import logging
import pickle
import socket
import traceback

import pytest

from stoqflow_web.bol import (
    AccountNotActive,
    BolError,
    BolUnavailable,
    LimitReached,
    NoAnswer,
    NoConnection,
    NotFoundAtBol,
    Refused,
    TokenRefused,
    UnexpectedAnswer,
    WrongCredentials,
    check_address,
)
from tests.bol.conftest import CLIENT_ID, SECRET
from tests.bol.scripted import Reply, problem
from tests.bol.test_requests import STATUS


def ship(client):
    return client.create_shipment({"92": 1}, reference="SO-1", transporter="TNT", track_and_trace="3S")


@pytest.mark.parametrize(
    ("status", "error", "retryable"),
    [
        (400, Refused, False),
        (401, TokenRefused, False),
        (403, AccountNotActive, False),
        (404, NotFoundAtBol, False),
        (406, Refused, False),
        (409, Refused, False),
        (415, Refused, False),
        (500, BolUnavailable, True),
        (503, BolUnavailable, True),
        (504, BolUnavailable, True),
    ],
)
def test_a_status_becomes_its_error(bol, client, status, error, retryable):
    bol.queue("/retailer/orders/C1", problem(status, "Because."))
    with pytest.raises(error) as caught:
        client.order("C1")
    told = caught.value
    assert (told.status, told.retryable, told.request_id) == (status, retryable, "f" * 32)
    assert told.problem.detail == "Because."
    assert "Because." in told.sentence


def test_violations_are_told_with_and_without_a_name(bol, client):
    violations = [{"name": "orderItems[0].quantity", "reason": "Too many."}, {"reason": "Conflicting."}]
    bol.queue("/retailer/shipments", problem(400, "Bad request", violations=violations))
    with pytest.raises(Refused) as caught:
        ship(client)
    assert [(v.name, v.reason) for v in caught.value.problem.violations] == [
        ("orderItems[0].quantity", "Too many."),
        (None, "Conflicting."),
    ]
    assert "orderItems[0].quantity: Too many.; Conflicting." in caught.value.sentence


def test_an_inactive_account_is_not_asked_again_with_a_new_token(bol, client):
    bol.queue("/retailer/retailers/current", problem(403, "Account is not active, access denied."))
    with pytest.raises(AccountNotActive):
        client.current_retailer()
    assert len(bol.requests("/token")) == len(bol.requests("/retailer/retailers/current")) == 1


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply(status=500), BolUnavailable),
        (Reply(b"<html>", status=504, kind="text/html"), BolUnavailable),
        (Reply(silent=True), NoAnswer),
        (Reply(STATUS, status=202, cut=10), NoAnswer),
        (Reply(b"<html>", status=202, kind="text/html"), UnexpectedAnswer),
    ],
)
def test_a_write_is_never_sent_twice_when_bol_may_have_done_it(bol, client, reply, error):
    bol.queue("/retailer/shipments", reply, Reply(STATUS, status=202))
    with pytest.raises(error) as caught:
        ship(client)
    assert caught.value.outcome_unknown
    assert len(bol.requests("/retailer/shipments")) == 1


@pytest.mark.parametrize("reply", [problem(429, "Too many"), problem(401, "JWT expired")])
def test_a_write_is_sent_again_when_bol_surely_did_not_do_it(bol, client, reply):
    reply.headers["Retry-After"] = "0"
    bol.queue("/retailer/shipments", reply, Reply(STATUS, status=202))
    assert ship(client).is_pending
    assert len(bol.requests("/retailer/shipments")) == 2


def test_nobody_listening_means_surely_not_sent(bol, make_client):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        api_url = f"http://127.0.0.1:{free.getsockname()[1]}"
        with pytest.raises(NoConnection) as caught:
            ship(make_client(api_url=api_url))
    assert caught.value.retryable
    assert not caught.value.outcome_unknown


def test_a_late_answer_leaves_the_outcome_unknown(bol, make_client):
    import threading

    held = threading.Event()
    bol.queue("/retailer/shipments", Reply(STATUS, status=202, slow=held))
    with pytest.raises(NoAnswer, match="in time"):
        ship(make_client(timeout=(1, 0.1)))
    held.set()


@pytest.mark.parametrize("error", [*BolError.__subclasses__(), BolError])
def test_errors_survive_pickling(error):
    told = error("A sentence.", status=418, request_id="r", retry_after=3.0, retryable=True)
    told.add_note("seen by a worker")
    again = pickle.loads(pickle.dumps(told))
    assert type(again) is error
    assert vars(again) == vars(told)
    assert str(again) == "A sentence."


@pytest.mark.parametrize(
    "replies",
    [
        {"/token": Reply({"error": "invalid_client"}, status=401, kind="application/json")},
        {"/token": Reply(silent=True)},
        {"/token": Reply({"access_token": f"{SECRET}\nx"}, kind="application/json")},
        {"/retailer/retailers/current": problem(401, "no")},
        {"/retailer/retailers/current": Reply(silent=True)},
        {"/retailer/retailers/current": Reply({"retailerId": 1})},
        {"/retailer/retailers/current": problem(429, "Too many", instance="x")},
    ],
)
def test_neither_secret_nor_token_is_in_any_text(bol, make_client, caplog, replies):
    caplog.set_level(logging.DEBUG)
    for path, reply in replies.items():
        bol.queue(path, reply)
    client = make_client()
    with pytest.raises(BolError) as caught:
        client.current_retailer()
    told = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=False).format(chain=True))
    texts = [told, repr(caught.value), str(vars(caught.value)), caplog.text, repr(client), repr(client._connection)]
    texts.append(repr(pickle.dumps(caught.value)))
    basic = [asked.headers["authorization"].split()[1] for asked in bol.requests("/token")]
    for text in texts:
        assert SECRET not in text
        assert CLIENT_ID not in text
        assert "token-1" not in text
        assert not any(pair in text for pair in basic)
    assert caught.value.__context__ is None or not hasattr(caught.value.__context__, "request")


def test_wrong_credentials_are_not_tried_again(bol, client):
    bol.queue("/token", Reply({"error": "invalid_client"}, status=401, kind="application/json"))
    for _ in range(3):
        with pytest.raises(WrongCredentials) as caught:
            client.current_retailer()
    assert not caught.value.retryable
    assert len(bol.requests("/token")) == 1


@pytest.mark.parametrize(
    "url", ["https://api.bol.com/", "http://127.0.0.1:4300", "http://localhost:1", "http://[::1]:4"]
)
def test_https_and_this_machine_are_good_addresses(url):
    assert check_address(url) == url.rstrip("/")


@pytest.mark.parametrize(
    "url",
    [
        "http://api.bol.com",
        "http://localhost.example.com",
        "http://127.0.0.1@example.com",
        "https://user:pass@api.bol.com",
        "https://api.bol.com?x=1",
        "http://127.0.0.1\\@example.com",
        "ftp://127.0.0.1",
        "https://",
        "https://api.bol.com:port",
        "api.bol.com",
        "",
        "http://10.0.0.1",
    ],
)
def test_other_addresses_are_refused_with_a_sentence(make_client, url):
    with pytest.raises(ValueError, match=r"The address of bol\.com"):
        make_client(api_url=url)


def test_429_says_when_to_come_back(bol, make_client):
    bol.queue("/retailer/orders/C1", Reply({"title": "Too Many Requests"}, status=429, headers={"Retry-After": "600"}))
    with pytest.raises(LimitReached) as caught:
        make_client().order("C1")
    assert 595 < caught.value.retry_after < 602
    assert len(bol.requests("/retailer/orders/C1")) == 1
