"""One answer of bol.com, and the error it means when it is not a good one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

import msgspec

from .decoding import decode
from .errors import (
    AccountNotActive,
    BolError,
    BolUnavailable,
    LimitReached,
    NotFoundAtBol,
    Problem,
    Refused,
    TokenRefused,
    UnexpectedAnswer,
)

RETRY_AFTER_UNSAID = 5.0  # seconds; bol's documentation: Retry-After is sometimes absent on a 429
BLOCKED_FOR = 300.0  # seconds before we look again when something that is not the API turns us away


@dataclass(frozen=True)
class Answer:
    """Status, headers (names in any case) and the whole body. The body stays out of the repr: it holds addresses."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def __repr__(self) -> str:
        return f"Answer({self.status}, {len(self.body)} bytes)"

    @property
    def is_good(self) -> bool:
        return 200 <= self.status < 300

    @property
    def is_json(self) -> bool:
        return "json" in self.headers.get("Content-Type", "").lower()

    @property
    def is_from_elsewhere(self) -> bool:
        """A page of a proxy or a gateway, not an answer of the API."""
        return bool(self.body.strip()) and not self.is_json

    @property
    def request_id(self) -> str | None:
        return self.headers.get("x-request-id")

    @property
    def sent_at(self) -> datetime | None:
        """bol's own clock when it answered (the Date header, whole seconds); None when not said."""
        try:
            moment = parsedate_to_datetime(self.headers.get("Date", ""))
        except (TypeError, ValueError):
            return None
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)

    @property
    def retry_after(self) -> float | None:
        """Seconds, None when not said or not understandable."""
        return _seconds(self.headers.get("Retry-After", ""))


def error_for(answer: Answer) -> BolError:
    """The error that an answer without a good status means."""
    problem = problem_in(answer)
    error = _error(answer, f" It said: {problem}" if problem and str(problem) else "")
    error.status, error.request_id, error.problem = answer.status, answer.request_id, problem
    return error


def problem_in(answer: Answer) -> Problem | None:
    """bol's problem document, None when there is none or it is damaged: the status says enough then."""
    if not answer.is_json:
        return None
    try:
        return decode(answer.body, Problem)
    except UnexpectedAnswer:
        return None


def not_json(answer: Answer) -> UnexpectedAnswer:
    """A good status with a page or with nothing where JSON was promised; most often passing trouble in between."""
    what = "a web page" if answer.body.strip() else "an empty answer"
    return UnexpectedAnswer(
        f"bol.com sent {what} instead of data.",
        status=answer.status,
        request_id=answer.request_id,
        retryable=True,
    )


def _error(answer: Answer, words: str) -> BolError:
    status = answer.status
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        wait = answer.retry_after
        return LimitReached(
            "bol.com's rate limit is reached.", retry_after=RETRY_AFTER_UNSAID if wait is None else wait
        )
    if status >= 500 or status == HTTPStatus.REQUEST_TIMEOUT:
        return BolUnavailable(
            f"bol.com has a fault on its side (status {status}).{words}", retry_after=answer.retry_after
        )
    if status == HTTPStatus.UNAUTHORIZED:
        return TokenRefused(f"bol.com refused our access token.{words}")
    if answer.is_from_elsewhere or status < 400:
        return UnexpectedAnswer(
            f"Something between us and bol.com answered with status {status}.",
            retryable=True,
            retry_after=BLOCKED_FOR,
        )
    if status == HTTPStatus.FORBIDDEN:
        return AccountNotActive(f"bol.com does not let this seller account use its API.{words}")
    if status == HTTPStatus.NOT_FOUND:
        return NotFoundAtBol(f"bol.com does not have this.{words}")
    return Refused(f"bol.com refused the request (status {status}).{words}")


def _seconds(text: str) -> float | None:
    text = text.strip()
    if text.isascii() and text.isdigit() and len(text) < 10:
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        return None
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


class RateHeaders(msgspec.Struct, frozen=True, kw_only=True):
    """bol's three rate headers: allowed in the window, left in it, seconds (rounded) until it ends."""

    limit: int
    remaining: int
    reset: int


def rate_headers(answer: Answer) -> RateHeaders | None:
    """The rate headers, None when one is missing or senseless (the token host sends none)."""
    texts = [answer.headers.get(f"x-ratelimit-{name}", "") for name in ("limit", "remaining", "reset")]
    if not all(text.isascii() and text.isdigit() and len(text) < 10 for text in texts):
        return None
    limit, remaining, reset = map(int, texts)
    return RateHeaders(limit=limit, remaining=remaining, reset=reset) if limit > 0 else None
