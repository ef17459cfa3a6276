"""For whoever watches the machine: is Stoqflow up?"""

import logging

from flask import Blueprint, Response
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from stoqflow_web.extensions import db

blueprint = Blueprint("health", __name__)
log = logging.getLogger(__name__)


@blueprint.get("/health")
def show() -> Response:
    """200 `ok`, or 503 with what is missing. Needs no sign-in and tells nothing else."""
    try:
        db.session.execute(text("SELECT 1 FROM users LIMIT 1"))
    except SQLAlchemyError as error:
        log.error("health: the database can't be used: %s", error)
        db.session.rollback()
        return Response("database out of reach", 503, mimetype="text/plain")
    return Response("ok", mimetype="text/plain")
