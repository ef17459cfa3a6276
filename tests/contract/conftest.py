"""Our client and the pretend bol.com meet here, and bol's own documents judge what passes between them."""

from collections.abc import Iterator

import pytest

from stoqflow_web.bol import BolClient, MemoryTokenStore, Unlimited
from stoqflow_web.bol.sandbox import RunningSandbox, World
from tests.contract.recording import Recorder


class Watched:
    """A client that remembers which of its methods were called."""

    def __init__(self, client: BolClient) -> None:
        self._client = client
        self.called: set[str] = set()

    def __getattr__(self, name: str) -> object:
        self.called.add(name)
        return getattr(self._client, name)


@pytest.fixture
def recorder(sandbox: RunningSandbox) -> Iterator[Recorder]:
    """Everything that is asked and answered; at the end bol's documents must allow all of it.

    Requests that are wrong on purpose go past it: `recorder.step_aside()`.
    """
    recorder = Recorder(sandbox)
    yield recorder
    recorder.judge()


@pytest.fixture
def world(sandbox: RunningSandbox) -> World:
    return sandbox.world


@pytest.fixture
def client(sandbox: RunningSandbox, recorder: Recorder, request: pytest.FixtureRequest) -> Iterator[Watched]:
    """A client of the pretend bol.com, which has called what its test says it covers."""
    with BolClient(
        sandbox.client_id,
        sandbox.client_secret,
        api_url=sandbox.url,
        token_url=sandbox.token_url,
        tokens=MemoryTokenStore(),
        limits=Unlimited(),
    ) as bol:
        watched = Watched(bol)
        yield watched
    assert set(getattr(request.function, "covers", ())) <= watched.called
