"""Starting a child process that can't outlive us, ending it, and readying ourselves to run for long."""

import ctypes
import gc
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence

STOP_SOON = signal.SIGUSR1  # what a worker that was asked to stop tells the job that it runs
_stopping = threading.Event()
_PR_SET_PDEATHSIG = 1
# Looked up now: between fork and exec nothing may be imported.
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def start_child(command: Sequence[str], environ: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Start `command` in a session of its own, its output and errors on one pipe (`stdout`).

    Ctrl-C in the terminal then reaches only us, and we stop the children in the right order. When we are killed
    ourselves, Linux sends each child SIGTERM.
    """
    return subprocess.Popen(
        command,
        env=dict(environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=die_with_parent,
    )


def die_with_parent(sign: int = signal.SIGTERM) -> None:
    """Ask Linux to send this process `sign` when its parent ends, however it ends. Elsewhere nothing happens."""
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, int(sign), 0, 0, 0)


def signal_child(process: subprocess.Popen[bytes], sign: int) -> None:
    """Send `sign` to a child; one that has just ended is fine."""
    if process.poll() is None:
        process.send_signal(sign)


def end_group(process: subprocess.Popen[bytes]) -> None:
    """Kill whatever a child left behind in its process group."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def keep_what_is_loaded() -> None:
    """Take all that was imported and made until now out of the garbage collector's rounds.

    None of it ends before the process does. Looking through it takes a tenth of a second, in a web process every now
    and then, and in each job that a worker forks once, with the memory copied meanwhile: often enough while the job
    holds the database's write lock.
    """
    gc.collect()
    gc.freeze()


def heed_stop_soon() -> None:
    """From now on this process and what it forks note STOP_SOON instead of ending by it."""
    signal.signal(STOP_SOON, lambda *_: _stopping.set())


def is_stopping() -> bool:
    """Whether long work should end at its next good moment: else it is killed in the middle some seconds later."""
    return _stopping.is_set()
