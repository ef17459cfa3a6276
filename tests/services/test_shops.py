"""A seller account is linked, and its keys are proven, replaced, refused and kept secret."""

import logging
import threading

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import select, text

from stoqflow_web.errors import Invalid, NotFound
from stoqflow_web.extensions import db, vault
from stoqflow_web.models import HistoryEntry, Shop
from stoqflow_web.services import shops
from stoqflow_web.transaction import transaction
from stoqflow_web.vault import Vault
from tests.support.builders import make_shop
from tests.support.linking import after_requests, link_shop


def events(shop_id):
    return db.session.scalars(
        select(HistoryEntry.event).where(HistoryEntry.shop_id == shop_id).order_by(HistoryEntry.id)
    ).all()


def shop_now(shop_id):
    db.session.rollback()
    return db.session.get_one(Shop, shop_id, populate_existing=True)


def add(sandbox, **typed):
    given = {"name": "Home", "api_key": sandbox.client_id, "api_secret": sandbox.client_secret, "user_id": None}
    return shops.add_shop(**(given | typed))


def test_the_account_that_answered_is_linked_and_its_secret_encrypted(ctx, sandbox):
    shop = shop_now(add(sandbox, name="  Home   NL ").id)
    assert (shop.name, shop.account_name, shop.account_id) == ("Home NL", "Keuken & Buiten", "1472583")
    assert sandbox.client_secret.encode() not in shop.api_secret_encrypted
    assert vault().unlock(shop.api_secret_encrypted) == sandbox.client_secret
    assert events(shop.id) == ["linked"]


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("name", "   ", "Give the shop a name"),
        ("name", "x" * 40_000, "at most 100 characters"),
        ("name", "Home\x00", "can't be shown"),
        ("name", "Home\nNL", "can't be shown"),
        ("name", "emoH\u202e", "can't be shown"),
        ("api_key", "", "Paste the key"),
        ("api_key", "x" * 201, "too long"),
        ("api_key", "two words", "no spaces"),
        ("api_key", "kéy", "no spaces and no accented letters"),
        ("api_secret", "\t ", "Paste the secret"),
        ("api_secret", "x" * 40_000, "too long"),
        ("api_secret", "a\x00b", "no spaces and no accented letters"),
    ],
)
def test_what_cannot_be_a_name_or_a_key_is_refused_beside_its_field(ctx, field, typed, sentence):
    given = {"name": "Home", "api_key": "key", "api_secret": "secret"} | {field: typed}
    with pytest.raises(Invalid, match=sentence) as refusal:
        shops.add_shop(**given, user_id=None)
    assert refusal.value.field == field
    assert len(refusal.value.sentence) < 200


def test_the_secret_is_in_no_exception_and_no_log(ctx, sandbox, caplog):
    caplog.set_level(logging.DEBUG)
    with pytest.raises(Invalid) as refusal:
        add(sandbox, api_secret="very-hidden")
    told, error = [], refusal.value
    while error is not None:
        told.append(repr(error) + str(vars(error)))
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    link_shop(sandbox)
    assert "very-hidden" not in "".join(told) + caplog.text
    assert sandbox.client_secret not in caplog.text
    assert "hidden" not in repr(shops.Keys("key", "very-hidden"))


def test_no_transaction_is_open_while_bol_is_asked(ctx, sandbox):
    shop_id, session, seen = link_shop(sandbox), db.session(), []
    after_requests(sandbox, "/retailer/retailers/current", 1, lambda: seen.append(session.in_transaction()))
    session.scalars(select(Shop)).all()
    add(sandbox, name="Home & Kitchen NL")
    after_requests(sandbox, "/retailer/retailers/current", 1, lambda: seen.append(session.in_transaction()))
    session.scalars(select(Shop)).all()
    shops.check_keys(shop_id)
    assert seen == [False, False]


