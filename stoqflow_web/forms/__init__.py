"""What is typed, checked before a service sees it."""

from collections.abc import Collection

from flask_wtf import FlaskForm

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
