"""Keys that were revoked and work again: what a person has proven good is used at once, not half a minute later."""

from collections.abc import Iterator

import pytest
from flask import Flask

from stoqflow_web.bol.sandbox import RunningSandbox, SandboxOptions
from stoqflow_web.extensions import db
from stoqflow_web.models import Shop
from stoqflow_web.services import shops
from tests.support.linking import link_shop, transfer
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


def _shop(shop_id: int) -> Shop:
    db.session.rollback()
    return db.session.get_one(Shop, shop_id, populate_existing=True)
