"""What is typed about many orders at once."""

from collections.abc import Iterable, Mapping

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, SelectField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Optional

from stoqflow_web.services.batch_files import CodeLine, decoded, read_codes
from stoqflow_web.wording.cancel_reasons import reason_words

HIGHEST_ID = 2**63 - 1


class ListForm(FlaskForm):  # type: ignore[misc]
    """A list of codes, pasted or uploaded."""

    codes = TextAreaField(_("Paste the list"), [Optional()])
    file = FileField(_("Or upload a CSV file"), [Optional()])

    def lines(self) -> list[CodeLine]:
        """The lines of the file, or else of what was pasted. Raises Invalid with field `codes` or `file`."""
        if self.file.data:
            return read_codes(decoded(self.file.data.read()), field="file")
        return read_codes(self.codes.data or "")


class ConfirmForm(FlaskForm):  # type: ignore[misc]
    codes_are_right = BooleanField(_("These codes are right: complete these orders too"))


class CancelForm(FlaskForm):  # type: ignore[misc]
    reason = SelectField(_("Reason"), choices=[])

    def offer(self, chosen: str | None) -> None:
        """Fill in the reasons, with `chosen` on top of the choice when there is one already."""
        self.reason.choices = [
            SelectChoice("", _("Choose a reason")),
            *(SelectChoice(key, words) for key, words in reason_words().items()),
        ]
        if self.reason.data is None:
            self.reason.data = chosen or ""


def chosen_ids(typed: MultiDict[str, str]) -> list[int]:
    """The orders whose boxes were ticked, or with the box in the heading all that were on the page."""
    texts = typed.getlist("order")
    if typed.get("whole_page"):
        texts = [*texts, *typed.get("here", "").split(",")]
    return list(dict.fromkeys(_ids(texts)))


def typed_codes(typed: Mapping[str, str]) -> dict[int, tuple[str, str]]:
    """Carrier and code by row id, from fields `code-ROW` and `carrier-ROW`; `carrier` is the choice for all of them."""
    for_all = typed.get("carrier", "")
    return {
        row_id: (typed.get(f"carrier-{row_id}", for_all), code)
        for name, code in typed.items()
        if name.startswith("code-")
        for row_id in _ids([name.removeprefix("code-")])
    }


def _ids(texts: Iterable[str]) -> list[int]:
    found = []
    for text in texts:
        if text.isascii() and text.isdigit() and len(text) < 20 and int(text) <= HIGHEST_ID:
            found.append(int(text))
    return found
