"""Access tokens: one per account, shared by all workers, renewed before it runs out, never asked for too often."""

import hashlib
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

import msgspec

from .errors import BolError, NoConnection, TokenBraked, WrongCredentials

RENEW_BEFORE = 45.0  # seconds before the end; bol's advice is to renew 30 to 60 seconds early
RENEW_SHARE = 0.2  # of a short-lived token's life, whichever is less
SHORTEST_NORMAL_LIFE = 5.0  # seconds; renewing more often than that is hammering, whatever expires_in says
BURST = 4  # tokens we may ask for out of turn (refused early, failed)...
ONE_PER = (
    30.0  # ...and then one in so many seconds. bol blocks the address of whoever hammers; its threshold is unknown
)
FAILURES_IN_A_ROW = 3  # after more than so many we stop asking...
STOP_FOR = 300.0  # ...for so many seconds
REMEMBER = 3600  # seconds a store keeps what we know


class Grant(msgspec.Struct, frozen=True):
    """A token as bol gave it; `lifetime` in seconds."""

    token: str
    lifetime: float

    def __repr__(self) -> str:
        return f"Grant({self.lifetime:.0f} s)"


class TokenStore(Protocol):
    """Where workers share tokens. Values are small and opaque. May raise SharedStoreUnavailable."""

    def read(self, key: str) -> bytes | None:
        """What was last written, None when nothing or when it is too old."""

    def write(self, key: str, value: bytes, *, seconds: int) -> None:
        """Keep the value for so many seconds."""

    def lock(self, key: str) -> AbstractContextManager[object]:
        """Held by one worker at a time, freed by itself when its holder dies."""


class MemoryTokenStore:
    """The store for one process."""

    def __init__(self) -> None:
        self._values: dict[str, bytes] = {}
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)

    def read(self, key: str) -> bytes | None:
        return self._values.get(key)

    def write(self, key: str, value: bytes, *, seconds: int) -> None:
        self._values[key] = value

    def lock(self, key: str) -> AbstractContextManager[object]:
        return self._locks[key]


class TokenState(msgspec.Struct, frozen=True):
    """All we know of one account's token. Moments are seconds since the epoch."""

    token: str = ""
    granted_at: float = 0.0
    lifetime: float = 0.0
    asked_early_at: tuple[float, ...] = ()
    failures: int = 0
    failed_at: float = 0.0
    is_wrong: bool = False  # bol said invalid_client

    @property
    def renew_at(self) -> float:
        return self.granted_at + self.lifetime - min(RENEW_BEFORE, self.lifetime * RENEW_SHARE)

    def usable(self, now: float, refused: str) -> bool:
        """Whether this token can be sent: there is one, bol did not just refuse it, it does not run out soon."""
        return bool(self.token) and self.token != refused and self.granted_at - 1 <= now < self.renew_at

    def is_normal_renewal(self, now: float) -> bool:
        """The token has simply served its time."""
        return bool(self.token) and not self.failures and self.lifetime >= SHORTEST_NORMAL_LIFE and now >= self.renew_at

    def recent_early_asks(self, now: float) -> tuple[float, ...]:
        return tuple(moment for moment in self.asked_early_at if 0 <= now - moment < BURST * ONE_PER)


class TokenSource:
    """Hands out the token of one account.

    `fetch` asks bol for a token once and raises BolError when that fails. The key in the store depends on the secret
    too, so that replaced keys never meet the old token.
    """

    def __init__(
        self,
        client_id: str,
        secret: str,
        *,
        store: TokenStore,
        fetch: Callable[[], Grant],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._key = "token:" + hashlib.sha256(f"{client_id}\0{secret}".encode()).hexdigest()[:32]
        self._store = store
        self._fetch = fetch
        self._clock = clock
        self._one_thread = threading.Lock()
        self._kept = TokenState()

    def current(self) -> str:
        """A token with some life left. Raises WrongCredentials, TokenBraked or what the token host made of it."""
        kept = self._kept
        return kept.token if kept.usable(self._clock(), refused="") else self._shared(refused="")

    def renewed(self, refused: str) -> str:
        """Another token than the one bol just refused; perhaps another worker has it already."""
        return self._shared(refused)

    def forget_refusal(self) -> None:
        """A person wants to know now whether bol takes the keys. How often we may ask stays limited."""
        with self._one_thread, self._store.lock(self._key):
            self._kept = TokenState()
            self._write(msgspec.structs.replace(self._read(), failures=0, is_wrong=False))

    def _shared(self, refused: str) -> str:
        with self._one_thread:
            if self._kept.usable(self._clock(), refused):
                return self._kept.token
            self._kept = TokenState()
            state = self._read()
            if not state.usable(self._clock(), refused):
                with self._store.lock(self._key):
                    state = self._read()
                    if not state.usable(self._clock(), refused):
                        state = self._ask(state, refused)
            self._kept = state
            return state.token

    def _ask(self, state: TokenState, refused: str) -> TokenState:
        if state.token == refused:
            state = msgspec.structs.replace(state, token="")
        now = self._clock()
        check_brake(state, now)
        early = state.recent_early_asks(now)
        if not state.is_normal_renewal(now):
            early = (*early, now)
        try:
            grant = self._fetch()
        except NoConnection:
            raise  # bol heard nothing, so this can't be hammering
        except BolError as error:
            self._write(_after_failure(state, early, now, error))
            raise
        renewed = TokenState(grant.token, now, grant.lifetime, early)
        self._write(renewed)
        return renewed

    def _read(self) -> TokenState:
        value = self._store.read(self._key)
        try:
            return msgspec.msgpack.decode(value, type=TokenState) if value else TokenState()
        except msgspec.DecodeError:
            return TokenState()  # written by another version of this program

    def _write(self, state: TokenState) -> None:
        self._store.write(self._key, msgspec.msgpack.encode(state), seconds=max(REMEMBER, int(state.lifetime)))


def check_brake(state: TokenState, now: float) -> None:
    """Raises when bol must not be asked for a token now: TokenBraked, or WrongCredentials when that was its answer."""
    since_failure = now - state.failed_at if state.failures else STOP_FOR
    rest = STOP_FOR if state.failures > FAILURES_IN_A_ROW else ONE_PER if state.is_wrong else 0.0
    if 0 <= since_failure < rest:
        if state.is_wrong:
            raise WrongCredentials("bol.com does not know this client id and secret.", retry_after=rest - since_failure)
        raise TokenBraked(
            "Asking bol.com for access failed several times in a row, so we wait before asking again.",
            retry_after=rest - since_failure,
        )
    early = state.recent_early_asks(now)
    if len(early) >= BURST and not state.is_normal_renewal(now):
        raise TokenBraked(
            "Access to bol.com was asked for too often, so we wait before asking again.",
            retry_after=max(1.0, min(early) + BURST * ONE_PER - now),
        )


def _after_failure(state: TokenState, early: tuple[float, ...], now: float, error: BolError) -> TokenState:
    is_wrong = isinstance(error, WrongCredentials)
    return msgspec.structs.replace(
        state,
        token="" if is_wrong else state.token,
        asked_early_at=early,
        failures=state.failures + 1,
        failed_at=now,
        is_wrong=is_wrong,
    )
