"""bol's own documents as the judge of what is asked and answered.

They are not part of the repository; they are looked for in BOL_OPENAPI_DIR, or beside the repository. The few places
where reality is known to differ from the documents are written down below, each with its reason.
"""

import json
import os
import re
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from openapi_schema_validator import OAS30Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4

REPOSITORY = Path(__file__).resolve().parent.parent
FOLDER = Path(os.environ.get("BOL_OPENAPI_DIR") or REPOSITORY.parent / "shared" / "bol" / "openapi")
RETAILER = "retailer-v10.x_2026-05-15.json"
SHARED = "shared-v10.x_2026-05-15.json"
OFFERS = "offers-v11.5.0-derived.json"

# What reality leaves out although the documents require it: (schema, field) with the statuses it is known for.
LEFT_OUT: dict[tuple[str, str], set[int]] = {
    # An empty collection is `{}`: live answers lack the key.
    ("ReducedOrders", "orders"): {200},
    ("ShipmentsResponse", "shipments"): {200},
    ("ReturnsResponse", "returns"): {200},
    ("InventoryResponse", "inventory"): {200},
    ("ProcessStatusResponse", "processStatuses"): {200},
    # A process status that ended in SUCCESS has no links in recorded answers.
    ("ProcessStatus", "links"): {200},
    ("ProcessStatusResponse", "links"): {200},
    # Problem documents: violations are absent on 401, 403, 404 and 429, and type on 401, 403 and 429.
    ("Problem", "violations"): {401, 403, 404, 429},
    ("Problem", "type"): {401, 403, 429},
    # A violation about the body as a whole has no name.
    ("Problem", "name"): {400},
}
# A page smaller than 25 may be asked for, yet the answer's schema allows no smaller number.
TOO_SMALL = {("OfferListResponse", "pageSize")}
# Declared nullable, but in a way (beside `allOf`) that a strict reading of OpenAPI 3.0 does not let through.
NULLABLE = {"billingDetails", "fulfilment", "offer", "product", "transport", "shipmentDetails", "enrichment"}
# The documents of v11 subscriptions and of the public list of limits are not available.
UNDOCUMENTED = ("/retailer/subscriptions", "/retailer/public/")


def documents_are_here() -> bool:
    """Whether there is anything to judge by."""
    return all((FOLDER / name).exists() for name in (RETAILER, SHARED, OFFERS))


def require_documents() -> None:
    """Skips the test that calls it when the documents are not here."""
    if not documents_are_here():
        pytest.skip(f"bol's OpenAPI documents are not at {FOLDER}; set BOL_OPENAPI_DIR to check against them.")


def check_request(method: str, path: str, body: Any, media: str) -> None:
    """Fails when bol's documents do not allow this request body for this path and media type."""
    if path.startswith(UNDOCUMENTED):
        return
    name, pattern = _operation(method, path, media)
    content = _document(name)["paths"][pattern][method.lower()].get("requestBody", {}).get("content", {})
    assert media in content, f"{method} {pattern} takes {list(content)}, not {media}"
    pointer = f"/paths/{_escaped(pattern)}/{method.lower()}/requestBody/content/{_escaped(media)}/schema"
    complaints = [error.message for error in _validator(name, pointer).iter_errors(body)]
    assert not complaints, f"{method} {path} was asked with {complaints}"


def check_query(method: str, path: str, query: str, media: str) -> None:
    """Fails when a parameter is not one of bol's documents, or has a value they do not allow."""
    if path.startswith(UNDOCUMENTED) or not query:
        return
    name, pattern = _operation(method, path, media)
    declared = {
        parameter["name"]: parameter["schema"]
        for parameter in _document(name)["paths"][pattern][method.lower()].get("parameters") or []
        if parameter["in"] == "query"
    }
    for parameter, values in parse_qs(query, keep_blank_values=True).items():
        assert parameter in declared, f"{method} {pattern} has no parameter {parameter}"
        allowed = declared[parameter].get("enum")
        assert not allowed or set(values) <= set(allowed), f"{parameter}={values} of {method} {pattern}: {allowed}"


def check_response(method: str, path: str, status: int, media: str, body: Any) -> None:
    """Fails when bol's documents do not allow this answer; `body` is the decoded JSON, or None."""
    if path.startswith(UNDOCUMENTED):
        return
    if status >= 400:
        # Which errors an operation declares is not complete in the documents; their shape is.
        name, schema, pointer = RETAILER, "Problem", "/components/schemas/Problem"
    else:
        name, pattern = _operation(method, path, media)
        answers = _document(name)["paths"][pattern][method.lower()]["responses"]
        assert str(status) in answers, f"{method} {pattern} answers {list(answers)}, not {status}"
        content = answers[str(status)].get("content") or {}
        if body is None or "json" not in media:
            return
        assert media in content, f"{method} {pattern} answers {list(content)}, not {media}"
        schema = content[media]["schema"].get("$ref", "").rpartition("/")[2]
        pointer = f"/paths/{_escaped(pattern)}/{method.lower()}/responses/{status}/content/{_escaped(media)}/schema"
    complaints = [
        f"{error.json_path}: {error.message}"
        for error in _validator(name, pointer).iter_errors(body)
        if not _is_known_difference(schema, status, error)
    ]
    assert not complaints, f"{method} {path} answered {status} with {complaints}"


def all_operations() -> list[tuple[str, str, str]]:
    """Every (document, method, path) bol describes."""
    return [
        (name, method.upper(), path)
        for name in (RETAILER, SHARED, OFFERS)
        for path, methods in _document(name)["paths"].items()
        for method in methods
        if method in {"get", "put", "post", "patch", "delete"}
    ]


def _is_known_difference(schema: str, status: int, error: Any) -> bool:
    if error.instance is None:
        return bool(error.path) and error.path[-1] in NULLABLE
    if error.validator == "required":
        missing = re.findall(r"'(\w+)' is a required property", error.message)
        return bool(missing) and status in LEFT_OUT.get((schema, missing[0]), set())
    if error.validator == "minimum":
        return (schema, str(error.path[-1])) in TOO_SMALL
    if error.validator == "oneOf":
        # The alternatives differ by their discriminator only, which plain schema validation does not know: any of
        # them may fit more than once, but one has to.
        return "is valid under each of" in error.message
    return False


@cache
def _document(name: str) -> dict[str, Any]:
    require_documents()
    return json.loads((FOLDER / name).read_text())


@cache
def _validator(name: str, pointer: str) -> OAS30Validator:
    resource = Resource(contents=_document(name), specification=DRAFT4)
    registry = Registry().with_resource("urn:bol", resource)
    return OAS30Validator({"$ref": f"urn:bol#{pointer}"}, registry=registry)


@cache
def _operation(method: str, path: str, media: str) -> tuple[str, str]:
    name = SHARED if path.startswith("/shared/") else OFFERS if ".v11+" in media else RETAILER
    patterns = [
        pattern
        for pattern, methods in _document(name)["paths"].items()
        if method.lower() in methods and re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", pattern), path)
    ]
    assert patterns, f"bol's documents have no {method} {path} for {media}"
    # The one with the fewest changing parts is meant.
    return name, min(patterns, key=lambda pattern: pattern.count("{"))


def _escaped(part: str) -> str:
    return part.replace("~", "~0").replace("/", "~1").replace("+", "%2B").replace("{", "%7B").replace("}", "%7D")
