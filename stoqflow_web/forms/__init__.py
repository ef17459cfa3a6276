"""What is typed, checked before a service sees it."""

from flask_wtf import FlaskForm

from stoqflow_web.errors import Invalid


def show_refusal(form: FlaskForm, refusal: Invalid) -> None:
    """Put a service's refusal beside the field it is about, or above the form when it has no such field."""
    if refusal.field in form:
        field = form[refusal.field]
        field.errors = [*field.errors, refusal.sentence]
    else:
        form.form_errors.append(refusal.sentence)
