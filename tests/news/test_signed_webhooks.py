"""Webhooks out: which addresses are called, and the signature as the scheme's own example has it."""

from datetime import UTC, datetime

import pytest

from stoqflow_web.news import NotDelivered
from stoqflow_web.news.signed_webhooks import check_address, new_secret, post, signature
from tests.support.webhook_receivers import running_receiver

NOW = datetime(2026, 11, 23, 8, 12, tzinfo=UTC)


def test_the_signature_is_that_of_the_schemes_example():
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    made = signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize("url", ["https://a.example/x?y=1", "http://127.0.0.1:80/x", "http://localhost/x"])
def test_https_is_called_and_http_of_this_machine(url):
    assert check_address(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "http://a.example/",
        "http://169.254.169.254/latest",
        "http://10.0.0.1/",
        "http://localhost.example/",
        "http://127.0.0.1@a.example/",
        "https://user:pass@a.example/",
        "file:///etc/passwd",
        "https://a.example/x y",
        "https:///x",
        "//a.example",
    ],
)
def test_nothing_else_is(url):
    with pytest.raises(ValueError, match=r"."):
        check_address(url)


@pytest.mark.parametrize(
    ("status", "is_final"), [(404, True), (410, True), (301, True), (408, False), (429, False), (500, False)]
)
def test_it_is_told_apart_whether_trying_again_helps(status, is_final):
    with running_receiver() as receiver:
        receiver.status = status
        with pytest.raises(NotDelivered, match=str(status)) as refusal:
            post(receiver.url, b"{}", key="msg_1", secret=new_secret(), now=NOW)
    assert refusal.value.is_final is is_final
