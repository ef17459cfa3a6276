"""Runs the migrations on the app's own engine, in one transaction."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from alembic import context
from flask import current_app
from sqlalchemy import Connection

from stoqflow_web.transaction import WRITING

database = current_app.extensions["migrate"].db


@contextmanager
def _without_foreign_keys(connection: Connection) -> Iterator[None]:
    """SQLite changes a table by copying it and dropping the old one, which rows that point at it would forbid.

    It takes no notice of this inside a transaction, so it is said past SQLAlchemy, which would begin one.
    """
    if connection.dialect.name != "sqlite":
        yield
        return
    sqlite: Any = connection.connection.dbapi_connection
    sqlite.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
    finally:
        sqlite.execute("PRAGMA foreign_keys=ON")


def run_migrations() -> None:
    writing = WRITING.set(True)
    try:
        with database.engine.connect() as connection, _without_foreign_keys(connection):
            context.configure(
                connection=connection,
                target_metadata=database.metadata,
                render_as_batch=True,
                compare_type=True,
            )
            with context.begin_transaction():
                context.run_migrations()
            connection.commit()
    finally:
        WRITING.reset(writing)


run_migrations()
