"""One URL, two answers."""

import pytest
from jinja2 import DictLoader

from stoqflow_web.views.respond import redirect_to, respond

HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}


@pytest.fixture
def answer(fresh_app):
    fresh_app.jinja_loader = DictLoader({"page.html": "page of {{ page }}", "_part.html": "part of {{ page }}"})

    def ask(headers):
        with fresh_app.test_request_context("/", headers=headers):
            return respond("page.html", "_part.html", status=422, page=7)

    return ask


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({}, "page of 7"),
        (HTMX, "part of 7"),
        ({"HX-Request": "true"}, "part of 7"),
        (HTMX | {"HX-Request-Type": "full"}, "page of 7"),
        (HTMX | {"HX-Boosted": "true"}, "page of 7"),
        (HTMX | {"HX-History-Restore-Request": "true"}, "page of 7"),
    ],
    ids=["browser", "htmx", "htmx without a type", "hx-select or body", "boosted link", "back button"],
)
def test_htmx_gets_the_part_it_asks_for_and_a_browser_the_page(answer, headers, words):
    given = answer(headers)
    assert (given.status_code, given.get_data(as_text=True)) == (422, words)


def test_a_browser_goes_onward_by_get(fresh_app):
    with fresh_app.test_request_context("/", method="POST"):
        given = redirect_to("/orders")
    assert (given.status_code, given.location) == (303, "/orders")


def test_htmx_leaves_the_page(fresh_app):
    with fresh_app.test_request_context("/", method="POST", headers=HTMX):
        given = redirect_to("/orders")
    assert (given.status_code, given.headers["HX-Redirect"]) == (204, "/orders")
