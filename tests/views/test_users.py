"""Managers add people and change what they may do."""

from tests.conftest import PASSWORD
from tests.support.browsing import Browser


def test_a_manager_adds_somebody_who_can_then_sign_in(app, signed_in):
    manager = signed_in()
    manager.get("/users")
    page = manager.submit(name="Sam", email="Sam@example.com", role="staff", password=PASSWORD)
    assert "Sam can sign in now." in page.text
    sam = Browser(app.test_client())
    sam.get("/account")
    assert sam.submit(email="sam@example.com", password=PASSWORD).heading == "Your account"


def test_a_refusal_stands_beside_its_field_and_what_was_typed_stays(signed_in):
    manager = signed_in()
    manager.get("/users")
    page = manager.submit(name="Sam", email=manager.user.email, role="staff", password=PASSWORD)
    assert page.status == 422
    assert page.error_beside("email") == "Somebody with this e-mail address is here already."
    assert page.one("[name=name]")["value"] == "Sam"
    assert not page.one("[name=password]").get("value")


def test_a_manager_gives_a_role_and_a_new_password(app, signed_in, make_user):
    manager, sam = signed_in(), make_user(role="staff", name="Sam")
    manager.get(f"/users/{sam.id}")
    assert "The role of Sam is changed." in manager.submit("#role-form", role="manager").text
    assert manager.submit("#password-form", password="short").error_beside("password") == "Use at least 10 characters."
    assert "Sam has a new password" in manager.submit("#password-form", password="another battery").text
    browser = Browser(app.test_client())
    browser.get("/users")
    assert browser.submit(email=sam.email, password="another battery").heading == "Users"


def test_a_suspended_user_is_let_in_again(signed_in, make_user):
    manager, sam = signed_in(), make_user(role="staff", name="Sam")
    manager.get(f"/users/{sam.id}")
    page = manager.submit(".page-head__actions form")
    assert "Sam can't sign in any more." in page.text
    page = manager.submit(".page-head__actions form")
    assert "Sam can sign in again." in page.text


def test_the_list_changes_a_role_and_takes_access_away_and_gives_it_back(signed_in, make_user):
    manager, sam = signed_in(), make_user(role="staff", name="Sam")
    row = f"#change-{sam.id}"
    manager.get("/users")
    page = manager.submit(f"{row} form[action$=role]")
    assert (page.heading, "The role of Sam is changed." in page.text) == ("Users", True)
    assert page.one(f"{row} form[action$=role] button").text == "Make staff"
    page = manager.submit(f"{row} form[action$=suspension]")
    assert page.heading == "Users"
    assert "Suspended" in page.texts("td .pill")
    page = manager.submit(f"{row} form[action$=readmission]")
    assert not page.all("td .pill")
    assert page.one(f"{row} a")["href"] == f"/users/{sam.id}#password-form"


def test_nobody_takes_their_own_access_away_from_the_list(signed_in):
    manager = signed_in()
    page = manager.get("/users")
    assert not page.all(f"#change-{manager.user.id}")
    assert "This is you" in page.text


def test_the_only_manager_cannot_suspend_themselves(signed_in):
    manager = signed_in()
    manager.get(f"/users/{manager.user.id}")
    page = manager.submit(".page-head__actions form")
    assert page.status == 409
    assert "is the only manager" in page.text


def test_markup_in_a_name_is_text(signed_in, make_user):
    make_user(role="staff", name="<b>Sam</b> & Co")
    page = signed_in().get("/users")
    assert "<b>Sam</b> & Co" in page.texts("td a")
