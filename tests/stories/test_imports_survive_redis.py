"""Redis only hurries things along: without it, and after it, every transfer comes to its end."""

import time
from collections import Counter
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import select

from stoqflow_web.bol.sandbox import RunningSandbox, SandboxOptions
from stoqflow_web.extensions import db
from stoqflow_web.models import ImportRun
from stoqflow_web.models.imports import FETCHING
from stoqflow_web.services import imports
from tests.support.clocks import wait_until
from tests.support.gates import Gate
from tests.support.linking import link_shop
from tests.support.mortal_redis import MortalRedis
from tests.support.programs import Programs
from tests.support.runs import finished, orders_here, read_run


@pytest.fixture
def sandbox_options() -> SandboxOptions:
    return SandboxOptions(orders=0, offers=12, limits=False)


@pytest.fixture
def keeps() -> bool:
    """Whether Redis remembers anything after a restart."""
    return True


@pytest.fixture
def mortal_redis(keeps: bool) -> Iterator[MortalRedis]:
    with MortalRedis(keeps=keeps) as server:
        yield server


@pytest.fixture
def redis_server(mortal_redis: MortalRedis) -> str:
    """The Redis of this test's app and programs is one that can be killed."""
    return mortal_redis.address


@pytest.mark.parametrize("keeps", [True, False], ids=["as it was", "empty"])
def test_redis_killed_in_the_middle_comes_back(
    ctx: Flask, sandbox: RunningSandbox, programs: Programs, mortal_redis: MortalRedis
) -> None:
    placed = [sandbox.world.place_order() for _ in range(80)]
    gate = Gate(sandbox, "/retailer/orders/", 30)
    worker = programs.worker()
    shop_id = link_shop(sandbox)
    run_id = imports.start(shop_id, "orders", user_id=None).id
    wait_until(lambda: (read_run(run_id).phase, read_run(run_id).done) == (FETCHING, 30))

    mortal_redis.kill()
    gate.open()
    mortal_redis.start()

    run = finished(run_id)
    assert (run.done, run.total, run.count_new, run.attempt) == (80, 80, 80, 1)
    assert orders_here() == Counter(placed)
    # The same worker goes on with what comes next.
    again = finished(imports.start(shop_id, "orders", user_id=None).id)
    assert (again.count_new, again.count_unchanged) == (0, 80)
    assert worker.is_running


def test_transfer_pressed_while_redis_is_down_is_done_once_it_is_back(
    ctx: Flask, sandbox: RunningSandbox, programs: Programs, mortal_redis: MortalRedis, signed_in
) -> None:
    placed = [sandbox.world.place_order() for _ in range(3)]
    shop_id = link_shop(sandbox)
    worker = programs.worker()
    manager = signed_in("manager")
    manager.get(f"/shops/{shop_id}")

    mortal_redis.kill()
    began = time.monotonic()
    page = manager.submit("#transfer-orders form")
    took = time.monotonic() - began

    assert page.status == 200
    assert took < 3
    run_id = db.session.scalars(select(ImportRun.id).where(ImportRun.kind == "orders")).one()
    assert read_run(run_id).is_active
    assert imports.sweep() == 0, "without Redis nobody can be asked"

    mortal_redis.start()
    programs.start("jobs.scheduler")
    finished(run_id)
    assert orders_here() == Counter(placed)
    assert worker.is_running
