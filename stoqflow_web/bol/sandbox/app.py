"""The pretend bol.com as a WSGI application: what stands before the endpoints, in the order bol has it."""

import time
from collections.abc import Callable, Iterable
from email.utils import format_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from stoqflow_web.bol.sandbox import pictures
from stoqflow_web.bol.sandbox.answers import V10, V11, Answer, Call
from stoqflow_web.bol.sandbox.control import control
from stoqflow_web.bol.sandbox.faults import DOWN_PAGE
from stoqflow_web.bol.sandbox.options import SandboxOptions
from stoqflow_web.bol.sandbox.problems import (
    Problem,
    account_not_active,
    method_not_allowed,
    not_acceptable,
    not_found,
    too_many_requests,
    unsupported_media_type,
)
from stoqflow_web.bol.sandbox.records import Seen
from stoqflow_web.bol.sandbox.retailers import public_limits
from stoqflow_web.bol.sandbox.routes import Found, Route, find
from stoqflow_web.bol.sandbox.world import World

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

REASONS = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}
LARGEST_BODY = 5_000_000


class Sandbox:
    """A WSGI callable around one world. `after_write` is told after every request that may have changed it."""

    def __init__(self, world: World, after_write: Callable[[], None] | None = None) -> None:
        self.world = world
        self._after_write = after_write

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "/").encode("latin-1").decode("utf-8", "replace")
        try:
            answer = self._answer(environ, path)
        finally:
            if self._after_write and environ["REQUEST_METHOD"] != "GET":
                self._after_write()
        headers = [("Date", format_datetime(self.world.clock.now(), usegmt=True)), *answer.headers.items()]
        if answer.media:
            headers.append(("Content-Type", answer.media))
        if answer.status != 204:
            headers.append(("Content-Length", str(len(answer.body))))
        start_response(REASONS.get(answer.status, f"{answer.status} Unknown"), headers)
        # Fewer bytes than promised: the server hangs up, as a broken connection does.
        return [answer.body if answer.cut_at is None else answer.body[: answer.cut_at]]

    def _answer(self, environ: "WSGIEnvironment", path: str) -> Answer:
        if path == "/" or path.startswith("/control/"):
            return control(self.world, environ)
        if path.startswith("/media/"):
            return _picture(path)
        if path == "/favicon.ico":
            return Answer(204)
        return self._answer_as_bol(environ, path)

    def _answer_as_bol(self, environ: "WSGIEnvironment", path: str) -> Answer:
        """Raises ConnectionCut when the answer is to be lost."""
        method, world = environ["REQUEST_METHOD"], self.world
        length = min(int(environ.get("CONTENT_LENGTH") or 0), LARGEST_BODY)
        body = environ["wsgi.input"].read(length) if length else b""
        with world.lock:
            wait = world.options.latency + world.faults.seconds_to_wait(method, path)
        if wait:
            time.sleep(wait)
        client_id: list[str] = []
        with world.lock:
            answer = self._bare_answer(environ, method, path, body, client_id)
            world.requests.append(
                Seen(
                    at=world.clock.now(),
                    method=method,
                    path=path,
                    query=environ.get("QUERY_STRING", ""),
                    status=answer.status,
                    client_id=client_id[0] if client_id else None,
                    accept=environ.get("HTTP_ACCEPT", ""),
                    body=body if path != "/token" else b"",
                )
            )
            return world.faults.after(method, path, answer)

    def _bare_answer(
        self, environ: "WSGIEnvironment", method: str, path: str, body: bytes, client_id: list[str]
    ) -> Answer:
        world = self.world
        now = world.clock.now()
        world.settle()
        if world.faults.is_down(now):
            return Answer(503, DOWN_PAGE, "text/html")
        odd = world.faults.odd_answer(method, path)
        if odd:
            return odd
        if path == "/token":
            return self._token(environ, method, body)
        if path == "/retailer/public/ratelimits" and method == "GET":
            return public_limits(world)
        headers = {"x-request-id": f"{world.random.getrandbits(128):032x}"}
        version = V11 if f".{V11}+" in environ.get("HTTP_ACCEPT", "") else V10
        try:
            client_id.append(world.tokens.client_of(environ.get("HTTP_AUTHORIZATION"), now))
            if not world.account_active:
                raise account_not_active()
            answer = self._endpoint(environ, method, path, body, client_id[0], headers)
        except Problem as problem:
            answer = problem.answer(version)
        answer.headers.update(headers)
        return answer

    def _endpoint(
        self,
        environ: "WSGIEnvironment",
        method: str,
        path: str,
        body: bytes,
        client_id: str,
        headers: dict[str, str],
    ) -> Answer:
        found = find(path)
        if found is None:
            raise not_found(path)
        if method not in found.methods:
            raise method_not_allowed(path)
        self._count(found, method, client_id, headers)
        route = _route(environ, found, method, path)
        call = Call(
            method=method,
            path=path,
            target=found.target,
            args=parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True),
            body=body,
            version=route.version,
            base_url=f"{environ['wsgi.url_scheme']}://{environ.get('HTTP_HOST') or environ['SERVER_NAME']}",
            client_id=client_id,
        )
        return route.endpoint(self.world, call)

    def _count(self, found: Found, method: str, client_id: str, headers: dict[str, str]) -> None:
        verdict = self.world.limits.count(client_id, method, found.pattern, self.world.clock.now())
        if verdict is None:
            return
        headers.update(verdict.headers())
        if not verdict.allowed:
            raise too_many_requests(verdict.reset, with_retry_after=self.world.send_retry_after)

    def _token(self, environ: "WSGIEnvironment", method: str, body: bytes) -> Answer:
        if method != "POST":
            return Answer(405, b'{"error":"method_not_allowed"}', "application/json;charset=UTF-8")
        asked = {
            **parse_qs(environ.get("QUERY_STRING", "")),
            **parse_qs(body.decode("utf-8", "replace")),
        }
        grant_type = asked.get("grant_type", [None])[0]
        return self.world.tokens.give(environ.get("HTTP_AUTHORIZATION"), grant_type, self.world.clock.now())


def make_sandbox(options: SandboxOptions | None = None) -> Sandbox:
    """A pretend bol.com, filled and ready, as a WSGI callable with a `world`."""
    return Sandbox(World(options or SandboxOptions()))


def _route(environ: "WSGIEnvironment", found: Found, method: str, path: str) -> Route:
    """The version is chosen by what the client accepts, not by the path."""
    accept = environ.get("HTTP_ACCEPT", "")
    named = {part.split(";")[0].strip().lower() for part in accept.split(",")}
    route = next((route for route in found.methods[method] if route.accept in named), None)
    if route is None:
        raise not_acceptable(path, accept)
    media = environ.get("CONTENT_TYPE", "").split(";")[0].strip().lower()
    if route.takes_body and media != route.accept:
        raise unsupported_media_type(path, media)
    return route


def _picture(path: str) -> Answer:
    ean, _, file = path.removeprefix("/media/").partition("/")
    side = file.removesuffix(".jpg")
    if not ean.isdigit() or side not in {"200", "500"}:
        return Answer(404, b"", "text/plain")
    return Answer(200, pictures.draw(ean, int(side)), "image/jpeg", {"Cache-Control": "max-age=86400"})
