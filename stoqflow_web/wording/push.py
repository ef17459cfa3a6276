"""What the shop's page says about push from bol.com."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask_babel import gettext as _
from flask_babel import ngettext

from stoqflow_web.models import PushSubscription
from stoqflow_web.queries.push_subscriptions import PushState
from stoqflow_web.wording.times import ago

TEST_TAKES = timedelta(seconds=30)  # longer than a test message is usually on its way
MENDED_TOLD = timedelta(days=1)


@dataclass(frozen=True)
class PushWords:
    """`state` and `tone` are a pill; `lines` are labels with words; `notices` say what is the matter."""

    state: str
    tone: str
    lines: tuple[tuple[str, str], ...] = ()
    notices: tuple[str, ...] = ()
    is_changing: bool = False


def push_words(push: PushState, now: datetime) -> PushWords:
    row = push.subscription
    if row is None:
        return PushWords(_("off"), "neutral")
    state, tone = _state(row)
    return PushWords(
        state=state,
        tone=tone,
        lines=tuple(_lines(row, push.last_message_at, now)),
        notices=tuple(_notices(row, now)),
        is_changing=not row.is_wanted or row.external_id is None or row.awaits_test,
    )


def _state(row: PushSubscription) -> tuple[str, str]:
    if not row.is_wanted:
        return _("being switched off"), "warn"
    if row.trouble is not None:
        return (_("on, to be looked at"), "warn") if row.is_on else (_("not on yet"), "warn")
    return (_("on"), "ok") if row.is_on else (_("being switched on"), "info")


def _lines(row: PushSubscription, last_message_at: datetime | None, now: datetime) -> list[tuple[str, str]]:
    lines = []
    if row.subscribed_at is not None:
        lines.append((_("Subscribed"), ago(row.subscribed_at, now=now)))
    if row.test_wanted_at is not None:
        lines.append((_("Test message"), _test(row, now)))
    if row.is_on:
        lines.append((_("Last message"), ago(last_message_at, now=now) if last_message_at else _("none yet")))
    if row.checked_at is not None:
        lines.append((_("Seen at bol.com"), ago(row.checked_at, now=now)))
    if row.refused and row.refused_at is not None:
        times = ngettext("%(num)s time", "%(num)s times", row.refused)
        lines.append((_("Not from bol.com, refused"), f"{times}, {ago(row.refused_at, now=now)}"))
    return lines


def _test(row: PushSubscription, now: datetime) -> str:
    if not row.awaits_test and row.tested_at is not None:
        return _("arrived %(ago)s", ago=ago(row.tested_at, now=now))
    return _("on its way") if row.is_test_sent else _("about to be asked for")


def _notices(row: PushSubscription, now: datetime) -> list[str]:
    notices = [row.trouble] if row.trouble else []
    if row.awaits_test and row.is_test_sent and row.test_sent_at and now - row.test_sent_at > TEST_TAKES:
        notices.append(
            _(
                "The test message has not arrived. Is this host reachable from the internet under the address in "
                "STOQFLOW_PUBLIC_URL? Until it is, orders come in by the sync as before."
            )
        )
    if row.mended_at is not None and now - row.mended_at < MENDED_TOLD:
        notices.append(
            _(
                "bol.com had switched push off, as it does when messages could not be delivered. It was switched on "
                "again %(ago)s, and a sync compared everything.",
                ago=ago(row.mended_at, now=now),
            )
        )
    return notices
