"""Webhooks out, signed as the Standard Webhooks scheme says (standardwebhooks.com).

Only https with a certificate that is right for the name, or http to this very machine. So a name that leads to
something inside the network reaches nothing there that does not itself prove to be that name, and what the other side
answers is read for its status alone: docs/decisions tells why that is enough.
"""

import base64
import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase

from stoqflow_web.news import NotDelivered
from stoqflow_web.this_machine import is_this_machine

SECONDS = 10.0
LONGEST_ADDRESS = 500
PREFIX = "whsec_"
LONGEST_PAUSE = timedelta(hours=6)  # that a receiver may ask for
# Not for ever: too late to answer, too early, too many, or still being set up behind its proxy.
PASSING = frozenset({408, 409, 423, 425, 429})


def new_secret() -> str:
    """24 random bytes, as the scheme writes them."""
    return PREFIX + base64.b64encode(secrets.token_bytes(24)).decode()


def check_address(url: str) -> str:
    """The address as it is called. Raises ValueError with a sentence."""
    if len(url) > LONGEST_ADDRESS or any(one.isspace() or one == "\\" or not one.isprintable() for one in url):
        raise ValueError("This is not a web address.")
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError:
        raise ValueError("This is not a web address.") from None
    if not host or parts.scheme not in ("https", "http"):
        raise ValueError("Enter an address that begins with https://.")
    if parts.username is not None or parts.fragment:
        raise ValueError("The address must not hold a name, a password or a hash sign.")
    if parts.scheme == "http" and not is_this_machine(host):
        raise ValueError("Only https:// keeps it private. http:// is for this machine itself.")
    return url


def signature(secret: str, key: str, timestamp: int, body: bytes) -> str:
    """`v1,…`: HMAC-SHA256 over `key.timestamp.body`."""
    raw = base64.b64decode(secret.removeprefix(PREFIX))
    signed = f"{key}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(raw, signed, hashlib.sha256).digest()).decode()


def post(url: str, body: bytes, *, key: str, secret: str, now: datetime) -> str:
    """Call the webhook; what it said. Raises NotDelivered."""
    timestamp = int(now.timestamp())
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Stoqflow",
        "webhook-id": key,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature(secret, key, timestamp, body),
    }
    try:
        with requests.Session() as session:
            session.trust_env = False
            answer = session.post(
                check_address(url),
                data=body,
                headers=headers,
                timeout=SECONDS,
                allow_redirects=False,
                stream=True,  # the answer's body is never read
                auth=_Nobody(),
            )
            answer.close()
    except ValueError:
        raise NotDelivered("This address can't be called.", is_final=True) from None
    except requests.Timeout:
        raise NotDelivered("The receiver did not answer within 10 seconds.") from None
    except requests.exceptions.SSLError:
        raise NotDelivered("The receiver's certificate is not right for its name.") from None
    except requests.RequestException:
        raise NotDelivered("The receiver can't be reached.") from None
    return _judged(answer, now)


def _judged(answer: requests.Response, now: datetime) -> str:
    status, said = answer.status_code, f"{answer.status_code} {answer.reason or ''}".strip()[:100]
    if 200 <= status < 300:
        return said
    if 300 <= status < 400:
        raise NotDelivered(
            f"The receiver answered {said}. Redirects are not followed: enter the address it leads to.", is_final=True
        )
    raise NotDelivered(
        f"The receiver answered {said}.",
        is_final=status < 500 and status not in PASSING,
        retry_after=_retry_after(answer.headers.get("Retry-After"), now),
    )


def _retry_after(text: str | None, now: datetime) -> timedelta | None:
    if text is None:
        return None
    if text.strip().isascii() and text.strip().isdigit():
        return min(timedelta(seconds=min(int(text), 10**6)), LONGEST_PAUSE)
    try:
        pause = parsedate_to_datetime(text) - now
    except (ValueError, TypeError):
        return None
    return min(max(pause, timedelta(0)), LONGEST_PAUSE)


class _Nobody(AuthBase):
    """Keeps requests from looking for credentials of its own."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request
