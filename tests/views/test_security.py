"""What the headers allow."""

import pytest

from stoqflow_web.views.security import content_policy, loopback_origin, trust_proxies


def test_every_answer_carries_the_strict_headers(client):
    for url in ("/sign-in", "/health", "/static/favicon.svg", "/orders", "/static/not-there"):
        headers = client.get(url).headers
        assert headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self'; style-src 'self';")
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Referrer-Policy"] == "same-origin"


def test_pages_stay_in_no_cache_and_know_fragments_from_pages(signed_in):
    headers = signed_in().get("/account").headers
    assert headers["Cache-Control"] == "no-store"
    assert "HX-Request" in headers["Vary"]


def test_static_files_may_be_kept_and_set_no_cookie(signed_in):
    answer = signed_in().client.get("/static/favicon.svg")
    assert "max-age=" in answer.headers["Cache-Control"]
    assert "Set-Cookie" not in answer.headers


def test_pictures_come_from_bol_and_nothing_else_from_anywhere():
    policy = dict(part.strip().split(" ", 1) for part in content_policy("https://api.bol.com").split(";"))
    assert policy.pop("img-src") == "'self' data: https://*.s-bol.com https://*.bol.com"
    assert set(policy.values()) == {"'none'", "'self'"}


@pytest.mark.parametrize(
    ("url", "origins"),
    [
        ("http://127.0.0.1:4300", ["http://127.0.0.1:4300"]),
        ("http://localhost:4300/x", ["http://localhost:4300"]),
        ("http://[::1]:4300", ["http://[::1]:4300"]),
        ("https://api.bol.com", []),
        ("http://127.0.0.1.evil.example", []),
    ],
)
def test_only_a_pretend_bol_on_this_machine_shows_its_own_pictures(url, origins):
    assert loopback_origin(url) == origins


def test_a_trusted_proxy_says_who_asks_and_how(fresh_app):
    trust_proxies(fresh_app, "1")
    client = fresh_app.test_client()
    answer = client.get("/sign-in", headers={"X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.7"})
    assert "Secure" in answer.headers["Set-Cookie"]


def test_without_a_proxy_nobody_is_believed_about_it(client):
    answer = client.get("/sign-in", headers={"X-Forwarded-Proto": "https"})
    assert "Secure" not in answer.headers["Set-Cookie"]


def test_a_number_of_proxies_that_is_none_is_refused_in_words(fresh_app):
    with pytest.raises(ValueError, match="STOQFLOW_PROXIES is 'many'"):
        trust_proxies(fresh_app, "many")
