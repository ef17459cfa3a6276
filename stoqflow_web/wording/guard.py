"""What the guard of an open order page says: why the parcel must stop, and how fresh what it knows of bol.com is.

All is pure: the present is an argument. Sentences about a stop begin where the heading STOP ends.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask_babel import gettext as _

from stoqflow_web.clock import AMSTERDAM
from stoqflow_web.exchange import ACCOUNT_INACTIVE
from stoqflow_web.models import OrderLine, SalesOrder
from stoqflow_web.models.sales_orders import COMPLETE
from stoqflow_web.models.shops import SILENT
from stoqflow_web.stopping import ASKED, CANCELLED, FOR_CLIENT, Stop
from stoqflow_web.wording.times import Language, ago, time_of_day, when

SOON = timedelta(seconds=15)  # an answer of bol.com needs no longer, unless something is the matter


@dataclass(frozen=True)
class Asked:
    """How fresh it is. `is_trouble`: bol.com is not asked, or does not answer."""

    words: str
    is_trouble: bool = False


def stop_sentence(stop: Stop, order: SalesOrder, *, now: datetime, locale: Language = "en") -> str:
    """What happened, and what to do with the parcel."""
    at = moment_words(stop.at, now=now, locale=locale)
    lines = _names(stop.lines)
    if stop.why == ASKED:
        happened = (
            _("The client asked bol.com to cancel this order%(at)s.", at=at)
            if stop.is_whole
            else _("The client asked bol.com to cancel %(lines)s%(at)s.", lines=lines, at=at)
        )
        if order.status == COMPLETE:
            return f"{happened} {_('Keep the parcel back until this is answered.')}"
        return f"{happened} {_('Do not ship.') if stop.is_whole else _('Do not ship it before this is answered.')}"
    if stop.why == FOR_CLIENT:
        if stop.is_whole:
            return str(_("This order was canceled for the client%(at)s. Do not ship.", at=at))
        return str(_("%(lines)s was canceled for the client%(at)s. Take it out of the parcel.", lines=lines, at=at))
    if stop.why == CANCELLED and stop.left_to_ship:
        return str(
            _(
                "bol.com canceled a part of %(lines)s%(at)s. Of that, ship only %(left)s.",
                lines=", ".join(line.name for line in stop.lines),
                at=at,
                left=", ".join(f"{units} × {line.name}" for units, line in stop.left_to_ship),
            )
        )
    if stop.why == CANCELLED:
        if stop.is_whole:
            return str(_("bol.com canceled this order%(at)s. Do not ship.", at=at))
        return str(_("bol.com canceled %(lines)s%(at)s. Take it out of the parcel.", lines=lines, at=at))
    if stop.is_whole:
        return str(_("This order was shipped outside Stoqflow%(at)s. Do not ship it a second time.", at=at))
    return str(_("%(lines)s was shipped outside Stoqflow%(at)s. Do not ship it again.", lines=lines, at=at))


def asked_words(
    order: SalesOrder,
    *,
    now: datetime,
    opened_at: datetime,
    ask_every: timedelta,
    is_stopped: bool,
    locale: Language = "en",
) -> Asked:
    """When bol.com was asked about the order, or why it is not. `opened_at`: since then the page waits for it."""
    shop, checked_at = order.shop, order.marketplace_order.checked_at
    last = when(checked_at, now=now, locale=locale)
    if shop.paused_at is not None:
        since = when(shop.paused_at, now=now, locale=locale)
        return Asked(
            _("The shop is paused since %(since)s: bol.com is not asked. Last asked %(last)s.", since=since, last=last),
            True,
        )
    if shop.access_lost_at is not None:
        since = when(shop.access_lost_at, now=now, locale=locale)
        if shop.access_lost_because == ACCOUNT_INACTIVE:
            words = _("bol.com says since %(since)s: the account is not active.", since=since)
            return Asked(f"{words} {_('Last asked %(last)s.', last=last)}", True)
        return Asked(
            _("bol.com refuses the keys of the shop since %(since)s. Last asked %(last)s.", since=since, last=last),
            True,
        )
    if now - checked_at <= 2 * ask_every:
        words = _("bol.com asked %(ago)s", ago=ago(checked_at, now=now))
        if is_stopped:
            return Asked(words)
        if any(line.item.quantity_cancelled for line in order.lines):
            return Asked(_("%(asked)s: nothing more canceled", asked=words))
        return Asked(_("%(asked)s: nothing canceled", asked=words))
    if now - opened_at <= SOON:
        return Asked(_("Asking bol.com… Last asked %(last)s.", last=last))
    if shop.trouble == SILENT and shop.trouble_since is not None:
        since = when(shop.trouble_since, now=now, locale=locale)
        return Asked(_("bol.com does not answer since %(since)s. Last asked %(last)s.", since=since, last=last), True)
    return Asked(
        _("bol.com could not be asked since %(last)s. It is asked again before anything is sent.", last=last), True
    )


def moment_words(moment: datetime | None, *, now: datetime, locale: Language = "en") -> str:
    """` at 14:16`, ` (21 Nov 14:16)` for another day than today, nothing when it is not known."""
    if moment is None:
        return ""
    if moment.astimezone(AMSTERDAM).date() == now.astimezone(AMSTERDAM).date():
        return str(_(" at %(time)s", time=time_of_day(moment, locale=locale)))
    return f" ({when(moment, now=now, locale=locale)})"


def _names(lines: Sequence[OrderLine]) -> str:
    """The lines by name; their units where they are several and still known."""
    return ", ".join(f"{line.quantity} × {line.name}" if line.quantity > 1 else line.name for line in lines)
