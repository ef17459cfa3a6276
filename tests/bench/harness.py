"""What the measurements share: a whole installation in a temporary folder, with real processes around it."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import requests
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient

from stoqflow_web.app import make_app
from stoqflow_web.bol.sandbox.options import DEFAULT_CLIENT_ID, DEFAULT_CLIENT_SECRET
from stoqflow_web.extensions import db, upgrade_database
from stoqflow_web.models import ImportRun
from stoqflow_web.services import imports, shops, users
from stoqflow_web.settings import read_settings
from stoqflow_web.transaction import reading
from tests.support.clients import SeparateClient
from tests.support.redis_servers import running_redis

LONGEST_SECONDS = 300.0
PLENTY = 1_000_000
RULES_OF_TRANSFERS = ("GET /retailer/orders", "GET /retailer/orders/*", "GET /retailer/offers")
NOBODY = "http://127.0.0.1:9"

T = TypeVar("T")


@dataclass(frozen=True)
class Figure:
    """One line of the table. `figure` must be at most `limit`, or at least that much with `is_at_least`."""

    name: str
    measured: str
    against: str
    figure: float
    limit: float
    unit: str = "×"
    is_at_least: bool = False

    @property
    def is_ok(self) -> bool:
        return self.figure >= self.limit if self.is_at_least else self.figure <= self.limit


@dataclass(frozen=True)
class Bol:
    """Where a pretend bol.com answers, and the keys it knows."""

    url: str
    client_id: str = DEFAULT_CLIENT_ID
    client_secret: str = DEFAULT_CLIENT_SECRET

    @property
    def token_url(self) -> str:
        return f"{self.url}/token"


@dataclass(frozen=True)
class Installation:
    """Stoqflow in a folder of its own: the app of this process, and the environment for other processes of it."""

    app: Flask
    folder: Path
    environ: dict[str, str]

    def link_shop(self, bol: Bol) -> int:
        return shops.add_shop(name="Bench", api_key=bol.client_id, api_secret=bol.client_secret, user_id=None).id


@contextmanager
def pretend_bol(*, orders: int = 0, offers: int = 0, latency: float = 0.0, limits: bool = True) -> Iterator[Bol]:
    """A pretend bol.com in a process of its own; `latency` is in seconds.

    Without `limits` its headers promise plenty, and the limiter learns that as it would learn anything else.
    """
    port = free_port()
    options = {"--port": port, "--orders": orders, "--offers": offers, "--latency": latency}
    command = [str(part) for option in options.items() for part in option]
    with running([sys.executable, "-m", "stoqflow_web.cli", "sandbox", *command], os.environ.copy()):
        bol = Bol(f"http://127.0.0.1:{port}")
        wait_for(lambda: is_there(bol.url))
        for rule in () if limits else RULES_OF_TRANSFERS:
            answer = requests.post(f"{bol.url}/control/set-limit", json={"rule": rule, "capacity": PLENTY}, timeout=10)
            answer.raise_for_status()
        yield bol


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def installation(bol: Bol | None = None) -> Iterator[Installation]:
    """Stoqflow on a fresh SQLite database, with a real Redis and an app context. It asks `bol`, or nobody."""
    folder = Path(tempfile.mkdtemp(prefix="stoqflow-bench-"))
    with running_redis() as redis_url:
        environ = {
            **os.environ,
            "STOQFLOW_DATA": str(folder),
            "DATABASE_URL": f"sqlite:///{folder / 'stoqflow.db'}",
            "REDIS_URL": redis_url,
            "STOQFLOW_BOL_API_URL": bol.url if bol else NOBODY,
            "STOQFLOW_BOL_TOKEN_URL": bol.token_url if bol else f"{NOBODY}/token",
        }
        app = make_app(read_settings(environ))
        upgrade_database(app)
        try:
            with app.app_context():
                yield Installation(app, folder, environ)
                db.session.remove()
                db.engine.dispose()
        finally:
            app.extensions["redis"].close()
            shutil.rmtree(folder, ignore_errors=True)


def signed_in_client(home: Installation) -> FlaskClient:
    """The browser of a manager who has signed in."""
    password = "only to measure"
    users.add_user(email="bench@example.com", name="Bench", role="manager", password=password)
    home.app.test_client_class = SeparateClient
    client = home.app.test_client()
    token = BeautifulSoup(client.get("/sign-in").text, "html.parser").select_one("[name=csrf_token]")
    assert token is not None
    fields = {"email": "bench@example.com", "password": password, "csrf_token": token["value"]}
    answer = client.post("/sign-in", data=fields)
    assert answer.status_code == 303, answer.text
    return client


@contextmanager
def worker(home: Installation, *queues: str) -> Iterator[int]:
    """A real worker, ready and idle, on these queues or on all; gives its process id."""
    with running([sys.executable, "-m", "jobs.worker", *queues], home.environ) as process:
        redis = home.app.extensions["redis"]
        wait_for(lambda: redis.smembers("rq:workers"))
        yield process.pid


def whole_run(shop_id: int, kind: str, *, meanwhile: Callable[[], object] = lambda: None) -> ImportRun:
    """Start a transfer, let the worker do it, and give the run back when it has ended well.

    `meanwhile` is called several times a second while it runs.
    """
    return wait_for_end(imports.start(shop_id, kind, user_id=None).id, meanwhile=meanwhile)


def wait_for_end(run_id: int, *, meanwhile: Callable[[], object] = lambda: None) -> ImportRun:
    """The run when it has ended well; `meanwhile` as for `whole_run`."""

    def ended() -> ImportRun | None:
        meanwhile()
        with reading() as session:
            run = session.get_one(ImportRun, run_id, populate_existing=True)
            return None if run.is_active else run

    run: ImportRun = wait_for(ended, every=0.1)
    if run.status != "finished":
        raise RuntimeError(f"The run of {run.kind} ended as {run.status}: {run.trouble}")
    return run


def seconds_of(run: ImportRun) -> float:
    """From the press on the button to the end of the run."""
    assert run.finished_at is not None
    return (run.finished_at - run.created_at).total_seconds()


def begin_early_in_a_minute() -> None:
    """The list of orders has a limit a minute, so the limiter rests around the turn of one: two seconds by luck."""
    while not 2 <= time.time() % 60 <= 50:
        time.sleep(0.1)


@contextmanager
def running(command: list[str], environ: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """A process that ends with the block; what it says is shown when the block fails."""
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, env=environ, stdout=said, stderr=subprocess.STDOUT)
        try:
            yield process
        except BaseException:
            said.seek(0)
            sys.stderr.write(said.read().decode(errors="replace")[-4000:])
            raise
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=10)
            process.kill()
            process.wait()


def wait_for(look: Callable[[], T], *, every: float = 0.05) -> Any:
    """The first true value of `look`."""
    until = time.monotonic() + LONGEST_SECONDS
    while not (seen := look()):
        if time.monotonic() > until:
            raise TimeoutError(f"Nothing after {LONGEST_SECONDS:.0f} seconds.")
        time.sleep(every)
    return seen


def is_there(url: str) -> bool:
    try:
        return requests.get(url, timeout=2).ok
    except requests.ConnectionError:
        return False
