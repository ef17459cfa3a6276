"""Proving who somebody is."""

import pytest
from argon2 import PasswordHasher
from sqlalchemy import func, select

from stoqflow_web.extensions import db
from stoqflow_web.models import FailedSignIn, User
from stoqflow_web.passwords import Passwords
from stoqflow_web.services import sign_in, users
from tests.conftest import PASSWORD

HOME = "192.0.2.1"


@pytest.fixture
def anna(make_user):
    return make_user(email="anna@example.com")


def fail(email="anna@example.com", address=HOME, password="a wrong password"):
    with pytest.raises(sign_in.NotSignedIn) as refusal:
        sign_in.prove(email, password, address=address)
    return refusal.value.sentence


def failures_kept():
    return db.session.scalar(select(func.count()).select_from(FailedSignIn))


@pytest.mark.both_databases
def test_the_right_password_proves_a_user_whatever_the_case_of_the_address(ctx, anna):
    assert sign_in.prove(" ANNA@example.com", PASSWORD, address=HOME).id == anna.id
    assert failures_kept() == 0


def test_a_wrong_password_and_an_unknown_address_are_answered_alike(ctx, anna):
    assert fail() == fail("nobody@example.com")


def test_an_unknown_address_costs_a_hash_too(ctx, anna, monkeypatch):
    verified = []
    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)

    class Counting(PasswordHasher):
        def verify(self, password_hash, password):
            verified.append(password_hash)
            return super().verify(password_hash, password)

    ctx.extensions["passwords"] = Passwords(Counting(time_cost=1, memory_cost=8, parallelism=1))
    fail()
    fail("nobody@example.com")
    assert len(verified) == 2
    assert not hasher.check_needs_rehash(verified[1])


def test_a_suspended_user_is_answered_as_if_unknown(ctx, anna, make_user):
    make_user(role="manager")
    users.disable(anna.id)
    assert fail(password=PASSWORD) == fail("nobody@example.com")


@pytest.mark.both_databases
def test_after_five_failures_even_the_right_password_must_wait(ctx, anna, clock):
    for _attempt in range(5):
        fail()
        clock.jump(minutes=1)
    with pytest.raises(sign_in.TooManyAttempts, match="Try again in 10 minutes"):
        sign_in.prove("anna@example.com", PASSWORD, address=HOME)
    clock.jump(minutes=9, seconds=30)
    with pytest.raises(sign_in.TooManyAttempts, match="Try again in 1 minute"):
        sign_in.prove("anna@example.com", PASSWORD, address="192.0.2.99")
    clock.jump(seconds=30)
    assert sign_in.prove("anna@example.com", PASSWORD, address=HOME).id == anna.id


def test_a_success_forgets_the_failures_of_that_user(ctx, anna, clock):
    for _round in range(2):
        for _attempt in range(4):
            fail()
        sign_in.prove("anna@example.com", PASSWORD, address=HOME)


def test_one_network_address_may_fail_twenty_times(ctx, anna, clock):
    for number in range(20):
        fail(f"{number}@example.com")
    with pytest.raises(sign_in.TooManyAttempts):
        sign_in.prove("anna@example.com", PASSWORD, address=HOME)
    assert sign_in.prove("anna@example.com", PASSWORD, address="192.0.2.2").id == anna.id


def test_a_whole_ipv6_network_counts_as_one_address(ctx, anna, clock):
    for number in range(20):
        fail(f"{number}@example.com", address=f"2001:db8::{number + 1:x}")
    with pytest.raises(sign_in.TooManyAttempts):
        sign_in.prove("anna@example.com", PASSWORD, address="2001:db8::ffff")


def test_old_failures_are_cleared_away(ctx, anna, clock):
    fail()
    clock.jump(minutes=16)
    sign_in.prove("anna@example.com", PASSWORD, address=HOME)
    assert failures_kept() == 0


def test_a_hash_made_with_older_parameters_is_renewed(ctx, anna):
    before = db.session.get(User, anna.id).password_hash
    ctx.extensions["passwords"] = Passwords(PasswordHasher(time_cost=2, memory_cost=16, parallelism=1))
    sign_in.prove("anna@example.com", PASSWORD, address=HOME)
    db.session.rollback()
    after = db.session.get(User, anna.id).password_hash
    assert "t=1" in before
    assert "t=2" in after
    sign_in.prove("anna@example.com", PASSWORD, address=HOME)
