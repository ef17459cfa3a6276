"""Holds the pretend bol.com's answers back, so that a test can do something in the very middle of a transfer."""

import threading
from typing import Any

from stoqflow_web.bol.sandbox import RunningSandbox

LONGEST = 25.0  # seconds; a client waits 30 for an answer


class Gate:
    """From request number `how_many` + 1 on, answers to requests below `path` wait until `open()`."""

    def __init__(self, sandbox: RunningSandbox, path: str, how_many: int) -> None:
        self._answer = sandbox._server.app
        self._path, self._left = path, how_many
        self._opened, self._lock = threading.Event(), threading.Lock()
        self.waiting = 0
        sandbox._server.app = self

    def open(self) -> None:
        self._opened.set()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        if environ["PATH_INFO"].startswith(self._path) and not self._opened.is_set():
            with self._lock:
                self._left -= 1
                must_wait = self._left < 0
                self.waiting += must_wait
            if must_wait:
                self._opened.wait(LONGEST)
        return self._answer(environ, start_response)
