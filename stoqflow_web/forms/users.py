"""What is typed about the people who may sign in."""

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import EmailField, PasswordField, SelectField, StringField
from wtforms.fields import SelectChoice
from wtforms.validators import InputRequired

from stoqflow_web.models.users import MANAGER, STAFF

ROLE_CHOICES = [
    SelectChoice(STAFF, _("Staff: orders and products")),
    SelectChoice(MANAGER, _("Manager: shops, keys and users too")),
]


class UserForm(FlaskForm):  # type: ignore[misc]
    name = StringField(_("Name"), [InputRequired(_("Enter a name."))])
    email = EmailField(_("E-mail"), [InputRequired(_("Enter an e-mail address."))])
    role = SelectField(_("Role"), choices=ROLE_CHOICES)
    password = PasswordField(_("Password"), [InputRequired(_("Choose a password."))])


class RoleForm(FlaskForm):  # type: ignore[misc]
    role = SelectField(_("Role"), choices=ROLE_CHOICES)


class NewPasswordForm(FlaskForm):  # type: ignore[misc]
    """A manager gives somebody a new password."""

    password = PasswordField(_("New password"), [InputRequired(_("Choose a password."))])


class OwnPasswordForm(NewPasswordForm):
    """Somebody changes their own, for which they must know the old one."""

    current = PasswordField(_("Current password"), [InputRequired(_("Enter your current password."))])
