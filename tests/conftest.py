"""The ground under all tests: real databases, a real Redis, a real pretend bol.com, and a clock that obeys."""

import gc
import os
import re
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis
from argon2 import PasswordHasher
from cryptography.fernet import Fernet
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import FileSystemBytecodeCache

from stoqflow_web import clock as clock_module
from stoqflow_web.app import make_app
from stoqflow_web.bol.sandbox import RunningSandbox, SandboxOptions, start_sandbox
from stoqflow_web.extensions import db, redis_client
from stoqflow_web.models import User
from stoqflow_web.passwords import Passwords
from stoqflow_web.services import users
from stoqflow_web.settings import Settings
from stoqflow_web.vault import Vault
from tests.support.browsing import Browser
from tests.support.clients import SeparateClient
from tests.support.clocks import FrozenClock
from tests.support.databases import PostgresServer, memory_folder, migrate, postgres_binaries, throwaway_cluster
from tests.support.redis_servers import running_redis
from tests.support.scheduling import pytest_xdist_make_scheduler
from tests.support.skipping import pytest_make_collect_report, pytest_runtest_makereport

# Hooks: pytest looks for them here.
__all__ = ["pytest_make_collect_report", "pytest_runtest_makereport", "pytest_xdist_make_scheduler"]

pytest_plugins = ["pytester"]

NO_POSTGRES = "PostgreSQL is not here: set TEST_DATABASE_URL, or install its server programs (apt install postgresql)."
PASSWORD = "correct horse battery"
FERNET_KEY = Fernet.generate_key().decode()
CSRF_FIELD = re.compile(r'<input[^>]*name="csrf_token"[^>]*value="([^"]+)"')


def pytest_configure(config: pytest.Config) -> None:
    gc.set_threshold(50_000, 20, 20)  # so often as by default costs a tenth of the time
    config.addinivalue_line("markers", "both_databases: run on SQLite and on PostgreSQL")
    # A run that is told to stop ends like after Ctrl-C, with its servers stopped.
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def pytest_collection_finish() -> None:
    """What is loaded by now stays until the end: the garbage collector need not look through it again and again."""
    gc.collect()
    gc.freeze()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "database_kind" in metafunc.fixturenames and metafunc.definition.get_closest_marker("both_databases"):
        metafunc.parametrize("database_kind", ["sqlite", "postgresql"])


# Databases


@pytest.fixture(scope="session")
def migrated_sqlite() -> Iterator[Path]:
    """A migrated SQLite file that tests copy instead of migrating each anew."""
    with tempfile.TemporaryDirectory(prefix="stoqflow-sqlite-", dir=memory_folder()) as name:
        folder = Path(name)
        migrate(f"sqlite:///{folder / 'template.db'}", folder)
        yield folder / "template.db"


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """A PostgreSQL server with a migrated template: TEST_DATABASE_URL, or a cluster made for this session."""
    folder = tmp_path_factory.mktemp("postgresql")
    if url := os.environ.get("TEST_DATABASE_URL"):
        yield from _prepared(PostgresServer(url), folder)
    elif binaries := postgres_binaries():
        with throwaway_cluster(binaries) as url:
            yield from _prepared(PostgresServer(url), folder)
    else:
        pytest.skip(NO_POSTGRES)


def _prepared(server: PostgresServer, folder: Path) -> Iterator[PostgresServer]:
    server.prepare(folder)
    yield server
    server.forget()


@pytest.fixture
def database_kind() -> str:
    """`sqlite`; tests marked `both_databases` run with `postgresql` too."""
    return "sqlite"


