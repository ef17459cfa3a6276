"""What the home page says: the tiles, and how each shop does."""

from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _
from flask_babel import ngettext

from stoqflow_web.exchange import ACCOUNT_INACTIVE, KEYS_UNUSABLE
from stoqflow_web.models import Shop
from stoqflow_web.models.shops import LIMITED, SILENT
from stoqflow_web.queries import attention
from stoqflow_web.queries.orders import COUNTED_UP_TO
from stoqflow_web.queries.shop_health import ShopHealth
from stoqflow_web.queries.today import Figures, ShopOfToday
from stoqflow_web.wording.deadlines import first_words, short_span
from stoqflow_web.wording.shop_health import is_sync_late
from stoqflow_web.wording.statuses import Pill
from stoqflow_web.wording.times import Language, ago, brief, count


@dataclass(frozen=True)
class Tile:
    """A figure with its name and what there is to say about it. `tone` only where the figure asks for somebody."""

    name: str
    label: str
    value: str
    note: str
    tone: str = ""


@dataclass(frozen=True)
class ShopLine:
    shop: Shop
    pill: Pill
    words: str


def tiles(told: Figures, *, now: datetime, locale: Language = "en") -> list[Tile]:
    """In the order of the page. `name` tells the view where each leads to."""

    def shown(number: int, cap: int = COUNTED_UP_TO) -> str:
        return f"{count(cap - 1, locale=locale)}+" if number >= cap else count(number, locale=locale)

    matters = told.attention.total
    attention_value = shown(matters, attention.COUNTED_UP_TO)
    of_complete = _("of %(number)s complete", number=shown(told.complete))
    return [
        Tile("ready", _("Ready to pick"), shown(told.ready), _oldest(told, now)),
        Tile("late_today", _("Ship today"), shown(told.late_today), _first(told, now), _urgent(told.late_today)),
        Tile("requests", _("Cancellation requests"), shown(told.requests), _begun(told), _urgent(told.requests)),
        Tile("attention", _("Needs attention"), attention_value, _to_decide(told.attention), _urgent(matters)),
        Tile("confirmed", _("Confirmed by bol today"), shown(told.confirmed), of_complete, _good(told.confirmed)),
    ]


def shop_line(told: ShopOfToday, *, now: datetime, locale: Language = "en") -> ShopLine:
    """The worst that is the matter with a shop, as a word and as a sentence; green only when nothing is."""
    health, shop = told.health, told.health.shop
    if shop.has_lost_access:
        return ShopLine(shop, Pill(_("Locked out"), "danger"), _since(_locked_out(health), health, now, locale))
    if shop.is_paused:
        return ShopLine(shop, Pill(_("Paused"), "warn"), _since(_("paused"), health, now, locale))
    if shop.trouble == SILENT:
        return ShopLine(shop, Pill(_("Waiting"), "warn"), _since(_("bol unreachable"), health, now, locale))
    if shop.synced_at is None:
        return ShopLine(shop, Pill(_("Not synced yet")), _("its orders come in with the first sync"))
    if shop.trouble == LIMITED:
        return ShopLine(
            shop, Pill(_("Limits cut"), "warn"), _since(_("bol.com allows fewer calls"), health, now, locale)
        )
    words = _("synced %(ago)s", ago=ago(shop.synced_at, now=now))
    if is_sync_late(shop, now):
        return ShopLine(shop, Pill(_("Sync is late"), "warn"), words)
    if told.check is None:
        return ShopLine(shop, Pill(_("Healthy"), "ok"), words)
    words = _("%(synced)s · difference %(number)s", synced=words, number=count(told.check.difference, locale=locale))
    if told.check.difference:
        return ShopLine(shop, Pill(_("Differs"), "danger"), words)
    return ShopLine(shop, Pill(_("Healthy"), "ok"), words)


def _urgent(number: int) -> str:
    return "danger" if number else ""


def _good(number: int) -> str:
    return "ok" if number else ""


def _oldest(told: Figures, now: datetime) -> str:
    if told.oldest_came_in_at is None:
        return _("nothing waits")
    return _("oldest came in %(span)s ago", span=short_span((now - told.oldest_came_in_at).total_seconds()))


def _first(told: Figures, now: datetime) -> str:
    if not told.late_today or told.first_deadline is None:
        return _("nothing more for today")
    return first_words(told.first_deadline, now=now)


def _begun(told: Figures) -> str:
    if not told.requests:
        return _("nobody asked")
    if not told.requests_begun:
        return _("none printed yet")
    return ngettext("%(num)s printed already", "%(num)s printed already", told.requests_begun)


def _to_decide(told: attention.Counts) -> str:
    parts = [
        (told.shops, ngettext("%(num)s shop locked out", "%(num)s shops locked out", told.shops)),
        (told.messages, _refused(told)),
        (told.lines, ngettext("%(num)s product to choose", "%(num)s products to choose", told.lines)),
    ]
    return " · ".join(words for number, words in parts if number) or _("nothing to decide")


def _refused(told: attention.Counts) -> str:
    if not told.refused:
        return _("to be decided")
    if told.refused == told.total:
        return _("refused by bol")
    return _("%(number)s refused by bol", number=told.refused)


def _locked_out(health: ShopHealth) -> str:
    words = {
        ACCOUNT_INACTIVE: _("bol.com says the account is not active"),
        KEYS_UNUSABLE: _("the keys can't be used"),
    }
    return words.get(str(health.matter), _("bol.com refuses the keys"))


def _since(what: str, health: ShopHealth, now: datetime, locale: Language) -> str:
    if health.since is not None:
        what = _("%(what)s since %(moment)s", what=what, moment=brief(health.since, now=now, locale=locale))
    if not health.waiting:
        return what
    return _("%(what)s · %(number)s safe in queue", what=what, number=count(health.waiting, locale=locale))
