"""Fresh, migrated databases: SQLite files copied from a template, PostgreSQL databases made from a template."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from cryptography.fernet import Fernet
from sqlalchemy import Engine, create_engine, make_url, text

from stoqflow_web.app import make_app
from stoqflow_web.extensions import db, upgrade_database
from stoqflow_web.settings import Settings


def migrate(database_url: str, folder: Path) -> None:
    """Make the tables the way an installation does: by the migrations."""
    app = make_app(
        Settings(
            data=folder,
            database_url=database_url,
            redis_url="redis://127.0.0.1:1",
            bol_api_url="http://127.0.0.1:9",
            bol_token_url="http://127.0.0.1:9/token",
            port=8000,
            secret_key="only for the tests",
            keys=(Fernet.generate_key().decode(),),
        )
    )
    upgrade_database(app)
    with app.app_context():
        db.engine.dispose()


class PostgresServer:
    """A server on which each test gets a database of its own."""

    def __init__(self, url: str) -> None:
        self._url = make_url(url.replace("postgres://", "postgresql://", 1)).set(drivername="postgresql+psycopg")
        self._template = f"stoqflow_template_{os.getpid()}"

    @cached_property
    def _admin(self) -> Engine:
        return create_engine(self._url, isolation_level="AUTOCOMMIT")

    def prepare(self, folder: Path) -> None:
        self._run(
            f'DROP DATABASE IF EXISTS "{self._template}"', f'CREATE DATABASE "{self._template}" TEMPLATE template0'
        )
        migrate(self._address(self._template), folder)

    def forget(self) -> None:
        self._run(f'DROP DATABASE IF EXISTS "{self._template}" WITH (FORCE)')
        self._admin.dispose()

    @contextmanager
    def database(self) -> Iterator[str]:
        name = f"stoqflow_test_{os.getpid()}"
        self._run(f'CREATE DATABASE "{name}" TEMPLATE "{self._template}"')
        try:
            yield self._address(name)
        finally:
            self._run(f'DROP DATABASE "{name}" WITH (FORCE)')

    def _address(self, name: str) -> str:
        return self._url.set(database=name).render_as_string(hide_password=False)

    def _run(self, *statements: str) -> None:
        with self._admin.connect() as connection:
            for statement in statements:
                connection.execute(text(statement))


@contextmanager
def throwaway_cluster(binaries: Path) -> Iterator[str]:
    """The address of a PostgreSQL server made for these tests alone; it listens on a socket only."""
    folder = Path(tempfile.mkdtemp(prefix="stoqflow-pg-"))
    as_owner: list[str] = []
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        shutil.chown(folder, "postgres")
        as_owner = ["runuser", "-u", "postgres", "--"]
    cluster = folder / "cluster"

    def run(program: str, *arguments: str) -> None:
        command = [*as_owner, str(binaries / program), *arguments]
        # The server inherits what pg_ctl has open: with a pipe we would wait for the server's own end.
        with (folder / "output").open("w") as output:
            done = subprocess.run(command, stdout=output, stderr=subprocess.STDOUT, cwd=folder, check=False)
        assert done.returncode == 0, (folder / "output").read_text()

    speed = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off"
    try:
        run("initdb", "-D", str(cluster), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync")
        run("pg_ctl", "-D", str(cluster), "-w", "-o", f"-k {folder} -c listen_addresses='' {speed}", "start")
        yield f"postgresql://postgres@/postgres?host={folder}"
    finally:
        if (cluster / "postmaster.pid").exists():
            run("pg_ctl", "-D", str(cluster), "-m", "immediate", "-w", "stop")
        shutil.rmtree(folder, ignore_errors=True)


def postgres_binaries() -> Path | None:
    """The folder with PostgreSQL's server programs, the newest when there are several."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True)
    if on_path := shutil.which("initdb"):
        folders.append(Path(on_path).resolve().parent)
    return next((folder for folder in folders if (folder / "pg_ctl").exists() and (folder / "initdb").exists()), None)
