"""When shops are synced: once, by whoever is first, and never beside themselves or a transfer."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from stoqflow_web.bol.sandbox import RunningSandbox, SandboxOptions
from stoqflow_web.extensions import db
from stoqflow_web.models import ImportRun, Shop
from stoqflow_web.models.shops import LIMITED
from stoqflow_web.services import imports, shops, syncing
from stoqflow_web.services.import_work import claim
from stoqflow_web.services.imports import NotStartable
from stoqflow_web.services.shop_settings import change_settings
from stoqflow_web.transaction import transaction
from tests.services.transfers import add_shop
from tests.support.clocks import FrozenClock
from tests.support.linking import link_shop, transfer
from tests.support.syncs import shop_now, sync, tick

on_both = pytest.mark.both_databases


@pytest.fixture
def sandbox_options() -> SandboxOptions:
    return SandboxOptions(orders=3, offers=8, limits=False)


def runs(kind: str = "sync") -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).where(ImportRun.kind == kind)) or 0


def at_once(app: Flask, *actions: Callable[[], Any]) -> None:
    """All actions begin together, each as in a process of its own."""
    barrier = threading.Barrier(len(actions))

    def act(action: Callable[[], Any]) -> None:
        with app.app_context():
            barrier.wait()
            action()

    threads = [threading.Thread(target=act, args=(action,)) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@on_both
def test_many_schedulers_start_one_sync_a_shop(ctx: Flask, app: Flask, sandbox: RunningSandbox) -> None:
    for number in range(3):
        add_shop(sandbox, f"Shop {number}")
    at_once(app, *[syncing.sweep] * 6)
    assert runs() == 3


@on_both
def test_a_click_beside_the_scheduler_starts_one_sync(ctx: Flask, app: Flask, sandbox: RunningSandbox) -> None:
    shop_id = add_shop(sandbox)
    at_once(app, syncing.sweep, *[lambda: syncing.sync_now(shop_id, user_id=None)] * 3)
    assert runs() == 1


@on_both
def test_a_sync_and_a_transfer_of_one_shop_are_never_worked_on_side_by_side(
    ctx: Flask, app: Flask, sandbox: RunningSandbox
) -> None:
    shop_id = add_shop(sandbox)
    sync_id = syncing.sync_now(shop_id, user_id=None).id
    transfer_id = imports.start(shop_id, "orders", user_id=None).id
    claimed: list[object] = []
    at_once(app, *[lambda run_id=run_id: claimed.append(claim(run_id)) for run_id in (sync_id, transfer_id)])
    assert sum(work is not None for work in claimed) == 1


def test_while_sales_orders_are_transferred_no_sync_begins(ctx: Flask, sandbox: RunningSandbox) -> None:
    shop_id = add_shop(sandbox)
    imports.start(shop_id, "orders", user_id=None)
    assert syncing.sweep() == 0
    with pytest.raises(NotStartable, match="being transferred"):
        syncing.sync_now(shop_id, user_id=None)


def test_the_first_sync_leaves_time_for_the_transfers(ctx: Flask, sandbox: RunningSandbox, clock: FrozenClock) -> None:
    shop_id = link_shop(sandbox)
    assert syncing.sweep() == 0
    clock.jump(seconds=50)
    imports.start(shop_id, "products", user_id=None)
    clock.jump(minutes=2)
    assert syncing.sweep() == 0, "products come first"
    transfer(shop_id, "products")
    assert syncing.sweep() == 0
    clock.jump(minutes=1)
    assert syncing.sweep() == 1


def test_each_shop_has_its_own_pause_between_two_syncs(ctx: Flask, sandbox: RunningSandbox, clock: FrozenClock) -> None:
    shop_id = add_shop(sandbox)
    _set_minutes(shop_id, 10)
    assert len(tick()) == 1
    clock.jump(minutes=9)
    assert tick() == []
    _set_minutes(shop_id, 2)  # a shorter pause counts at once
    clock.jump(minutes=2)
    assert len(tick()) == 1


def test_a_marketplace_that_allows_less_is_asked_half_as_often(
    ctx: Flask, sandbox: RunningSandbox, clock: FrozenClock
) -> None:
    shop_id = add_shop(sandbox)
    with transaction() as tx:
        tx.session.get_one(Shop, shop_id).trouble = LIMITED
    tick()
    then = shop_now(shop_id).next_sync_at
    assert then == clock.moment + timedelta(minutes=2)


def test_what_the_marketplace_asks_to_wait_is_waited(ctx: Flask, sandbox: RunningSandbox, clock: FrozenClock) -> None:
    shop_id = add_shop(sandbox)
    sandbox.world.answer_next(429, "", headers={"Retry-After": "90"}, method="GET", path="/retailer/orders", count=1)
    run = sync(shop_id)
    assert run.not_before is not None
    assert run.not_before >= clock.moment + timedelta(seconds=90)
    assert syncing.sweep() == 0


def test_a_paused_shop_is_synced_as_soon_as_it_is_resumed(
    ctx: Flask, sandbox: RunningSandbox, clock: FrozenClock
) -> None:
    shop_id = add_shop(sandbox)
    tick()
    shops.pause(shop_id, user_id=None)
    clock.jump(hours=5)
    assert tick() == []
    shops.resume(shop_id, user_id=None)
    assert [run.status for run in tick()] == ["finished"]


def test_refused_keys_end_the_syncs_until_they_are_replaced(
    ctx: Flask, sandbox: RunningSandbox, clock: FrozenClock
) -> None:
    shop_id = add_shop(sandbox)
    with transaction() as tx:
        tx.session.get_one(Shop, shop_id).account_id = sandbox.world.options.retailer_id
    tick()
    sandbox.world.revoke_keys()
    sandbox.world.expire_tokens()
    clock.jump(minutes=1)
    (run,) = tick()
    assert run.status == "failed"
    clock.jump(minutes=30)
    assert tick() == []
    sandbox.world.restore_keys()
    assert shops.check_keys(shop_id).works
    assert [one.status for one in tick()] == ["finished"]


def _set_minutes(shop_id: int, minutes: int) -> None:
    with transaction() as tx:
        shop = tx.session.get_one(Shop, shop_id)
        change_settings(
            shop_id,
            hold_minutes=shop.hold_minutes,
            waits_for_all_parts=shop.waits_for_all_parts,
            default_carrier=shop.default_carrier,
            sync_minutes=minutes,
            accepts_requests=shop.accepts_requests,
            collected_at=shop.collected_at,
            user_id=None,
        )
