"""The worker: takes jobs from Redis and runs each in a forked process that has everything imported already."""

import logging
import os
import signal
import sys
import threading
import warnings
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from flask import Flask
from rq import Queue, Worker
from rq.job import Job
from rq.serializers import JSONSerializer

from jobs.logs import prepare_logging
from stoqflow_web import create_app
from stoqflow_web.background import QUEUES
from stoqflow_web.extensions import db
from stoqflow_web.processes import STOP_SOON, die_with_parent, heed_stop_soon, keep_what_is_loaded

if TYPE_CHECKING:
    import redis

log = logging.getLogger("stoqflow.worker")

# With RQ's defaults a job of a killed worker is found after seven to seventeen minutes; with these after about one.
WORKER_TTL = 30
MAINTENANCE_INTERVAL = 15
JOB_MONITORING_INTERVAL = 10
TEARDOWN_SECONDS = 5.0


class StoqflowWorker(Worker):
    """A worker whose jobs run inside the app, each with database connections of its own."""

    def __init__(self, app: Flask, connection: "redis.Redis", queues: tuple[str, ...] = QUEUES) -> None:
        super().__init__(
            [Queue(name, connection=connection, serializer=JSONSerializer) for name in queues],
            connection=connection,
            serializer=JSONSerializer,
            worker_ttl=WORKER_TTL,
            maintenance_interval=MAINTENANCE_INTERVAL,
            job_monitoring_interval=JOB_MONITORING_INTERVAL,
        )
        self._app = app

    def fork_work_horse(self, job: Job, queue: Queue) -> None:
        with self._app.app_context():
            db.engine.dispose(close=False)  # two processes on one database connection would garble each other
        super().fork_work_horse(job, queue)

    def perform_job(self, job: Job, queue: Queue) -> bool:
        with self._app.app_context():
            return bool(super().perform_job(job, queue))

    def handle_warm_shutdown_request(self) -> None:
        super().handle_warm_shutdown_request()  # type: ignore[no-untyped-call]
        if self.horse_pid:
            with suppress(ProcessLookupError):
                os.kill(self.horse_pid, STOP_SOON)

    def teardown(self) -> None:
        """Signs off at Redis. When that is gone too (everything was killed), nobody is there to wait for."""
        deadline = threading.Timer(TEARDOWN_SECONDS, self._leave)
        deadline.daemon = True
        deadline.start()
        super().teardown()  # type: ignore[no-untyped-call]
        deadline.cancel()

    def _leave(self) -> None:
        log.warning("worker %s could not sign off at Redis", self.name)
        os._exit(1)


def main(queues: Sequence[str] = ()) -> int:
    """Work on these queues (all of them when none is named) until told to stop; the exit status."""
    prepare_logging()
    unknown = [name for name in queues if name not in QUEUES]
    if unknown:
        log.error("There is no queue %r; the queues are %s.", unknown[0], ", ".join(QUEUES))
        return 2
    # RQ listens for commands in a thread, so Python 3.12 and newer warn at each fork; the child uses no thread.
    warnings.filterwarnings("ignore", message=".*use of fork.*", category=DeprecationWarning)
    heed_stop_soon()
    # When the worker is killed, its job must end too: else another worker runs the same job beside it.
    os.register_at_fork(after_in_child=lambda: die_with_parent(signal.SIGKILL))
    try:
        app = create_app()
    except ValueError as error:
        log.error("%s", error)
        return 1
    keep_what_is_loaded()
    worker = StoqflowWorker(app, app.extensions["redis"], tuple(queues) or QUEUES)
    log.info("worker %s listens", worker.name)
    # Nothing here is scheduled in Redis: what must wait waits in the database, and jobs/scheduler.py finds it there.
    worker.work(with_scheduler=False, logging_level="WARNING")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