@pytest.mark.parametrize(
    ("trouble", "sentence"),
    [
        (lambda world: world.revoke_keys(), "does not know this key and secret"),
        (lambda world: world.deactivate_account(), "not active"),
        (lambda world: world.go_down(10), "does not answer at the moment"),
        (lambda world: world.lose_next_answer(path="/token", count=20), "does not answer at the moment"),
    ],
)
def test_each_failure_of_the_proof_has_its_own_sentence_and_links_nothing(ctx, sandbox, trouble, sentence):
    trouble(sandbox.world)
    with pytest.raises(Invalid, match=sentence) as refusal:
        add(sandbox)
    assert refusal.value.field == "api_key"
    assert db.session.scalars(select(Shop)).all() == []


def test_the_same_account_twice_is_refused_by_the_name_of_the_shop_that_has_it(ctx, sandbox):
    add(sandbox, name="Home & Kitchen")
    with pytest.raises(Invalid, match=r"already linked as the shop “Home & Kitchen”"):
        add(sandbox, name="Another")
    assert len(db.session.scalars(select(Shop)).all()) == 1


def test_the_same_form_sent_twice_is_one_shop(ctx, sandbox):
    first = add(sandbox)
    assert add(sandbox).id == first.id
    assert events(first.id) == ["linked"]


