"""What is typed to sign in."""

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import EmailField, PasswordField, StringField
from wtforms.validators import InputRequired


class SignInForm(FlaskForm):  # type: ignore[misc]
    email = EmailField(_("E-mail"), [InputRequired(_("Enter your e-mail address."))])
    password = PasswordField(_("Password"), [InputRequired(_("Enter your password."))])


class FirstManagerForm(FlaskForm):  # type: ignore[misc]
    name = StringField(_("Name"), [InputRequired(_("Enter a name."))])
    email = EmailField(_("E-mail"), [InputRequired(_("Enter your e-mail address."))])
    password = PasswordField(_("Password"), [InputRequired(_("Choose a password."))])
