"""Everybody's own account."""

from flask import Blueprint, Response, flash, make_response, render_template, request, url_for
from flask_babel import gettext as _

from stoqflow_web.errors import Invalid
from stoqflow_web.forms import show_refusal
from stoqflow_web.forms.users import OwnPasswordForm
from stoqflow_web.services import sign_in, users
from stoqflow_web.views.access import signed_in_user
from stoqflow_web.views.respond import redirect_to
from stoqflow_web.views.sign_in import begin_session

blueprint = Blueprint("account", __name__)


@blueprint.get("/account")
def show() -> Response:
    return _page(OwnPasswordForm())


@blueprint.post("/account/password")
def change_password() -> Response:
    form, me = OwnPasswordForm(), signed_in_user()
    if not form.validate():
        return _page(form, 422)
    try:
        sign_in.prove(me.email, form.current.data, address=request.remote_addr or "unknown")
        me = users.change_password(me.id, form.password.data)
    except sign_in.NotSignedIn:
        show_refusal(form, Invalid("current", _("This is not your current password.")))
        return _page(form, 422)
    except sign_in.TooManyAttempts as refusal:
        show_refusal(form, Invalid("current", refusal.sentence))
        return _page(form, refusal.status)
    except Invalid as refusal:
        show_refusal(form, refusal)
        return _page(form, 422)
    begin_session(me)
    flash(_("Your password is changed. Everywhere else you are signed out."), "info")
    return redirect_to(url_for("account.show"))


def _page(form: OwnPasswordForm, status: int = 200) -> Response:
    return make_response(render_template("users/account.html", form=form), status)
