"""What an open page of orders or stock asks every two seconds: has anything changed?"""

from flask import Blueprint, Response, make_response, render_template, request

from stoqflow_web.queries import order_changes

CHANGED = "orders-changed"  # the event that pages look again at

blueprint = Blueprint("order_changes", __name__)


@blueprint.app_template_global()
def order_version() -> str:
    """Which changes a page that is made now knows of."""
    return order_changes.version()


@blueprint.get("/order-changes")
def show() -> Response:
    """204 while all is as it was at `seen`; else the fragment that asks, with what is seen now, and an event."""
    version = order_changes.version()
    if version == request.args.get("seen"):
        return Response(status=204)
    answer = make_response(render_template("order_changes/_watch.html", version=version))
    answer.headers["HX-Trigger"] = CHANGED
    return answer
