"""The token host: client credentials in, a text that looks like a JWT out."""

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from stoqflow_web.bol.sandbox.answers import Answer
from stoqflow_web.bol.sandbox.options import SandboxOptions
from stoqflow_web.bol.sandbox.problems import Problem, unauthorized

# bol's documentation: allowed clock skew 1000 milliseconds.
SKEW = timedelta(seconds=1)
REMEMBERED = timedelta(hours=2)
BLOCKED_FOR = timedelta(minutes=10)
MEDIA = "application/json;charset=UTF-8"


@dataclass(slots=True)
class Issued:
    client_id: str
    expires_at: datetime


class Tokens:
    """Gives out tokens and judges them. Not thread safe: the world's lock is held around it."""

    def __init__(self, options: SandboxOptions, random: Random) -> None:
        self._options = options
        self._random = random
        self._issued: dict[str, Issued] = {}
        self._recent: list[datetime] = []
        self._blocked_until: datetime | None = None
        self.keys_revoked = False
        self.lifetime = options.token_lifetime
        self.requests = 0

    def follow(self, options: SandboxOptions) -> None:
        """Takes over the keys and lifetime; tokens of other keys are worth nothing any more."""
        if options.client_id != self._options.client_id:
            self._issued.clear()
        self._options = options
        self.lifetime = options.token_lifetime

    def give(self, authorization: str | None, grant_type: str | None, now: datetime) -> Answer:
        """Answers a token request."""
        self.requests += 1
        if self._is_hammered(now):
            # How bol blocks an IP address is not published; a refusal at the edge looks like this.
            page = b"<html><head><title>Access Denied</title></head><body>Access Denied</body></html>"
            return Answer(403, page, "text/html")
        if grant_type != "client_credentials":
            return Answer(400, b'{"error":"unsupported_grant_type"}', MEDIA)
        if self.keys_revoked or not self._knows(authorization):
            body = b'{"error":"invalid_client","error_description":"Bad client credentials"}'
            return Answer(401, body, MEDIA)
        token = self._issue(now)
        content = {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": self.lifetime,
            "scope": "retailer",
        }
        return Answer(200, json.dumps(content).encode(), MEDIA)

    def client_of(self, authorization: str | None, now: datetime) -> str:
        """The client id behind a bearer token; raises the 401 problem bol answers with."""
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise unauthorized("Unauthorized", "Full authentication is required to access this resource.")
        issued = self._issued.get(token.strip())
        if issued is None or self.keys_revoked:
            raise unauthorized("Invalid JWT", "The JWT could not be verified.")
        if now > issued.expires_at + SKEW:
            raise _expired(issued.expires_at, now)
        return issued.client_id

    def expire_all(self, now: datetime) -> None:
        for issued in self._issued.values():
            issued.expires_at = min(issued.expires_at, now - timedelta(minutes=1))

    def _knows(self, authorization: str | None) -> bool:
        scheme, _, encoded = (authorization or "").partition(" ")
        if scheme.lower() != "basic":
            return False
        try:
            pair = base64.b64decode(encoded, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            return False
        return pair == f"{self._options.client_id}:{self._options.client_secret}"

    def _issue(self, now: datetime) -> str:
        self._issued = {token: issued for token, issued in self._issued.items() if issued.expires_at > now - REMEMBERED}
        expires_at = now + timedelta(seconds=self.lifetime)
        claims = {
            "iss": "https://login.bol.com",
            "sub": self._options.client_id,
            "iat": int(now.timestamp()),
            "exp": int(expires_at.timestamp()),
            "jti": f"{self._random.getrandbits(96):024x}",
        }
        signature = base64.urlsafe_b64encode(self._random.randbytes(256)).decode().rstrip("=")
        token = ".".join((_part({"alg": "RS256", "typ": "JWT"}), _part(claims), signature))
        self._issued[token] = Issued(self._options.client_id, expires_at)
        return token

    def _is_hammered(self, now: datetime) -> bool:
        if self._options.token_hammer_limit is None:
            return False
        self._recent = [*(at for at in self._recent if at > now - timedelta(minutes=1)), now]
        if len(self._recent) > self._options.token_hammer_limit:
            self._blocked_until = now + BLOCKED_FOR
        return self._blocked_until is not None and now < self._blocked_until


def _part(content: dict[str, object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")


def _expired(expired_at: datetime, now: datetime) -> Problem:
    late = int((now - expired_at).total_seconds() * 1000)
    detail = (
        f"JWT expired at {expired_at:%Y-%m-%dT%H:%M:%SZ}. Current time: {now:%Y-%m-%dT%H:%M:%SZ}, "
        f"a difference of {late} milliseconds.  Allowed clock skew: 1000 milliseconds."
    )
    return unauthorized("Expired JWT", detail)
