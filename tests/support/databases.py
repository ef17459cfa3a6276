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

PLENTY = 2 * 1024**3


def memory_folder() -> str | None:
    """Where files lie in memory, for tempfile's `dir`: to wait for a disk proves nothing in a test.

    None where there is no such place, or little of it: containers often have 64 MB.
    """
    memory = Path("/dev/shm")
    fits = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > PLENTY
    return str(memory) if fits else None


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

    @cached_property
    def _strategy(self) -> str:
        """Copying files is quicker by far than what PostgreSQL 15 and newer do otherwise; older ones always do so."""
        with self._admin.connect() as connection:
            version = connection.scalar(text("SELECT current_setting('server_version_num')::int"))
        return "STRATEGY FILE_COPY" if version >= 150_000 else ""

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
        self._run(f'CREATE DATABASE "{name}" TEMPLATE "{self._template}" {self._strategy}')
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
    folder = Path(tempfile.mkdtemp(prefix="stoqflow-pg-", dir=memory_folder()))
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

    lasting = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c wal_level=minimal -c max_wal_senders=0"
    speed = f"{lasting} -c autovacuum=off"
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
