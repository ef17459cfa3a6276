"""One foreground process that keeps all the others running: Redis, the pages, the workers, the scheduler.

It is single-threaded and imports little, because it only waits.
"""

import http.client
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import FrameType
from typing import IO

from stoqflow_web import up_lock
from stoqflow_web.embedded_redis import NoRedis, start_redis
from stoqflow_web.processes import end_group, signal_child, start_child
from stoqflow_web.settings import Settings

HEALTHY_SECONDS = 30
SHORT_LIFE_SECONDS = 10
PAUSE_SECONDS = 1.0
QUICK_QUEUES = ("urgent", "default")  # of background.QUEUES, which is not imported here to stay small
WORKER_GRACE_SECONDS = 10
GRACE_SECONDS = 6
NOISE = "Memory overcommit must be enabled"  # Redis says so at each start; it matters for sizes we never reach
KILL_SECONDS = 3  # RQ ignores a second signal within a second of the first, and leaves at once on a later one


class CannotRun(Exception):
    """Why there is nothing to run here; the text is for the person at the terminal."""


@dataclass
class Child:
    """One process that is started again when it ends. `stage` says when it is stopped: 0 first."""

    name: str
    start: Callable[[], subprocess.Popen[bytes]]
    stage: int
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    start_again_at: float = 0.0
    rest: bytes = field(default=b"", repr=False)

    @property
    def is_alive(self) -> bool:
        return self.process is not None and self.process.poll() is None


