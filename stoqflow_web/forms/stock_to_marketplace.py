"""How much of each product is held back of what bol.com is told."""

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import IntegerField
from wtforms.validators import InputRequired, NumberRange

from stoqflow_web.services.stock_switch import MOST_MARGIN


class MarginForm(FlaskForm):  # type: ignore[misc]
    margin = IntegerField(
        _("Safety margin"),
        [
            InputRequired(_("Enter a number of units.")),
            NumberRange(0, MOST_MARGIN, _("Enter 0 to %(most)s units.", most=MOST_MARGIN)),
        ],
    )
