"""Handing work to the workers. Whatever is handed over must also be found by a sweep: Redis may be away."""

import logging
from datetime import UTC, datetime, timedelta

import redis
from rq import Queue
from rq.exceptions import DuplicateJobError
from rq.job import Job, JobStatus
from rq.serializers import JSONSerializer
from rq.utils import as_text, utcparse

from stoqflow_web.extensions import impatient_redis_client, settings

log = logging.getLogger(__name__)

QUEUES = ("urgent", "default", "slow")  # in the order in which a worker empties them
FAILURE_SECONDS = 60  # as long as a failed job's id stays taken; the database knows what went wrong
SILENT_FOR = timedelta(seconds=30)  # a worker tells three times within it that its job still runs


def enqueue(
    function_path: str, *args: object, queue: str = "default", job_id: str | None = None, timeout: int = 3600
) -> bool:
    """Ask a worker to call the function with this dotted name; `args` must be JSON (ids and plain values).

    `timeout` is in seconds. A job whose `job_id` still waits or runs is not doubled; one whose worker was killed gives
    way. Returns False, quickly and after a line in the log, when Redis can't be reached: a click must not wait for it.
    """
    try:
        with impatient_redis_client(settings()) as client:
            try:
                _enqueue(client, function_path, args, queue, job_id, timeout)
            except DuplicateJobError:
                if job_id and _forget_if_orphaned(client, job_id):
                    _enqueue(client, function_path, args, queue, job_id, timeout)
    except DuplicateJobError:
        return True
    except (redis.RedisError, OSError) as error:
        log.warning("%s was not handed to a worker: Redis can't be reached (%s)", function_path, error)
        return False
    return True


def _enqueue(
    client: redis.Redis, function_path: str, args: tuple[object, ...], queue: str, job_id: str | None, timeout: int
) -> None:
    """Raises DuplicateJobError."""
    Queue(queue, connection=client, serializer=JSONSerializer).enqueue_call(
        function_path,
        args=args,
        timeout=timeout,
        result_ttl=0,
        failure_ttl=FAILURE_SECONDS,
        description=function_path,
        job_id=job_id,
        unique=job_id is not None,
    )


def _forget_if_orphaned(client: redis.Redis, job_id: str) -> bool:
    """Whether the job that has this id was begun by a worker that is gone; then the id is free.

    RQ itself finds out after more than a minute, and keeps the id for another: too long for an order. Were the job
    alive after all, two would do the same at once, which every job here allows.
    """
    status, heard = client.hmget(Job.key_for(job_id), "status", "last_heartbeat")
    if not status or not heard or as_text(status) != JobStatus.STARTED:
        return False
    if datetime.now(UTC) - utcparse(as_text(heard)) <= SILENT_FOR:
        return False
    log.warning("Job %s is given to another worker: its own has not been heard for a while", job_id)
    Job.fetch(job_id, connection=client, serializer=JSONSerializer).delete()
    return True
