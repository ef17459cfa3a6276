"""A tiny HTTP server that answers what a test tells it to, and remembers what it was asked."""

import json
import threading
import time
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

JSON = "application/vnd.retailer.v10+json;charset=UTF-8"


@dataclass
class Reply:
    """What to answer. `cut` hangs up after so many bytes of the body; `silent` reads the request and hangs up."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    kind: str = JSON
    cut: int | None = None
    silent: bool = False
    slow: threading.Event | None = None

    @property
    def raw(self) -> bytes:
        if self.body is None:
            return b""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


@dataclass(frozen=True)
class Asked:
    """One request as it came in. `at` is the machine's clock, in seconds."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes
    at: float


class Scripted:
    """Answers per path: first what was queued, then the last of it for ever; `/token` works from the start."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self._queues: dict[str, list[Reply]] = defaultdict(list)
        self._lock = threading.Lock()
        self._tokens = 0
        self.token_lifetime: object = 599
        scripted = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True
            wbufsize = -1

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                path, _, query = self.path.partition("?")
                headers = {name.lower(): value for name, value in self.headers.items()}
                reply = scripted.reply(Asked(self.command, path, query, headers, body, time.time()))
                if reply.slow:
                    reply.slow.wait(10)
                if reply.silent:
                    self.close_connection = True
                    return
                self.send_response(reply.status)
                raw = reply.raw
                for name, value in {"Content-Type": reply.kind, "x-request-id": "f" * 32, **reply.headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw if reply.cut is None else raw[: reply.cut])
                self.close_connection = self.close_connection or reply.cut is not None

            do_GET = do_POST = do_PUT = do_PATCH = answer  # noqa: N815 - the names http.server looks for

            def log_message(self, *_: object) -> None:
                """Quiet."""

        ThreadingHTTPServer.request_queue_size = 128
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None  # a client that hangs up is part of the plot
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self.token_url = f"{self.url}/token"

    def queue(self, path: str, *replies: Reply) -> None:
        self._queues[path].extend(replies)

    def reply(self, asked: Asked) -> Reply:
        with self._lock:
            self.asked.append(asked)
            queue = self._queues.get(asked.path)
            if queue:
                return queue.pop(0) if len(queue) > 1 else queue[0]
            if asked.path == "/token":
                self._tokens += 1
                body = {"access_token": f"token-{self._tokens}", "token_type": "Bearer", "scope": "retailer"}
                return Reply({**body, "expires_in": self.token_lifetime}, kind="application/json;charset=UTF-8")
            return Reply({"title": "Not Found", "status": 404, "detail": "Not Found"}, status=404)

    def requests(self, path: str) -> list[Asked]:
        return [asked for asked in self.asked if asked.path == path]

    @contextmanager
    def running(self):
        thread = threading.Thread(target=self._server.serve_forever, args=(0.005,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()


def problem(status: int, detail: str, **more: Any) -> Reply:
    return Reply({"title": "Problem", "status": status, "detail": detail, "host": "Instance-1", **more}, status=status)
