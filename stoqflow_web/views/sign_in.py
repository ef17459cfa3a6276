"""Signing in and out, and making the very first manager."""

from flask import Blueprint, Response, make_response, render_template, request, session, url_for
from flask_login import current_user, login_user, logout_user

from stoqflow_web import clock
from stoqflow_web.errors import Invalid
from stoqflow_web.forms import show_refusal
from stoqflow_web.forms.sign_in import FirstManagerForm, SignInForm
from stoqflow_web.models import User
from stoqflow_web.services import sign_in, users
from stoqflow_web.views.access import SEEN, local_path
from stoqflow_web.views.respond import redirect_to

blueprint = Blueprint("sign_in", __name__)


@blueprint.get("/sign-in")
def show() -> Response:
    if current_user.is_authenticated:
        return redirect_to(_onward())
    return _sign_in_page(SignInForm())


@blueprint.post("/sign-in")
def enter() -> Response:
    form = SignInForm()
    if not form.validate():
        return _sign_in_page(form, 422)
    try:
        user = sign_in.prove(form.email.data, form.password.data, address=request.remote_addr or "unknown")
    except (sign_in.NotSignedIn, sign_in.TooManyAttempts) as refusal:
        form.form_errors.append(refusal.sentence)
        return _sign_in_page(form, refusal.status)
    begin_session(user)
    return redirect_to(_onward())


@blueprint.post("/sign-out")
def leave() -> Response:
    logout_user()
    session.clear()
    return redirect_to(url_for("sign_in.show"))


@blueprint.get("/welcome/<token>")
def welcome(token: str) -> Response:
    users.check_first_manager_link(token)
    return _welcome_page(FirstManagerForm(), token)


@blueprint.post("/welcome/<token>")
def begin(token: str) -> Response:
    users.check_first_manager_link(token)
    form = FirstManagerForm()
    if not form.validate():
        return _welcome_page(form, token, 422)
    try:
        user = users.make_first_manager(token, email=form.email.data, name=form.name.data, password=form.password.data)
    except Invalid as refusal:
        show_refusal(form, refusal)
        return _welcome_page(form, token, 422)
    begin_session(user)
    return redirect_to(url_for("home.show"))


def begin_session(user: User) -> None:
    """Start afresh: whatever a stranger may have put into the session before is gone."""
    session.clear()
    session.permanent = True
    session[SEEN] = clock.now().timestamp()
    login_user(user)


def _onward() -> str:
    return local_path(request.args.get("next")) or url_for("home.show")


def _sign_in_page(form: SignInForm, status: int = 200) -> Response:
    action = url_for("sign_in.enter", next=local_path(request.args.get("next")))
    return make_response(render_template("sign_in/sign_in.html", form=form, action=action), status)


def _welcome_page(form: FirstManagerForm, token: str, status: int = 200) -> Response:
    return make_response(render_template("sign_in/welcome.html", form=form, token=token), status)
