"""Looks at one installation from the outside, as somebody called to help would."""

import os
import platform
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import redis
from sqlalchemy import create_engine, make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from stoqflow_web.demo import DEMO_FILE, independent_of_the_real_one
from stoqflow_web.settings import Settings, read_settings


@dataclass(frozen=True)
class Finding:
    """One line of the table."""

    subject: str
    is_fine: bool
    words: str


def examine(data: Path | None = None) -> list[Finding]:
    """Everything that can be checked from here, in the data folder of the settings or in `data`. Makes nothing.

    Raises ValueError for a setting that can't be used.
    """
    environ = dict(os.environ)
    settings = read_settings(environ, data=data, make=False)
    is_demo = os.path.exists(settings.data / DEMO_FILE)
    if is_demo:
        independent_of_the_real_one(environ)
        settings = read_settings(environ, data=data, make=False)
    findings = [
        _python(),
        _data_folder(settings.data),
        _key_file(settings.data / "session.key", is_given=bool(environ.get("STOQFLOW_SECRET_KEY"))),
        _key_file(settings.data / "secrets.key", is_given=bool(environ.get("STOQFLOW_KEYS"))),
        _trying("database", lambda: _database(settings)),
        *_redis_and_workers(settings),
    ]
    if is_demo:
        return findings  # its bol.com is a pretended one, whose address changes with each start
    return [
        *findings,
        _bol_address("bol.com API", settings.bol_api_url),
        _bol_address("bol.com token", settings.bol_token_url),
        _mail(settings),
        _public_address(settings),
    ]


def _python() -> Finding:
    return Finding("Python", True, platform.python_version())


def _data_folder(folder: Path) -> Finding:
    if not os.path.exists(folder):
        return Finding(
            "data folder", False, f"{folder} is not there: start Stoqflow, which makes it, or name yours with --data"
        )
    if os.access(folder, os.W_OK | os.X_OK):
        return Finding("data folder", True, str(folder))
    return Finding("data folder", False, f"{folder} can't be written to; make it yours (chown) or set STOQFLOW_DATA.")


def _key_file(path: Path, *, is_given: bool) -> Finding:
    """`is_given`: a setting holds what would stand in the file."""
    if not os.path.exists(path):  # Path.exists would raise in a folder that is closed to us
        missing = "not used: it comes from a setting" if is_given else "not there: starting Stoqflow makes it"
        return Finding(path.name, is_given, missing)
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        return Finding(path.name, False, f"others may read it (mode {mode:o}); run: chmod 600 {path}")
    return Finding(path.name, True, "readable by its owner only")


def _trying(subject: str, look: Callable[[], Finding]) -> Finding:
    try:
        return look()
    except SQLAlchemyError as error:
        return Finding(subject, False, f"can't be reached: {str(error).splitlines()[0]}")


def _database(settings: Settings) -> Finding:
    url = make_url(settings.database_url)
    kind = url.get_backend_name()
    # Connecting would make the file.
    is_there = kind != "sqlite" or os.path.exists(url.database or "")
    here, newest = (_migration(settings.database_url) if is_there else None), _newest_migration()
    if here == newest:
        return Finding("database", True, f"{kind}, at the newest migration ({newest})")
    if here is None:
        empty = "still empty" if is_there else "not there"
        return Finding("database", False, f"{kind}, {empty}; start Stoqflow or run: python3 run.py db upgrade")
    return Finding(
        "database", False, f"{kind}, at migration {here} instead of {newest}; run: python3 run.py db upgrade"
    )


def _migration(database_url: str) -> str | None:
    """The migration the database is at; None when it is empty."""
    from alembic.runtime.migration import MigrationContext

    engine = create_engine(database_url, poolclass=NullPool)
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def _newest_migration() -> str | None:
    from alembic.script import ScriptDirectory

    from stoqflow_web.extensions import MIGRATIONS

    return ScriptDirectory(str(MIGRATIONS)).get_current_head()


def _redis_and_workers(settings: Settings) -> list[Finding]:
    from redis.backoff import NoBackoff
    from redis.retry import Retry
    from rq import Worker

    client = redis.Redis.from_url(
        settings.redis_address, retry=Retry(NoBackoff(), 0), socket_timeout=3, socket_connect_timeout=3
    )
    try:
        info = client.info("server")
        workers = Worker.count(connection=client)
    except (redis.RedisError, OSError):
        unreachable = "can't be reached" if settings.redis_url else "does not run; python3 run.py up starts it"
        return [Finding("Redis", False, unreachable), Finding("workers", False, "unknown without Redis")]
    name = info.get("server_name", "redis")
    version = info.get(f"{name}_version") or info["redis_version"]
    return [
        Finding("Redis", True, f"{name} {version}"),
        Finding("workers", workers > 0, f"{workers} alive" if workers else "none alive; start some with: worker"),
    ]


def _mail(settings: Settings) -> Finding:
    """Settings only: whether the server takes it is what the test button under News tells."""
    server = settings.mail_server
    if server is None and not settings.mail_from:
        return Finding("e-mail", True, "not set: no news goes out by e-mail")
    if server is None or not settings.mail_from:
        missing = "STOQFLOW_SMTP_URL" if server is None else "STOQFLOW_MAIL_FROM"
        return Finding("e-mail", False, f"{missing} is missing: e-mail needs the server and the sender")
    return Finding("e-mail", True, f"by {server.host}:{server.port}, from {settings.mail_from}")


def _bol_address(subject: str, url: str) -> Finding:
    """The client accepts only https and this machine itself."""
    parts = urlsplit(url)
    if parts.scheme == "https" or parts.hostname in ("127.0.0.1", "localhost", "::1"):
        return Finding(subject, True, url)
    return Finding(subject, False, f"{url} is neither https nor this machine; keys would travel readable")


def _public_address(settings: Settings) -> Finding:
    """Not a fault without one: orders are then polled for."""
    if settings.public_url is None:
        return Finding("push from bol", True, "not possible without STOQFLOW_PUBLIC_URL; orders are asked for instead")
    if settings.push_url is None:
        return Finding("push from bol", False, f"{settings.public_url} is not https: bol.com pushes to nothing else")
    return Finding("push from bol", True, f"possible, to {settings.push_url}")
