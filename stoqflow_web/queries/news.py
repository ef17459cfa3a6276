"""Reads who hears news, for the pages."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from stoqflow_web.extensions import db
from stoqflow_web.models import NewsMessage, NewsRecipient
from stoqflow_web.models.news import TEST, UNFINISHED


@dataclass(frozen=True)
class ListedRecipient:
    """`waiting` messages have not arrived yet."""

    recipient: NewsRecipient
    test: NewsMessage | None
    waiting: int


def every_recipient() -> list[ListedRecipient]:
    """All, by name; a firm has few. Three questions, however many there are."""
    recipients = db.session.scalars(select(NewsRecipient).order_by(NewsRecipient.name, NewsRecipient.id)).all()
    return _listed(recipients)


def listed(recipient: NewsRecipient) -> ListedRecipient:
    return _listed([recipient])[0]


def count_failing() -> int:
    """Recipients who should hear news and do not: for the navigation."""
    failing = select(NewsRecipient.id).where(
        NewsRecipient.on_since.is_not(None), NewsRecipient.failing_since.is_not(None)
    )
    return db.session.scalar(select(func.count()).select_from(failing.subquery())) or 0


def _listed(recipients: Sequence[NewsRecipient]) -> list[ListedRecipient]:
    ids = [recipient.id for recipient in recipients]
    newest = (
        select(func.max(NewsMessage.id))
        .where(NewsMessage.recipient_id.in_(ids), NewsMessage.topic == TEST)
        .group_by(NewsMessage.recipient_id)
    )
    tests = {
        test.recipient_id: test for test in db.session.scalars(select(NewsMessage).where(NewsMessage.id.in_(newest)))
    }
    counted = (
        select(NewsMessage.recipient_id, func.count().label("number"))
        .where(NewsMessage.recipient_id.in_(ids), NewsMessage.topic != TEST, NewsMessage.state.in_(UNFINISHED))
        .group_by(NewsMessage.recipient_id)
    )
    waiting = {row.recipient_id: row.number for row in db.session.execute(counted)}
    return [ListedRecipient(one, tests.get(one.id), waiting.get(one.id, 0)) for one in recipients]
