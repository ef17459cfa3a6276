"""The control page at `/` and the control calls under `/control/`; bol itself has neither."""

from importlib import resources
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec
from werkzeug.wrappers import Request

from stoqflow_web.bol.sandbox.answers import Answer
from stoqflow_web.bol.sandbox.control_page import is_fault, render
from stoqflow_web.bol.sandbox.verbs import VERBS
from stoqflow_web.bol.sandbox.world import World

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

POLICY = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
RECENT_REQUESTS = 200


def control(world: World, environ: "WSGIEnvironment") -> Answer:
    """Answers `GET /`, `/control/style.css`, `/control/state`, `/control/requests` and `POST /control/<verb>`.

    A form is answered with a redirect to the page and a message; a client that accepts JSON gets
    `{"result": …}`, or 422 with `{"error": "…"}`.
    """
    request = Request(environ)
    if request.method in {"GET", "HEAD"}:
        return _read(world, request)
    name = request.path.removeprefix("/control/")
    if request.method != "POST" or name not in VERBS:
        return _json({"error": f"There is no {request.method} {request.path}."}, 404)
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
        return _json({"error": "Only this page may steer the pretend bol.com."}, 403)
    return _do(world, request, name)


def _read(world: World, request: Request) -> Answer:
    if request.path == "/":
        page = render(
            world,
            request.host_url.rstrip("/"),
            request.args.get("said", ""),
            faults_open=request.args.get("faults") == "open",
            offer=request.args.get("offer", "").strip(),
        )
        return Answer(200, page.encode(), "text/html; charset=utf-8", {"Content-Security-Policy": POLICY})
    if request.path == "/control/style.css":
        style = resources.files(__package__).joinpath("control.css").read_bytes()
        return Answer(200, style, "text/css; charset=utf-8")
    if request.path == "/control/state":
        return _json(summary(world))
    if request.path == "/control/requests":
        return _json([_seen(entry) for entry in world.requests_seen()[-RECENT_REQUESTS:]])
    return _json({"error": f"There is no {request.path}."}, 404)


def summary(world: World) -> dict[str, Any]:
    """The world in numbers."""
    with world.lock:
        world.settle()
        return {
            "now": world.clock.now().isoformat(),
            "clientId": world.options.client_id,
            "orders": len(world.orders),
            "openOrders": len(world.open_order_ids()),
            "offers": len(world.offers),
            "shipments": len(world.shipments),
            "pendingProcesses": sum(process.status == "PENDING" for process in world.processes.values()),
            "returns": len(world.returns),
            "requests": len(world.requests),
            "tokenRequests": world.tokens.requests,
            "isDown": world.faults.is_down(world.clock.now()),
            "keysRevoked": world.tokens.keys_revoked,
            "accountActive": world.account_active,
            "limitsEnforced": world.limits.enforced,
            "faults": dict(world.faults.waiting()),
            "plannedOutcomes": [outcome.status or "HELD" for outcome in world.outcomes],
        }


def _do(world: World, request: Request, name: str) -> Answer:
    is_json = request.mimetype == "application/json"
    given = {key: str(value) for key, value in (request.get_json() if is_json else request.form).items()}
    wants_json = is_json or "application/json" in request.headers.get("Accept", "")
    try:
        result = VERBS[name].call(world, name, given)
    except (LookupError, ValueError, TypeError, ArithmeticError) as error:
        text = f"No such thing: {error}" if type(error) is KeyError else str(error)
        return _json({"error": text}, 422) if wants_json else _back(name, f"That did not work. {text}")
    if wants_json:
        return _json({"result": result})
    return _back(name, VERBS[name].done.format(result, **_named(name, given)))


def _named(name: str, given: dict[str, str]) -> dict[str, str]:
    return {key: field.said(given.get(key) or field.initial) for key, field in VERBS[name].fields.items()}


def _back(name: str, message: str) -> Answer:
    """To the page; whoever makes faults wants to find the faults open."""
    opened = "&faults=open" if is_fault(name) else ""
    return Answer(303, headers={"Location": f"/?said={quote(message)}{opened}"})


def _json(content: Any, status: int = 200) -> Answer:
    return Answer(status, msgspec.json.encode(content), "application/json")


def _seen(entry: Any) -> dict[str, Any]:
    return {
        "at": entry.at.isoformat(),
        "method": entry.method,
        "path": entry.path,
        "query": entry.query,
        "status": entry.status,
        "clientId": entry.client_id,
    }
