"""What is typed about who hears news. The rules are the service's own."""

from datetime import time

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import BooleanField, RadioField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired

from stoqflow_web.forms import ClockField
from stoqflow_web.models import NewsRecipient
from stoqflow_web.models.news import ACCESS, DIFFERENCE, EXPIRING, MAIL, REFUSED, SUMMARY, TOPICS, WEBHOOK
from stoqflow_web.wording.news import topic_words


class RecipientForm(FlaskForm):  # type: ignore[misc]
    """One box for each topic: they are in the order in which they are shown."""

    name = StringField(_("Name"), [InputRequired(_("Enter a name, for example that of the person or the system."))])
    address = StringField(_("Address"), [InputRequired(_("Enter an address."))])
    expiring = BooleanField(EXPIRING, default=True)
    refused = BooleanField(REFUSED, default=True)
    access = BooleanField(ACCESS, default=True)
    difference = BooleanField(DIFFERENCE, default=True)
    summary = BooleanField(SUMMARY, default=True)
    summary_at = ClockField(_("The daily summary comes at"), _("Enter a time, for example 07:00."), default=time(7))

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        for topic, words in topic_words().items():
            self[topic].label.text = words

    @property
    def boxes(self) -> list[BooleanField]:
        return [self[topic] for topic in TOPICS]

    @property
    def topics(self) -> list[str]:
        """Those that were ticked."""
        return [topic for topic in TOPICS if self[topic].data]


class NewRecipientForm(RecipientForm):
    kind = RadioField(
        _("By"),
        choices=[SelectChoice(MAIL, _("E-mail")), SelectChoice(WEBHOOK, _("Webhook (for programs)"))],
        default=MAIL,
    )


def form_of(recipient: NewsRecipient) -> RecipientForm:
    """The form as it stands for a recipient that is here."""
    ticked = {topic: topic in recipient.topics for topic in TOPICS}
    return RecipientForm(name=recipient.name, address=recipient.address, summary_at=recipient.summary_at, **ticked)
