"""What the macros of components/ put on a page."""

from pathlib import Path

import pytest
from bs4 import BeautifulSoup, Tag
from flask import Flask, render_template_string
from flask_babel import Babel
from flask_wtf import CSRFProtect, FlaskForm
from wtforms import BooleanField, PasswordField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Optional

import stoqflow_web

PACKAGE = Path(stoqflow_web.__file__).parent


class ShopForm(FlaskForm):
    name = StringField("Name", [DataRequired("Give the shop a name.")])
    note = StringField("Note", [Optional()])
    platform = SelectField("Platform", choices=[SelectChoice("bol", "Bol.com")])
    secret = PasswordField("Secret")
    active = BooleanField("Start at once")


@pytest.fixture(scope="module")
def bare_app() -> Flask:
    """Only what the components themselves lean on, so that they are judged apart from the pages."""
    app = Flask("components", template_folder=PACKAGE / "templates", static_folder=PACKAGE / "static")
    app.config.update(SECRET_KEY="only for this test", TESTING=True)
    Babel(app)
    CSRFProtect(app)
    app.jinja_env.globals["asset_version"] = "1"
    app.jinja_env.globals["health_words"] = lambda: {"banners": [], "last_sync": None}
    app.add_url_rule("/shop-health", "shop_health.show")
    return app


@pytest.fixture
def rendered(bare_app: Flask):
    def render(words: str, *, posted: dict[str, str] | None = None, **context: object) -> BeautifulSoup:
        with bare_app.test_request_context(method="GET" if posted is None else "POST", data=posted):
            form = ShopForm()
            if posted is not None:
                form.validate_on_submit()
            return BeautifulSoup(render_template_string(words, form=form, **context), "html.parser")

    return render


FORMS = '{% from "components/forms.html" import field, errors_of with context %}'


def test_a_refused_field_says_so_beside_it_and_to_a_screen_reader(rendered):
    page = rendered(FORMS + "{{ field(form.name, hint='As on the invoice.') }}", posted={"name": ""})
    control = the(page, "input#name")
    assert control["aria-invalid"] == "true"
    described = " ".join(the(page, f"#{one}").get_text() for one in str(control["aria-describedby"]).split())
    assert "Give the shop a name." in described
    assert "As on the invoice." in described
    assert the(page, "label[for=name]").get_text(strip=True) == "Name"


def test_a_good_field_carries_no_error_marks(rendered):
    control = the(rendered(FORMS + "{{ field(form.name) }}"), "input#name")
    assert "aria-invalid" not in control.attrs
    assert "aria-describedby" not in control.attrs


def test_attributes_and_classes_of_the_caller_reach_the_control(rendered):
    control = the(rendered(FORMS + "{{ field(form.name, autocomplete='off', class_='input--code') }}"), "input")
    assert control["autocomplete"] == "off"
    assert control["class"] == ["input", "input--code"]


def test_a_typed_secret_never_comes_back(rendered):
    page = rendered(FORMS + "{{ field(form.secret) }}", posted={"secret": "very-secret"})
    assert "very-secret" not in str(page)


def test_every_kind_of_field_has_a_label_of_its_own(rendered):
    page = rendered(FORMS + "{% for one in [form.note, form.platform, form.active] %}{{ field(one) }}{% endfor %}")
    assert [label["for"] for label in page.select("label")] == ["note", "platform", "active"]
    assert "(optional)" in the(page, "label[for=note]").get_text()


def test_an_expired_form_is_told_in_words(rendered):
    page = rendered(FORMS + "{{ errors_of(form) }}", posted={"name": "Home"})
    assert "CSRF" in the(page, "[role=alert]").get_text()


def test_what_people_typed_is_never_markup(rendered):
    words = """{% from "components/pills.html" import pill %}{% from "components/buttons.html" import link_button %}
    {{ pill(typed) }}{{ link_button(typed, '/', title=typed) }}"""
    page = rendered(words, typed='<script>"x"</script>')
    assert not page.select("script")
    assert the(page, "a")["title"] == '<script>"x"</script>'


PROGRESS = '{% from "components/progress.html" import progress with context %}{{ progress(done, total, "Offers") }}'


@pytest.mark.parametrize(
    ("done", "total", "value", "words"),
    [(268, 1412, "268", "268 of 1,412"), (40, None, None, "40 so far"), (0, 0, "1", "0 of 0")],
)
def test_progress_is_a_bar_with_words_beside_it(rendered, done, total, value, words):
    page = rendered(PROGRESS, done=done, total=total)
    assert the(page, "progress").get("value") == value
    assert the(page, "progress")["aria-label"] == "Offers"
    assert words in page.get_text()


def test_a_lone_button_is_a_form_that_works_without_htmx(rendered):
    words = """{% from "components/buttons.html" import post_button with context %}
    {{ post_button("Stop", "/stop", hx_post="/stop") }}"""
    form = the(rendered(words), "form[method=post][action='/stop'][hx-post='/stop']")
    assert the(form, "input[name=csrf_token]")["value"]


def test_paging_shows_only_the_ways_that_exist(rendered):
    words = '{% from "components/paging.html" import paging with context %}{{ paging(none, "/orders?after=9") }}'
    page = rendered(words)
    assert [link["rel"] for link in page.select("a")] == [["next"]]


def test_a_stranger_sees_no_rail_and_a_signed_in_person_does(rendered):
    page = '{% extends "base.html" %}{% block title %}Orders{% endblock %}'
    stranger = rendered(page, current_user=None)
    person = {"is_authenticated": True, "name": "Emma", "role": "manager"}
    nav_items = [("Orders", "/orders", True, 1145, False), ("Needs attention", "/attention", False, 2, True)]
    signed_in = rendered(page, current_user=person, nav_items=nav_items, home_url="/", sign_out_url="/out")
    assert not stranger.select("nav")
    assert the(signed_in, "nav a[aria-current=page]").get_text(" ", strip=True) == "Orders 1,145"
    assert the(signed_in, "form[method=post][action='/out'] input[name=csrf_token]")["value"]
    assert the(signed_in, "title").get_text() == "Orders · Stoqflow"


def test_an_error_page_names_the_trouble_and_a_way_back(bare_app):
    with bare_app.test_request_context():
        template = bare_app.jinja_env.get_template("errors/error.html")
        page = BeautifulSoup(
            template.render(
                heading="Not found", sentence="It was deleted.", back_url="/orders", back_label="To the orders"
            ),
            "html.parser",
        )
    assert the(page, "h1").get_text() == "Not found"
    assert the(page, "main a[href='/orders']").get_text() == "To the orders"


def the(page: BeautifulSoup | Tag, selector: str) -> Tag:
    """The one element that answers to the selector."""
    found = page.select(selector)
    assert len(found) == 1, f"{len(found)} elements for {selector}"
    return found[0]
