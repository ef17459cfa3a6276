"""Keys that were revoked and work again: what a person has proven good is used at once, not half a minute later."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from stoqflow_web.bol.sandbox import RunningSandbox, SandboxOptions
from stoqflow_web.extensions import db
from stoqflow_web.models import ImportRun, Shop
from stoqflow_web.services import imports, marketplaces, shops
from stoqflow_web.transaction import transaction
from tests.support.clocks import FrozenClock
from tests.support.linking import after_requests, link_shop, transfer
from tests.support.mortal_redis import MortalRedis


@pytest.fixture
def sandbox_options() -> SandboxOptions:
    return SandboxOptions(orders=3, offers=8, limits=False)


@pytest.fixture
def mortal_redis() -> Iterator[MortalRedis]:
    with MortalRedis(keeps=False) as server:
        yield server


@pytest.fixture
def redis_server(mortal_redis: MortalRedis) -> str:
    return mortal_redis.address


@pytest.fixture
def revoked(ctx: Flask, sandbox: RunningSandbox) -> int:
    """A shop whose keys were refused a moment ago, and work again by now."""
    shop_id = link_shop(sandbox)
    sandbox.world.revoke_keys()
    assert transfer(shop_id, "orders").status == "failed"
    assert _shop(shop_id).has_lost_access
    sandbox.world.restore_keys()
    return shop_id


def test_check_now_followed_by_a_transfer_works_at_once(ctx: Flask, revoked: int) -> None:
    assert shops.check_keys(revoked).works
    assert transfer(revoked, "orders").status == "finished"
    assert not _shop(revoked).has_lost_access


def test_keys_entered_again_work_at_once(ctx: Flask, sandbox: RunningSandbox, revoked: int) -> None:
    shops.replace_keys(revoked, api_key=sandbox.client_id, api_secret=sandbox.client_secret, user_id=None)
    assert transfer(revoked, "orders").status == "finished"
    assert not _shop(revoked).has_lost_access


def test_without_redis_the_keys_are_proven_all_the_same(ctx: Flask, revoked: int, mortal_redis: MortalRedis) -> None:
    mortal_redis.kill()
    assert shops.check_keys(revoked).works
    assert not _shop(revoked).has_lost_access
    mortal_redis.start()
    assert transfer(revoked, "orders").status == "finished"


def test_a_run_ended_by_a_refusal_elsewhere_says_why(ctx: Flask, sandbox: RunningSandbox) -> None:
    shop_id = link_shop(sandbox)
    after_requests(
        sandbox, "/retailer/orders/", 1, elsewhere(ctx, lambda: shops.mark_access_lost(shop_id, "Refused elsewhere."))
    )
    run = transfer(shop_id, "orders")
    assert (run.status, run.trouble) == ("stopped", "Stopped because bol.com gave no access.")


def test_a_run_that_a_person_stopped_needs_no_reason(ctx: Flask, sandbox: RunningSandbox) -> None:
    shop_id = link_shop(sandbox)
    after_requests(sandbox, "/retailer/orders/", 1, elsewhere(ctx, lambda: shops.pause(shop_id, user_id=None)))
    run = transfer(shop_id, "orders")
    assert (run.status, run.trouble) == ("stopped", None)


def test_keys_replaced_during_a_transfer_carry_it_to_its_end(
    ctx: Flask, sandbox: RunningSandbox, clock: FrozenClock
) -> None:
    shop_id = link_shop(sandbox)

    def replaced_and_the_old_ones_refused() -> None:
        clock.jump(seconds=1)
        with transaction() as tx:
            tx.session.get_one(Shop, shop_id).keys_checked_at = clock()
        sandbox.world.revoke_keys()
        sandbox.world.expire_tokens()

    after_requests(sandbox, "/retailer/orders", 1, elsewhere(ctx, replaced_and_the_old_ones_refused))
    run = transfer(shop_id, "orders")
    assert (run.status, _shop(shop_id).has_lost_access) == ("running", False)
    sandbox.world.restore_keys()
    marketplaces.forget_refusal(shop_id)
    clock.jump(minutes=5)
    imports.carry_on(run.id)
    db.session.rollback()
    assert db.session.get_one(ImportRun, run.id).status == "finished"


def elsewhere(app: Flask, action: Callable[[], object]) -> Callable[[], None]:
    """The action as another process would do it: with a context and a session of its own."""

    def act() -> None:
        with app.app_context():
            action()

    return act


def _shop(shop_id: int) -> Shop:
    db.session.rollback()
    return db.session.get_one(Shop, shop_id, populate_existing=True)
