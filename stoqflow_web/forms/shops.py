"""What is typed about a shop. The rules are the service's own; here they stand beside their fields, all at once."""

from collections.abc import Callable
from typing import Any

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import Field, PasswordField, SelectField, StringField, ValidationError
from wtforms.fields.choices import SelectChoice

from stoqflow_web.errors import Invalid
from stoqflow_web.models.shops import BOL, MARKETPLACE
from stoqflow_web.services.shop_rules import tidy_key, tidy_name, tidy_secret


def follows(rule: Callable[[str | None], str]) -> Callable[[Any, Field], None]:
    """A validator that asks a rule of the services."""

    def check(form: Any, field: Field) -> None:
        try:
            rule(field.data)
        except Invalid as refusal:
            raise ValidationError(refusal.sentence) from None

    return check


class NameForm(FlaskForm):  # type: ignore[misc]
    name = StringField(_("Name"), [follows(tidy_name)])


class KeysForm(FlaskForm):  # type: ignore[misc]
    """The pair made at bol.com. The secret's field never gives back what was typed."""

    api_key = StringField(_("Key"), [follows(tidy_key)])
    api_secret = PasswordField(_("Secret"), [follows(tidy_secret)])


class ShopForm(KeysForm):
    """The trade's path: name, type, platform, API configuration."""

    name = StringField(_("Name"), [follows(tidy_name)])
    type = SelectField(_("Type"), choices=[SelectChoice(MARKETPLACE, _("Online marketplace"))], default=MARKETPLACE)
    platform = SelectField(_("Platform"), choices=[SelectChoice(BOL, "Bol.com")], default=BOL)
