import os
import signal
import socket
import time
import zlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from rq import Queue
from rq.serializers import JSONSerializer
from rq.utils import utcformat

from stoqflow_web.background import SILENT_FOR, enqueue
from stoqflow_web.extensions import shared_redis
from tests.support.clocks import wait_until

NOTE = "tests.processes.sample_jobs.leave_a_note"
HANG = "tests.processes.sample_jobs.hang"


def waiting(queue="default"):
    return len(Queue(queue, connection=shared_redis(), serializer=JSONSerializer))


@pytest.fixture
def worker(run, ctx, settings):
    """A real worker process on the test's database and Redis."""
    program = run(
        "jobs.worker",
        folder=settings.data,
        DATABASE_URL=settings.database_url,
        REDIS_URL=settings.redis_url,
    )
    program.prints("listens")
    return program


def is_gone(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_a_worker_runs_a_job_inside_the_app_and_its_id_is_free_again(worker, settings):
    assert enqueue(NOTE, "first", job_id="note", queue="slow")
    wait_until(lambda: (settings.data / "first").exists(), 30)

    wait_until(lambda: not shared_redis().exists("rq:job:note"), 30)
    assert enqueue(NOTE, "second", job_id="note")
    wait_until(lambda: (settings.data / "second").exists(), 30)

    assert worker.stop() == 0


def test_a_killed_worker_takes_its_running_job_along(worker, settings):
    assert enqueue(HANG, "horse")
    wait_until(lambda: (settings.data / "horse").exists() and (settings.data / "horse").read_text(), 30)
    horse = int((settings.data / "horse").read_text())
    assert horse != worker.process.pid
    assert not is_gone(horse)

    worker.stop(signal.SIGKILL)

    wait_until(lambda: is_gone(horse), 30)


def test_a_job_hears_that_its_worker_is_to_stop(worker, settings):
    assert enqueue("tests.processes.sample_jobs.work_until_told_to_stop", "horse")
    wait_until(lambda: (settings.data / "horse").exists(), 30)
    assert worker.stop() == 0
    assert (settings.data / "horse-ended-well").exists()


def test_the_id_of_a_job_is_free_half_a_minute_after_its_worker_was_killed(worker, settings):
    assert enqueue(HANG, "horse", job_id="tell-1")
    wait_until(lambda: (settings.data / "horse").exists(), 30)
    worker.stop(signal.SIGKILL)
    assert enqueue(NOTE, "next", job_id="tell-1")
    assert waiting() == 0, "it may be alive"
    half_a_minute_ago = datetime.now(UTC) - SILENT_FOR - timedelta(seconds=1)
    shared_redis().hset("rq:job:tell-1", "last_heartbeat", utcformat(half_a_minute_ago))
    assert enqueue(NOTE, "next", job_id="tell-1")
    assert waiting() == 1


def test_the_same_job_waits_only_once(ctx):
    assert enqueue(NOTE, "a", job_id="import-7")
    assert enqueue(NOTE, "a", job_id="import-7")

    assert waiting() == 1


def test_jobs_without_an_id_are_all_kept(ctx):
    enqueue(NOTE, "a", queue="urgent")
    enqueue(NOTE, "b", queue="urgent")

    assert waiting("urgent") == 2


def test_without_redis_a_click_hears_no_at_once_and_the_log_has_one_line(ctx, settings, caplog):
    ctx.extensions["settings"] = replace(settings, redis_url=f"unix://{settings.data}/nobody.sock")
    began = time.monotonic()

    assert enqueue(NOTE, "a", job_id="import-7") is False

    assert time.monotonic() - began < 1
    assert [record.levelname for record in caplog.records] == ["WARNING"]


def test_a_redis_that_hangs_is_not_waited_for_either(ctx, settings, tmp_path):
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / "silent.sock"))
        silent.listen()
        ctx.extensions["settings"] = replace(settings, redis_url=f"unix://{tmp_path / 'silent.sock'}")
        began = time.monotonic()

        assert enqueue(NOTE, "a") is False

    assert time.monotonic() - began < 1


def test_the_jobs_travel_as_json_and_not_as_pickles(ctx):
    enqueue(NOTE, "a", job_id="import-7")

    data = shared_redis().hget("rq:job:import-7", "data")
    assert zlib.decompress(data).startswith(b'["tests.processes')
