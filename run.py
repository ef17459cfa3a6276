#!/usr/bin/env python3
"""Stoqflow, started from a fresh clone with nothing but Python 3.11 or newer.

  python3 run.py demo     try everything: Stoqflow and a pretend bol.com full of offers and orders
  python3 run.py up       run it: the pages, the workers, the scheduler and a private Redis

  python3 run.py sandbox                  only the pretend bol.com
  python3 run.py web | worker | scheduler one process each, for several machines
  python3 run.py user add                 make a user
  python3 run.py doctor                   what works and what does not
  python3 run.py keys rotate              encrypt the shops' secrets with the newest key

  python3 run.py test [pytest arguments]  the tests
  python3 run.py check [--no-tests]       lint, format, types and tests
  python3 run.py bench [NAME]             the measurements
  python3 run.py soak [--seed N]          two simulated days of many shops with faults of every kind, in minutes

  python3 run.py COMMAND --help           the options of a command

The first start makes the folder .venv and installs what requirements.txt pins; later starts take it as it is.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parent
OLDEST = (3, 11)
FOR_DEVELOPERS = ("test", "check", "bench", "soak")
# Two more tests at once than there are processors, because many wait for another process or a browser. A file stays
# together, and the files keep their order: the longest tests, alone in their files, would otherwise come last.
# A choice of tests is quicker without.
PROCESSORS = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
ALL_TESTS = ("-n", str(PROCESSORS + 2), "--dist", "loadfile", "--no-loadscope-reorder")


def main(arguments: list[str]) -> int:  # noqa: RET503 - it ends by becoming the other program
    if sys.version_info < OLDEST:
        return refuse(
            f"Stoqflow needs Python 3.11 or newer; this is {platform.python_version()}.\n"
            "Start it with a newer one, for example: python3.11 run.py"
        )
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(__doc__)
        return 0
    environment = Environment(ROOT)
    try:
        environment.make_ready(for_developers=arguments[0] in FOR_DEVELOPERS)
    except Refusal as refusal:
        return refuse(str(refusal))
    os.chdir(ROOT)
    variables = {**os.environ, "PYTHONPATH": with_root_first(os.environ.get("PYTHONPATH"))}
    if arguments[0] == "check":
        return check(environment.python, arguments[1:], variables)
    command = [str(environment.python), "-m", *module_for(arguments)]
    sys.stdout.flush()
    os.execve(command[0], command, variables)  # noqa: S606 - there is no shell on purpose


def refuse(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return 1


def with_root_first(python_path: str | None) -> str:
    return os.pathsep.join([str(ROOT), *([python_path] if python_path else [])])


def module_for(arguments: list[str]) -> list[str]:
    """The module that carries out the command, followed by its arguments."""
    if arguments[0] == "test":
        return ["pytest", *(arguments[1:] or ALL_TESTS)]
    if arguments[0] in ("bench", "soak"):
        return [f"tests.{arguments[0]}", *arguments[1:]]
    return ["stoqflow_web.cli", *arguments]


def check(python: Path, arguments: list[str], variables: dict[str, str]) -> int:
    """Everything that must hold before a commit; stops at the first thing that does not."""
    gates = [["ruff", "check", "."], ["ruff", "format", "--check", "."], ["mypy"], ["pytest", *ALL_TESTS]]
    if "--no-tests" in arguments:
        gates.pop()
    for gate in gates:
        print("$ " + " ".join(gate), flush=True)
        outcome = subprocess.run([str(python), "-m", *gate], env=variables).returncode
        if outcome:
            return outcome
    return 0


class Refusal(Exception):
    """Something the person at the keyboard has to put right, in a sentence."""


class Environment:
    """The virtual environment in `.venv`.

    A stamp per set of packages says what was installed. It is written last, so that an installation that was
    stopped halfway is done again; it changes with the pinned packages and with Python itself.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root / ".venv"
        self.python = self.folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")

    def make_ready(self, *, for_developers: bool) -> None:
        """Install what is missing. Raises Refusal."""
        if self.is_ready(for_developers):
            return
        with OneAtATime(self.root):
            if not self.is_ready(for_developers):  # another start may just have done it
                self._install(for_developers)

    def is_ready(self, for_developers: bool) -> bool:
        """What developers need includes what everyone needs."""
        sets = ["dev"] if for_developers else ["runtime", "dev"]
        return self.python.exists() and any(self._stamp(name) == self._wanted(name) for name in sets)

    def write_stamps(self, *, for_developers: bool) -> None:
        for name in ["runtime", "dev"] if for_developers else ["runtime"]:
            (self.folder / f"stoqflow-{name}.stamp").write_text(self._wanted(name))

    def _stamp(self, name: str) -> str:
        path = self.folder / f"stoqflow-{name}.stamp"
        return path.read_text() if path.exists() else ""

    def _wanted(self, name: str) -> str:
        digest = hashlib.sha256(platform.python_version().encode())
        digest.update((self.root / "requirements.txt").read_bytes())
        if name == "dev":
            digest.update((self.root / "requirements-dev.txt").read_bytes())
        return digest.hexdigest()

    def _install(self, for_developers: bool) -> None:
        for stamp in self.folder.glob("stoqflow-*.stamp"):
            stamp.unlink()
        uv = working_uv()
        if not self._is_usable(needs_pip=uv is None):
            self._make(with_pip=uv is None)
        requirements = "requirements-dev.txt" if for_developers else "requirements.txt"
        print(f"Installing {requirements} into .venv …", flush=True)
        arguments = ["install", "--require-hashes", "-r", str(self.root / requirements)]
        if uv:
            command = [uv, "pip", arguments[0], "--quiet", "--python", str(self.python), *arguments[1:]]
        else:
            pip = [str(self.python), "-m", "pip", "--quiet", "--disable-pip-version-check"]
            command = [*pip, *arguments]
        if subprocess.run(command, env={**os.environ, "UV_PYTHON_DOWNLOADS": "never"}).returncode:
            raise Refusal("The packages could not be installed; the reason stands above. Start again to try again.")
        self.write_stamps(for_developers=for_developers)

    def _is_usable(self, *, needs_pip: bool) -> bool:
        """Whether `.venv` was finished and belongs to the Python that is running now."""
        if not self.python.exists():
            return False
        asked = "import platform; print(platform.python_version())" + ("; import pip" if needs_pip else "")
        answer = subprocess.run([str(self.python), "-c", asked], capture_output=True, text=True)
        return answer.returncode == 0 and answer.stdout.strip() == platform.python_version()

    def _make(self, *, with_pip: bool) -> None:
        if find_spec("venv") is None or (with_pip and find_spec("ensurepip") is None):
            raise Refusal(
                "This Python can't make a virtual environment: its venv module is missing.\n"
                "On Debian and Ubuntu: sudo apt-get install python3-venv"
            )
        print("Making .venv …", flush=True)
        options = [] if with_pip else ["--without-pip"]
        if subprocess.run([sys.executable, "-m", "venv", "--clear", *options, str(self.folder)]).returncode:
            raise Refusal(f"The virtual environment in {self.folder} could not be made; the reason stands above.")


def working_uv() -> str | None:
    """The path of uv, which installs in a second what takes pip ten, when it is there and works."""
    path = shutil.which("uv")
    if path is None or subprocess.run([path, "--version"], capture_output=True).returncode:
        return None
    return path


class OneAtATime:
    """Two first starts at once: the second waits for the first one's installation."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __enter__(self) -> None:
        try:
            import fcntl
        except ImportError:  # Windows
            return
        self.descriptor = os.open(self.folder, os.O_RDONLY)
        fcntl.flock(self.descriptor, fcntl.LOCK_EX)

    def __exit__(self, *_: object) -> None:
        if hasattr(self, "descriptor"):
            os.close(self.descriptor)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
