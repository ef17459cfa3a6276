"""Real worker and scheduler processes on the database, the Redis and the pretend bol.com of the test."""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from stoqflow_web.settings import Settings
from tests.support.clocks import wait_until

ROOT = Path(__file__).parents[2]
OURS = ("STOQFLOW_", "REDIS_", "DATABASE_")


class Program:
    """One process, started as the supervisor starts it."""

    def __init__(self, module: str, log: Path, environ: dict[str, str]) -> None:
        self._log = log
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", module], cwd=ROOT, env=environ, stdout=output, stderr=subprocess.STDOUT
            )

    @property
    def text(self) -> str:
        return self._log.read_text()

    @property
    def is_running(self) -> bool:
        return self.process.poll() is None

    def prints(self, words: str) -> None:
        wait_until(lambda: words in self.text or not self.is_running, 20)
        assert words in self.text, self.text

    def kill(self) -> None:
        """As the kernel does when memory runs out: nothing can be tidied up."""
        with suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
        self.process.wait()

    def fall_asleep(self) -> None:
        """It and the processes it forked stand still, as on a machine that is suspended."""
        self._signal_all(signal.SIGSTOP)

    def wake_up(self) -> None:
        self._signal_all(signal.SIGCONT)

    def _signal_all(self, sign: int) -> None:
        for pid in _with_children(self.process.pid):
            os.kill(pid, sign)


class Programs:
    """Starts programs and ends them with the block."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._started: list[Program] = []

    def start(self, module: str) -> Program:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
        environ = {
            **kept,
            "PYTHONPATH": str(ROOT),
            "STOQFLOW_DATA": str(self._settings.data),
            "DATABASE_URL": self._settings.database_url,
            "REDIS_URL": self._settings.redis_address,
            "STOQFLOW_BOL_API_URL": self._settings.bol_api_url,
            "STOQFLOW_BOL_TOKEN_URL": self._settings.bol_token_url,
            "STOQFLOW_SECRET_KEY": self._settings.secret_key,
            "STOQFLOW_KEYS": ",".join(self._settings.keys),
            "STOQFLOW_PUBLIC_URL": self._settings.public_url or "",
        }
        log = self._settings.data.parent / f"{module}-{len(self._started)}.log"
        self._started.append(Program(module, log, environ))
        return self._started[-1]

    def worker(self) -> Program:
        """A worker that is ready for jobs."""
        worker = self.start("jobs.worker")
        worker.prints("listens")
        return worker

    def __enter__(self) -> "Programs":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        for program in self._started:
            program.kill()
            if error is not None:
                print(f"--- {program._log.name}\n{program.text}")


def _with_children(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(found for child in children for found in _with_children(int(child)))]
