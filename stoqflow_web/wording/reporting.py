"""What bol.com knows of an order: a thing of its own beside the order's status, with its own colour.

Green is kept for what bol.com confirmed. All is pure: the present is an argument, the records are only read. Needs the
order's writebacks, and those of the other parts of its family.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask_babel import gettext as _

from stoqflow_web.models import OrderLine, SalesOrder, Writeback
from stoqflow_web.models.sales_orders import COMPLETE
from stoqflow_web.models.writebacks import (
    CANCELLATION,
    CONFIRMED,
    NEEDS_ATTENTION,
    ON_ITS_WAY,
    PENDING,
    REJECTED,
    SENDING,
    SHIPMENT,
    SHIPPED_THERE,
    SUBMITTED,
    TRANSPORT,
    UNFINISHED,
    WITHDRAWN,
)
from stoqflow_web.wording.statuses import Pill
from stoqflow_web.wording.times import Language, time_of_day

# How far it is
NOTHING = "nothing"
WAITS = "waits"
QUEUED = "queued"
SENT = "sent"
KNOWN = "confirmed"
ATTENTION = "needs-attention"

OFTEN, SELDOM = timedelta(seconds=2), timedelta(seconds=15)


@dataclass(frozen=True)
class Report:
    """`state` is one of the states above; of NOTHING a page shows a dash, unless somebody withdrew it."""

    state: str
    pill: Pill | None = None


@dataclass(frozen=True)
class Step:
    """A step on the way to bol.com. `is_confirmed` is only ever true of what bol.com said itself."""

    words: str
    is_done: bool = False
    is_current: bool = False
    is_confirmed: bool = False


def report_of(order: SalesOrder, *, now: datetime, locale: Language = "en") -> Report:
    """The least that is true of all we owe bol.com for this order: nothing is said to be further than its last part."""
    rows = rows_of(order)
    rows = [row for row in rows if row.kind != TRANSPORT]  # a new code for what bol.com knows already
    refused = [row for row in rows if row.state == NEEDS_ATTENTION]
    if refused:
        words = _("Refused by bol") if refused[0].why == REJECTED else _("Needs attention")
        return Report(ATTENTION, Pill(words, "danger"))
    if waiting := parts_waited_for(order):
        return Report(WAITS, Pill(_("Waits for %(parts)s", parts=", ".join(part.number for part in waiting)), "violet"))
    if any(row.state in UNFINISHED and not _is_on_its_way(row) for row in rows):
        return Report(QUEUED, Pill(_queued(rows, now, locale), "info"))
    if any(_is_on_its_way(row) for row in rows):
        return Report(SENT, _sent(rows))
    given_up = [row for row in order.writebacks if row.is_given_up and row.kind != TRANSPORT]
    if any(row.why != SHIPPED_THERE for row in given_up):
        return Report(NOTHING, Pill(_("Not told to bol")))
    if given_up or _was_ended_there(order):
        return Report(NOTHING, Pill(_("Shipped at bol") if order.status == COMPLETE else _("Canceled at bol")))
    if rows and not order.is_open:
        return Report(KNOWN, Pill(_("Confirmed by bol"), "ok"))
    return Report(NOTHING)


def row_pill(row: Writeback, *, now: datetime, locale: Language = "en") -> Pill:
    """How far one message to bol.com is."""
    if row.state == NEEDS_ATTENTION and row.kind == TRANSPORT:
        return Pill(_("Code not changed"), "danger")
    if row.state == NEEDS_ATTENTION:
        return Pill(_("Refused by bol") if row.why == REJECTED else _("Needs attention"), "danger")
    if row.state == CONFIRMED:
        return Pill(_("Confirmed by bol"), "ok")
    return _sent([row]) if _is_on_its_way(row) else Pill(_queued([row], now, locale), "info")


def steps_of(order: SalesOrder, report: Report) -> list[Step]:
    """The way from open to confirmed, and where on it the order is; empty when bol.com is told nothing of it."""
    if report.state == NOTHING and not order.is_open:
        return []
    words = [_("Open"), _("Queued"), _("Sent"), _("Confirmed")]
    place = {QUEUED: 1, SENT: 2, ATTENTION: 1, KNOWN: 3}.get(report.state, 0)
    if report.state == ATTENTION and all(_was_sent(row) for row in rows_of(order) if row.state == NEEDS_ATTENTION):
        place = 2
    return [
        Step(
            word,
            is_done=number < place,
            is_current=number == place,
            is_confirmed=number == place and report.state == KNOWN,
        )
        for number, word in enumerate(words)
    ]


def rows_of(order: SalesOrder) -> list[Writeback]:
    """What tells bol.com of this order: its own messages, and the cancellation of an item that it shares with a part.

    A cancellation takes no quantity, so of an item canceled in two parts there is one, which hangs on either of them.
    """
    rows = [row for row in order.writebacks if row.state != WITHDRAWN]
    told = {row.marketplace_item_id for row in rows if row.kind == CANCELLATION}
    shared = {line.marketplace_item_id for line in _canceled_lines(order)} - told
    if not shared:
        return rows
    return rows + [
        row
        for part in order.related
        for row in part.writebacks
        if row.kind == CANCELLATION and row.state != WITHDRAWN and row.marketplace_item_id in shared
    ]


def parts_waited_for(order: SalesOrder) -> list[SalesOrder]:
    """The open parts of its family that keep bol.com from hearing all of this order."""
    if order.is_open or order.is_deleted:
        return []
    rows = rows_of(order) + [row for row in order.writebacks if row.is_given_up]
    is_all_told = not (order.status == COMPLETE and not any(row.kind == SHIPMENT for row in rows))
    is_all_told &= {line.marketplace_item_id for line in _canceled_lines(order)} <= {
        row.marketplace_item_id for row in rows if row.kind == CANCELLATION
    }
    return [] if is_all_told else [part for part in order.related if part.is_open]


def hold_ends_at(rows: Sequence[Writeback], *, now: datetime) -> datetime | None:
    """When Undo stops working for these messages: with the first that leaves. None when that has passed."""
    if not rows or not all(row.state == PENDING and row.sent_at is None and row.tries == 0 for row in rows):
        return None
    first = min(row.not_before for row in rows)
    return first if first > now else None


def look_again_in(rows: Sequence[Writeback], *, now: datetime) -> timedelta | None:
    """How long a page may wait before it asks how far these are; None when nothing will change by itself."""
    unfinished = [row for row in rows if row.state in UNFINISHED]
    if not unfinished:
        return None
    if any(row.state in ON_ITS_WAY for row in unfinished):
        return OFTEN
    return max(OFTEN, min(SELDOM, min(row.not_before for row in unfinished) - now))


def _was_ended_there(order: SalesOrder) -> bool:
    """Whether bol.com, or somebody in its own screens, did all that there was to do for it."""
    return not order.is_open and bool(order.lines) and not any(line.quantity for line in order.lines)


def _is_on_its_way(row: Writeback) -> bool:
    """Whether it left and bol.com has not answered. What a worker only begins with is not sent yet."""
    return row.state in ON_ITS_WAY and _was_sent(row)


def _was_sent(row: Writeback) -> bool:
    return row.sent_at is not None or row.state in (SUBMITTED, CONFIRMED)


def _sent(rows: Sequence[Writeback]) -> Pill:
    is_lost = any(row.state == SENDING and row.sent_at and row.lease_until is None for row in rows)  # no answer came
    return Pill(_("Sent · checking whether bol.com has it") if is_lost else _("Sent to bol"), "info")


def _queued(rows: Sequence[Writeback], now: datetime, locale: Language) -> str:
    if ends := hold_ends_at(rows, now=now):
        return _("Queued · undo until %(time)s", time=time_of_day(ends, locale=locale))
    paused = [row.not_before for row in rows if row.state == PENDING and row.tries and row.not_before > now]
    if paused:
        return _("Queued · next try %(time)s", time=time_of_day(min(paused), locale=locale))
    return str(_("Queued"))


def _canceled_lines(order: SalesOrder) -> list[OrderLine]:
    """The lines whose cancellation is ours to tell: not those that bol.com ended itself."""
    return [line for line in order.lines if line.is_canceled and line.quantity]
