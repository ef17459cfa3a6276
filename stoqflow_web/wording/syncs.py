"""What the pages say about a shop's syncs and about the checks that nothing was missed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil

from flask_babel import gettext as _
from flask_babel import ngettext

from stoqflow_web.exchange import ACCOUNT_INACTIVE
from stoqflow_web.models import ImportRun, OrderCheck, Shop
from stoqflow_web.models.imports import FINISHED
from stoqflow_web.queries.syncs import DayOfChecks, SyncState
from stoqflow_web.wording.times import Language, ago, short_date, time_of_day

BAR_HEIGHT, STEP = 40, 10


@dataclass(frozen=True)
class Bar:
    """One day of the chart, in units of its view box; `words` say what it shows."""

    x: int
    y: int
    height: int
    is_clean: bool
    words: str


@dataclass(frozen=True)
class AskedSync:
    words: str
    tone: str
    is_running: bool = False


def how_often(minutes: int) -> str:
    return ngettext("every minute", "every %(num)s minutes", minutes)


def last_words(shop: Shop, state: SyncState, now: datetime) -> str:
    """`14 s ago, 2 new`, or that there was none yet."""
    if shop.synced_at is None:
        return _("not yet")
    when = ago(shop.synced_at, now=now)
    last = state.last
    news = _news(last.count_new, last.count_matched) if last is not None and last.status == FINISHED else ""
    return _("%(when)s, %(news)s", when=when, news=news) if news else when


def next_words(shop: Shop, state: SyncState, now: datetime) -> str:
    """When the next one is, or why there is none."""
    if shop.has_lost_access:
        if shop.access_lost_because == ACCOUNT_INACTIVE:
            return _("not before bol.com says that the account is active")
        return _("not before the keys are replaced")
    if shop.is_paused:
        return _("not while the shop is paused")
    if state.active is not None:
        return _active_words(state.active, now)
    if state.is_transferring:
        return _("after the transfer of sales orders")
    if shop.next_sync_at is None or shop.next_sync_at <= now:
        return _("in a moment")
    seconds = ceil((shop.next_sync_at - now).total_seconds())
    return _("in %(number)s s", number=seconds) if seconds <= 90 else _("in %(number)s min", number=seconds // 60)


def asked_words(runs: Sequence[ImportRun], *, locale: Language = "en") -> AskedSync | None:
    """How far the syncs are that somebody asked for, and in the end what they brought. None when nobody did."""
    if not runs:
        return None
    active = [run for run in runs if run.is_active]
    troubles = [f"{run.shop.name}: {run.trouble}" for run in runs if run.trouble]
    if active:
        words = ngettext(
            "bol.com is being asked for %(num)s shop…", "bol.com is being asked for %(num)s shops…", len(active)
        )
        return AskedSync(" ".join([words, *troubles]), "warn" if troubles else "info", is_running=True)
    if troubles:
        return AskedSync(_("Sync did not finish. %(why)s", why=" ".join(troubles)), "warn")
    news = _news(sum(run.count_new for run in runs), sum(run.count_matched for run in runs))
    ended_at = max((run.finished_at for run in runs if run.finished_at), default=None)
    if ended_at is None:
        return None
    return AskedSync(
        _("Sync finished at %(time)s: %(news)s.", time=time_of_day(ended_at, locale=locale), news=news), "info"
    )


def trouble_words(state: SyncState) -> str:
    """Why the sync has to wait, empty when it does not."""
    return (state.active.trouble or "") if state.active is not None else ""


def checked_words(found: OrderCheck, now: datetime) -> str:
    return _("checked %(ago)s", ago=ago(found.finished_at, now=now))


def check_notes(found: OrderCheck) -> list[str]:
    """What else there is to say of a check."""
    notes = []
    if found.missed:
        notes.append(
            ngettext(
                "%(num)s order was late here: this check found and fetched it.",
                "%(num)s orders were late here: this check found and fetched them.",
                len(found.missed),
            )
        )
    if found.deleted_here:
        notes.append(
            ngettext(
                "Of the open ones %(num)s is deleted here; bol.com is not told.",
                "Of the open ones %(num)s are deleted here; bol.com is not told.",
                found.deleted_here,
            )
        )
    return notes


def bars(days: Sequence[DayOfChecks], *, locale: Language = "en") -> list[Bar]:
    """The chart of the last days: as high as orders were compared; a day without a check has none."""
    most = max((day.compared for day in days), default=0)
    drawn = []
    for place, day in enumerate(days):
        if day.times:
            height = max(round(BAR_HEIGHT * day.compared / most), 2) if most else 2
            words = " · ".join([short_date(day.day, today=days[-1].day, locale=locale), *_day_words(day)])
            drawn.append(Bar(place * STEP, BAR_HEIGHT - height, height, day.is_clean, words))
    return drawn


def _day_words(day: DayOfChecks) -> list[str]:
    words = [ngettext("%(num)s check", "%(num)s checks", day.times)]
    words.append(ngettext("%(num)s order compared", "%(num)s orders compared", day.compared))
    if day.missed:
        words.append(ngettext("%(num)s found late", "%(num)s found late", len(day.missed)))
    if day.different:
        words.append(ngettext("%(num)s different", "%(num)s different", len(day.different)))
    if day.is_clean:
        words.append(_("nothing missed"))
    return words


def _news(new: int, changed: int) -> str:
    parts = [(new, _("%(number)s new", number=new)), (changed, _("%(number)s changed", number=changed))]
    return ", ".join(words for number, words in parts if number) or _("nothing new")


def _active_words(run: ImportRun, now: datetime) -> str:
    if run.not_before is not None and run.not_before > now:
        return _("tries again in %(number)s s", number=ceil((run.not_before - now).total_seconds()))
    if run.total:
        return _("running: %(done)s of %(total)s orders", done=run.done, total=run.total)
    return _("running now") if run.started_at else _("waits for a worker")