@pytest.fixture
def database_url(database_kind: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a fresh, migrated database. It is the same one for each test, so that `app` can be kept."""
    if database_kind == "postgresql":
        with request.getfixturevalue("postgres_server").database() as url:
            yield url
    else:
        template: Path = request.getfixturevalue("migrated_sqlite")
        here = template.with_name("stoqflow.db")
        for file in template.parent.glob("stoqflow.db*"):  # SQLite keeps its log beside it
            file.unlink()
        shutil.copy(template, here)
        yield f"sqlite:///{here}"


# Redis and the pretend bol.com


@pytest.fixture(scope="session")
def redis_server() -> Iterator[str]:
    """The address of a real Redis; `settings` empties it for each test."""
    with running_redis() as address:
        yield address


@pytest.fixture
def sandbox_options() -> SandboxOptions:
    """A small pretend bol.com. Define a fixture of this name in a test file for another one."""
    return SandboxOptions(orders=6, offers=8, process_delay=0.1)


@pytest.fixture
def sandbox(sandbox_options: SandboxOptions) -> Iterator[RunningSandbox]:
    """A pretend bol.com that answers over HTTP. The app of a test that asks for it talks to it."""
    running = start_sandbox(sandbox_options)
    try:
        yield running
    finally:
        running.stop()


@pytest.fixture
def bol_urls(request: pytest.FixtureRequest) -> tuple[str, str]:
    """Where the app finds bol.com: (API, token). Nobody is there unless the test asks for `sandbox`."""
    if "sandbox" in request.fixturenames:
        running: RunningSandbox = request.getfixturevalue("sandbox")
        return running.url, running.token_url
    return "http://127.0.0.1:9", "http://127.0.0.1:9/token"


# The app


@pytest.fixture
def settings(tmp_path: Path, database_url: str, redis_server: str, bol_urls: tuple[str, str]) -> Settings:
    with redis.Redis.from_url(redis_server) as client:
        client.flushall()
    (tmp_path / "data").mkdir()
    return Settings(
        data=tmp_path / "data",
        database_url=database_url,
        redis_url=redis_server,
        bol_api_url=bol_urls[0],
        bol_token_url=bol_urls[1],
        port=8000,
        secret_key="only for the tests",
        keys=(FERNET_KEY,),
    )


@pytest.fixture(scope="session")
def compiled_templates(tmp_path_factory: pytest.TempPathFactory) -> FileSystemBytecodeCache:
    """Each test makes an app of its own; compiling the templates for each would take most of the time."""
    return FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))


@pytest.fixture(scope="session")
def kept_apps() -> dict[str, Flask]:
    """An app by the address of its database: to make one, and to compile the same queries anew, takes long."""
    return {}


@pytest.fixture
def app(
    settings: Settings, compiled_templates: FileSystemBytecodeCache, kept_apps: dict[str, Flask]
) -> Iterator[Flask]:
    """The app on a fresh database. CSRF stays on; an exception that no page handles fails the test.

    A test that changes its routes or configuration takes `fresh_app`.
    """
    if settings.database_url not in kept_apps:
        kept_apps[settings.database_url] = _app_for_tests(settings, compiled_templates)
    app = kept_apps[settings.database_url]
    with _as_if_new(app, settings):
        yield app


@pytest.fixture
def fresh_app(settings: Settings, compiled_templates: FileSystemBytecodeCache) -> Iterator[Flask]:
    """An app that no other test sees."""
    app = _app_for_tests(settings, compiled_templates)
    with _as_if_new(app, settings):
        yield app


def _app_for_tests(settings: Settings, compiled_templates: FileSystemBytecodeCache) -> Flask:
    app = make_app(settings)
    app.testing = True
    app.jinja_env.bytecode_cache = compiled_templates
    app.test_client_class = SeparateClient
    return app


@contextmanager
def _as_if_new(app: Flask, settings: Settings) -> Iterator[None]:
    app.extensions["settings"] = settings
    app.extensions["redis"] = redis_client(settings)
    app.extensions["vault"] = Vault(settings.keys)
    app.extensions["passwords"] = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    app.extensions.pop("key_proofs", None)
    yield
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
    app.extensions["redis"].close()


@pytest.fixture
def ctx(app: Flask) -> Iterator[Flask]:
    """The app with its context pushed, for tests that call services and queries."""
    with app.app_context():
        yield app


@pytest.fixture
def clock() -> Iterator[FrozenClock]:
    """Time stands still at a Monday, 09:12 in Amsterdam, until `clock.jump(minutes=5)`."""
    frozen = FrozenClock()
    clock_module.set_clock(frozen)
    yield frozen
    clock_module.set_clock(None)


# People


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def browser(client: FlaskClient) -> Browser:
    """A stranger's browser."""
    return Browser(client)


@pytest.fixture
def make_user(app: Flask) -> Callable[..., User]:
    """make_user(role="staff", email=…, name=…): the password is tests.conftest.PASSWORD."""
    made = []

    def make(*, role: str = "manager", email: str | None = None, name: str | None = None) -> User:
        made.append(role)
        nickname = f"{role}{len(made)}"
        with app.app_context():
            return users.add_user(
                email=email or f"{nickname}@example.com", name=name or nickname.title(), role=role, password=PASSWORD
            )

    return make


@pytest.fixture
def signed_in(app: Flask, make_user: Callable[..., User]) -> Callable[..., Browser]:
    """signed_in(role="manager"): the browser of somebody who has signed in. `.user` is who that is."""

    def sign_in(role: str = "manager", user: User | None = None) -> Browser:
        person = user or make_user(role=role)
        browser = Browser(app.test_client())
        # Only the token is read from the page; tests of signing in look at the rest of it.
        token = CSRF_FIELD.search(browser.client.get("/sign-in").get_data(as_text=True))
        assert token, "no form to sign in with"
        answer = browser.client.post(
            "/sign-in", data={"email": person.email, "password": PASSWORD, "csrf_token": token[1]}
        )
        assert answer.status_code == 303, answer.get_data(as_text=True)
        browser.user = person
        return browser

    return sign_in
