"""Managers add people, and change what they may do."""

from typing import Any

from flask import Blueprint, Response, flash, make_response, render_template, request, url_for
from flask_babel import gettext as _

from stoqflow_web.errors import Invalid
from stoqflow_web.forms import show_refusal
from stoqflow_web.forms.users import NewPasswordForm, RoleForm, UserForm
from stoqflow_web.models import User
from stoqflow_web.queries import users as queries
from stoqflow_web.services import users
from stoqflow_web.views.access import load_or_404, managers_only
from stoqflow_web.views.respond import redirect_to

blueprint = managers_only(Blueprint("users", __name__))


@blueprint.get("/users")
def index() -> Response:
    return _list_page(UserForm())


@blueprint.post("/users")
def add() -> Response:
    form = UserForm()
    if not form.validate():
        return _list_page(form, 422)
    try:
        user = users.add_user(
            email=form.email.data, name=form.name.data, role=form.role.data, password=form.password.data
        )
    except Invalid as refusal:
        show_refusal(form, refusal)
        return _list_page(form, 422)
    flash(_("%(name)s can sign in now.", name=user.name), "info")
    return redirect_to(url_for("users.index"))


@blueprint.get("/users/<int:user_id>")
def show(user_id: int) -> Response:
    return _user_page(load_or_404(User, user_id))


@blueprint.post("/users/<int:user_id>/role")
def change_role(user_id: int) -> Response:
    user, form = load_or_404(User, user_id), RoleForm()
    if not form.validate():
        return _user_page(user, 422, role_form=form)
    users.set_role(user.id, form.role.data)
    flash(_("The role of %(name)s is changed.", name=user.name), "info")
    return _back_to_where_it_was_asked(user_id)


@blueprint.post("/users/<int:user_id>/password")
def change_password(user_id: int) -> Response:
    user, form = load_or_404(User, user_id), NewPasswordForm()
    if not form.validate():
        return _user_page(user, 422, password_form=form)
    try:
        users.change_password(user.id, form.password.data)
    except Invalid as refusal:
        show_refusal(form, refusal)
        return _user_page(user, 422, password_form=form)
    flash(_("%(name)s has a new password and is signed out everywhere.", name=user.name), "info")
    return redirect_to(url_for("users.show", user_id=user_id))


@blueprint.post("/users/<int:user_id>/suspension")
def suspend(user_id: int) -> Response:
    user = users.disable(user_id)
    flash(_("%(name)s can't sign in any more.", name=user.name), "info")
    return _back_to_where_it_was_asked(user_id)


@blueprint.post("/users/<int:user_id>/readmission")
def readmit(user_id: int) -> Response:
    user = users.enable(user_id)
    flash(_("%(name)s can sign in again.", name=user.name), "info")
    return _back_to_where_it_was_asked(user_id)


def _back_to_where_it_was_asked(user_id: int) -> Response:
    """The list has the same buttons as the page of one user."""
    if request.form.get("back") == "list":
        return redirect_to(url_for("users.index"))
    return redirect_to(url_for("users.show", user_id=user_id))


def _list_page(form: UserForm, status: int = 200) -> Response:
    return make_response(render_template("users/list.html", users=queries.everybody(), form=form), status)


def _user_page(user: User, status: int = 200, **forms: Any) -> Response:
    context = {"role_form": RoleForm(role=user.role), "password_form": NewPasswordForm()} | forms
    return make_response(render_template("users/user.html", user=user, **context), status)
