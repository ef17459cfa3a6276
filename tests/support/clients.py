"""A test client whose requests know nothing of the test around them."""

from contextvars import Context
from typing import Any

from flask import has_app_context
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from stoqflow_web.extensions import db


class SeparateClient(FlaskClient):
    """Each request gets an app context of its own, as under a real server.

    Flask would otherwise take the one that the test has pushed, with its database session, and Flask-Login would keep
    in it who signed in first. Afterwards the test reads afresh.
    """

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        kwargs.setdefault("buffered", True)  # what is sent while it is read must be read in that context
        answer = Context().run(super().open, *args, **kwargs)
        if has_app_context():
            db.session.rollback()
            db.session.expire_all()
        return answer
