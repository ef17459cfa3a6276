"""One account's line to bol.com: token, turn, request, answer, and patience within bounds."""

import base64
import hashlib
import logging
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

import msgspec

from .addresses import check_address
from .answers import RETRY_AFTER_UNSAID, Answer, error_for, not_json, rate_headers
from .decoding import decode
from .errors import (
    BolError,
    BolUnavailable,
    LimitReached,
    NoAnswer,
    NoConnection,
    TokenRefused,
    UnexpectedAnswer,
    WrongCredentials,
)
from .limiter import Permit, RateLimiter, is_worth_learning
from .limits import Rule, rule_for
from .tokens import Grant, TokenSource, TokenStore
from .transport import Transport

V10 = "application/vnd.retailer.v10+json"
V11 = "application/vnd.retailer.v11+json"

LONGEST_WAIT = 75.0  # seconds one call may wait for its turns: a minute's window and a little
ATTEMPTS = 3  # for a call that only reads
WAITS_BETWEEN = (0.5, 2.0)  # seconds, with jitter, between those attempts
REJECTIONS = 5  # times one call may be told 429 before it gives up
SHORTEST_PAUSE = 1.0  # seconds after a 429, whatever Retry-After says
_SLICE = 1.0  # seconds between two calls of on_wait

T = TypeVar("T")
OnWait = Callable[[float, str], None]

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Call(Generic[T]):
    """One thing to ask of bol. `reads` says that asking twice does no harm; `kind` is what the answer becomes."""

    method: str
    path: str
    kind: type[T]
    params: Mapping[str, str] | None = None
    body: Any = None
    media_type: str = V10
    reads: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class _Patience:
    """What one call has spent of it."""

    waited: float = 0.0
    failures: int = 0
    rejections: int = 0

    @property
    def left(self) -> float:
        return max(0.0, LONGEST_WAIT - self.waited)


