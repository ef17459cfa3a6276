"""What people see when something is refused or fails."""

import pytest
from flask import Blueprint, abort
from redis.exceptions import ConnectionError as RedisGone
from sqlalchemy import text

from stoqflow_web.errors import Invalid, StoqflowError
from stoqflow_web.exchange import Unreachable
from stoqflow_web.extensions import db


class TooHeavy(StoqflowError):
    status = 409


@pytest.fixture
def app(fresh_app):
    """The app with a few pages more, each of which fails in its own way."""
    failing = Blueprint("failing", __name__)

    @failing.route("/failing/<kind>", methods=["GET", "POST"])
    def show(kind):
        if kind == "refused":
            raise TooHeavy("This parcel is too heavy for a letterbox.")
        if kind == "invalid":
            raise Invalid("code", "This code is not known.")
        if kind == "marketplace":
            raise Unreachable("bol.com does not answer at the moment.")
        if kind == "redis":
            raise RedisGone("Error 2 connecting to unix:///secret/redis.sock")
        if kind == "database":
            db.session.execute(text("SELECT * FROM not_there"))
        if kind.isdigit():
            abort(int(kind))
        raise ZeroDivisionError("password=hunter2")

    fresh_app.register_blueprint(failing)
    fresh_app.config["PROPAGATE_EXCEPTIONS"] = False
    return fresh_app


def test_a_refusal_is_a_page_with_its_sentence(signed_in):
    page = signed_in().get("/failing/refused")
    assert (page.status, page.heading) == (409, "That is not possible")
    assert "This parcel is too heavy for a letterbox." in page.text
    assert page.all("header.sidebar")


@pytest.mark.parametrize("kind", ["refused", "invalid", "404", "marketplace", "crash", "database"])
def test_htmx_gets_the_notice_alone_and_puts_it_where_errors_stand(signed_in, kind):
    fragment = signed_in().htmx_get(f"/failing/{kind}")
    assert fragment.status >= 400
    assert fragment.headers["HX-Retarget"] == "#page-error"
    assert not fragment.all("h1, header")
    assert fragment.one(".notice--danger")


@pytest.mark.parametrize("status", [400, 403, 404, 405, 413, 418, 429, 500, 503])
def test_every_status_has_a_page_with_a_sentence(signed_in, status):
    page = signed_in().get(f"/failing/{status}")
    assert page.status == status
    assert page.one("main p").get_text().endswith(".")


def test_an_address_that_is_not_there_is_a_page(signed_in):
    page = signed_in().get("/no/such/page")
    assert (page.status, page.heading) == (404, "Not found")


def test_a_wrong_method_says_which_are_right(signed_in):
    browser = signed_in()
    browser.get("/account")
    answer = browser.htmx_post("/account")
    assert answer.status == 405
    assert "GET" in answer.headers["Allow"]


def test_a_number_no_record_can_have_is_not_found(signed_in):
    assert signed_in().get(f"/users/{10**30}").status == 404


def test_too_large_a_form_is_refused(signed_in):
    browser = signed_in()
    browser.get("/account")
    page = browser.submit(current="x" * 3_000_000, password="y")
    assert page.status == 413


@pytest.mark.parametrize("kind", ["crash", "redis", "database"])
def test_a_fault_tells_no_secrets(signed_in, kind):
    page = signed_in().get(f"/failing/{kind}")
    assert page.status in (500, 503)
    for secret in ("hunter2", "redis.sock", "not_there", "Traceback"):
        assert secret not in page.html


def test_without_a_database_even_a_signed_in_user_gets_a_calm_page(app, signed_in):
    browser = signed_in()
    with app.app_context():
        db.session.execute(text("ALTER TABLE users RENAME TO elsewhere"))
        db.session.commit()
    page = browser.get("/orders")
    assert (page.status, page.heading) == (503, "One moment please")
    assert "can't reach its database" in page.text


def test_a_form_of_an_older_session_is_answered_in_words(signed_in):
    browser = signed_in()
    browser.get("/account")
    page = browser.submit(csrf_token="of another session", current="x", password="y")
    assert page.status == 400
    assert "This page was open too long" in page.text


def test_a_form_sent_after_the_session_has_ended_leads_to_the_sign_in_page_and_back(client, signed_in):
    browser = signed_in()
    browser.get("/account")
    browser.client.delete_cookie("stoqflow")
    answer = browser.client.post("/account/password", headers={"Referer": "http://localhost/account"})
    assert answer.status_code == 302
    assert answer.location == "/sign-in?next=/account"
