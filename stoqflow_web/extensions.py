"""The Flask extensions and the one database engine and Redis connection that everything shares."""

import sqlite3
import time
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

LOCK_SECONDS = 20  # as long as a writing transaction waits for SQLite's write lock
LOOK_EVERY_SECONDS = 0.003  # whether the write lock is free
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
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", f"busy_timeout={LOCK_SECONDS * 1000}", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


@event.listens_for(Engine, "begin")
def _begin_sqlite(connection: Connection) -> None:
    """A writing transaction takes SQLite's write lock at once.

    A read snapshot that turns writer fails with "database is locked" however long it waits, and with SQLite's
    default of locking late two writers lose each other's updates without any error.
    """
    if connection.dialect.name == "sqlite":
        if WRITING.get():
            _begin_writing(connection)
        else:
            connection.exec_driver_sql("BEGIN")


def _begin_writing(connection: Connection) -> None:
    """Begin as soon as the write lock is free. Raises OperationalError when it isn't for LOCK_SECONDS.

    SQLite's own waiting looks ever more seldom, at last every tenth of a second, so that a click would wait much longer
    than the lock is held, and be overtaken by a worker that takes it again and again.
    """
    driver: Any = connection.connection.driver_connection
    driver.execute("PRAGMA busy_timeout=0")
    try:
        patience = time.monotonic() + LOCK_SECONDS
        while time.monotonic() < patience:
            try:
                driver.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                    break
                time.sleep(LOOK_EVERY_SECONDS)
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # the error, as everybody expects it
    finally:
        driver.execute(f"PRAGMA busy_timeout={LOCK_SECONDS * 1000}")
