"""What is typed about products."""

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import StringField
from wtforms.validators import InputRequired, Length, Optional


class NewProductForm(FlaskForm):  # type: ignore[misc]
    """A product made from an order line."""

    sku = StringField(_("SKU"), [InputRequired(_("Enter a SKU.")), Length(max=100, message=_("This is too long."))])
    title = StringField(_("Title"), [Optional(), Length(max=500, message=_("This is too long."))])
    ean = StringField(_("EAN"), [Optional(), Length(max=50, message=_("This is too long."))])
