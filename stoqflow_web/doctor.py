"""Looks at one installation from the outside, as somebody called to help would."""

import os
import platform
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import redis
from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from stoqflow_web.settings import Settings, read_settings


@dataclass(frozen=True)
class Finding:
    """One line of the table."""

    subject: str
    is_fine: bool
    words: str


def examine() -> list[Finding]:
    """Everything that can be checked from here. Raises ValueError for a setting that can't be used."""
    settings = read_settings()
    findings = [_python(), _data_folder(settings.data)]
    findings += [_secret_file(settings.data / name) for name in ("session.key", "secrets.key")]
    findings += [
        _trying("database", lambda: _database(settings)),
        *_redis_and_workers(settings),
        _bol_address("bol.com API", settings.bol_api_url),
        _bol_address("bol.com token", settings.bol_token_url),
    ]
    return findings


def _python() -> Finding:
    return Finding("Python", True, platform.python_version())


def _data_folder(folder: Path) -> Finding:
    if os.access(folder, os.W_OK | os.X_OK):
        return Finding("data folder", True, str(folder))
    return Finding("data folder", False, f"{folder} can't be written to; make it yours (chown) or set STOQFLOW_DATA.")


def _secret_file(path: Path) -> Finding:
    if not path.exists():
        return Finding(path.name, True, "not used: it comes from a setting")
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
    from stoqflow_web import create_app

    app = create_app(settings)
    here, newest = _migrations(app)
    kind = urlsplit(settings.database_url).scheme.split("+")[0]
    if here == newest:
        return Finding("database", True, f"{kind}, at the newest migration ({newest})")
    if here is None:
        return Finding("database", False, f"{kind}, still empty; start Stoqflow or run: python3 run.py db upgrade")
    return Finding(
        "database", False, f"{kind}, at migration {here} instead of {newest}; run: python3 run.py db upgrade"
    )


def _migrations(app: Flask) -> tuple[str | None, str | None]:
    """The migration the database is at, and the newest one there is."""
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    from stoqflow_web.extensions import MIGRATIONS, db

    with app.app_context(), db.engine.connect() as connection:
        here = MigrationContext.configure(connection).get_current_revision()
    return here, ScriptDirectory(str(MIGRATIONS)).get_current_head()


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


def _bol_address(subject: str, url: str) -> Finding:
    """The client accepts only https and this machine itself."""
    parts = urlsplit(url)
    if parts.scheme == "https" or parts.hostname in ("127.0.0.1", "localhost", "::1"):
        return Finding(subject, True, url)
    return Finding(subject, False, f"{url} is neither https nor this machine; keys would travel readable")