class Connection:
    """Sends calls for one account; see BolClient for the arguments."""

    def __init__(
        self,
        client_id: str,
        client_secret: str,
        *,
        api_url: str,
        token_url: str,
        tokens: TokenStore,
        limits: RateLimiter,
        transport: Transport,
        user_agent: str,
        on_wait: OnWait | None,
        sleep: Callable[[float], None],
    ) -> None:
        self.api_url = check_address(api_url)
        self._token_url = check_address(token_url)
        pair = base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()
        self._token_headers = {
            "Authorization": f"Basic {pair}",
            "Accept": "application/json",
            "Content-Type": "application/x-www-form-urlencoded",
            "User-Agent": user_agent,
        }
        self._account = hashlib.sha256(client_id.encode()).hexdigest()[:16]
        self._tokens = TokenSource(client_id, client_secret, store=tokens, fetch=self._fetch_token)
        self._limits = limits
        self._transport = transport
        self._user_agent = user_agent
        self._on_wait = on_wait
        self._sleep = sleep
        self.answered_at: datetime | None = None  # bol's own clock at the latest good answer, whichever call it was to
        self.strictness = 1.0  # the smallest share of a usual limit that bol allowed since this began

    def request(self, call: Call[T]) -> T:
        """The answer to a call, as a record.

        A read is repeated a few times over faults at bol's side. A write is repeated only when bol surely did nothing
        with it: after a 429, and once after a 401.
        """
        patience = _Patience()
        token = self._tokens.current()
        is_renewed = False
        while True:
            try:
                return self._once(call, token, patience)
            except TokenRefused:
                if is_renewed:
                    raise
                is_renewed = True
                token = self._tokens.renewed(token)
            except LimitReached as error:
                patience.rejections += 1
                if error.status is None or patience.rejections > REJECTIONS:
                    raise  # our own limiter's word, or bol's for too long
            except (BolUnavailable, NoAnswer, NoConnection, UnexpectedAnswer) as error:
                self._wait_or_give_up(call, error, patience)

    def forget_refusal(self) -> None:
        """See BolClient.forget_refusal."""
        self._tokens.forget_refusal()

    def _once(self, call: Call[T], token: str, patience: _Patience) -> T:
        rule = rule_for(call.method, call.path)
        key = f"{self._account}:{rule.key}"
        permit = self._take_turn(key, rule, patience)
        began = time.monotonic()
        answer = self._send(call, token)
        self._learn(key, rule, permit, answer, age=time.monotonic() - began)
        if not answer.is_good:
            raise self._refusal(key, answer)
        self.answered_at = answer.sent_at
        return _record(call, answer)

    def _take_turn(self, key: str, rule: Rule, patience: _Patience) -> Permit:
        while True:
            asked = time.monotonic()
            permit = self._limits.reserve(key, limit=rule.limit, window=rule.window, max_wait=patience.left)
            if not permit.granted:
                raise LimitReached(
                    "bol.com's rate limit is used up for now.", retry_after=max(permit.wait, SHORTEST_PAUSE)
                )
            if permit.wait <= 0:
                return permit
            patience.waited += permit.wait
            self._wait(permit.wait, rule.key)
            if time.monotonic() - asked < permit.valid_for and self._limits.paused(key) <= 0:
                return permit  # else: overslept, or bol said 429 to another worker meanwhile

    def _wait(self, seconds: float, why: str) -> None:
        """Sleeps in slices, so that `on_wait` can show it or end it by raising."""
        end = time.monotonic() + seconds
        left = seconds
        while left > 0:
            if self._on_wait:
                self._on_wait(left, why)
            self._sleep(min(left, _SLICE))
            left = min(left - _SLICE, end - time.monotonic()) if left > _SLICE else 0.0

    def _send(self, call: Call[Any], token: str) -> Answer:
        headers = {
            "Authorization": f"Bearer {token}",
            "Accept": call.media_type,
            "User-Agent": self._user_agent,
            **call.headers,
        }
        body = None
        if call.body is not None:
            headers["Content-Type"] = call.media_type
            body = msgspec.json.encode(call.body)
        began = time.monotonic()
        answer = self._transport.send(
            call.method, self.api_url + call.path, headers=headers, params=call.params, body=body
        )
        log.debug(
            "bol %s %s: %s in %.0f ms, x-request-id %s",
            call.method,
            call.path,
            answer.status,
            (time.monotonic() - began) * 1000,
            answer.request_id,
        )
        return answer

    def _learn(self, key: str, rule: Rule, permit: Permit, answer: Answer, *, age: float) -> None:
        told = rate_headers(answer)
        if told:
            self.strictness = min(self.strictness, told.limit / rule.limit)
        if told and is_worth_learning(permit, limit=told.limit, remaining=told.remaining, reset=told.reset):
            self._limits.learn(key, permit, limit=told.limit, remaining=told.remaining, reset=told.reset, age=age)

    def _refusal(self, key: str, answer: Answer) -> BolError:
        error = error_for(answer)
        if isinstance(error, LimitReached):
            pause = max(SHORTEST_PAUSE, error.retry_after or RETRY_AFTER_UNSAID)
            self._limits.pause(key, pause + random.uniform(0.02, 0.25))  # noqa: S311 - not for secrets
        return error

    def _wait_or_give_up(self, call: Call[Any], error: BolError, patience: _Patience) -> None:
        if not (call.reads and error.retryable) or patience.failures >= ATTEMPTS - 1:
            raise error
        pause = WAITS_BETWEEN[patience.failures] * random.uniform(0.5, 1.5)  # noqa: S311 - not for secrets
        pause = max(pause, error.retry_after or 0.0)
        if pause > patience.left:
            raise error
        patience.failures += 1
        patience.waited += pause
        self._wait(pause, "bol.com has a fault")

    def _fetch_token(self) -> Grant:
        answer = self._transport.send(
            "POST", self._token_url, headers=self._token_headers, body=b"grant_type=client_credentials"
        )
        log.debug("bol token: %s, x-request-id %s", answer.status, answer.request_id)
        if answer.is_good:
            return _grant(answer)
        raise _token_error(answer)


class _TokenAnswer(msgspec.Struct):
    access_token: str
    expires_in: int | float | str = 299  # seconds; what bol documents when it says nothing


class _TokenProblem(msgspec.Struct):
    error: str = ""


def _record(call: Call[T], answer: Answer) -> T:
    if call.kind is type(None):
        return None
    if not answer.is_json or not answer.body.strip():
        raise not_json(answer)
    try:
        return decode(answer.body, call.kind)
    except UnexpectedAnswer as error:
        error.status, error.request_id = answer.status, answer.request_id
        raise


def _grant(answer: Answer) -> Grant:
    if not answer.is_json or not answer.body.strip():
        raise not_json(answer)
    told = decode(answer.body, _TokenAnswer)
    try:
        lifetime = float(told.expires_in)
    except ValueError:
        lifetime = 0.0
    if not told.access_token or any(not "!" <= character <= "~" for character in told.access_token):
        raise UnexpectedAnswer("bol.com gave an access token that can't be used.", retryable=True)
    return Grant(told.access_token, min(max(lifetime, 1.0), 86_400.0))


def _token_error(answer: Answer) -> BolError:
    try:
        word = decode(answer.body, _TokenProblem).error if answer.is_json else ""
    except UnexpectedAnswer:
        word = ""
    if word == "invalid_client" or (answer.status == 401 and not word):
        return WrongCredentials("bol.com does not know this client id and secret.", status=answer.status)
    if word or answer.status in (400, 401, 403):
        return TokenRefused(f"bol.com gives no access ({word or answer.status}).", status=answer.status)
    return error_for(answer)
