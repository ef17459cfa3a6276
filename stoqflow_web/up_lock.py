"""The lock of a running Stoqflow in its data folder: one at a time, and which keys it was started with."""

import fcntl
import hashlib
from typing import IO

from stoqflow_web.settings import Settings


class AlreadyRuns(Exception):
    """Another Stoqflow holds the lock; the text is its address."""


def hold(settings: Settings, address: str) -> IO[str]:
    """Take the lock, which lives as long as the file that is returned stays open. Raises AlreadyRuns."""
    file = (settings.data / "up.lock").open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        raise AlreadyRuns(file.readline().strip()) from None
    file.truncate(0)
    file.write(f"{address}\n{_digest_of_newest_key(settings)}\n")
    file.flush()
    return file


def is_held_with_older_keys(settings: Settings) -> bool:
    """Whether a Stoqflow runs here that does not know the newest key of `settings`."""
    try:
        file = (settings.data / "up.lock").open()
    except FileNotFoundError:
        return False
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return _digest_of_newest_key(settings) not in file.read().split()
    return False


def _digest_of_newest_key(settings: Settings) -> str:
    """A key is random, so its digest tells nobody what it is."""
    return hashlib.sha256(settings.keys[0].encode()).hexdigest()
