"""Handing work to the workers. Whatever is handed over must also be found by a sweep: Redis may be away."""

import logging

import redis
from rq import Queue
from rq.exceptions import DuplicateJobError
from rq.serializers import JSONSerializer

from stoqflow_web.extensions import impatient_redis_client, settings

log = logging.getLogger(__name__)

QUEUES = ("urgent", "default", "slow")  # in the order in which a worker empties them
FAILURE_SECONDS = 60  # as long as a failed job's id stays taken; the database knows what went wrong


def enqueue(
    function_path: str, *args: object, queue: str = "default", job_id: str | None = None, timeout: int = 3600
) -> bool:
    """Ask a worker to call the function with this dotted name; `args` must be JSON (ids and plain values).

    `timeout` is in seconds. A job whose `job_id` still waits or runs is not doubled. Returns False, quickly and
    after one line in the log, when Redis can't be reached: a click must not wait for it.
    """
    try:
        with impatient_redis_client(settings()) as client:
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
    except DuplicateJobError:
        return True
    except (redis.RedisError, OSError) as error:
        log.warning("%s was not handed to a worker: Redis can't be reached (%s)", function_path, error)
        return False
    return True
