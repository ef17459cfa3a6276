"""What Stoqflow did for a shop, in sentences for the page *Activity*."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask_babel import format_decimal, ngettext
from flask_babel import gettext as _

from stoqflow_web.models import Activity
from stoqflow_web.models.activities import DONE, NOTHING_NEW, TROUBLE
from stoqflow_web.wording.history import duration, sentence_of, transfer_name
from stoqflow_web.wording.imports import needs_you

Details = dict[str, Any]


@dataclass(frozen=True)
class NamedOrder:
    """`words`: what happened to it, empty when the history does not tell."""

    id: int
    number: str
    words: str


@dataclass(frozen=True)
class ActivityWords:
    """`sentence` is what happened; `said` is what bol.com said of it, or why it did not go well, often nothing.

    `orders` are the first few that it is about, and `more` how many others there are. `ends` are the moments of all
    syncs that share the row, empty when it is one. `took` is empty of what takes no time.
    """

    sentence: str
    said: str
    state: str
    tone: str
    took: str
    who: str
    began_at: datetime
    orders: tuple[NamedOrder, ...] = ()
    more: int = 0
    ends: tuple[datetime, ...] = ()


def tell(activity: Activity) -> ActivityWords:
    """Words for any activity; an event that is not known here is told as the history of a shop tells it."""
    details = activity.details or {}
    ends = _ends(activity, details)
    words = _SENTENCES.get(activity.event)
    sentence = words(details) if words else sentence_of(activity.event, details)
    state, tone = _state(activity.outcome)
    orders = _orders(details)
    return ActivityWords(
        sentence=_times(sentence, len(ends)) if len(ends) > 1 else sentence,
        said=_said(details) if words else "",
        state=state,
        tone=tone,
        took="" if len(ends) > 1 else _took(activity),
        who=activity.user.name if activity.user else _("by itself"),
        began_at=ends[0] if ends else activity.at,
        orders=orders,
        more=max(_n(details, "new") + _n(details, "changed") - len(orders), 0) if orders else 0,
        ends=ends if len(ends) > 1 else (),
    )


def _state(outcome: str) -> tuple[str, str]:
    """The word and the tone of its pill. Not green: that a delivery was done is not yet bol.com's confirmation."""
    states = {
        DONE: (_("Done"), "info"),
        NOTHING_NEW: (_("Nothing new"), "neutral"),
        TROUBLE: (_("Trouble"), "danger"),
    }
    return states.get(outcome, (outcome, "neutral"))


def _ends(activity: Activity, details: Details) -> tuple[datetime, ...]:
    seconds = details.get("ends") or [0]
    first = activity.at - timedelta(seconds=seconds[-1])
    return tuple(first + timedelta(seconds=one) for one in seconds)


def _orders(details: Details) -> tuple[NamedOrder, ...]:
    return tuple(
        NamedOrder(
            order["id"], order["number"], "; ".join(sentence_of(event, details) for event, details in order["told"])
        )
        for order in details.get("orders") or ()
    )


def _said(details: Details) -> str:
    if said := details.get("said"):
        return _("bol.com said “%(said)s”", said=said)
    return str(details.get("trouble") or "")


def _times(sentence: str, times: int) -> str:
    return _("%(sentence)s · %(times)s times", sentence=sentence, times=times)


def _took(activity: Activity) -> str:
    if activity.began_at is None:
        return ""
    seconds = (activity.at - activity.began_at).total_seconds()
    return _("under 1 s") if seconds < 1 else duration(int(seconds))


def _synced(name: str, details: Details) -> str:
    counts = _listing(
        (
            ngettext("%(shown)s new order", "%(shown)s new orders", _n(details, "new"), shown=_shown(details, "new")),
            "new",
        ),
        (_("%(shown)s changed", shown=_shown(details, "changed")), "changed"),
        (_("%(shown)s with nothing to ship", shown=_shown(details, "skipped")), "skipped"),
        (needs_you(_n(details, "problems")), "problems"),
        (_differing(details), "difference"),
        details=details,
    )
    return f"{name}: {counts or _('nothing new')}"


