"""A worker is killed with SIGKILL, or falls asleep, in the middle of a transfer: nothing is lost, nothing doubled."""

from collections import Counter
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from stoqflow_web import clock
from stoqflow_web.bol.sandbox import RunningSandbox, SandboxOptions
from stoqflow_web.extensions import db
from stoqflow_web.models import ImportItem, ImportRun, Offer, Product
from stoqflow_web.models.imports import FETCHING
from stoqflow_web.services import imports
from stoqflow_web.services.import_work import claim
from stoqflow_web.transaction import transaction
from tests.support.clocks import wait_until
from tests.support.gates import Gate
from tests.support.linking import link_shop
from tests.support.programs import Program, Programs
from tests.support.runs import finished, orders_here, read_run

STORED_FIRST, ALL = 60, 130


@pytest.fixture
def sandbox_options() -> SandboxOptions:
    return SandboxOptions(orders=0, offers=250, limits=False)


@pytest.mark.both_databases
def test_orders_of_a_killed_worker_are_carried_on_by_another(
    ctx: Flask, sandbox: RunningSandbox, programs: Programs
) -> None:
    placed = [sandbox.world.place_order(lines=2) for _ in range(ALL)]
    run_id, gate, worker = _in_the_middle_of_orders(sandbox, programs)
    worker.kill()
    gate.open()

    assert orders_here() != Counter(placed)
    assert imports.sweep() == 0, "the dead worker's lease still holds"
    assert claim(run_id) is None
    _let_lease_run_out(run_id)
    programs.worker()
    assert imports.sweep() == 1

    _check_orders(finished(run_id), placed)
    fetched = Counter(seen.path for seen in sandbox.world.requests_seen("GET", "/retailer/orders/", status=200))
    # What was stored is not fetched again; the rest was on its way when the worker died, so twice at most.
    assert sum(fetched.values()) <= ALL + (ALL - STORED_FIRST)
    assert sum(1 for times in fetched.values() if times == 1) >= STORED_FIRST


def test_a_worker_that_slept_while_another_took_over_wakes_up_and_writes_nothing(
    ctx: Flask, sandbox: RunningSandbox, programs: Programs
) -> None:
    placed = [sandbox.world.place_order() for _ in range(ALL)]
    run_id, gate, sleeper = _in_the_middle_of_orders(sandbox, programs)
    sleeper.fall_asleep()
    _let_lease_run_out(run_id)
    held_by_sleeper = gate.waiting
    programs.worker()
    assert imports.sweep() == 1
    wait_until(lambda: gate.waiting > held_by_sleeper)
    assert read_run(run_id).attempt == 2

    sleeper.wake_up()
    gate.open()

    _check_orders(finished(run_id), placed)
    sleeper.prints("is carried on by another worker")


def test_products_of_a_killed_worker_are_carried_on_at_the_page_it_was_at(
    ctx: Flask, sandbox: RunningSandbox, programs: Programs
) -> None:
    gate = Gate(sandbox, "/retailer/offers", 2)
    worker = programs.worker()
    run_id = imports.start(link_shop(sandbox), "products", user_id=None).id
    wait_until(lambda: read_run(run_id).done == 200)
    wait_until(lambda: gate.waiting)
    worker.kill()
    gate.open()

    _let_lease_run_out(run_id)
    programs.worker()
    assert imports.sweep() == 1

    run = finished(run_id)
    assert run.done == 250
    offers = db.session.scalars(select(Offer)).all()
    without_product = sum(offer.product_id is None for offer in offers)
    assert run.count_new + run.count_matched + run.count_unchanged + run.count_skipped + without_product == 250
    assert Counter(offer.external_id for offer in offers) == Counter(list(sandbox.world.offers))
    skus = db.session.scalars(select(Product.sku)).all()
    assert len(skus) == len(set(skus)) == run.count_new
    # Two pages before the kill, then the third: none was asked for from the beginning again.
    pages = sandbox.world.requests_seen("GET", "/retailer/offers", status=200)
    assert sum("cursor" not in page.query for page in pages) == 1


def _in_the_middle_of_orders(sandbox: RunningSandbox, programs: Programs) -> tuple[int, Gate, Program]:
    """A transfer of which so many orders are stored, with a worker that waits for the answers about the others."""
    gate = Gate(sandbox, "/retailer/orders/", STORED_FIRST)
    worker = programs.worker()
    run_id = imports.start(link_shop(sandbox), "orders", user_id=None).id
    wait_until(lambda: (read_run(run_id).phase, read_run(run_id).done) == (FETCHING, STORED_FIRST))
    assert len(orders_here()) == STORED_FIRST
    return run_id, gate, worker


def _check_orders(run: ImportRun, placed: list[str]) -> None:
    assert orders_here() == Counter(placed)
    assert (run.done, run.total, run.count_new) == (ALL, ALL, ALL)
    assert run.count_new + run.count_matched + run.count_unchanged + run.count_skipped == run.total
    assert db.session.scalar(select(func.count()).select_from(ImportItem)) == 0
    assert run.attempt == 2


def _let_lease_run_out(run_id: int) -> None:
    """Instead of waiting for twenty seconds. Nobody alive renews it, or the sweep would not find it."""
    with transaction() as tx:
        tx.session.get_one(ImportRun, run_id, populate_existing=True).lease_until = clock.now() - timedelta(seconds=1)
