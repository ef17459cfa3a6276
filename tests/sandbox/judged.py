"""A pretend bol.com that holds every request and answer it sees against bol's documents."""

import json
from collections.abc import Iterable
from io import BytesIO
from typing import Any

from stoqflow_web.bol.sandbox import Sandbox
from tests.openapi import check_query, check_request, check_response


class JudgedSandbox(Sandbox):
    """Collects in `complaints` what the documents do not allow, and in `judged` what it looked at."""

    def __init__(self, world: Any) -> None:
        super().__init__(world)
        self.complaints: list[str] = []
        self.judged: set[tuple[str, str]] = set()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = BytesIO(body)
        told: list[Any] = []

        def remember(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            told.extend((int(status.split()[0]), dict(headers)))
            return start_response(status, headers)

        answer = b"".join(super().__call__(environ, remember))
        if environ["PATH_INFO"].startswith(("/retailer/", "/shared/")):
            try:
                self._judge(environ, body, *told, answer)
            except AssertionError as complaint:
                self.complaints.append(str(complaint))
        return [answer]

    def _judge(self, environ: dict[str, Any], body: bytes, status: int, headers: dict[str, str], answer: bytes) -> None:
        method, path, media = environ["REQUEST_METHOD"], environ["PATH_INFO"], environ["HTTP_ACCEPT"]
        self.judged.add((method, path))
        check_query(method, path, environ.get("QUERY_STRING", ""), media)
        if body:
            check_request(method, path, json.loads(body), environ["CONTENT_TYPE"])
        is_json = "json" in headers.get("Content-Type", "")
        check_response(method, path, status, media, json.loads(answer) if is_json else None)
