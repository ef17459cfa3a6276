import logging
from dataclasses import replace

import pytest

from jobs.scheduler import LOCK, Scheduler, due_work
from stoqflow_web.extensions import impatient_redis_client
from tests.support.clocks import wait_until


@pytest.fixture
def schedule(app, settings):
    def make(*ticks, redis_url=None, every=5.0):
        chosen = replace(settings, redis_url=redis_url or settings.redis_url)
        return Scheduler(app, impatient_redis_client(chosen), ticks, every=every)

    return make


def test_of_two_schedulers_one_ticks(schedule):
    ticked = []
    first, second = schedule(lambda: ticked.append("first")), schedule(lambda: ticked.append("second"))

    assert [first.tick(), second.tick()] == [True, False]

    assert ticked == ["first"]


def test_the_turn_is_free_again_before_the_next_round(schedule):
    scheduler = schedule(lambda: None, every=0.2)
    assert scheduler.tick()

    wait_until(lambda: not scheduler.client.exists(LOCK), 1)

    assert scheduler.tick()


def test_a_tick_runs_inside_the_app(schedule, app):
    from flask import current_app

    seen = []

    schedule(lambda: seen.append(current_app.name)).tick()

    assert seen == [app.name]


def test_a_failing_tick_stops_neither_the_others_nor_the_scheduler_and_is_told_once(schedule, caplog):
    caplog.set_level(logging.INFO)
    ticked = []
    broken = [True]

    def fragile():
        if broken:
            raise OSError("the database is away\nwith details")

    scheduler = schedule(fragile, lambda: ticked.append(1))
    for _ in range(3):
        scheduler.client.delete(LOCK)
        scheduler.tick()
    broken.clear()
    scheduler.client.delete(LOCK)
    scheduler.tick()

    assert len(ticked) == 4
    fails, works = [record.getMessage() for record in caplog.records]
    assert "the database is away" in fails
    assert "details" not in fails
    assert "works again" in works


def test_without_redis_it_waits_and_says_so_once(schedule, settings, caplog):
    scheduler = schedule(lambda: None, redis_url=f"unix://{settings.data}/nobody.sock")

    assert [scheduler.tick() for _ in range(3)] == [False, False, False]

    assert len(caplog.records) == 1


def test_the_process_ends_when_told(run, app, settings):
    addresses = {"DATABASE_URL": settings.database_url, "REDIS_URL": settings.redis_url}
    program = run("jobs.scheduler", folder=settings.data, **addresses)
    wait_until(lambda: app.extensions["redis"].exists(LOCK) or program.process.poll() is not None, 30)

    assert program.stop() == 0
    assert "Traceback" not in program.text


def test_each_round_looks_for_due_work_and_forgets_what_is_old():
    assert {f"{tick.__module__}.{tick.__name__}" for tick in due_work()} == {
        "stoqflow_web.services.imports.sweep",
        "stoqflow_web.services.batch_work.sweep",
        "stoqflow_web.services.news.look",
        "stoqflow_web.services.news.forget_old",
        "stoqflow_web.services.news_delivery.sweep",
        "stoqflow_web.services.stock_import_work.sweep",
        "stoqflow_web.services.writebacks.sweep",
        "stoqflow_web.services.holding.sweep",
        "stoqflow_web.services.readings.sweep",
        "stoqflow_web.services.syncing.sweep",
        "stoqflow_web.services.webhook_work.sweep",
        "stoqflow_web.services.webhook_work.forget_old",
        "stoqflow_web.services.push_subscriptions.sweep",
        "stoqflow_web.services.signature_keys.sweep",
        "stoqflow_web.services.telling_stock.sweep",
        "stoqflow_web.services.stock_nights.sweep",
        "stoqflow_web.services.stock_nights.forget_old",
        "stoqflow_web.services.syncing.forget_old",
        "stoqflow_web.services.activities.forget_old",
        "stoqflow_web.services.checking_orders.forget_old",
    }
