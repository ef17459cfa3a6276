"""Why something is shipped although the client asked to cancel it."""

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import StringField
from wtforms.validators import InputRequired, Length

from stoqflow_web.services.answering import LONGEST_REASON


class ReasonForm(FlaskForm):  # type: ignore[misc]
    reason = StringField(
        _("Why is it shipped?"),
        [
            InputRequired(_("Say why it is shipped although the client asked to cancel.")),
            Length(max=LONGEST_REASON, message=_("This is too long: at most %(max)d characters.")),
        ],
        id="shipped-because",  # the form that cancels stands on the same page, and has a reason too
    )
