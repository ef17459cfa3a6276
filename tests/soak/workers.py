"""The scheduler and the workers, one thing after another in this process, now and then killed in the middle.

The jobs are those that the app puts into Redis, and are taken from there by their queues. They are called here, not by
RQ's worker: a delivery would stay twelve real seconds to see its messages confirmed, while here no real time passes.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from random import Random
from typing import Any

import pytest
from rq import Queue
from rq.job import Job
from rq.serializers import JSONSerializer

from jobs.scheduler import due_work
from stoqflow_web.background import QUEUES
from stoqflow_web.services import import_work, imports, writebacks
from tests.services.transfers import DyingWork, Killed
from tests.soak.ground import Ground

NOTICED_SECONDS = 75.0  # RQ needs about so long to find that a worker is gone; until then the job's id stays taken
MOST_STEPS = 6  # of a run that is killed in one of its first


class DoomedWork(DyingWork):
    """As after a SIGKILL nothing more is written: not even that the run was put back."""

    @contextmanager
    def step(self) -> Iterator[Any]:
        try:
            with super().step() as both:
                yield both
        except Killed:
            self.attempt = -1
            raise


class Workers:
    def __init__(self, ground: Ground, random: Random) -> None:
        self._ground, self._random = ground, random
        self._doom: int | None = None  # the step in which the next one dies
        self._left_behind: list[tuple[float, Job]] = []
        self.done: Counter[str] = Counter()
        self.kills: Counter[str] = Counter()

    @contextmanager
    def hired(self) -> Iterator["Workers"]:
        with pytest.MonkeyPatch.context() as exchange:
            exchange.setattr(imports, "claim", self._claim)
            yield self

    def doom_next(self) -> None:
        """The next sync, transfer or delivery dies in one of its steps, if it has as many."""
        self._doom = self._random.randint(1, MOST_STEPS)

    def round(self) -> None:
        """What the scheduler finds is queued, and what is queued is done. Nothing of both without Redis."""
        if not self._ground.is_redis_up:
            return
        self._forget_left_behind()
        for tick in due_work():
            with self._ground.app.app_context():
                tick()
        self.work()

    def work(self) -> None:
        connection = self._ground.app.extensions["redis"]
        queues = [Queue(name, connection=connection, serializer=JSONSerializer) for name in QUEUES]
        while (found := Queue.dequeue_any(queues, None, connection, serializer=JSONSerializer)) is not None:
            self._do(found[0])

    def _do(self, job: Job) -> None:
        name = str(job.func_name)
        self.done[name.removeprefix("jobs.")] += 1
        try:
            with self._ground.app.app_context():
                self._function(name, job)(*job.args)
        except Killed:
            self.kills[f"workers killed in {name.removeprefix('jobs.')}"] += 1
            self._left_behind.append((self._ground.time.time() + NOTICED_SECONDS, job))
            return
        except Exception:
            self._ground.note_stumble(f"{name}{job.args}")
        self._forget(job)

    def _function(self, name: str, job: Job) -> Callable[..., object]:
        if name == "jobs.writebacks.deliver":
            return partial(writebacks.deliver, follow_seconds=0, on_step=self._dying_step())
        return job.func

    def _claim(self, run_id: int) -> import_work.Work | None:
        work = import_work.claim(run_id)
        if work is None or self._doom is None:
            return work
        step, self._doom = self._doom, None
        return DoomedWork(work, step, committed=self._random.random() < 0.5)

    def _dying_step(self) -> Callable[[str], None]:
        left, self._doom = self._doom, None

        def step(name: str) -> None:
            nonlocal left
            if left is None:
                return
            left -= 1
            if left == 0:
                raise Killed

        return step

    def _forget_left_behind(self) -> None:
        now = self._ground.time.time()
        for moment, job in list(self._left_behind):
            if moment <= now:
                self._left_behind.remove((moment, job))
                self._forget(job)

    def _forget(self, job: Job) -> None:
        """Its id is free again."""
        self._ground.app.extensions["redis"].delete(job.key)
