"""Looks what there is to tell people, and puts it into messages: once, all of it, and never as a flood.

First what is the matter is noted for each recipient who wants to hear of it (an item, unique by its key). Then the
items that wait go into a message: at most one of a topic in a quarter of an hour, and none while another waits to be
delivered. Whatever comes meanwhile is in the next one, unless it was settled by then. So an outage of a day ends with
one message of each topic.
"""

import secrets
from datetime import date, datetime, timedelta

from sqlalchemy import and_, delete, func, or_, select, update
from sqlalchemy.orm import Session

from stoqflow_web import clock
from stoqflow_web.clock import AMSTERDAM
from stoqflow_web.models import NewsItem, NewsMessage, NewsRecipient
from stoqflow_web.models.news import DIFFERENCE, EXPIRING, REFUSED, SUMMARY, TEST, TOPICS, UNFINISHED
from stoqflow_web.services import news_matters
from stoqflow_web.services.news_matters import LASTING, PASSING
from stoqflow_web.transaction import Transaction, reading, transaction

BETWEEN = timedelta(minutes=15)  # two messages of a topic to one recipient
GATHERED = timedelta(minutes=1)  # what comes in many pieces waits so long for the rest of them
GATHERING = (EXPIRING, REFUSED, DIFFERENCE)
MOST_AN_HOUR = 20  # messages of all topics to one recipient
LATEST = timedelta(hours=6)  # a summary that is later than this is left out: the next one is near
KEPT = timedelta(days=90)
FORGOTTEN_AT_ONCE = 1_000


def look() -> int:
    """Note what there is to tell and put it into messages; how many messages were made. Called every few seconds."""
    with reading() as session:
        on = session.scalars(select(NewsRecipient.id).where(NewsRecipient.on_since.is_not(None))).all()
    return sum(_look_for(recipient_id) for recipient_id in on)


def forget_old() -> int:
    """Delete what was told more than 90 days ago, a bounded number of rows; how many. Called every few seconds."""
    before = clock.now() - KEPT
    with reading() as session:
        items = session.scalars(
            select(NewsItem.id)
            .where(NewsItem.noted_at < before, ~NewsItem.is_open, NewsItem.message_id.is_not(None))
            .limit(FORGOTTEN_AT_ONCE)
        ).all()
        is_needed = select(NewsItem.id).where(NewsItem.message_id == NewsMessage.id).exists()
        messages = session.scalars(
            select(NewsMessage.id)
            .where(NewsMessage.created_at < before, NewsMessage.state.not_in(UNFINISHED), ~is_needed)
            .limit(FORGOTTEN_AT_ONCE)
        ).all()
    if items or messages:
        with transaction() as tx:
            tx.session.execute(delete(NewsItem).where(NewsItem.id.in_(items)))
            tx.session.execute(delete(NewsMessage).where(NewsMessage.id.in_(messages)))
    return len(items) + len(messages)


def new_key() -> str:
    """By which a message is recognised, however often it is sent."""
    return f"msg_{secrets.token_hex(12)}"


def _look_for(recipient_id: int) -> int:
    with reading() as session:
        recipient = session.get(NewsRecipient, recipient_id)
        if recipient is None or not _has_work(session, recipient):
            return 0
    with transaction() as tx:
        # Whoever comes second waits here, and finds that it is all noted.
        recipient = tx.session.get(NewsRecipient, recipient_id, with_for_update=True, populate_existing=True)
        if recipient is None or not recipient.is_on:
            return 0
        for item in _ended(tx.session, recipient):
            item.is_open = False
            tx.session.add(_end_of(item))
        tx.session.add_all(_unnoted(tx.session, recipient))
        tx.session.flush()
        return _collect(tx, recipient)


def _has_work(session: Session, recipient: NewsRecipient) -> bool:
    """Reads only: while nothing is the matter nobody waits for the database."""
    return bool(_unnoted(session, recipient) or _ended(session, recipient) or _due(session, recipient))


def _unnoted(session: Session, recipient: NewsRecipient) -> list[NewsItem]:
    """What is the matter now and has not been noted for this recipient."""
    new: list[NewsItem] = []
    for topic, look_for in PASSING.items():
        if recipient.wants(topic):
            matters = look_for(session, recipient)
            new += [_item(recipient, topic, one.key, one.subject, one.facts) for one in matters]
    for topic, look_at in LASTING.items():
        if recipient.wants(topic):
            known = _known(session, recipient, topic)
            new += [
                _item(recipient, topic, one.key, one.subject, one.facts, is_open=True)
                for one in look_at(session)
                if one.subject not in known and one.key not in known
            ]
    if recipient.wants(SUMMARY) and (day := _day_to_sum_up(recipient)) is not None:
        key = day.isoformat()
        if not _is_noted(session, recipient, SUMMARY, key):
            new.append(_item(recipient, SUMMARY, key, "summary", news_matters.summary(session, day)))
    return new


