"""Signing in and out, in a browser."""

import pytest

from stoqflow_web.services import users
from tests.conftest import PASSWORD
from tests.support.browsing import Browser


def sign_in(browser, user, password=PASSWORD):
    return browser.submit(email=user.email, password=password)


def test_after_signing_in_one_arrives_at_the_page_one_wanted(browser, make_user):
    page = browser.get("/account?from=link")
    assert page.heading == "Sign in"
    page = sign_in(browser, make_user())
    assert page.heading == "Your account"
    assert page.url == "/account?from=link"


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example", "/\\evil.example", "/%0d/evil", "x"])
def test_nobody_is_sent_to_another_site_after_signing_in(browser, make_user, elsewhere):
    browser.get("/account")
    user = make_user()
    token = browser.page.one("input[name=csrf_token]")["value"]
    answer = browser.client.post(
        "/sign-in",
        query_string={"next": elsewhere},
        data={"email": user.email, "password": PASSWORD, "csrf_token": token},
    )
    assert answer.status_code == 303
    assert answer.location.startswith("/")
    assert "evil.example" not in answer.location.replace("/%0d/evil", "")  # a path of ours at most


def test_wrong_words_are_answered_in_a_sentence_and_the_address_stays(browser, make_user):
    browser.get("/sign-in")
    page = sign_in(browser, make_user(), "not the password")
    assert page.status == 422
    assert "do not belong together" in page.text
    assert page.one("[name=email]")["value"] == "manager1@example.com"
    assert not page.one("[name=password]").get("value")


def test_empty_fields_are_named(browser):
    browser.get("/sign-in")
    page = browser.submit()
    assert page.status == 422
    assert page.error_beside("email") == "Enter your e-mail address."
    assert page.error_beside("password") == "Enter your password."


def test_guessing_is_slowed_down_with_the_minutes_left(browser, make_user, clock):
    user = make_user()
    browser.get("/sign-in")
    for _attempt in range(5):
        sign_in(browser, user, "not the password")
    page = sign_in(browser, user)
    assert page.status == 429
    assert "Try again in 15 minutes." in page.text


def test_a_sign_in_page_left_open_overnight_is_shown_afresh(browser, make_user):
    user = make_user()
    browser.get("/account")
    browser.client.delete_cookie("stoqflow")
    page = sign_in(browser, user)
    assert "Please sign in once more." in page.text
    assert sign_in(browser, user).heading == "Your account"


def test_signing_out_ends_the_session(signed_in):
    browser = signed_in()
    browser.get("/account")
    page = browser.submit("form[action='/sign-out']")
    assert page.heading == "Sign in"
    assert browser.get("/account").heading == "Sign in"


def test_a_session_ends_twelve_hours_after_its_last_use(signed_in, clock):
    browser = signed_in()
    for _time in range(3):
        clock.jump(hours=11, minutes=50)
        assert browser.get("/account").heading == "Your account"
    clock.jump(hours=12, minutes=1)
    assert browser.get("/account").heading == "Sign in"


def test_what_was_in_the_session_before_signing_in_is_gone(browser, make_user):
    browser.get("/sign-in")
    with browser.client.session_transaction() as session:
        session["planted"] = "by somebody else"
        before = session["csrf_token"]
    sign_in(browser, make_user())
    with browser.client.session_transaction() as session:
        assert "planted" not in session
        assert session.get("csrf_token") != before


def test_a_changed_password_ends_the_sessions_elsewhere_and_keeps_this_one(app, signed_in):
    here = signed_in()
    there = signed_in(user=here.user)
    here.get("/account")
    page = here.submit(current=PASSWORD, password="a new battery horse")
    assert "Your password is changed" in page.text
    assert here.get("/account").heading == "Your account"
    assert there.get("/account").heading == "Sign in"


def test_signing_out_here_leaves_the_other_session_alone(signed_in):
    here = signed_in()
    there = signed_in(user=here.user)
    here.get("/account")
    here.submit("form[action='/sign-out']")
    assert there.get("/account").heading == "Your account"


def test_a_suspended_user_is_out_at_once(app, signed_in):
    browser, other = signed_in("staff"), signed_in("manager")
    other.get(f"/users/{browser.user.id}")
    other.submit(f"form[action='/users/{browser.user.id}/suspension']")
    assert browser.get("/account").heading == "Sign in"


def test_a_made_up_session_is_a_strangers(client, signed_in):
    for user_id in ("1", "1.x", "x.0", "99999999999999999999.0", "1.1"):
        with client.session_transaction() as session:
            session["_user_id"], session["seen"] = user_id, 9e12
        assert client.get("/account").status_code == 302


def test_the_own_password_is_only_changed_by_who_knows_it(signed_in):
    browser = signed_in()
    browser.get("/account")
    page = browser.submit(current="not the password", password="a new battery horse")
    assert page.status == 422
    assert page.error_beside("current") == "This is not your current password."


def test_the_first_manager_is_made_with_the_link_and_is_signed_in(app, client):
    with app.app_context():
        link = users.first_manager_link("")
    browser = Browser(client)
    assert browser.get(link).heading == "Welcome to Stoqflow"
    page = browser.submit(name="Anna", email="anna@example.com", password="short")
    assert page.error_beside("password") == "Use at least 10 characters."
    browser.submit(name="Anna", email="anna@example.com", password=PASSWORD)
    assert browser.get("/users").heading == "Users"
    page = Browser(app.test_client()).get(link)
    assert page.status == 404
    assert "This link has done its work" in page.text


def test_over_https_the_cookie_never_travels_in_clear(client):
    secure = client.get("/sign-in", base_url="https://stoqflow.example").headers["Set-Cookie"]
    assert "Secure" in secure
    assert "HttpOnly" in secure
    assert "SameSite=Lax" in secure


def test_over_http_the_cookie_works_too(client):
    assert "Secure" not in client.get("/sign-in").headers["Set-Cookie"]
