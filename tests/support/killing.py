"""Workers that are killed after a step of their work."""

import os
import signal
from collections.abc import Callable

from stoqflow_web.extensions import db


def in_a_process_of_its_own(work: Callable[[], object]) -> int:
    """The process id of a worker that does this, as RQ forks one for each job."""
    db.session.rollback()
    pid = os.fork()
    if pid:
        return pid
    try:
        db.session.remove()
        db.engine.dispose(close=False)
        work()
        os._exit(0)
    except BaseException:
        os._exit(1)


def dies_after(step: str) -> Callable[[str], None]:
    return lambda done: os.kill(os.getpid(), signal.SIGKILL) if done == step else None
