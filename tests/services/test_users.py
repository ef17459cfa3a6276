"""Making and changing the people who may sign in."""

import threading

import pytest

from stoqflow_web.errors import Invalid, NotFound
from stoqflow_web.extensions import db
from stoqflow_web.models import User
from stoqflow_web.passwords import passwords
from stoqflow_web.services import users
from stoqflow_web.transaction import transaction

PASSWORD = "correct horse battery"
ANNA = {"email": "anna@example.com", "name": "Anna", "role": "manager", "password": PASSWORD}


@pytest.mark.both_databases
def test_a_user_is_kept_with_a_lower_case_address_and_a_hashed_password(ctx):
    made = users.add_user(**ANNA | {"email": " Anna@Example.COM ", "name": "  Anna   de Vries "})
    db.session.rollback()
    user = db.session.get(User, made.id)
    assert (user.email, user.name, user.role) == ("anna@example.com", "Anna de Vries", "manager")
    assert user.password_hash.startswith("$argon2id$")
    assert passwords().is_right(PASSWORD, user.password_hash)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "anna"),
        ("email", "anna@localhost"),
        ("email", "an na@example.com"),
        ("email", "a" * 250 + "@example.com"),
        ("name", "   "),
        ("name", "x" * 101),
        ("role", "owner"),
        ("password", "too short"),
        ("password", "x" * 1001),
    ],
)
def test_what_cannot_be_accepted_names_its_field(ctx, field, value):
    with pytest.raises(Invalid) as refusal:
        users.add_user(**ANNA | {field: value})
    assert refusal.value.field == field
    assert refusal.value.sentence.endswith(".")
    assert db.session.query(User).count() == 0


@pytest.mark.both_databases
def test_an_address_is_used_once_whatever_its_case(ctx):
    users.add_user(**ANNA)
    with pytest.raises(Invalid) as refusal:
        users.add_user(**ANNA | {"email": "ANNA@example.com"})
    assert refusal.value.field == "email"


def test_the_last_manager_stays_a_manager(ctx):
    anna = users.add_user(**ANNA)
    users.add_user(**ANNA | {"email": "sam@example.com", "role": "staff"})
    for change in (lambda: users.disable(anna.id), lambda: users.set_role(anna.id, "staff")):
        with pytest.raises(users.LastManager, match="Anna is the only manager"):
            change()


def test_a_suspended_manager_does_not_count_as_one(ctx):
    anna = users.add_user(**ANNA)
    bert = users.add_user(**ANNA | {"email": "bert@example.com"})
    users.disable(bert.id)
    with pytest.raises(users.LastManager):
        users.disable(anna.id)


@pytest.mark.both_databases
def test_two_managers_cannot_suspend_each_other_at_the_same_time(app):
    with app.app_context():
        first, second = (users.add_user(**ANNA | {"email": f"{n}@example.com"}).id for n in range(2))
    outcome = at_the_same_time(app, lambda: users.disable(first), lambda: users.disable(second))
    assert isinstance(outcome, users.LastManager)


def test_who_is_not_here_cannot_be_changed(ctx):
    with pytest.raises(NotFound):
        users.change_password(404, PASSWORD)


def test_the_link_for_the_first_manager_works_once(ctx):
    link = users.first_manager_link("http://127.0.0.1:8000/")
    assert link.startswith("http://127.0.0.1:8000/welcome/")
    token = link.rpartition("/")[2]
    user = users.make_first_manager(token, email="anna@example.com", name="Anna", password=PASSWORD)
    assert user.is_manager
    assert users.first_manager_link("http://127.0.0.1:8000") is None
    with pytest.raises(users.LinkExpired, match="done its work"):
        users.make_first_manager(token, email="eve@example.com", name="Eve", password=PASSWORD)


def test_the_link_for_the_first_manager_lasts_24_hours(ctx, clock):
    token = users.first_manager_link("").rpartition("/")[2]
    clock.jump(hours=23, minutes=59)
    users.check_first_manager_link(token)
    clock.jump(minutes=2)
    with pytest.raises(users.LinkExpired, match="too old"):
        users.check_first_manager_link(token)


def test_a_link_that_is_not_ours_makes_nobody(ctx):
    for token in ("", "nonsense", users.first_manager_link("").rpartition("/")[2][:-2] + "AA"):
        with pytest.raises(users.LinkExpired):
            users.make_first_manager(token, email="eve@example.com", name="Eve", password=PASSWORD)


@pytest.mark.both_databases
def test_of_two_first_managers_at_the_same_time_there_is_one(app):
    with app.app_context():
        token = users.first_manager_link("").rpartition("/")[2]

    def begin(number):
        return users.make_first_manager(token, email=f"{number}@example.com", name="Anna", password=PASSWORD)

    assert isinstance(at_the_same_time(app, lambda: begin(1), lambda: begin(2)), users.LinkExpired)


def at_the_same_time(app, one, other):
    """What comes of `other` when it begins before the transaction of `one` has ended: a result or an exception."""
    outcome = []

    def do_other():
        with app.app_context():
            try:
                outcome.append(other())
            except Exception as error:
                outcome.append(error)

    thread = threading.Thread(target=do_other)
    with app.app_context(), transaction():
        one()
        thread.start()
        thread.join(0.5)  # time enough to come to its end, if nothing holds it
    thread.join()
    return outcome[0]
