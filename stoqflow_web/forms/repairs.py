"""A Track & Trace code that is put right."""

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import BooleanField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length

from stoqflow_web.carriers import carriers


class CodeForm(FlaskForm):  # type: ignore[misc]
    """`is_confirmed` matters only after a code was called uncommon."""

    carrier = SelectField(_("Carrier"))
    track_and_trace = StringField(_("Track & Trace"), [Length(max=100, message=_("This is too long."))])
    is_confirmed = BooleanField(_("The code is right as it is"))

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.carrier.choices = [SelectChoice(one.key, one.name) for one in carriers().values()]
