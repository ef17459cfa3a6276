"""The Flask extensions and the one database engine and Redis connection that everything shares."""

import sqlite3
from pathlib import Path
from typing import Any

import redis
from flask import Flask, current_app
from flask_babel import Babel
from flask_login import LoginManager
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect
from htmx_flask import Htmx
from redis.backoff import ExponentialBackoff, NoBackoff
from redis.exceptions import ConnectionError as RedisGone
from redis.exceptions import TimeoutError as RedisSlow
from redis.retry import Retry
from sqlalchemy import Connection, Engine, event

from stoqflow_web.models import Base
from stoqflow_web.settings import Settings
from stoqflow_web.transaction import WRITING
from stoqflow_web.vault import Vault

CLICK_SECONDS = 0.4  # as long as a click may wait for Redis
MIGRATIONS = Path(__file__).parent / "migrations"

# expire_on_commit off: a service hands back what it made, and the page shows just that without asking again.
db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})
migrate = Migrate(directory=str(MIGRATIONS), render_as_batch=True)
csrf = CSRFProtect()
login_manager = LoginManager()
babel = Babel()  # type: ignore[no-untyped-call]
htmx = Htmx()


def redis_client(settings: Settings) -> redis.Redis:
    """A client for workers: it rides out a restart of Redis of several seconds instead of ending the worker."""
    return redis.Redis.from_url(
        settings.redis_address,
        retry=Retry(ExponentialBackoff(cap=2, base=0.05), retries=12),
        retry_on_error=[RedisGone, RedisSlow],
        health_check_interval=30,
        socket_connect_timeout=5,
    )


def impatient_redis_client(settings: Settings, *, seconds: float = CLICK_SECONDS) -> redis.Redis:
    """A client that says soon (after `seconds`) that Redis is away: for a click, and for what is tried again anyway."""
    return redis.Redis.from_url(
        settings.redis_address,
        retry=Retry(NoBackoff(), 0),
        socket_timeout=seconds,
        socket_connect_timeout=seconds,
    )


def settings() -> Settings:
    """The settings of the running app."""
    return current_app.extensions["settings"]  # type: ignore[no-any-return]


def shared_redis() -> redis.Redis:
    """The running app's Redis client (hardened: see redis_client)."""
    return current_app.extensions["redis"]  # type: ignore[no-any-return]


def vault() -> Vault:
    """The running app's vault for the shops' secrets."""
    return current_app.extensions["vault"]  # type: ignore[no-any-return]


def upgrade_database(app: Flask) -> None:
    """Bring the database to the newest migration; a fresh one is made from nothing."""
    from flask_migrate import upgrade

    with app.app_context():
        upgrade()


@event.listens_for(Engine, "connect")
def _prepare_sqlite(connection: Any, record: Any) -> None:
    if not isinstance(connection, sqlite3.Connection):
        return
    connection.isolation_level = None  # we begin transactions ourselves, below
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=20000", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


@event.listens_for(Engine, "begin")
def _begin_sqlite(connection: Connection) -> None:
    """A writing transaction takes SQLite's write lock at once.

    A read snapshot that turns writer fails with "database is locked" however long it waits, and with SQLite's
    default of locking late two writers lose each other's updates without any error.
    """
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE" if WRITING.get() else "BEGIN")
