"""Does the work that waits in the queues, here and now."""

from typing import Any

from flask import Flask, has_app_context
from rq import Queue, SimpleWorker
from rq.registry import FailedJobRegistry
from rq.serializers import JSONSerializer

from stoqflow_web.background import QUEUES
from stoqflow_web.extensions import db


class WorkerHere(SimpleWorker):
    """Works in this process, each job in an app context of its own as in a real worker."""

    app: Flask

    def perform_job(self, *args: Any, **kwargs: Any) -> bool:
        with self.app.app_context():
            return super().perform_job(*args, **kwargs)


def run_jobs(app: Flask, *, failures_allowed: bool = False) -> None:
    """Run all waiting jobs until the queues are empty. A job that ends in an exception fails the test."""
    connection = app.extensions["redis"]
    queues = [Queue(name, connection=connection, serializer=JSONSerializer) for name in QUEUES]
    worker = WorkerHere(queues, connection=connection, serializer=JSONSerializer)
    worker.app = app
    worker.work(burst=True, logging_level="WARNING")
    if has_app_context():
        db.session.rollback()  # the test reads afresh what the jobs have written
        db.session.expire_all()
    if failures_allowed:
        return
    for queue in queues:
        registry = FailedJobRegistry(queue=queue, serializer=JSONSerializer)
        for job_id in registry.get_job_ids():
            job = queue.fetch_job(job_id)
            result = job.latest_result() if job else None
            raise AssertionError(f"job {job and job.description} failed:\n{result and result.exc_string}")
