"""What is typed to correct, count or import stock."""

import uuid
from typing import Any

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import HiddenField, IntegerField, RadioField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional
from wtforms.widgets import HiddenInput

from stoqflow_web.errors import Invalid
from stoqflow_web.models import Product
from stoqflow_web.services.correcting import LONGEST_NOTE
from stoqflow_web.services.stock_files import StockLine, read_stock, text_of, whole_number
from stoqflow_web.wording.stock import correction_words

ON_HAND = "on-hand"
CHANGE = "change"
LONGEST_TOKEN = 40


class WholeNumberField(IntegerField):  # type: ignore[misc]
    """A whole number, also written with a real minus sign or a plus."""

    def process_formdata(self, valuelist: list[str]) -> None:
        typed = valuelist[0].strip() if valuelist else ""
        self.data = whole_number(typed) if typed else None
        if typed and self.data is None:
            raise ValueError(_("Enter a whole number."))


class ScanForm(FlaskForm):  # type: ignore[misc]
    """One scan: the code that a scanner types, and of how many units. Without a code: how many there are in all of the
    product of the line, the last one that was scanned.
    """

    code = StringField(_("Scan an EAN or a SKU"))
    units = WholeNumberField(_("Units"), [Optional()])
    line = WholeNumberField(widget=HiddenInput(), validators=[Optional()])


class StockFileForm(FlaskForm):  # type: ignore[misc]
    """A file with stock."""

    file = FileField(_("CSV file"))

    def file_name(self) -> str:
        return self.file.data.filename or "" if self.file.data else ""

    def lines(self) -> list[StockLine]:
        """Raises Invalid with field `file`."""
        if not self.file.data:
            raise Invalid("file", str(_("Choose a file.")))
        return read_stock(text_of(self.file.data.read()))


class CorrectionForm(FlaskForm):  # type: ignore[misc]
    """`seen` is what was on hand when the form was made, `movement` its newest change by then (0: none);
    `token` is the form's mark: sent twice it counts once.
    """

    how = RadioField(
        _("What you enter"),
        choices=[SelectChoice(ON_HAND, _("How many there are")), SelectChoice(CHANGE, _("How many more or fewer"))],
        default=ON_HAND,
    )
    number = WholeNumberField(_("Units"), [InputRequired(_("Enter a number."))])
    reason = SelectField(_("Reason"), [InputRequired(_("Choose a reason."))])
    note = StringField(
        _("Note"), [Optional(), Length(max=LONGEST_NOTE, message=_("This is too long: at most 200 characters."))]
    )
    seen = WholeNumberField(widget=HiddenInput(), validators=[InputRequired(_("Load the page again."))])
    movement = WholeNumberField(widget=HiddenInput(), validators=[InputRequired(_("Load the page again."))])
    token = HiddenField(validators=[Length(max=LONGEST_TOKEN)])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.reason.choices = [
            SelectChoice("", _("Choose a reason…")),
            *(SelectChoice(key, words) for key, words in correction_words().items()),
        ]

    def shows(self, product: Product, movement_id: int) -> None:
        """The page with this form tells the stock of the product as it is after this movement."""
        self.seen.data, self.seen.raw_data = product.on_hand, None
        self.movement.data, self.movement.raw_data = movement_id, None

    def on_hand(self) -> int | None:
        return self.number.data if self.how.data == ON_HAND else None

    def change(self) -> int | None:
        return self.number.data if self.how.data == CHANGE else None


def fresh_correction(product: Product, movement_id: int, reason: str = "") -> CorrectionForm:
    """A form for the product as it is now: empty, or for `reason`, by which there are so many more or fewer."""
    form = CorrectionForm(formdata=None)
    form.shows(product, movement_id)
    form.token.data = uuid.uuid4().hex
    if reason in correction_words():
        form.reason.data, form.how.data = reason, CHANGE
    return form
