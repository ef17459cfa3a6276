"""A layer at the edge of the pretend bol.com: it keeps every exchange, byte for byte, for bol's documents to judge."""

import json
import re
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs

from openapi_schema_validator import OAS30Validator

from stoqflow_web.bol.sandbox import RunningSandbox
from tests.openapi import UNDOCUMENTED, _document, _operation, check_query, check_request, check_response

HEX = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class Exchange:
    """One request and its answer; header names in lower case, bodies as they travelled."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes
    status: int
    answer_headers: dict[str, str]
    answer: bytes

    @property
    def media(self) -> str:
        return self.headers.get("accept", "")

    @property
    def answer_media(self) -> str:
        return self.answer_headers.get("content-type", "").split(";")[0]

    @property
    def json(self) -> Any:
        return json.loads(self.answer) if "json" in self.answer_media and self.answer else None


class Recorder:
    """Stands before a running pretend bol.com from now on."""

    def __init__(self, sandbox: RunningSandbox) -> None:
        self._sandbox, self._answer = sandbox, sandbox._server.app
        self._may_say_null = sandbox.world.options.send_nulls
        self.exchanges: list[Exchange] = []
        sandbox._server.app = self

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = BytesIO(body)
        told: list[Any] = []

        def remember(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            told.extend((int(status.split()[0]), {name.lower(): value for name, value in headers}))
            return start_response(status, headers)

        answer = b"".join(self._answer(environ, remember))
        sent = {name[5:].replace("_", "-").lower(): text for name, text in environ.items() if name.startswith("HTTP_")}
        if environ.get("CONTENT_TYPE"):
            sent["content-type"] = environ["CONTENT_TYPE"]
        query = environ.get("QUERY_STRING", "")
        self.exchanges.append(
            Exchange(environ["REQUEST_METHOD"], environ["PATH_INFO"], query, sent, body, *told, answer)
        )
        return [answer]

    def asked(self, path: str = "/") -> list[Exchange]:
        """What was asked of the API (never the token) below `path`, oldest first."""
        return [exchange for exchange in self.exchanges if exchange.path.startswith(path) and exchange.path != "/token"]

    def step_aside(self) -> None:
        """What is asked from now on is wrong on purpose: nobody judges it."""
        self._sandbox._server.app = self._answer

    @property
    def last(self) -> Exchange:
        return self.asked()[-1]

    def judge(self) -> None:
        """Fails when bol's documents do not allow what was asked, or what was answered."""
        assert self.asked() or self._sandbox._server.app is not self, "nothing was asked"
        for exchange in self.exchanges:
            judge(exchange, may_say_null=self._may_say_null)


def judge(exchange: Exchange, *, may_say_null: bool = False) -> None:
    """Hold one exchange against bol's documents: media types, parameters, bodies, headers.

    `may_say_null` lets null stand where v11 leaves a field out: its documents forbid that, v10 does it all the time.
    """
    if exchange.path == "/token":
        _judge_token(exchange)
        return
    assert exchange.headers["authorization"].startswith("Bearer ")
    check_query(exchange.method, exchange.path, exchange.query, exchange.media)
    _check_parameters(exchange)
    if exchange.body:
        assert exchange.headers["content-type"] == exchange.media
        check_request(exchange.method, exchange.path, json.loads(exchange.body), exchange.media)
    if exchange.answer:
        assert exchange.answer_media == exchange.media or exchange.path.startswith(UNDOCUMENTED)
    content = _without_nulls(exchange.json) if may_say_null and ".v11+" in exchange.media else exchange.json
    check_response(exchange.method, exchange.path, exchange.status, exchange.media, content)
    if not exchange.path.startswith("/retailer/public/"):
        assert HEX.fullmatch(exchange.answer_headers["x-request-id"])


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nulls(part) for name, part in value.items() if part is not None}
    return [_without_nulls(part) for part in value] if isinstance(value, list) else value


def _judge_token(exchange: Exchange) -> None:
    """bol's documentation: Basic authentication, the grant type in a form body, an answer of plain JSON."""
    assert exchange.method == "POST"
    assert exchange.headers["authorization"].startswith("Basic ")
    assert exchange.headers["accept"] == "application/json"
    assert exchange.headers["content-type"] == "application/x-www-form-urlencoded"
    assert exchange.body == b"grant_type=client_credentials"
    assert exchange.answer_media == "application/json"


def _check_parameters(exchange: Exchange) -> None:
    """Every parameter has the type and bounds of the documents; none that they require is missing."""
    if exchange.path.startswith(UNDOCUMENTED):
        return
    name, pattern = _operation(exchange.method, exchange.path, exchange.media)
    given = parse_qs(exchange.query, keep_blank_values=True)
    for parameter in _document(name)["paths"][pattern][exchange.method.lower()].get("parameters") or []:
        where, label, schema = parameter["in"], parameter["name"], parameter["schema"]
        if where == "query":
            texts = given.get(label, [])
        elif where == "path":
            texts = [_part_of(exchange.path, pattern, label)]
        else:
            continue
        assert texts or not parameter.get("required"), f"{exchange.method} {pattern} needs {label}"
        for text in texts:
            complaints = [error.message for error in OAS30Validator(schema).iter_errors(_read(text, schema))]
            assert not complaints, f"{label}={text!r} of {exchange.method} {pattern}: {complaints}"


def _part_of(path: str, pattern: str, label: str) -> str:
    parts = dict(zip(pattern.split("/"), path.split("/"), strict=True))
    return parts[f"{{{label}}}"]


def _read(text: str, schema: dict[str, Any]) -> Any:
    """A parameter as the documents mean it: text, a number, a truth, or a list of them."""
    match schema.get("type"):
        case "integer":
            return int(text)
        case "boolean":
            return {"true": True, "false": False}[text]
        case "array":
            return [_read(part, schema["items"]) for part in text.split(",")]
        case _:
            return text