def _ended(session: Session, recipient: NewsRecipient) -> list[NewsItem]:
    """The items of what lasted, and is over."""
    return [
        item
        for topic, look_at in LASTING.items()
        if recipient.wants(topic) and (items := _open_items(session, recipient, topic))
        for subjects in [{matter.subject for matter in look_at(session)}]
        for item in items
        if item.subject not in subjects
    ]


def _open_items(session: Session, recipient: NewsRecipient, topic: str) -> list[NewsItem]:
    return list(
        session.scalars(
            select(NewsItem).where(NewsItem.recipient_id == recipient.id, NewsItem.topic == topic, NewsItem.is_open)
        )
    )


def _known(session: Session, recipient: NewsRecipient, topic: str) -> set[str]:
    """The subjects that are told of already, and the occurrences that ever were."""
    rows = session.execute(
        select(NewsItem.key, NewsItem.subject, NewsItem.is_open).where(
            NewsItem.recipient_id == recipient.id, NewsItem.topic == topic
        )
    )
    return {name for key, subject, is_open in rows for name in ((key, subject) if is_open else (key,))}


def _is_noted(session: Session, recipient: NewsRecipient, topic: str, key: str) -> bool:
    wanted = (NewsItem.recipient_id == recipient.id, NewsItem.topic == topic, NewsItem.key == key)
    return session.scalar(select(NewsItem.id).where(*wanted)) is not None


def _item(
    recipient: NewsRecipient, topic: str, key: str, subject: str, facts: dict[str, object], *, is_open: bool = False
) -> NewsItem:
    return NewsItem(
        recipient_id=recipient.id,
        topic=topic,
        key=key,
        subject=subject,
        facts=facts,
        is_open=is_open,
        noted_at=clock.now(),
    )


def _end_of(item: NewsItem) -> NewsItem:
    return NewsItem(
        recipient_id=item.recipient_id,
        topic=item.topic,
        key=f"{item.key}-over",
        subject=item.subject,
        facts=item.facts | {"until": clock.now().isoformat()},
        is_open=False,
        noted_at=clock.now(),
    )


def _day_to_sum_up(recipient: NewsRecipient) -> date | None:
    """The day whose summary is due: from its hour on, by the clock on the wall, until it is too late for it."""
    now, day = clock.now(), clock.today()
    due = datetime.combine(day, recipient.summary_at, AMSTERDAM).astimezone(now.tzinfo)
    was_on = recipient.on_since is not None and recipient.on_since <= due
    return day if was_on and due <= now < due + LATEST else None


def _due(session: Session, recipient: NewsRecipient) -> list[str]:
    """The topics of which a message is to be made now."""
    now = clock.now()
    lately = session.scalar(
        select(func.count(NewsMessage.id)).where(
            NewsMessage.recipient_id == recipient.id,
            NewsMessage.topic != TEST,
            NewsMessage.created_at > now - timedelta(hours=1),
        )
    )
    waiting = session.execute(
        select(NewsItem.topic, func.min(NewsItem.noted_at).label("since"))
        .where(NewsItem.recipient_id == recipient.id, NewsItem.message_id.is_(None))
        .group_by(NewsItem.topic)
    ).all()
    due = [
        topic
        for topic, since in sorted(waiting, key=lambda row: TOPICS.index(row.topic))
        if recipient.wants(topic)
        and (topic not in GATHERING or now - since >= GATHERED)
        and not _is_too_soon(session, recipient, topic)
    ]
    return due[: max(MOST_AN_HOUR - (lately or 0), 0)]


def _is_too_soon(session: Session, recipient: NewsRecipient, topic: str) -> bool:
    """Whether a message of this topic waits to be delivered, or was made or delivered just now."""
    since = clock.now() - BETWEEN
    return (
        session.scalar(
            select(NewsMessage.id)
            .where(
                NewsMessage.recipient_id == recipient.id,
                NewsMessage.topic == topic,
                or_(NewsMessage.state.in_(UNFINISHED), NewsMessage.created_at > since, NewsMessage.sent_at > since),
            )
            .limit(1)
        )
        is not None
    )


def _collect(tx: Transaction, recipient: NewsRecipient) -> int:
    now, made = clock.now(), 0
    for topic in _due(tx.session, recipient):
        waiting = and_(NewsItem.recipient_id == recipient.id, NewsItem.topic == topic, NewsItem.message_id.is_(None))
        tx.session.execute(delete(NewsItem).where(waiting, news_matters.is_over(topic)))
        if tx.session.scalar(select(NewsItem.id).where(waiting).limit(1)) is None:
            continue
        message = NewsMessage(recipient_id=recipient.id, topic=topic, key=new_key(), created_at=now, not_before=now)
        tx.session.add(message)
        tx.session.flush()
        tx.session.execute(
            update(NewsItem).where(waiting).values(message_id=message.id).execution_options(synchronize_session=False)
        )
        made += 1
    return made
