"""What happened to an order or a shop, in sentences. The event picks the words, its details fill them in."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _

from stoqflow_web.models import HistoryEntry
from stoqflow_web.models.history import PERSON
from stoqflow_web.models.imports import CONTENT, ORDERS, PRODUCTS, READINESS, STOCK
from stoqflow_web.wording.cancel_reasons import reason_word
from stoqflow_web.wording.writebacks import carrier_name

Details = dict[str, Any]


@dataclass(frozen=True)
class Told:
    """A sentence, its tone (as pills have it), and what stands faint behind its time, often nothing."""

    sentence: str
    aside: str = ""
    tone: str = "neutral"


def tell(entry: HistoryEntry) -> Told:
    """Words for any entry; of an event that is not known here its name is shown, so nothing ever goes missing."""
    details = entry.details or {}
    return Told(sentence_of(entry.event, details), _aside(entry, details), _TONES.get(entry.event, "neutral"))


def sentence_of(event: str, details: Details) -> str:
    """What happened, without when and by whom."""
    return _SENTENCES[event](details) if event in _SENTENCES else event.replace("_", " ")


def duration(seconds: int) -> str:
    """`41 s`, `12 min`, `3 h`, `2 days`."""
    if seconds < 60:
        return _("%(number)s s", number=seconds)
    if seconds < 3600:
        return _("%(number)s min", number=seconds // 60)
    if seconds < 2 * 86400:
        return _("%(number)s h", number=seconds // 3600)
    return _("%(number)s days", number=seconds // 86400)


def _aside(entry: HistoryEntry, details: Details) -> str:
    seconds = details.get("seconds_after_placed")
    if isinstance(seconds, int) and seconds >= 0:
        return _("%(duration)s after it was placed", duration=duration(seconds))
    if entry.who == PERSON and entry.user is not None:
        return _("by %(name)s", name=entry.user.name)
    return ""


def _came_in(details: Details) -> str:
    if shop := details.get("shop"):
        return _("Came in through bol.com, shop %(shop)s", shop=shop)
    return _("Came in through bol.com")


def _put_on_hold(details: Details) -> str:
    if short := details.get("short"):
        return _("On hold, not in stock or not known: %(short)s", short=short)
    return _("On hold, not everything is in stock")


def _product_chosen(details: Details) -> str:
    line, sku, before = details.get("line"), details.get("sku"), details.get("before")
    if line and sku and before:
        return _("Product %(sku)s chosen instead of %(before)s for “%(line)s”", sku=sku, before=before, line=line)
    if line and sku:
        return _("Product %(sku)s chosen for “%(line)s”", sku=sku, line=line)
    return _("Product %(sku)s chosen", sku=sku) if sku else _("Product chosen")


def _changed_at_marketplace(details: Details) -> str:
    if what := details.get("what"):
        return _("Changed at bol.com: %(what)s", what=what)
    return _("Changed at bol.com")


def _canceled_at_marketplace(details: Details) -> str:
    what = details.get("what")
    return _("Canceled at bol.com: %(what)s", what=what) if what else _("Canceled at bol.com")


def _shipped_at_marketplace(details: Details) -> str:
    if what := details.get("what"):
        return _("Shipped in bol.com's own screens: %(what)s", what=what)
    return _("Handled in bol.com's own screens")


def _linked(details: Details) -> str:
    account = details.get("account")
    return _("Linked to bol.com account %(account)s", account=account) if account else _("Linked to bol.com")


def _renamed(details: Details) -> str:
    before, after = details.get("before") or details.get("old"), details.get("after") or details.get("new")
    if before and after:
        return _("Renamed from “%(before)s” to “%(after)s”", before=before, after=after)
    return _("Renamed")


def _setting_changed(details: Details) -> str:
    names = {
        "hold_minutes": _("Minutes before bol.com is told"),
        "waits_for_all_parts": _("Split orders wait for all parts"),
        "default_carrier": _("Default carrier"),
        "sync_minutes": _("Minutes between two syncs"),
        "accepts_requests": _("A client's wish to cancel is accepted by itself"),
        "collected_at": _("The carrier collects at"),
        "stock_margin": _("Safety margin of stock"),
    }
    setting = str(details.get("setting"))
    return _(
        "%(setting)s: %(before)s became %(after)s",
        setting=names.get(setting, setting),
        before=_value(details.get("before")),
        after=_value(details.get("after")),
    )


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return carrier_name(value) if isinstance(value, str) else str(value)


def _access_lost(details: Details) -> str:
    if why := details.get("why"):
        return _("Access to bol.com lost: %(why)s", why=why)
    return _("Access to bol.com lost")


def _fell_silent(details: Details) -> str:
    if said := details.get("said"):
        return _("bol.com is out of reach: %(said)s", said=said)
    return _("bol.com is out of reach")


def _lasted(details: Details) -> str:
    return duration(int(details.get("seconds") or 0))


def _import_words(started: Callable[[str], str]) -> Callable[[Details], str]:
    return lambda details: started(transfer_name(details.get("kind")))


def transfer_name(kind: Any) -> str:
    """A transfer by its kind (models/imports.py), as the beginning of a sentence."""
    words = {
        PRODUCTS: _("Transfer of products"),
        ORDERS: _("Transfer of sales orders"),
        CONTENT: _("Fetching titles and pictures"),
        READINESS: _("Readiness report"),
        STOCK: _("Comparison of stock"),
    }
    return words.get(str(kind), _("Transfer"))


def _import_failed(details: Details) -> str:
    kind, why = transfer_name(details.get("kind")), details.get("why") or details.get("trouble")
    if why:
        return _("%(what)s failed: %(why)s", what=kind, why=why)
    return _("%(what)s failed", what=kind)


def _completed(details: Details) -> str:
    codes, anyway = details.get("codes"), details.get("anyway")
    if anyway:
        return _("Complete, shipped although the client asked to cancel")
    return _("Complete, Track & Trace %(codes)s", codes=codes) if codes else _("Complete")


def _canceled(details: Details) -> str:
    reason = reason_word(details.get("reason"))
    if lines := details.get("lines"):
        return _("Canceled %(lines)s: %(reason)s", lines=lines, reason=reason)
    return _("Canceled: %(reason)s", reason=reason)


def _cancellation_requested(details: Details) -> str:
    if lines := details.get("lines"):
        return _("The client asked bol.com to cancel %(lines)s", lines=lines)
    return _("The client asked bol.com to cancel this order")


def _request_taken_back(details: Details) -> str:
    if lines := details.get("lines"):
        return _("The client does not ask to cancel %(lines)s any more", lines=lines)
    return _("The client does not ask to cancel any more")


def _ships_anyway(details: Details) -> str:
    reason = details.get("reason")
    if lines := details.get("lines"):
        return _("To be shipped although the client asked to cancel, %(lines)s: %(reason)s", lines=lines, reason=reason)
    return _("To be shipped although the client asked to cancel: %(reason)s", reason=reason)


def _printed(details: Details) -> str:
    return _("On a packing slip") if details.get("what") == "packing_slips" else _("On a pick list")


def _told(details: Details) -> str:
    """What a message was about: a shipment with its code, a cancellation with its item."""
    return str(details.get("what") or "")


def _needs_attention(details: Details) -> str:
    if said := details.get("said"):
        return _("Needs attention, %(what)s: bol.com said “%(said)s”", what=_told(details), said=said)
    return _("Needs attention: %(what)s", what=_told(details))


_SENTENCES: dict[str, Callable[[Details], str]] = {
    "came_in": _came_in,
    "put_on_hold": _put_on_hold,
    "released": lambda details: _("Stock reserved, ready to pick"),
    "product_chosen": _product_chosen,
    "changed_at_marketplace": _changed_at_marketplace,
    "cancellation_requested": _cancellation_requested,
    "request_taken_back": _request_taken_back,
    "request_accepted": lambda details: _("The client's wish was accepted by itself: nothing was started yet"),
    "ships_anyway": _ships_anyway,
    "printed": _printed,
    "canceled_at_marketplace": _canceled_at_marketplace,
    "shipped_at_marketplace": _shipped_at_marketplace,
    "completed": _completed,
    "canceled": _canceled,
    "split": lambda details: _("Split: %(number)s was made", number=details.get("backorder")),
    "split_off": lambda details: _("Split off from %(number)s", number=details.get("order")),
    "deleted": lambda details: _("Deleted here; bol.com is not told"),
    "imported_again": lambda details: _("Imported again after it was deleted"),
    "undone": lambda details: _("Undone: open again, bol.com heard nothing"),
    "sent_now": lambda details: _("Send now pressed, without waiting"),
    "submitted": lambda details: _("Sent to bol.com: %(what)s", what=_told(details)),
    "outcome_unknown": lambda details: _(
        "No answer from bol.com; looking whether it arrived: %(what)s", what=_told(details)
    ),
    "confirmed": lambda details: _("Confirmed by bol: %(what)s", what=_told(details)),
    "needs_attention": _needs_attention,
    "withdrawn": lambda details: _("bol.com is not told: %(what)s", what=_told(details)),
    "tried_again": lambda details: _("To be sent again: %(what)s", what=_told(details)),
    "taken_over": lambda details: _("Made the same as at bol.com; not told any more: %(what)s", what=_told(details)),
    "code_changed": lambda details: _(
        "Track & Trace changed from %(before)s to %(after)s", before=details.get("before"), after=details.get("after")
    ),
    "setting_changed": _setting_changed,
    "stock_switched_on": lambda details: _(
        "Stock to bol.com switched on: %(offers)s offers, safety margin %(margin)s",
        offers=details.get("offers"),
        margin=details.get("margin"),
    ),
    "stock_switched_off": lambda details: _("Stock to bol.com switched off"),
    "linked": _linked,
    "keys_replaced": lambda details: _("Keys replaced"),
    "renamed": _renamed,
    "paused": lambda details: _("Paused: nothing is asked of bol.com for this shop"),
    "resumed": lambda details: _("Resumed"),
    "access_lost": _access_lost,
    "access_restored": lambda details: _("Access to bol.com restored"),
    "access_regained": lambda details: _("Access to bol.com restored"),
    "fell_silent": _fell_silent,
    "answers_again": lambda details: _("bol.com answers again; it was silent for %(time)s", time=_lasted(details)),
    "limits_cut": lambda details: _("bol.com allows %(share)s %% of the usual calls", share=details.get("share")),
    "limits_back": lambda details: _(
        "bol.com allows the usual calls again; it allowed fewer for %(time)s", time=_lasted(details)
    ),
    "push_on": lambda details: _("Push from bol.com switched on"),
    "push_off": lambda details: _("Push from bol.com switched off"),
    "push_mended": lambda details: _(
        "bol.com had switched its push off; it is on again, and everything is compared once more"
    ),
    "import_started": _import_words(lambda kind: _("%(what)s started", what=kind)),
    "import_stopped": _import_words(lambda kind: _("%(what)s stopped", what=kind)),
    "import_finished": _import_words(lambda kind: _("%(what)s finished", what=kind)),
    "import_failed": _import_failed,
}

_TONES = {
    "came_in": "info",
    "put_on_hold": "warn",
    "completed": "info",
    "confirmed": "ok",
    "needs_attention": "danger",
    "cancellation_requested": "danger",
    "ships_anyway": "warn",
    "canceled_at_marketplace": "danger",
    "access_lost": "danger",
    "import_failed": "danger",
    "push_on": "ok",
    "push_mended": "warn",
    "fell_silent": "warn",
    "answers_again": "ok",
    "limits_cut": "warn",
    "limits_back": "ok",
    "access_restored": "ok",
    "access_regained": "ok",
    "import_finished": "ok",
}
