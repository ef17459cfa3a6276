"""Keeps a world in a file, so that a demo that is started again goes on where it was."""

import logging
import os
import pickle
import threading
from pathlib import Path

from stoqflow_web.bol.sandbox.options import SandboxOptions
from stoqflow_web.bol.sandbox.world import World

log = logging.getLogger(__name__)

# Many writes come together; the file is written once for them.
SECONDS_BETWEEN_WRITES = 1.0


def load(file: Path, options: SandboxOptions) -> World | None:
    """The world that was kept, now following `options`.

    None when there is none, when it can't be read, or when it was filled in another way than `options` ask for.
    """
    if not file.exists():
        return None
    try:
        # Only a file that this process wrote itself is read here.
        world = pickle.loads(file.read_bytes())  # noqa: S301
    except Exception:  # a pickle of an older version may fail in any way
        log.warning("The kept world in %s can't be read; starting with a new one.", file)
        return None
    if not isinstance(world, World) or not world.is_filled_as(options):
        log.info("The options changed; starting with a new world.")
        return None
    world.follow(options)
    return world


class Keeper:
    """Writes the world to its file some time after `changed()` was said, and when it is stopped."""

    def __init__(self, world: World, file: Path) -> None:
        self._world = world
        self._file = file
        self._changed = threading.Event()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._keep, daemon=True)
        self._thread.start()

    def changed(self) -> None:
        self._changed.set()

    def stop(self) -> None:
        self._stopped.set()
        self._changed.set()
        self._thread.join()
        self.save()

    def save(self) -> None:
        """Replaces the file as a whole, so that a kill in the middle leaves the old one."""
        with self._world.lock:
            content = pickle.dumps(self._world)
        self._file.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self._file.with_name(f"{self._file.name}.new")
        with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as target:
            target.write(content)
        unfinished.replace(self._file)

    def _keep(self) -> None:
        while not self._stopped.is_set():
            self._changed.wait()
            if self._stopped.wait(SECONDS_BETWEEN_WRITES):
                return
            self._changed.clear()
            try:
                self.save()
            except OSError:
                log.exception("The world could not be kept in %s.", self._file)
