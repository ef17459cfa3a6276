"""How a shop tells bol.com what was done with its orders."""

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import IntegerField, RadioField, SelectField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, NumberRange

from stoqflow_web.carriers import carriers
from stoqflow_web.services.shop_settings import LONGEST_HOLD

ALL_PARTS = "all-parts"
EACH_PART = "each-part"


class ShopSettingsForm(FlaskForm):  # type: ignore[misc]
    hold_minutes = IntegerField(
        _("Minutes before bol.com is told"),
        [
            InputRequired(_("Enter a number of minutes.")),
            NumberRange(0, LONGEST_HOLD, _("Enter 0 to %(most)s minutes.", most=LONGEST_HOLD)),
        ],
    )
    split_orders = RadioField(
        _("Split orders"),
        choices=[
            SelectChoice(ALL_PARTS, _("Wait until all parts are complete or canceled, then tell everything at once")),
            SelectChoice(EACH_PART, _("Tell each part as soon as it is complete")),
        ],
    )
    default_carrier = SelectField(_("Default carrier"))

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.default_carrier.choices = [SelectChoice(one.key, one.name) for one in carriers().values()]
