"""Who may see what: every page there is, asked for by strangers and by staff."""

import pytest
from flask import Flask
from sqlalchemy import event

from stoqflow_web.extensions import db
from stoqflow_web.views.access import OPEN_ENDPOINTS, local_path
from tests.support.builders import make_order, make_product

FOR_MANAGERS = ("/news", "/users", "/shops", "/imports", "/deleted-orders")
SETTLED = {200, 204, 302, 303, 404}


def addresses(app: Flask, method: str = "GET") -> list[str]:
    """An address for every rule of the app but the open ones, with 1 for each number and x for each word."""
    rules = [
        rule for rule in app.url_map.iter_rules() if method in rule.methods and rule.endpoint not in OPEN_ENDPOINTS
    ]
    with app.test_request_context():
        return sorted(
            rule.build({name: 1 if is_number(rule, name) else "x" for name in rule.arguments})[1] for rule in rules
        )


def is_number(rule, name) -> bool:
    return rule._converters[name].regex == r"\d+"


def test_a_stranger_gets_no_page_but_the_open_ones(app, client):
    asked = addresses(app)
    assert "/account" in asked
    for url in asked:
        answer = client.get(url)
        assert answer.status_code == 302, url
        assert answer.location.startswith("/sign-in"), url


def test_a_stranger_changes_nothing(app, client):
    for url in addresses(app, "POST"):
        answer = client.post(url)
        assert answer.status_code == 302, url
        assert answer.location.startswith("/sign-in"), url


def test_a_strangers_fragment_leads_to_the_sign_in_page_and_back(client):
    answer = client.get("/orders", headers={"HX-Request": "true", "HX-Current-URL": "http://localhost/orders?q=anna"})
    assert answer.status_code == 204
    assert answer.headers["HX-Redirect"] == "/sign-in?next=/orders?q%3Danna"


def test_a_strangers_fragment_on_a_page_elsewhere_leads_back_to_the_start(client):
    answer = client.get("/orders", headers={"HX-Request": "true", "HX-Current-URL": "http://evil.example/orders"})
    assert answer.headers["HX-Redirect"] == "/sign-in"


def test_a_page_that_is_not_there_tells_a_stranger_nothing(client):
    assert client.get("/no/such/page").location.startswith("/sign-in")


def test_staff_see_no_page_of_managers(app, signed_in):
    browser = signed_in("staff")
    for url in addresses(app):
        answer = browser.client.get(url)
        if url.startswith(FOR_MANAGERS):
            assert answer.status_code == 403, url
        else:
            assert answer.status_code in SETTLED, url


def test_staff_change_nothing_of_managers(app, signed_in):
    browser = signed_in("staff")
    browser.get("/account")
    token = browser.page.one("#password-form [name=csrf_token]")["value"]
    asked = [url for url in addresses(app, "POST") if url.startswith(FOR_MANAGERS)]
    assert asked
    for url in asked:
        assert browser.client.post(url, data={"csrf_token": token}).status_code == 403, url


def test_staff_are_told_in_words_and_see_no_link_to_it(signed_in):
    browser = signed_in("staff")
    page = browser.get("/users")
    assert page.status == 403
    assert page.heading == "For managers only"
    assert "Ask one if you need something changed." in page.text
    assert not page.all("nav a[href='/users'], nav a[href='/shops']")


def test_a_manager_sees_every_page(app, signed_in):
    browser = signed_in("manager")
    for url in addresses(app):
        assert browser.client.get(url).status_code in SETTLED, url
    page = browser.get("/account")
    assert page.all("nav a[href='/users']")
    assert page.all("nav a[href='/shops']")


def test_no_page_writes_to_the_database(app, signed_in):
    with app.app_context():
        order = make_order(lines=2, products=[make_product(), None])
    browser = signed_in("manager")
    written = []
    with app.app_context():
        engine = db.engine

    def watch(connection, cursor, statement, *rest):
        if statement.split()[0].upper() in ("INSERT", "UPDATE", "DELETE") or "IMMEDIATE" in statement:
            written.append(statement)

    event.listen(engine, "before_cursor_execute", watch)
    try:
        for url in [*addresses(app), f"/orders/{order.id}", "/sign-in", "/health"]:
            browser.client.get(url)
            browser.client.get(url, headers={"HX-Request": "true"})
    finally:
        event.remove(engine, "before_cursor_execute", watch)
    assert written == []


@pytest.mark.parametrize(
    ("address", "is_ours"),
    [
        ("/orders?q=1", True),
        ("/", True),
        ("//evil.example", False),
        ("https://evil.example", False),
        ("/\\evil.example", False),
        ("/\t/evil.example", False),
        ("javascript:alert(1)", False),
        ("", False),
        (None, False),
    ],
)
def test_only_paths_of_ours_are_gone_on_to(address, is_ours):
    assert (local_path(address) is not None) is is_ours
