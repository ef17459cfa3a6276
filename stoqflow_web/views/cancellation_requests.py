"""The inbox of cancellation requests: what clients asked to cancel, until somebody answers."""

from flask import Blueprint, Response, request, url_for

from stoqflow_web.queries import cancellation_requests as queries
from stoqflow_web.views.respond import respond
from stoqflow_web.wording import cancellation_requests as wording

blueprint = Blueprint("cancellation_requests", __name__)
for words in (wording.started_pill, wording.started_note):
    blueprint.add_app_template_global(words)


@blueprint.get("/cancellation-requests")
def index() -> Response:
    page = queries.page(request.args.get("page"))
    return respond(
        "cancellation_requests/list.html",
        "cancellation_requests/_list.html",
        lines=page.rows,
        next_url=page.next and url_for(".index", page=page.next),
        previous_url=page.previous and url_for(".index", page=page.previous),
        here=url_for(".index", page=request.args.get("page")),
    )
