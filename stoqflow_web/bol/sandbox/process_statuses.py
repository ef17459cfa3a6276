"""Process statuses: how a queued write fares (v10, under /shared)."""

from typing import Any

from stoqflow_web.bol.sandbox.answers import Answer, Call
from stoqflow_web.bol.sandbox.checking import Body, Parameters
from stoqflow_web.bol.sandbox.problems import API, not_found
from stoqflow_web.bol.sandbox.records import Process
from stoqflow_web.bol.sandbox.state import State
from stoqflow_web.bol.sandbox.wire import fields, moment

PAGE_SIZE = 50
EVENT_TYPES = (
    "CREATE_SHIPMENT",
    "CANCEL_ORDER",
    "CHANGE_TRANSPORT",
    "HANDLE_RETURN_ITEM",
    "CREATE_RETURN_ITEM",
    "CREATE_INBOUND",
    "DELETE_OFFER",
    "CREATE_OFFER",
    "UPDATE_OFFER",
    "UPDATE_OFFER_STOCK",
    "UPDATE_OFFER_PRICE",
    "CREATE_OFFER_EXPORT",
    "UNPUBLISHED_OFFER_REPORT",
    "CREATE_PRODUCT_CONTENT",
    "CREATE_SUBSCRIPTION",
    "UPDATE_SUBSCRIPTION",
    "DELETE_SUBSCRIPTION",
    "SEND_SUBSCRIPTION_TST_MSG",
    "CREATE_SHIPPING_LABEL",
    "CREATE_REPLENISHMENT",
    "UPDATE_REPLENISHMENT",
    "REQUEST_PRODUCT_DESTINATIONS",
    "CREATE_SOV_SEARCH_TERM_REPORT",
    "CREATE_SOV_CATEGORY_REPORT",
    "UPLOAD_INVOICE",
    "CREATE_CAMPAIGN_PERFORMANCE_REPORT",
)


def accepted(state: State, call: Call, process: Process) -> Answer:
    """202: the write is queued, nothing more."""
    return call.answer(described(process, state.nulls), 202)


def get_status(state: State, call: Call) -> Answer:
    """GET /shared/process-status/{id}."""
    process = state.process(call.target)
    if process is None:
        raise not_found(call.path)
    return call.answer(described(process, state.nulls))


def get_many(state: State, call: Call) -> Answer:
    """POST /shared/process-status: up to 1,000 at once; what expired is silently missing."""
    body = Body(call)
    queries = body.objects("processStatusQueries", 1, 1000)
    for place, query in enumerate(queries):
        path = f"processStatusQueries[{place}].processStatusId"
        body.text(query, "processStatusId", path, required=True)
    body.done()
    found = (state.process(query["processStatusId"]) for query in queries)
    return _answer(state, call, [process for process in found if process])


def find_by_entity(state: State, call: Call) -> Answer:
    """GET /shared/process-status?entity-id=..&event-type=..: newest first."""
    ask = Parameters(call)
    entity_id = ask.text("entity-id", required=True)
    event_type = ask.choice("event-type", EVENT_TYPES)
    if call.parameter("event-type") is None:
        ask.text("event-type", required=True)
    page = ask.page()
    ask.done()
    found = [
        process
        for process in reversed(state.processes.values())
        if process.entity_id == entity_id and process.event_type == event_type and state.process(process.process_id)
    ]
    return _answer(state, call, found[(page - 1) * PAGE_SIZE : page * PAGE_SIZE])


def described(process: Process, nulls: bool) -> dict[str, Any]:
    """Without entity id while it is pending (unless the path named it) and without links once it succeeded."""
    self_link = {
        "rel": "self",
        "href": f"{API}/shared/process-status/{process.process_id}",
        "method": "GET",
    }
    return fields(
        nulls,
        processStatusId=process.process_id,
        entityId=process.entity_id,
        eventType=process.event_type,
        description=process.description,
        status=process.status,
        errorMessage=process.error_message if process.status in {"FAILURE", "TIMEOUT"} else None,
        createTimestamp=moment(process.created_at),
        links=None if process.status == "SUCCESS" else [self_link],
    )


def _answer(state: State, call: Call, found: list[Process]) -> Answer:
    statuses = [described(process, state.nulls) for process in found]
    return call.answer({"processStatuses": statuses} if statuses else {})
