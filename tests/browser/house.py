"""The whole of Stoqflow on real ports, begun once; each test gets it with a database as if it were new."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

from argon2 import PasswordHasher
from cryptography.fernet import Fernet
from flask import Flask
from sqlalchemy import select
from werkzeug.serving import WSGIRequestHandler, make_server

from stoqflow_web.app import make_app
from stoqflow_web.bol.sandbox import RunningSandbox, SandboxOptions, World, make_sandbox, start_sandbox
from stoqflow_web.extensions import db
from stoqflow_web.models import ImportRun
from stoqflow_web.passwords import Passwords
from stoqflow_web.services import imports, users
from stoqflow_web.settings import Settings
from tests.support.clocks import wait_until
from tests.support.gates import Gate
from tests.support.linking import link_shop
from tests.support.programs import Programs
from tests.support.redis_servers import running_redis

MANAGER, STAFF, PASSWORD = "mia@example.com", "stef@example.com", "correct horse battery"
# Without bol's limits; what a transfer shows in its middle is held still by a gate.
OPTIONS = SandboxOptions(orders=24, offers=24, process_delay=0.1, limits=False)
SHOP = "Home & Kitchen NL"


class _Quiet(WSGIRequestHandler):
    """Says nothing of requests that went well: a failed test shows what matters."""

    def log_request(self, *rest: object) -> None:
        pass


class House:
    """`url` is where the pages are, `world` the pretend bol.com as it is now."""

    def __init__(self, app: Flask, settings: Settings, sandbox: RunningSandbox, template: Path) -> None:
        self.app, self.sandbox = app, sandbox
        self._settings, self._template = settings, template
        self._filled = settings.data / "filled.db"
        self._gates: list[Gate] = []
        self._server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def world(self) -> World:
        return self.sandbox.world

    def begin(self, *, people: bool = True, filled: bool = False) -> None:
        """As on the first day, or with a shop whose products and orders were transferred just now."""
        self.finish()
        self.sandbox.sandbox = self.sandbox._server.app = make_sandbox(replace(OPTIONS, webhooks_to=self.url))
        self.app.extensions["redis"].delete(*self._remembered())
        self.app.extensions.pop("key_proofs", None)
        if filled and self._filled.exists():
            return self._restore(self._filled)
        self._restore(self._template)
        if people:
            self._add_people()
        if filled:
            self._fill()
            with closing(sqlite3.connect(self._database)) as here, closing(sqlite3.connect(self._filled)) as copy:
                here.backup(copy)
        return None

    def gate(self, path: str, how_many: int) -> Gate:
        """Holds the pretend bol.com's answers back after so many, until `open()` or the end of the test."""
        self._gates.append(Gate(self.sandbox, path, how_many))
        return self._gates[-1]

    def finish(self) -> None:
        """Nothing that a test began goes on in the next one."""
        for gate in self._gates:
            gate.open()
        self.world.come_back()
        with self.app.app_context():
            for run_id in self.active_runs():
                imports.request_stop(run_id, user_id=None)
        self.wait_for_transfers()

    def wait_for_transfers(self) -> None:
        wait_until(lambda: not self.active_runs(), 30)

    def active_runs(self) -> list[int]:
        with self.app.app_context():
            return list(db.session.scalars(select(ImportRun.id).where(ImportRun.active_key.is_not(None))))

    def first_manager_link(self) -> str:
        with self.app.app_context():
            return users.first_manager_link(self.url) or ""

    def _add_people(self) -> None:
        with self.app.app_context():
            users.add_user(email=MANAGER, name="Mia Manager", role="manager", password=PASSWORD)
            users.add_user(email=STAFF, name="Stef Staff", role="staff", password=PASSWORD)

    def _fill(self) -> None:
        with self.app.app_context():
            shop_id = link_shop(self.sandbox, name=SHOP)
            for kind in ("products", "orders", "readiness"):
                run_id = imports.start(shop_id, kind, user_id=1).id
                wait_until(lambda run_id=run_id: run_id not in self.active_runs(), 30)
        self.finish()  # titles and pictures come slowly, as bol's limit wants it: a few will do

    def _restore(self, kept: Path) -> None:
        """SQLite's own way of copying into a database that others have open."""
        with closing(sqlite3.connect(kept)) as source, closing(sqlite3.connect(self._database)) as here:
            source.backup(here)

    @property
    def _database(self) -> str:
        return self._settings.database_url.removeprefix("sqlite:///")

    def _remembered(self) -> list[bytes]:
        """Tokens and counted sign-ins; what belongs to the running worker stays."""
        keys = self.app.extensions["redis"].keys("*")
        return [key for key in keys if not key.startswith(b"rq:")] or [b"nothing"]


@contextmanager
def running_house(folder: Path, template: Path) -> Iterator[House]:
    """`template` is a migrated SQLite file."""
    with running_redis() as address, start_sandbox(OPTIONS) as sandbox:
        settings = _settings(folder, address, sandbox)
        with closing(sqlite3.connect(template)) as source, closing(sqlite3.connect(folder / "stoqflow.db")) as here:
            source.backup(here)
        app = make_app(settings)
        app.extensions["passwords"] = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        with Programs(settings) as programs:
            for module in ("jobs.worker", "jobs.worker", "jobs.scheduler"):  # as many as one machine has by default
                programs.start(module)
            house = House(app, settings, sandbox, template)
            try:
                yield house
            finally:
                house.stop()
                with app.app_context():
                    db.engine.dispose()
                app.extensions["redis"].close()


def _settings(folder: Path, redis_address: str, sandbox: RunningSandbox) -> Settings:
    (folder / "data").mkdir()
    return Settings(
        data=folder / "data",
        database_url=f"sqlite:///{folder / 'stoqflow.db'}",
        redis_url=redis_address,
        bol_api_url=sandbox.url,
        bol_token_url=sandbox.token_url,
        port=8000,
        secret_key="only for the tests",
        keys=(Fernet.generate_key().decode(),),
        public_url="https://stoqflow.example",  # the pretend bol.com posts to `url` instead
    )
