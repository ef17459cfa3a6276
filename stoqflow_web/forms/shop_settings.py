"""How a shop keeps in step with bol.com, and how it tells what was done with its orders."""

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import IntegerField, RadioField, SelectField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, NumberRange

from stoqflow_web.carriers import carriers
from stoqflow_web.forms import ClockField
from stoqflow_web.services.shop_settings import LONGEST_HOLD, LONGEST_SYNC

ALL_PARTS = "all-parts"
EACH_PART = "each-part"
ASK = "ask"
ACCEPT = "accept"


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
    sync_minutes = IntegerField(
        _("Minutes between two syncs"),
        [
            InputRequired(_("Enter a number of minutes.")),
            NumberRange(1, LONGEST_SYNC, _("Enter 1 to %(most)s minutes.", most=LONGEST_SYNC)),
        ],
    )
    requests = RadioField(
        _("When a client asks to cancel"),
        choices=[
            SelectChoice(ASK, _("Ask us each time")),
            SelectChoice(ACCEPT, _("Cancel by itself while nothing was started, else ask us")),
        ],
    )
    collected_at = ClockField(_("The carrier collects at"), _("Enter a time, for example 17:30."))

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.default_carrier.choices = [SelectChoice(one.key, one.name) for one in carriers().values()]
