"""What people see when something is refused or fails: one page, or one notice in the page they have."""

import logging

from flask import Flask, Response, flash, g, make_response, render_template
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from htmx_flask import request
from redis.exceptions import ConnectionError as RedisGone
from redis.exceptions import TimeoutError as RedisSlow
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolEmpty
from werkzeug.exceptions import HTTPException

from stoqflow_web.errors import StoqflowError
from stoqflow_web.exchange import ExchangeError
from stoqflow_web.extensions import db, login_manager
from stoqflow_web.views.access import is_stranger, to_sign_in
from stoqflow_web.views.respond import redirect_to

log = logging.getLogger(__name__)


def handle_errors(app: Flask) -> None:
    app.register_error_handler(StoqflowError, refused)
    app.register_error_handler(ExchangeError, marketplace_failed)
    app.register_error_handler(CSRFError, stale_form)
    app.register_error_handler(HTTPException, web_error)
    for database_error in (OperationalError, InterfaceError, PoolEmpty):
        app.register_error_handler(database_error, database_gone)
    for redis_error in (RedisGone, RedisSlow):
        app.register_error_handler(redis_error, redis_gone)


def refused(error: StoqflowError) -> Response:
    return _answer(error.status, _heading(error.status), error.sentence)


def marketplace_failed(error: ExchangeError) -> Response:
    return _answer(503, _("bol.com does not answer as it should"), error.sentence)


def stale_form(error: CSRFError) -> Response:
    """The form's token belongs to another session, mostly because the page stayed open until that had ended."""
    if is_stranger():
        return to_sign_in()
    if request.endpoint == "sign_in.enter":  # the page stood open overnight: the morning must not begin with an error
        flash(_("This page was open too long. Please sign in once more."), "info")
        return redirect_to(request.full_path)
    return _answer(
        400,
        _("Please try that again"),
        _("This page was open too long, so nothing was changed. Load it again and repeat what you did."),
    )


def web_error(error: HTTPException) -> Response:
    status = error.code or 500
    if status < 400:
        return make_response(error.get_response())
    answer = _answer(status, _heading(status), _sentence(status))
    for header in ("Allow", "Retry-After"):
        if value := error.get_response().headers.get(header):
            answer.headers[header] = value
    return answer


def database_gone(error: Exception) -> Response:
    log.error("the database can't be used: %s", error)
    _forget_user()
    sentence = _("Stoqflow can't reach its database. Nothing was changed. Try again in a minute.")
    return _answer(503, _("One moment please"), sentence)


def redis_gone(error: Exception) -> Response:
    log.error("Redis can't be used: %s", error)
    sentence = _("Stoqflow can't reach its queue of work. What was saved is safe. Try again in a minute.")
    return _answer(503, _("One moment please"), sentence)


def _answer(status: int, heading: str, sentence: str) -> Response:
    if status >= 500:
        _let_go_of_database()
    if not request.htmx:
        return make_response(render_template("errors/error.html", heading=heading, sentence=sentence), status)
    answer = make_response(render_template("errors/_error.html", heading=heading, sentence=sentence), status)
    # base.html sends errors there too, but a 422 is otherwise taken for a form that returns itself.
    answer.headers["HX-Retarget"], answer.headers["HX-Reswap"] = "#page-error", "innerHTML"
    return answer


def _heading(status: int) -> str:
    headings: dict[int, str] = {
        400: _("That could not be read"),
        403: _("For managers only"),
        404: _("Not found"),
        405: _("That is not possible here"),
        409: _("That is not possible"),
        413: _("That is too large"),
        422: _("That can't be accepted"),
        429: _("One moment please"),
        503: _("One moment please"),
    }
    other: str = _("Something went wrong") if status >= 500 else _("That is not possible")
    return headings.get(status, other)


def _sentence(status: int) -> str:
    sentences: dict[int, str] = {
        400: _("What was sent could not be understood. Go back and try again."),
        403: _("This page is kept for managers. Ask one of them if you need it."),
        404: _("There is no such page, or not any more."),
        405: _("This address can't be used in that way. Go back and try again."),
        413: _("What was sent is larger than Stoqflow accepts."),
        429: _("Too much was asked in a short time. Wait a minute and try again."),
    }
    other: str = (
        _("This is a fault in Stoqflow, not in what you did. It is in the log. Try again in a minute.")
        if status >= 500
        else _("Go back and try again.")
    )
    return sentences.get(status, other)


def _let_go_of_database() -> None:
    """The failed transaction must not fail the page that tells about it."""
    try:
        db.session.rollback()
    except Exception:
        _forget_user()


def _forget_user() -> None:
    """Show the page as to a stranger: asking who it is needs the database. Flask-Login looks here first."""
    g._login_user = login_manager.anonymous_user()
