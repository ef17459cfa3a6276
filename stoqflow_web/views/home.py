"""The beginning: what must leave the warehouse."""

from flask import Blueprint, Response

from stoqflow_web.views.respond import redirect_to

blueprint = Blueprint("home", __name__)


@blueprint.get("/")
def show() -> Response:
    return redirect_to("/orders")
