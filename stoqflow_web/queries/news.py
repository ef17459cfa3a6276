"""Reads who hears news, for the pages."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from stoqflow_web.extensions import db
from stoqflow_web.models import NewsItem, NewsMessage, NewsRecipient
from stoqflow_web.models.news import TEST, UNFINISHED


@dataclass(frozen=True)
class ListedRecipient:
    """`waiting` messages have not arrived yet, and so many things that happened are `kept` for the next ones."""

    recipient: NewsRecipient
    test: NewsMessage | None
    waiting: int
    kept: int


def every_recipient() -> list[ListedRecipient]:
    """All, by name; a firm has few. Four questions, however many there are."""
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
    noted = (
        select(NewsItem.recipient_id, func.count().label("number"))
        .where(NewsItem.recipient_id.in_(ids), NewsItem.message_id.is_(None))
        .group_by(NewsItem.recipient_id)
    )
    kept = {row.recipient_id: row.number for row in db.session.execute(noted)}
    return [
        ListedRecipient(one, tests.get(one.id), waiting=waiting.get(one.id, 0), kept=kept.get(one.id, 0))
        for one in recipients
    ]
