"""What is typed, checked before a service sees it."""

from collections.abc import Collection
from typing import Any

from flask_wtf import FlaskForm
from wtforms import TimeField
from wtforms.validators import InputRequired
from wtforms.widgets import TextInput

from stoqflow_web.errors import Invalid


def show_refusal(form: FlaskForm, refusal: Invalid) -> None:
    """Put a service's refusal beside the field it is about, or above the form when it has no such field."""
    if refusal.field in form:
        field = form[refusal.field]
        field.errors = [*field.errors, refusal.sentence]
    else:
        form.form_errors.append(refusal.sentence)


def a_shop(asked: str, shop_ids: Collection[int]) -> int | None:
    """The shop that an address asks for; None for all of them, and for one that is not there."""
    shop_id = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 19 else None
    return shop_id if shop_id in shop_ids else None


class ClockField(TimeField):  # type: ignore[misc]
    """A time of day, written as everywhere: a browser's own field says 05:30 PM where the browser is American."""

    widget = TextInput()

    def __init__(self, label: object, refusal: object, **options: Any) -> None:
        keywords = {"inputmode": "numeric", "maxlength": 5, "autocomplete": "off"}
        super().__init__(label, [InputRequired(refusal)], render_kw=keywords, **options)
        self.refusal = refusal

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(self.refusal) from None
