"""One HTTP request and its whole answer, or the reason why there is none. The only place that knows requests."""

import ssl
import time
from collections.abc import Mapping
from http.cookiejar import DefaultCookiePolicy

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError, MaxRetryError, NewConnectionError

from .answers import Answer
from .errors import BolError, NoAnswer, NoConnection, UnexpectedAnswer

LARGEST_BODY = 20_000_000  # bytes, unpacked; a page of 100 offers is about 100 kB
LONGEST_BODY = 90.0  # seconds for a body that trickles in
_CHUNK = 65_536


class Transport:
    """A pool of connections; safe to use from many threads at once.

    It reads no proxy settings or netrc of the machine, keeps no cookies and follows no redirect, so that a token only
    goes where it was meant to go.
    """

    def __init__(self, *, timeout: tuple[float, float], pool_size: int) -> None:
        self._timeout = timeout
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        adapter = HTTPAdapter(pool_connections=4, pool_maxsize=pool_size)
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        params: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> Answer:
        """The answer, whatever its status. Raises NoConnection, NoAnswer or UnexpectedAnswer (too large)."""
        failure: BolError
        try:
            response = self._session.request(
                method,
                url,
                headers=dict(headers),
                params=params,
                data=body,
                timeout=self._timeout,
                allow_redirects=False,
                stream=True,
            )
            with response:
                return Answer(response.status_code, response.headers, _whole_body(response))
        except (requests.RequestException, HTTPError, OSError) as error:
            failure = _failure(error)
        raise failure  # outside the except: the chain would carry the request, and that carries the token

    def close(self) -> None:
        self._session.close()


def _whole_body(response: requests.Response) -> bytes:
    parts: list[bytes] = []
    size, deadline = 0, time.monotonic() + LONGEST_BODY
    for part in response.iter_content(_CHUNK):
        parts.append(part)
        size += len(part)
        if size > LARGEST_BODY:
            raise UnexpectedAnswer(
                "bol.com sent an answer that is far larger than it should be.", status=response.status_code
            )
        if time.monotonic() > deadline:
            raise NoAnswer("bol.com did not finish its answer in time.", status=response.status_code)
    return b"".join(parts)


def _failure(error: Exception) -> BolError:
    if isinstance(error, requests.ConnectTimeout) or _never_connected(error):
        return NoConnection("No connection with bol.com could be made.")
    if isinstance(error, requests.Timeout) or "timed out" in str(error).lower():
        return NoAnswer("bol.com did not answer in time.")
    return NoAnswer("The connection with bol.com was cut before its answer was complete.")


def _never_connected(error: Exception) -> bool:
    """Only what surely happened before a byte was sent: no route, no name, nobody listening, a wrong certificate."""
    if isinstance(error, requests.exceptions.InvalidURL | requests.exceptions.InvalidHeader):
        return True
    cause: object = error.args[0] if error.args else None
    reason = cause.reason if isinstance(cause, MaxRetryError) else cause
    if isinstance(reason, NewConnectionError):
        return True
    return isinstance(error, requests.exceptions.SSLError) and _is_wrong_certificate(reason)


def _is_wrong_certificate(reason: object) -> bool:
    inner = reason.args[0] if isinstance(reason, HTTPError) and reason.args else reason
    return isinstance(inner, ssl.SSLCertVerificationError)
