"""Real schedulers and workers: nobody presses a button, and killing any of them loses nothing."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask

from stoqflow_web import clock
from stoqflow_web.bol.sandbox import RunningSandbox, SandboxOptions
from stoqflow_web.models import ImportRun, Shop
from stoqflow_web.transaction import transaction
from tests.services.transfers import add_shop
from tests.support.clocks import wait_until
from tests.support.gates import Gate
from tests.support.mortal_redis import MortalRedis
from tests.support.programs import Programs
from tests.support.runs import orders_here
from tests.support.syncs import checks, shop_now


@pytest.fixture
def sandbox_options() -> SandboxOptions:
    return SandboxOptions(orders=0, offers=8, limits=False)


@pytest.fixture
def mortal_redis() -> Iterator[MortalRedis]:
    with MortalRedis(keeps=False) as server:
        yield server


@pytest.fixture
def redis_server(mortal_redis: MortalRedis) -> str:
    return mortal_redis.address


def test_with_two_schedulers_and_a_redis_that_forgets_each_order_comes_in_once(
    ctx: Flask, sandbox: RunningSandbox, programs: Programs, mortal_redis: MortalRedis
) -> None:
    for module in ("jobs.scheduler", "jobs.scheduler", "jobs.worker"):
        programs.start(module)
    placed = [sandbox.world.place_order() for _ in range(3)]
    shop_id = add_shop(sandbox)
    wait_until(lambda: orders_here() == Counter(placed), 30)

    mortal_redis.kill()
    placed.append(sandbox.world.place_order())
    _due_now(shop_id)
    mortal_redis.start()

    wait_until(lambda: orders_here() == Counter(placed), 60)
    wait_until(lambda: checks(shop_id) and checks(shop_id)[0].open_there == 4, 30)
    assert checks(shop_id)[0].difference == 0


def test_a_sync_whose_worker_is_killed_is_carried_on_by_another(
    ctx: Flask, sandbox: RunningSandbox, programs: Programs
) -> None:
    placed = [sandbox.world.place_order() for _ in range(40)]
    gate = Gate(sandbox, "/retailer/orders/", 15)
    worker = programs.worker()
    shop_id = add_shop(sandbox)
    programs.start("jobs.scheduler")
    wait_until(lambda: gate.waiting, 30)
    assert shop_now(shop_id).synced_until is None

    worker.kill()
    gate.open()
    programs.worker()
    _let_leases_run_out()

    wait_until(lambda: orders_here() == Counter(placed), 30)
    wait_until(lambda: shop_now(shop_id).synced_until is not None, 30)


def _due_now(shop_id: int) -> None:
    """Instead of waiting for a minute."""
    with transaction() as tx:
        tx.session.get_one(Shop, shop_id).next_sync_at = clock.now()


def _let_leases_run_out() -> None:
    with transaction() as tx:
        for run in tx.session.query(ImportRun):
            if run.is_active:
                run.lease_until = clock.now() - timedelta(seconds=1)
