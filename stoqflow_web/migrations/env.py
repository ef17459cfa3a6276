"""Runs the migrations on the app's own engine, in one transaction."""

from alembic import context
from flask import current_app

from stoqflow_web.transaction import WRITING

database = current_app.extensions["migrate"].db


def run_migrations() -> None:
    writing = WRITING.set(True)
    try:
        with database.engine.connect() as connection:
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