def _differing(details: Details) -> str:
    number = _n(details, "difference")
    return ngettext(
        "%(shown)s order differs from bol.com",
        "%(shown)s orders differ from bol.com",
        number,
        shown=_number(number),
    )


def _transferred(verb: Callable[[], str]) -> Callable[[Details], str]:
    def words(details: Details) -> str:
        counts = _listing(
            (_("%(shown)s new", shown=_shown(details, "new")), "new"),
            (_("%(shown)s matched", shown=_shown(details, "matched")), "matched"),
            (_("%(shown)s unchanged", shown=_shown(details, "unchanged")), "unchanged"),
            (_("%(shown)s skipped", shown=_shown(details, "skipped")), "skipped"),
            (needs_you(_n(details, "problems")), "problems"),
            details=details,
        )
        name = _("%(what)s %(ended)s", what=transfer_name(details.get("what")), ended=verb())
        return f"{name}: {counts}" if counts else name

    return words


def _delivered(details: Details) -> str:
    number = sum(_n(details, name) for name in ("confirmed", "under_way", "unknown", "refused"))
    told = _listing(
        (_("%(shown)s confirmed by bol.com", shown=_shown(details, "confirmed")), "confirmed"),
        (_("%(shown)s taken in, outcome to come", shown=_shown(details, "under_way")), "under_way"),
        (_("%(shown)s without an answer, being looked up", shown=_shown(details, "unknown")), "unknown"),
        (needs_you(_n(details, "refused")), "refused"),
        details=details,
    )
    late = _n(details, "refused_late")
    of_earlier = ngettext(
        "%(shown)s message sent earlier needs you",
        "%(shown)s messages sent earlier need you",
        late,
        shown=_number(late),
    )
    if not number:
        return of_earlier
    sentence = ngettext(
        "%(shown)s message for bol.com", "%(shown)s messages for bol.com", number, shown=_number(number)
    )
    return f"{sentence}: {told}" + (f" · {of_earlier}" if late else "")


def _listing(*parts: tuple[str, str], details: Details) -> str:
    """The words of each detail that is more than nothing."""
    return ", ".join(words for words, name in parts if _n(details, name))


def _n(details: Details, name: str) -> int:
    return int(details.get(name) or 0)


def _shown(details: Details, name: str) -> str:
    return _number(_n(details, name))


def _number(number: int) -> str:
    return format_decimal(number)


def _stock_compared(details: Details) -> str:
    counts = _listing(
        (_("%(shown)s different, told once more", shown=_shown(details, "different")), "different"),
        (_("%(shown)s of them for the second night", shown=_shown(details, "stayed")), "stayed"),
        details=details,
    )
    compared = _n(details, "compared")
    name = ngettext(
        "Stock of %(shown)s offer compared with bol.com",
        "Stock of %(shown)s offers compared with bol.com",
        compared,
        shown=_number(compared),
    )
    named = details.get("named")
    return f"{name}: {counts or _('no difference')}" + (f" ({named})" if named else "")


def _stock_refused(details: Details) -> str:
    refused = _n(details, "refused")
    return ngettext(
        "bol.com refused the stock of %(shown)s offer",
        "bol.com refused the stock of %(shown)s offers",
        refused,
        shown=_number(refused),
    )


_SENTENCES: dict[str, Callable[[Details], str]] = {
    "synced": lambda details: _synced(_("Sync"), details),
    "caught_up": lambda details: _synced(_("Everything compared with bol.com"), details),
    "looked_at": lambda details: _synced(_("Asked of bol.com for an open page"), details),
    "pushed": lambda details: _synced(_("Pushed by bol.com"), details),
    "sync_waits": lambda details: _("Sync put off"),
    "sync_failed": lambda details: _("Sync failed"),
    "transfer_finished": _transferred(lambda: _("finished")),
    "transfer_stopped": _transferred(lambda: _("stopped")),
    "transfer_failed": _transferred(lambda: _("failed")),
    "delivered": _delivered,
    "stock_compared": _stock_compared,
    "stock_refused": _stock_refused,
    "keys_checked": lambda details: _("Keys checked: they work"),
}