class Supervisor:
    """Runs Stoqflow in the data folder of `settings` until SIGINT or SIGTERM.

    `environ` is what the children get. `sandbox` is the command of a pretend bol.com to run beside it, if any.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        host: str = "127.0.0.1",
        workers: int = 2,
        environ: Mapping[str, str] | None = None,
        sandbox: Sequence[str] | None = None,
    ) -> None:
        self.settings = settings
        self.host = host
        self.workers = workers
        self.environ = dict(environ if environ is not None else os.environ)
        self.environ["PYTHONUNBUFFERED"] = "1"
        self.sandbox = sandbox
        self.children: list[Child] = []
        self._outputs = selectors.DefaultSelector()
        self._is_stopping = False

    @property
    def address(self) -> str:
        shown = "127.0.0.1" if self.host in ("0.0.0.0", "::") else self.host  # noqa: S104 - compared, not bound
        return f"http://{shown}:{self.settings.port}"

    def run(self, prepare: Sequence[str], announce: Callable[[str], str]) -> None:
        """Hold the lock, start everything, say where it is, and watch until told to stop.

        `prepare` is a command that makes the database ready before anything uses it; `announce` gets what it
        printed and returns the text to show once the pages answer. Raises CannotRun, or NoRedis.
        """
        with self._lock():
            self._refuse_taken_port()
            for sign in (signal.SIGINT, signal.SIGTERM):
                signal.signal(sign, self._ask_to_stop)
            try:
                self._start_redis_first()
                prepared = self._prepare(prepare)
                self._start_web()
                self._watch(until=self._is_healthy, seconds=HEALTHY_SECONDS)
                self._start_workers()
                if not self._is_stopping and not self._is_healthy():
                    say("web", "The pages do not answer yet; the lines above may say why. Waiting on …")
                    self._watch(until=self._is_healthy)
                if not self._is_stopping:
                    show(announce(prepared))
                self._watch(until=lambda: False)
            finally:
                self._stop_all()

    def _lock(self) -> IO[str]:
        """One Stoqflow per data folder: the lock lives as long as this process."""
        try:
            return up_lock.hold(self.settings, self.address)
        except up_lock.AlreadyRuns as other:
            raise CannotRun(f"Stoqflow already runs in {self.settings.data}: {other}") from None

    def _refuse_taken_port(self) -> None:
        if not is_free(self.host, self.settings.port):
            raise CannotRun(
                f"Port {self.settings.port} is taken by another program. Choose another one with --port, "
                f"for example --port {self.settings.port + 1}."
            )

    def _ask_to_stop(self, sign: int, frame: FrameType | None) -> None:
        self._is_stopping = True

    def _start_redis_first(self) -> None:
        if self.settings.redis_url:
            return
        socket_path = self.settings.redis_socket
        folder = self.settings.data / "redis"
        self._add("redis", 4, lambda: start_redis(folder, socket_path, say=lambda text: say("redis", text)))

    def _prepare(self, command: Sequence[str]) -> str:
        outcome = subprocess.run(command, env=self.environ, stdout=subprocess.PIPE, text=True, check=False)
        if outcome.returncode and not self._is_stopping:
            raise CannotRun("The database could not be made ready; the reason stands above.")
        return outcome.stdout.strip()

    def _start_web(self) -> None:
        """First the pages: while everything imports at once on a small machine, nobody could sign in yet."""
        if self._is_stopping:
            return
        if self.sandbox:
            self._add("bol.com", 3, self._starter(self.sandbox))
        self._add("web", 0, self._starter(web_command(self.host, self.settings.port)))

    def _start_workers(self) -> None:
        if self._is_stopping:
            return
        for number in range(1, self.workers + 1):
            # Fetching pictures takes hours, so with several workers one of them keeps free of it.
            queues = QUICK_QUEUES if number == 1 and self.workers > 1 else ()
            self._add(f"worker {number}", 1, self._starter([sys.executable, "-m", "jobs.worker", *queues]))
        self._add("scheduler", 2, self._starter([sys.executable, "-m", "jobs.scheduler"]))

    def _starter(self, command: Sequence[str]) -> Callable[[], subprocess.Popen[bytes]]:
        return lambda: start_child(command, self.environ)

    def _add(self, name: str, stage: int, start: Callable[[], subprocess.Popen[bytes]]) -> None:
        child = Child(name, start, stage)
        self.children.append(child)
        self._start(child)

    def _start(self, child: Child) -> None:
        child.process = child.start()
        child.started_at = time.monotonic()
        child.start_again_at = 0.0
        assert child.process.stdout is not None
        os.set_blocking(child.process.stdout.fileno(), False)
        self._outputs.register(child.process.stdout, selectors.EVENT_READ, child)

    def _watch(self, *, until: Callable[[], bool], seconds: float = float("inf")) -> None:
        deadline = time.monotonic() + seconds
        while not self._is_stopping and time.monotonic() < deadline and not until():
            self._pass_on_output(0.5 if seconds == float("inf") else 0.1)
            for child in self.children:
                self._keep_alive(child)

    def _keep_alive(self, child: Child) -> None:
        if child.is_alive or self._is_stopping:
            return
        now = time.monotonic()
        if child.start_again_at == 0.0:
            assert child.process is not None
            end_group(child.process)
            pause = PAUSE_SECONDS if now - child.started_at < SHORT_LIFE_SECONDS else 0.0
            say(child.name, f"ended ({ending(child.process.returncode)}); starting it again")
            child.start_again_at = now + pause
        if now >= child.start_again_at:
            try:
                self._start(child)
            except NoRedis as error:  # the others go on without it, so keep trying
                say(child.name, str(error))
                child.start_again_at = now + SHORT_LIFE_SECONDS

    def _pass_on_output(self, seconds: float) -> None:
        for key, _ in self._outputs.select(seconds):
            child: Child = key.data
            try:
                piece = os.read(key.fd, 65536)
            except BlockingIOError:
                continue
            if not piece:
                self._outputs.unregister(key.fileobj)
                key.fileobj.close()  # type: ignore[union-attr]
            *lines, child.rest = (child.rest + piece).split(b"\n")
            for line in lines:
                say(child.name, line.decode(errors="replace"))

    def _is_healthy(self) -> bool:
        host = "127.0.0.1" if self.host in ("0.0.0.0", "::") else self.host  # noqa: S104 - compared, not bound
        connection = http.client.HTTPConnection(host, self.settings.port, timeout=2)
        try:
            connection.request("GET", "/health")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def _stop_all(self) -> None:
        """Pages first, so that no click comes in; Redis last, so that a job can finish."""
        if self.children:
            show("Stopping …")
        for stage in range(5):
            group = [child for child in self.children if child.stage == stage and child.process]
            self._stop(group, WORKER_GRACE_SECONDS if stage == 1 else GRACE_SECONDS)

    def _stop(self, group: list[Child], grace: float) -> None:
        for sign, seconds in ((signal.SIGTERM, grace), (signal.SIGTERM, KILL_SECONDS), (signal.SIGKILL, KILL_SECONDS)):
            running = [child.process for child in group if child.process and child.is_alive]
            for process in running:
                signal_child(process, sign)
            deadline = time.monotonic() + seconds
            while any(process.poll() is None for process in running) and time.monotonic() < deadline:
                self._pass_on_output(0.05)
        for child in group:
            if child.process:
                end_group(child.process)


def web_command(host: str, port: int) -> list[str]:
    """gunicorn with one process of eight threads; its control socket would lie outside the data folder."""
    return [
        *(sys.executable, "-m", "gunicorn", "wsgi:app", "-k", "gthread", "-w", "1", "--threads", "8"),
        *("--no-control-socket", "--graceful-timeout", "5", "--log-level", "warning"),
        *("--bind", f"{host}:{port}"),
    ]


def is_free(host: str, port: int) -> bool:
    """Whether a server could listen there now."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def ending(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


def say(name: str, line: str) -> None:
    """One line of a child, with its name before it."""
    if NOISE not in line:
        show(f"{name:>9} | {line}")


def show(text: str) -> None:
    """To the terminal. One that was closed must not keep the rest from being stopped in order."""
    with suppress(OSError):
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
