"""What can go wrong between us and bol.com, as a small tree.

Every error carries a sentence for a person (never a secret), knows whether trying again later could help
(`retryable`), when that makes sense (`retry_after`, seconds, None when bol did not say) and whether a write may have
been done although it failed (`outcome_unknown`). All of them survive pickling, so a job may raise them as they are.
"""

import msgspec


class Violation(msgspec.Struct, frozen=True, kw_only=True):
    """One complaint about a request. `name` is the field's path, None when the complaint is about the whole body."""

    name: str | None = None
    reason: str = ""

    def __str__(self) -> str:
        return f"{self.name}: {self.reason}" if self.name else self.reason


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """bol's own problem document. Any part can be missing: violations are absent on 401, 403, 404 and 429."""

    title: str = ""
    detail: str = ""
    violations: tuple[Violation, ...] = ()

    def __str__(self) -> str:
        complaints = "; ".join(str(violation) for violation in self.violations)
        return complaints or self.detail or self.title


class BolError(Exception):
    """bol.com could not be asked, or said no.

    `status` is the HTTP status, `request_id` bol's x-request-id (its support asks for it), `problem` bol's own words;
    each is None when there was none.
    """

    retryable = False
    outcome_unknown = False

    def __init__(
        self,
        sentence: str,
        *,
        status: int | None = None,
        request_id: str | None = None,
        problem: Problem | None = None,
        retry_after: float | None = None,
        retryable: bool | None = None,
    ) -> None:
        super().__init__(sentence)  # only the sentence: pickle calls cls(sentence) and then restores the rest
        self.sentence = sentence
        self.status = status
        self.request_id = request_id
        self.problem = problem
        self.retry_after = retry_after
        if retryable is not None:
            self.retryable = retryable


class WrongCredentials(BolError):
    """bol does not know this client id and secret (`invalid_client`). Only a person can help; never ask again alone."""


class TokenRefused(BolError):
    """bol gave a token and then refused it, or refused to give one for another reason than wrong credentials."""


class TokenBraked(BolError):
    """We ask for no token now, because asking too often gets our address blocked for every shop. See `retry_after`."""

    retryable = True


class AccountNotActive(BolError):
    """403: the credentials are right, but this seller account may not use the API. A new token would not help."""


class NotFoundAtBol(BolError):
    """404: not there, not this seller's, or (a process status) already forgotten."""


class Refused(BolError):
    """400, 406, 409, 415 and the like: bol will not take this request, and not later either. See `problem`."""


class LimitReached(BolError):
    """The rate limit is used up for longer than a thread may wait, or bol said 429. Nothing was done."""

    retryable = True


class BolUnavailable(BolError):
    """A fault at bol's side (5xx). A write may have been queued all the same."""

    retryable = True
    outcome_unknown = True


class NoConnection(BolError):
    """No connection could be made, so the request was surely not sent."""

    retryable = True


class NoAnswer(BolError):
    """The request left, and no whole answer came back. A write may have been done: look before sending again."""

    retryable = True
    outcome_unknown = True


class UnexpectedAnswer(BolError):
    """An answer that is not what bol documents: no JSON, a wrong type (`field` is its path, like `$.orders[0].ean`).

    `retryable` is True when the answer was not from the API at all (a maintenance page, nothing), False when it was.
    """

    outcome_unknown = True
    field: str | None = None


class SharedStoreUnavailable(BolError):
    """The store that workers share for tokens and limits did not answer. Nothing was sent to bol.

    Part of the contract of TokenStore and RateLimiter: their implementations raise this and nothing else.
    """

    retryable = True
