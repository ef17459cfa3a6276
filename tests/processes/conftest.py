"""Whole programs, started as a person starts them, each in a data folder of its own."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from stoqflow_web.demo import free_port
from tests.support.clocks import wait_until

ROOT = Path(__file__).parents[2]


class Running:
    """A started program; `text` is all it has printed so far."""

    def __init__(self, *arguments: str, folder: Path, **settings: str) -> None:
        self.log = folder.with_suffix(".log")
        ours = ("STOQFLOW_", "REDIS_", "DATABASE_")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        environ = {**kept, "STOQFLOW_DATA": str(folder), "PYTHONPATH": str(ROOT), **settings}
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", *arguments], cwd=ROOT, env=environ, stdout=output, stderr=subprocess.STDOUT
            )

    @property
    def text(self) -> str:
        return self.log.read_text()

    def prints(self, words: str, seconds: float = 60) -> None:
        """Wait until the words have been printed."""
        wait_until(lambda: words in self.text or self.process.poll() is not None, seconds)
        assert words in self.text, self.text

    def ends(self, seconds: float = 60) -> int:
        return self.process.wait(timeout=seconds)

    def stop(self, sign: int = signal.SIGTERM) -> int:
        self.process.send_signal(sign)
        return self.ends()


@pytest.fixture
def folder() -> Iterator[Path]:
    """A data folder with a short path: a socket's path has a limit."""
    parent = Path(tempfile.mkdtemp(prefix="stoqflow-"))
    yield parent / "data"
    shutil.rmtree(parent, ignore_errors=True)


@pytest.fixture
def run(folder: Path) -> Iterator[Callable[..., Running]]:
    """run("jobs.worker", REDIS_URL=…): a program that is ended with the test."""
    running: list[Running] = []

    def start(*arguments: str, folder: Path = folder, **settings: str) -> Running:
        folder.mkdir(mode=0o700, exist_ok=True)
        running.append(Running(*arguments, folder=folder, **settings))
        return running[-1]

    yield start
    for program in running:
        if program.process.poll() is None:
            program.process.kill()
            program.process.wait()


@pytest.fixture
def port() -> int:
    return free_port(18000)


def processes_of(folder: Path) -> dict[int, str]:
    """The processes that were given this data folder, by id, with their command lines."""
    found = {}
    for path in Path("/proc").glob("[0-9]*"):
        try:
            environ, command = (path / "environ").read_bytes(), (path / "cmdline").read_bytes()
            state = re.search(r"^State:\s+(\w)", (path / "status").read_text(), re.MULTILINE)
        except OSError:
            continue
        if state and state[1] != "Z" and f"STOQFLOW_DATA={folder}".encode() in environ.split(b"\0"):
            found[int(path.name)] = command.replace(b"\0", b" ").decode()
    return found
