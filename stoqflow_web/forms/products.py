"""What is typed about products. The rules are the service's own; here they are said beside every field at once."""

from collections.abc import Callable
from typing import Any

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import Field, IntegerField, StringField
from wtforms.validators import InputRequired, Optional, ValidationError

from stoqflow_web.errors import Invalid
from stoqflow_web.services.new_products import MOST_UNITS, checked_ean, checked_sku, checked_title


class UnitsField(IntegerField):  # type: ignore[misc]
    """A whole number of units, with a sentence of ours for what is none."""

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(_("Enter a number from 0 to 9,999.")) from None


def _accepted_by(check: Callable[[str], str]) -> Callable[[FlaskForm, Field], None]:
    """A validator that knows no more than the service does.

    Unlike WTForms' own Length it puts no `maxlength` on the page: a browser would cut what is pasted without a word.
    """

    def validate(form: FlaskForm, field: Field) -> None:
        try:
            check(field.data or "")
        except Invalid as refusal:
            raise ValidationError(refusal.sentence) from None

    return validate


def _is_countable(form: FlaskForm, field: Any) -> None:
    if field.data is not None and not 0 <= field.data <= MOST_UNITS:
        raise ValidationError(_("Enter a number from 0 to 9,999."))


class NewProductForm(FlaskForm):  # type: ignore[misc]
    """A product made from an order line."""

    sku = StringField(_("SKU"), [InputRequired(_("Enter a SKU.")), _accepted_by(checked_sku)])
    title = StringField(_("Title"), [Optional(), _accepted_by(checked_title)])
    ean = StringField(_("EAN"), [Optional(), _accepted_by(checked_ean)])
    units = UnitsField(_("Units here now"), [Optional(), _is_countable], default=0)
