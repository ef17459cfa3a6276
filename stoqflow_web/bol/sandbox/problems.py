"""bol's error bodies, field by field as they are seen in reality rather than as the documents promise.

The documents call type, title, status, detail and violations required; real answers leave out violations on
401, 403, 404 and 429, and type on 401, 403 and 429.
"""

from typing import Any

import msgspec

from stoqflow_web.bol.sandbox.answers import V10, Answer, vendor_media

TYPE = "https://api.bol.com/problems"
API = "https://api.bol.com"
HOST = "Instance-101"
PARAMETERS = "Error validating request. Consult the bol.com API documentation for more information."
BODY = "Error validating request body. Consult the bol.com API documentation for more information."

Violations = list[dict[str, str]]


class Problem(Exception):
    """Raised by an endpoint to answer with an error body instead."""

    def __init__(self, status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        super().__init__(body.get("detail"))
        self.status = status
        self.body = body
        self.headers = headers or {}

    def answer(self, version: str = V10) -> Answer:
        media = vendor_media(version) + ";charset=UTF-8"
        return Answer(self.status, msgspec.json.encode(self.body), media, dict(self.headers))


def bad_request(path: str, violations: Violations, *, title: str = BODY) -> Problem:
    return Problem(
        400,
        {
            "type": TYPE,
            "title": title,
            "status": 400,
            "detail": "Bad request",
            "host": HOST,
            "instance": API + path,
            "violations": violations,
        },
    )


def bad_parameters(path: str, violations: Violations) -> Problem:
    return bad_request(path, violations, title=PARAMETERS)


def not_found(path: str, detail: str = "Not Found") -> Problem:
    body = {"type": TYPE, "title": "Not Found", "status": 404, "detail": detail, "host": HOST}
    return Problem(404, {**body, "instance": API + path})


def unauthorized(title: str, detail: str) -> Problem:
    return Problem(401, {"title": title, "status": 401, "detail": detail})


def account_not_active() -> Problem:
    detail = "Account is not active, access denied. Please contact partnerservice if this is unexpected."
    return Problem(403, {"title": "Forbidden", "status": 403, "detail": detail, "host": "Instance-112"})


def too_many_requests(seconds: int, *, with_retry_after: bool) -> Problem:
    detail = f"Too many requests, retry in {seconds} seconds."
    headers = {"Retry-After": str(seconds)} if with_retry_after else {}
    return Problem(429, {"title": "Too Many Requests", "status": 429, "detail": detail}, headers)


def method_not_allowed(path: str) -> Problem:
    return _plain(405, "Method Not Allowed", "The method is not allowed for this path.", path)


def not_acceptable(path: str, accept: str) -> Problem:
    return _plain(406, "Not Acceptable", f"The media type '{accept}' is not acceptable here.", path)


def unsupported_media_type(path: str, media: str) -> Problem:
    return _plain(415, "Unsupported Media Type", f"Content-Type '{media}' is not supported.", path)


def conflict(path: str, detail: str) -> Problem:
    return _plain(409, "Conflict", detail, path)


def _plain(status: int, title: str, detail: str, path: str) -> Problem:
    body: dict[str, Any] = {"type": TYPE, "title": title, "status": status, "detail": detail, "host": HOST}
    return Problem(status, {**body, "instance": API + path, "violations": []})
