"""What the pages say about an import run: its name, its state, what it does now and what came of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask_babel import format_decimal, ngettext
from flask_babel import gettext as _

from stoqflow_web.clock import AMSTERDAM
from stoqflow_web.models import ImportRun, Shop
from stoqflow_web.models.imports import (
    COMPARING,
    CONTENT,
    FAILED,
    FETCHING,
    FINISHED,
    LISTING,
    MATCHING,
    ORDERS,
    PRODUCTS,
    QUEUED,
    READINESS,
    RUNNING,
    STOCK,
    STOPPED,
    SYNC,
)
from stoqflow_web.queries.imports import Pace
from stoqflow_web.services.import_work import LEASE
from stoqflow_web.services.imports import NO_ACCESS

TELLING_SILENCE = timedelta(seconds=10)  # a worker renews its lease every three seconds; so long is no accident
TELLING_QUEUE = timedelta(seconds=20)  # a run that nobody picks up for so long deserves a word


@dataclass(frozen=True)
class Count:
    number: int
    words: str
    is_urgent: bool = False


@dataclass(frozen=True)
class RunWords:
    """All that a page says about one run. Texts are empty where there is nothing to say."""

    state: str
    tone: str
    note: str
    time_left: str
    progress_label: str
    counts: tuple[Count, ...]
    needs_you: str


def kind_name(kind: str) -> str:
    names = {
        PRODUCTS: _("Products"),
        ORDERS: _("Sales orders"),
        CONTENT: _("Titles and pictures"),
        READINESS: _("Readiness report"),
        SYNC: _("Sync"),
        STOCK: _("Comparison of stock"),
    }
    return names.get(kind, kind)


def kind_promise(kind: str) -> str:
    """What pressing the button will do, for a kind that never ran."""
    promises = {
        PRODUCTS: _("Every offer of the account becomes a product here. Nothing changes at bol.com."),
        ORDERS: _("The open orders that you ship yourself. Nothing changes at bol.com."),
        CONTENT: _("From bol.com's catalogue, for products that lack them. Slow: bol.com allows few of these."),
        READINESS: _("Compares the offers at bol.com with the products here. It changes nothing, anywhere."),
        STOCK: _("Reads what bol.com shows as stock now. It changes nothing at bol.com."),
    }
    return promises.get(kind, "")


def describe(run: ImportRun, pace: Pace, at: datetime, *, solved: int = 0) -> RunWords:
    """The words for a run as it is at the moment `at`; `solved` of its counted problems need nobody any more."""
    problems = max(run.count_problems - solved, 0)
    state, tone = _state(run, at)
    return RunWords(
        state=state,
        tone=tone,
        note=_activity(run, pace, at) if run.is_active else ended_line(run, at),
        time_left=_time_left(pace) if run.is_active and not _stands_still(run, at) else "",
        progress_label=kind_name(run.kind),
        counts=_counts(run, problems),
        needs_you=needs_you(problems),
    )


def ended_line(run: ImportRun, at: datetime) -> str:
    """`Finished 10:41 · 1,204 offers · 1,180 new, 12 matched, 9 unchanged`."""
    verb = {FINISHED: _("Finished"), STOPPED: _("Stopped"), FAILED: _("Failed")}.get(run.status, run.status)
    when = _moment(run.finished_at, at) if run.finished_at else ""
    counts = ", ".join(f"{_number(count.number)} {count.words}" for count in _counts(run, 0))
    return " · ".join(part for part in (f"{verb} {when}".strip(), _amount(run), counts) if part)


def trouble_of(run: ImportRun, shop: Shop) -> tuple[str, str]:
    """What troubles or ended a run, and the tone of its notice; ("", "") without trouble.

    A refusal that is over by now alarms nobody any more: what is left is that the run did not come to its end.
    """
    if not run.trouble:
        return "", ""
    if run.is_active:
        return run.trouble, "warn"
    is_past = run.finished_at is not None and not shop.has_lost_access and shop.keys_checked_at > run.finished_at
    if is_past and run.trouble.startswith(NO_ACCESS):
        return _("Stopped while bol.com gave no access. Transfer again."), "info"
    return run.trouble, "danger"


def needs_you(number: int) -> str:
    """`3 need you`, empty for none."""
    return ngettext("%(shown)s needs you", "%(shown)s need you", number, shown=_number(number)) if number else ""


def _state(run: ImportRun, at: datetime) -> tuple[str, str]:
    if run.is_stopping:
        return _("Stopping"), "neutral"
    if run.is_active and _tries_again_later(run, at):
        return _("Waiting"), "warn"
    states = {
        QUEUED: (_("Queued"), "neutral"),
        FINISHED: (_("Finished"), "ok"),
        STOPPED: (_("Stopped"), "neutral"),
        FAILED: (_("Failed"), "danger"),
    }
    return states.get(run.status, (_("Running"), "info"))


def _activity(run: ImportRun, pace: Pace, at: datetime) -> str:
    if run.is_stopping:
        return _("Stopping after what is being fetched now")
    if run.not_before and _tries_again_later(run, at):
        return _("Trying again at %(time)s", time=_clock(run.not_before))
    if (silence := _silence(run, at)) >= TELLING_SILENCE:
        return _told_silence(silence)
    if run.waiting_until and run.waiting_until > at:
        return _("Waiting for bol.com's limit, goes on at %(time)s", time=_clock(run.waiting_until))
    if run.status == QUEUED:
        if at - run.created_at > TELLING_QUEUE:
            return _("No worker has taken this up yet. Check that a worker is running.")
        return _("Waiting for a worker")
    return " · ".join(part for part in (_phase(run), _rate(pace)) if part)


def _phase(run: ImportRun) -> str:
    phases = {
        (PRODUCTS, LISTING): _("Listing offers"),
        (PRODUCTS, FETCHING): _("Fetching offers"),
        (PRODUCTS, MATCHING): _("Matching offers with products"),
        (ORDERS, LISTING): _("Listing open orders"),
        (ORDERS, FETCHING): _("Fetching order details"),
        (ORDERS, MATCHING): _("Matching order lines with products"),
        (CONTENT, LISTING): _("Looking for products without title or picture"),
        (CONTENT, FETCHING): _("Fetching titles and pictures"),
        (READINESS, LISTING): _("Listing offers"),
        (READINESS, FETCHING): _("Listing offers"),
        (READINESS, MATCHING): _("Comparing offers with products"),
        (STOCK, LISTING): _("Reading what bol.com shows"),
        (STOCK, FETCHING): _("Reading what lies in bol.com's own warehouse"),
        (STOCK, COMPARING): _("Comparing with the stock here"),
    }
    return phases.get((run.kind, run.phase), _("Working"))


def _rate(pace: Pace) -> str:
    if pace.per_second is None:
        return ""
    if pace.per_second >= 1:
        return _("%(number)s per second", number=_number(round(pace.per_second)))
    return _("%(number)s per minute", number=_number(max(round(pace.per_second * 60), 1)))


def _time_left(pace: Pace) -> str:
    seconds = pace.seconds_left
    if seconds is None:
        return ""
    if seconds < 1:
        return _("nearly done")
    if seconds < 90:
        return _("about %(number)s s left", number=seconds)
    if seconds < 5400:
        return _("about %(number)s min left", number=round(seconds / 60))
    return _("about %(number)s h left", number=round(seconds / 3600))


def _counts(run: ImportRun, problems: int) -> tuple[Count, ...]:
    if run.kind in (READINESS, STOCK):
        return ()
    is_of_orders = run.kind in (ORDERS, SYNC)
    matched = _("already here, updated") if is_of_orders else _("matched")
    unchanged = _("already here") if is_of_orders else _("unchanged")
    skipped = _("deleted before, skipped") if is_of_orders else _("skipped")
    new = _("filled in") if run.kind == CONTENT else _("new")
    urgent = ngettext("needs you", "need you", problems)
    return (
        Count(run.count_new, new),
        *(
            count
            for count in (
                Count(run.count_matched, matched),
                Count(run.count_unchanged, unchanged),
                Count(run.count_skipped, skipped),
                Count(problems, urgent, is_urgent=True),
            )
            if count.number
        ),
    )


def _amount(run: ImportRun) -> str:
    """`1,204 offers`, or `268 of 412 orders` for a run that ended too early; nothing for a sync."""
    if run.kind == SYNC:
        return ""
    number, ended_early = run.done, run.status != FINISHED and bool(run.total)
    of = run.total or 0 if ended_early else number
    things = {
        PRODUCTS: ngettext("offer", "offers", of),
        ORDERS: ngettext("order", "orders", of),
        CONTENT: ngettext("product", "products", of),
        READINESS: ngettext("offer", "offers", of),
        STOCK: ngettext("offer", "offers", of),
    }.get(run.kind, "")
    if ended_early:
        return _("%(done)s of %(total)s %(things)s", done=_number(number), total=_number(of), things=things)
    return f"{_number(number)} {things}"


def _stands_still(run: ImportRun, at: datetime) -> bool:
    is_waiting = run.waiting_until is not None and run.waiting_until > at
    return is_waiting or _tries_again_later(run, at) or _silence(run, at) >= TELLING_SILENCE


def _silence(run: ImportRun, at: datetime) -> timedelta:
    """How long nothing was heard of the worker that holds the run; nothing for a run that no worker holds."""
    if run.status != RUNNING or run.lease_until is None:
        return timedelta(0)
    return at - (run.lease_until - LEASE)


def _told_silence(silence: timedelta) -> str:
    if silence >= LEASE:
        return _("The worker stopped. Another one goes on within a minute.")
    return _(
        "Nothing heard from the worker for %(number)s s. If it stopped, another one goes on within a minute.",
        number=round(silence.total_seconds()),
    )


def _tries_again_later(run: ImportRun, at: datetime) -> bool:
    return run.not_before is not None and run.not_before > at


def _moment(moment: datetime, at: datetime) -> str:
    """The time alone for today, else with its day."""
    local = moment.astimezone(AMSTERDAM)
    is_today = local.date() == at.astimezone(AMSTERDAM).date()
    return local.strftime("%H:%M" if is_today else "%-d %b %H:%M")


def _clock(moment: datetime) -> str:
    return moment.astimezone(AMSTERDAM).strftime("%H:%M:%S")


def _number(number: int) -> str:
    return str(format_decimal(number))