@pytest.mark.both_databases
def test_two_who_link_the_same_account_at_once_make_one_shop(ctx, sandbox):
    sandbox.world.slow_down(0.2, path="/retailer/retailers/current")
    outcomes, both = [], threading.Barrier(4)

    def link(number):
        with ctx.app_context():
            both.wait()
            try:
                outcomes.append(add(sandbox, name=f"Shop {number}").name)
            except Invalid as refusal:
                outcomes.append(refusal.sentence)
            db.session.remove()

    threads = [threading.Thread(target=link, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (shop,) = db.session.scalars(select(Shop)).all()
    assert sorted(outcomes)[0] == shop.name
    assert sum(f"already linked as the shop “{shop.name}”" in outcome for outcome in outcomes) == 3


def test_keys_of_another_account_are_refused_by_the_names_of_both(ctx, sandbox):
    shop_id = make_shop("Home", account_id="99", account_name="Somebody else").id
    with pytest.raises(Invalid, match=r"Keuken & Buiten \(1472583\).*Somebody else \(99\)") as refusal:
        shops.replace_keys(shop_id, api_key=sandbox.client_id, api_secret=sandbox.client_secret, user_id=None)
    assert refusal.value.field == "api_key"
    assert vault().unlock(shop_now(shop_id).api_secret_encrypted) != sandbox.client_secret


def test_new_keys_of_the_same_account_regain_access(ctx, sandbox):
    shop_id = make_shop("Home", account_id="1472583").id
    shops.mark_access_lost(shop_id, "bol.com said no.")
    shops.replace_keys(shop_id, api_key=sandbox.client_id, api_secret=sandbox.client_secret, user_id=None)
    shop = shop_now(shop_id)
    assert (shop.has_lost_access, shop.access_lost_why, shop.api_key) == (False, None, sandbox.client_id)
    assert events(shop_id) == ["access_lost", "keys_replaced"]


def test_access_is_lost_once_however_many_workers_find_out(ctx):
    shop_id = make_shop().id
    for why in ("first", "second"):
        shops.mark_access_lost(shop_id, why)
    assert shop_now(shop_id).access_lost_why == "first"
    assert events(shop_id) == ["access_lost"]


def test_new_keys_are_not_blamed_for_what_was_tried_with_the_old_ones(ctx, clock):
    shop_id, tried_at = make_shop().id, clock()
    clock.jump(seconds=5)
    with transaction() as tx:
        tx.session.get_one(Shop, shop_id).keys_checked_at = clock()
    assert not shops.mark_access_lost(shop_id, "The old pair was refused.", tried_at=tried_at)
    assert not shop_now(shop_id).has_lost_access
    assert shops.mark_access_lost(shop_id, "The new pair was refused.", tried_at=clock())
    assert shop_now(shop_id).has_lost_access
    assert shops.mark_access_lost(shop_id, "Late news.", tried_at=tried_at)


def test_a_check_loses_and_regains_access_as_bol_answers(ctx, sandbox, clock):
    shop_id = link_shop(sandbox)
    clock.jump(hours=1)
    assert shops.check_keys(shop_id).works
    assert shop_now(shop_id).keys_checked_at == clock()
    sandbox.world.revoke_keys()
    assert shops.check_keys(shop_id).is_refused
    assert shop_now(shop_id).has_lost_access
    sandbox.world.restore_keys()
    assert shops.check_keys(shop_id).works
    assert not shop_now(shop_id).has_lost_access
    assert events(shop_id) == ["linked", "access_lost", "access_regained"]


def test_keys_are_not_tried_so_often_that_bol_would_block_us(ctx, sandbox, clock):
    shop_id = link_shop(sandbox)
    outcomes = [shops.check_keys(shop_id).outcome for _ in range(10)]
    assert outcomes == [shops.WORKS] * 9 + [shops.UNANSWERED]
    assert not shop_now(shop_id).has_lost_access
    with pytest.raises(Invalid, match="Wait a minute"):
        add(sandbox)
    clock.jump(seconds=61)
    assert shops.check_keys(shop_id).works


def test_a_check_without_an_answer_changes_nothing(ctx, sandbox, clock):
    shop_id = link_shop(sandbox)
    before = shop_now(shop_id).keys_checked_at
    clock.jump(hours=1)
    sandbox.world.go_down(10)
    check = shops.check_keys(shop_id)
    assert (check.outcome, "does not answer" in check.sentence) == (shops.UNANSWERED, True)
    shop = shop_now(shop_id)
    assert (shop.keys_checked_at, shop.has_lost_access) == (before, False)


def test_a_secret_that_no_key_opens_asks_for_new_keys(ctx, sandbox):
    shop_id = link_shop(sandbox)
    ctx.extensions["vault"] = Vault([Fernet.generate_key().decode()])
    check = shops.check_keys(shop_id)
    assert check.is_refused
    assert "If keys were changed, restart Stoqflow" in shop_now(shop_id).access_lost_why
    with pytest.raises(Invalid, match="already linked"):
        add(sandbox, name="Home & Kitchen NL")
    shops.replace_keys(shop_id, api_key=sandbox.client_id, api_secret=sandbox.client_secret, user_id=None)
    assert shops.check_keys(shop_id).works


def test_rotation_puts_every_secret_under_the_newest_key(ctx, settings):
    readable, lost = make_shop().id, make_shop(api_secret_encrypted=b"of another key file").id
    newest = Fernet.generate_key().decode()
    ctx.extensions["vault"] = Vault([newest, *settings.keys])
    assert shops.rotate_secrets() == 1
    assert Vault([newest]).unlock(shop_now(readable).api_secret_encrypted).startswith("secret ")
    assert shop_now(lost).has_lost_access
    assert not shop_now(readable).has_lost_access


def test_a_pause_and_a_new_name_are_in_the_history_once(ctx):
    shop_id = make_shop("Home").id
    for _ in range(2):
        shops.pause(shop_id, user_id=None)
        shops.rename(shop_id, name="Garden", user_id=None)
    assert not shop_now(shop_id).may_ask_marketplace
    for _ in range(2):
        shops.resume(shop_id, user_id=None)
    assert shop_now(shop_id).may_ask_marketplace
    assert events(shop_id) == ["paused", "renamed", "resumed"]


def test_a_shop_that_is_not_there_is_not_found(ctx):
    for act in (shops.check_keys, lambda shop_id: shops.pause(shop_id, user_id=None)):
        with pytest.raises(NotFound):
            act(404)


def test_the_secret_is_nowhere_in_clear_in_the_database(ctx, sandbox):
    link_shop(sandbox)
    connection = db.session.connection()
    for table in ("shops", "history_entries"):
        for row in connection.execute(text(f"SELECT * FROM {table}")):
            assert sandbox.client_secret not in repr(tuple(row))
