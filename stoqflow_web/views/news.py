"""Managers say who hears news: by e-mail or by webhook, of what, and whether it arrives."""

from flask import Blueprint, Response, flash, make_response, render_template, url_for
from flask_babel import gettext as _

from stoqflow_web import clock
from stoqflow_web.errors import Invalid
from stoqflow_web.extensions import settings
from stoqflow_web.forms import show_refusal
from stoqflow_web.forms.news import NewRecipientForm, RecipientForm, form_of
from stoqflow_web.models import NewsRecipient
from stoqflow_web.queries import news as queries
from stoqflow_web.queries.news import ListedRecipient
from stoqflow_web.services import news_recipients
from stoqflow_web.views.access import load_or_404, managers_only, signed_in_user
from stoqflow_web.views.respond import redirect_to
from stoqflow_web.wording import news as wording

blueprint = managers_only(Blueprint("news", __name__))


@blueprint.get("/news")
def index() -> Response:
    rows = [row_of(one) for one in queries.every_recipient()]
    return make_response(render_template("news/list.html", rows=rows, can_mail=_can_mail()))


@blueprint.get("/news/new")
def new() -> Response:
    return _new_page(NewRecipientForm())


@blueprint.post("/news")
def add() -> Response:
    form = NewRecipientForm()
    if not form.validate():
        return _new_page(form, 422)
    try:
        recipient, secret = news_recipients.add(
            kind=form.kind.data,
            name=form.name.data,
            address=form.address.data,
            topics=form.topics,
            summary_at=form.summary_at.data,
            user_id=signed_in_user().id,
        )
    except Invalid as refusal:
        show_refusal(form, refusal)
        return _new_page(form, 422)
    if secret is not None:
        return _secret_page(recipient, secret)
    flash(_("%(name)s is added, and off. Send a test, then switch it on.", name=recipient.name), "info")
    return redirect_to(url_for("news.show", recipient_id=recipient.id))


@blueprint.get("/news/<int:recipient_id>")
def show(recipient_id: int) -> Response:
    recipient = load_or_404(NewsRecipient, recipient_id)
    return _page(recipient, form_of(recipient))


@blueprint.post("/news/<int:recipient_id>")
def change(recipient_id: int) -> Response:
    recipient, form = load_or_404(NewsRecipient, recipient_id), RecipientForm()
    if not form.validate():
        return _page(recipient, form, 422)
    try:
        news_recipients.change(
            recipient_id,
            name=form.name.data,
            address=form.address.data,
            topics=form.topics,
            summary_at=form.summary_at.data,
        )
    except Invalid as refusal:
        show_refusal(form, refusal)
        return _page(load_or_404(NewsRecipient, recipient_id), form, 422)
    flash(_("Saved."), "info")
    return redirect_to(url_for("news.show", recipient_id=recipient_id))


@blueprint.post("/news/<int:recipient_id>/tests")
def send_test(recipient_id: int) -> Response:
    news_recipients.send_test(recipient_id)
    return redirect_to(url_for("news.show", recipient_id=recipient_id))


@blueprint.get("/news/<int:recipient_id>/tests")
def show_test(recipient_id: int) -> Response:
    """The card that asks again while the test is on its way."""
    row = row_of(queries.listed(load_or_404(NewsRecipient, recipient_id)))
    return make_response(render_template("news/_delivery.html", row=row))


@blueprint.post("/news/<int:recipient_id>/activation")
def switch_on(recipient_id: int) -> Response:
    recipient = news_recipients.switch_on(recipient_id)
    flash(_("%(name)s hears the news from now on.", name=recipient.name), "info")
    return redirect_to(url_for("news.show", recipient_id=recipient_id))


@blueprint.post("/news/<int:recipient_id>/deactivation")
def switch_off(recipient_id: int) -> Response:
    recipient = news_recipients.switch_off(recipient_id)
    flash(_("%(name)s hears nothing more.", name=recipient.name), "info")
    return redirect_to(url_for("news.show", recipient_id=recipient_id))


@blueprint.post("/news/<int:recipient_id>/secrets")
def renew_secret(recipient_id: int) -> Response:
    secret = news_recipients.renew_secret(recipient_id)
    return _secret_page(load_or_404(NewsRecipient, recipient_id), secret)


@blueprint.post("/news/<int:recipient_id>/removal")
def remove(recipient_id: int) -> Response:
    name = news_recipients.remove(recipient_id)
    flash(_("%(name)s is removed.", name=name), "info")
    return redirect_to(url_for("news.index"))


def row_of(one: ListedRecipient) -> dict[str, object]:
    """What the list and the page of one show."""
    recipient = one.recipient
    return {
        "recipient": recipient,
        "state": wording.state_of(recipient),
        "topics": wording.topics_of(recipient),
        "delivered": wording.delivered_words(recipient, clock.now()),
        "waiting": one.waiting,
        "kept": one.kept if one.recipient.is_on else 0,
        "test": wording.test_answer(one.test),
    }


def _new_page(form: NewRecipientForm, status: int = 200) -> Response:
    return make_response(render_template("news/new.html", form=form, can_mail=_can_mail()), status)


def _page(recipient: NewsRecipient, form: RecipientForm, status: int = 200) -> Response:
    row = row_of(queries.listed(recipient))
    context = {"row": row, "recipient": recipient, "form": form, "can_mail": _can_mail()}
    return make_response(render_template("news/recipient.html", **context), status)


def _secret_page(recipient: NewsRecipient, secret: str) -> Response:
    return make_response(render_template("news/secret.html", recipient=recipient, secret=secret))


def _can_mail() -> bool:
    return settings().mail_server is not None and bool(settings().mail_from)
