"""A real Redis that a test can kill and start again, at the same address."""

import shutil
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType

from tests.support.clocks import wait_until
from tests.support.redis_servers import answers, binary


class MortalRedis:
    """With `keeps` it writes down every change as the bundled one does; without, it comes back empty."""

    def __init__(self, *, keeps: bool) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="stoqflow-redis-"))  # a socket's path must stay short
        self._socket = self._folder / "redis.sock"
        self._keeps = "yes" if keeps else "no"
        self.address = f"unix://{self._socket}"

    def start(self) -> None:
        flags = {
            "--port": "0",
            "--unixsocket": self._socket,
            "--dir": self._folder,
            "--save": "",
            "--appendonly": self._keeps,
            "--appendfsync": "always",
        }
        command = [binary(), *(str(part) for flag in flags.items() for part in flag)]
        self._server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(lambda: answers(self.address))

    def kill(self) -> None:
        self._server.kill()
        self._server.wait()

    def __enter__(self) -> "MortalRedis":
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)
