"""Serving the pretend bol.com over HTTP: in a thread for tests, or in the foreground."""

import logging
import signal
import socket
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from stoqflow_web.bol.sandbox.app import Sandbox, make_sandbox
from stoqflow_web.bol.sandbox.faults import ConnectionCut
from stoqflow_web.bol.sandbox.keeping import Keeper, load
from stoqflow_web.bol.sandbox.options import SandboxOptions
from stoqflow_web.bol.sandbox.sending import Sender
from stoqflow_web.bol.sandbox.world import World

log = logging.getLogger(__name__)


class _Handler(WSGIRequestHandler):
    """Keeps connections open between requests, which werkzeug's own handler does not: it reads the whole body first."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    # A line of headers must not wait for the next packet: everything leaves in one write.
    wbufsize = -1

    def run_wsgi(self) -> None:
        environ = self.make_environ()
        environ["wsgi.input"] = BytesIO(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
        status_line, answer_headers = "", [("", "")]

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            nonlocal status_line, answer_headers
            status_line, answer_headers = status, headers
            return self.wfile.write

        try:
            body = b"".join(self.server.app(environ, start_response))
        except ConnectionCut:
            self._hang_up()
            return
        except Exception:
            log.exception("The pretend bol.com has a fault of its own at %s %s", self.command, self.path)
            status_line, answer_headers, body = "500 Internal Server Error", [("Content-Length", "0")], b""
        code, _, phrase = status_line.partition(" ")
        self.send_response_only(int(code), phrase)
        promised = len(body)
        for name, value in answer_headers:
            self.send_header(name, value)
            promised = int(value) if name == "Content-Length" else promised
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        self.wfile.flush()
        if len(body) != promised:
            self._hang_up()

    def _hang_up(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def log(self, type: str, message: str, *args: Any) -> None:
        log.debug(message, *args)


class _Server(ThreadedWSGIServer):
    """A thread per connection; many may come at once."""

    request_queue_size = 512
    daemon_threads = True

    def __init__(self, host: str, port: int, app: Sandbox) -> None:
        self._connections: set[socket.socket] = set()
        super().__init__(host, port, app, handler=_Handler)

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        self._connections.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        self._connections.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        """Also hangs up on clients that keep their connection; else they would be answered after the end."""
        super().server_close()
        for connection in list(self._connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class RunningSandbox:
    """A pretend bol.com that answers on a port of this machine until `stop()`; also a context manager."""

    def __init__(self, sandbox: Sandbox, host: str, port: int) -> None:
        self._server = _Server(host, port, sandbox)
        self._host = host
        self.sandbox = sandbox
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        self._sender = Sender(lambda: self.worlds)

    @property
    def worlds(self) -> Sequence[World]:
        """One, or those of all sellers behind this address."""
        return getattr(self.sandbox, "worlds", None) or [self.sandbox.world]

    @property
    def world(self) -> World:
        return self.sandbox.world

    @property
    def url(self) -> str:
        """The base of the API, without a slash at the end."""
        return f"http://{self._host}:{self._server.server_port}"

    @property
    def token_url(self) -> str:
        return f"{self.url}/token"

    @property
    def client_id(self) -> str:
        return self.world.options.client_id

    @property
    def client_secret(self) -> str:
        return self.world.options.client_secret

    def stop(self) -> None:
        self._sender.stop()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> "RunningSandbox":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def start_sandbox(options: SandboxOptions | None = None, port: int = 0, host: str = "127.0.0.1") -> RunningSandbox:
    """Starts a pretend bol.com in a thread; port 0 takes a free one."""
    return RunningSandbox(make_sandbox(options), host, port)


def serve(
    options: SandboxOptions,
    host: str,
    port: int,
    state_file: Path | None = None,
    on_ready: Callable[[str], None] | None = None,
) -> None:
    """Serves in the foreground until SIGINT or SIGTERM; port 0 takes a free one.

    With `state_file` the world goes on where it was left, and is kept there after every change. `on_ready` is told the
    address once it listens.
    """
    signal.signal(signal.SIGTERM, _stop)
    world = (load(state_file, options) if state_file else None) or World(options)
    keeper = Keeper(world, state_file) if state_file else None
    server = _Server(host, port, Sandbox(world, keeper.changed if keeper else None))
    sender = Sender(lambda: [world], keeper.changed if keeper else None)
    try:
        if on_ready:
            on_ready(f"http://{host}:{server.server_port}")
        server.serve_forever()
    except KeyboardInterrupt:
        log.info("The pretend bol.com stops.")
    finally:
        sender.stop()
        server.server_close()
        if keeper:
            keeper.stop()


def _stop(signal_number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
