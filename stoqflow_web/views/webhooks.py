"""Where bol.com pushes to: no page, no session, no sign-in; the address is a secret and the signature the proof."""

import logging

from flask import Blueprint, Response, request
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolEmpty

from stoqflow_web.errors import StoqflowError
from stoqflow_web.extensions import csrf, db
from stoqflow_web.services import receiving

LARGEST_BODY = 64 * 1024  # a message has a few hundred bytes

blueprint = Blueprint("webhooks", __name__)
csrf.exempt(blueprint)
log = logging.getLogger(__name__)


@blueprint.post("/webhooks/bol/<token>")
def receive(token: str) -> Response:
    """204 once the message is stored; bol.com sends again whatever is not answered so within five seconds."""
    if "json" not in request.mimetype:
        return Response(status=415)
    body = request.stream.read(LARGEST_BODY + 1)
    if len(body) > LARGEST_BODY:
        return Response(status=413)
    receiving.receive(token, body, request.headers.get("Signature"))
    return Response(status=204)


@blueprint.errorhandler(StoqflowError)
def refused(error: StoqflowError) -> Response:
    return Response(status=error.status)


@blueprint.errorhandler(OperationalError)
@blueprint.errorhandler(InterfaceError)
@blueprint.errorhandler(PoolEmpty)
def database_gone(error: Exception) -> Response:
    """So that it is sent again."""
    log.error("a pushed message could not be stored, the database can't be used: %s", error)
    db.session.remove()
    return Response(status=503)
