"""What news says: as plain e-mail, and as the body of a webhook. The number first, then the first of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext

from stoqflow_web import clock
from stoqflow_web.exchange import ACCOUNT_INACTIVE, KEYS_REFUSED, KEYS_UNUSABLE
from stoqflow_web.models import NewsMessage, NewsRecipient
from stoqflow_web.models.news import (
    ACCESS,
    DIFFERENCE,
    EXPIRING,
    ORDERS_DIFFER,
    REFUSED,
    STOCK_DIFFERS,
    SUMMARY,
    TEST,
    TOPICS,
)
from stoqflow_web.models.shops import LIMITED, SILENT
from stoqflow_web.models.writebacks import (
    CANCELLATION,
    CANCELLATION_REQUESTED,
    CANCELLED_THERE,
    CREDENTIALS,
    DELETED_UNITS,
    EXHAUSTED,
    NOT_OURS,
    REJECTED,
    SHIPMENT,
    SHIPPED_THERE,
    TRANSPORT,
    UNKNOWN_OUTCOME,
)
from stoqflow_web.news import Letter
from stoqflow_web.wording import times
from stoqflow_web.wording.history import duration
from stoqflow_web.wording.statuses import Pill

LISTED = 20
LISTED_FOR_MACHINES = 100

Facts = Mapping[str, Any]


@dataclass(frozen=True)
class Told:
    """What a message tells: `number` things, of which `facts` has the first ones. `public_url` is None where nobody
    has said under which address the pages are found."""

    topic: str
    number: int
    facts: Sequence[Facts]
    public_url: str | None


@dataclass(frozen=True)
class TestAnswer:
    """What the page says of the newest test."""

    words: str
    tone: str
    is_active: bool

    @property
    def is_failed(self) -> bool:
        return self.tone == "danger"


def most_listed(*, is_webhook: bool) -> int:
    return LISTED_FOR_MACHINES if is_webhook else LISTED


def topic_words() -> dict[str, str]:
    """What one may choose, with what it means."""
    return {
        EXPIRING: _("Orders about to expire: bol.com cancels them today or tomorrow"),
        REFUSED: _("Messages to bol.com that need attention"),
        ACCESS: _(
            "A shop lost access to bol.com, or bol.com is silent for more than 10 minutes; and when that is over"
        ),
        DIFFERENCE: _(
            "Orders or stock at bol.com and here stay different, although that was mended; and when it is over"
        ),
        SUMMARY: _("The daily summary"),
    }


def topic_names() -> dict[str, str]:
    """The same, where there is little room."""
    return {
        EXPIRING: _("about to expire"),
        REFUSED: _("needs attention"),
        ACCESS: _("lost access"),
        DIFFERENCE: _("difference"),
        SUMMARY: _("daily summary"),
    }


def topics_of(recipient: NewsRecipient) -> str:
    names = topic_names()
    return ", ".join(names[topic] for topic in TOPICS if topic in recipient.topics)


def state_of(recipient: NewsRecipient) -> Pill:
    if not recipient.is_on:
        return Pill(_("Off"))
    return Pill(_("Does not arrive"), "danger") if recipient.is_failing else Pill(_("On"), "info")


def delivered_words(recipient: NewsRecipient, now: datetime) -> str:
    if recipient.failing_since is not None:
        return _(
            "Nothing arrives since %(when)s: %(said)s What waits is kept and tried again.",
            when=times.when(recipient.failing_since, now=now),
            said=recipient.said or "",
        )
    if recipient.delivered_at is None:
        return _("nothing yet")
    return _("%(when)s, %(said)s", when=times.ago(recipient.delivered_at, now=now), said=recipient.said or "")


def test_answer(message: NewsMessage | None) -> TestAnswer | None:
    """None where there is no test to tell of."""
    if message is None:
        return None
    if message.is_active:
        return TestAnswer(_("The test is being sent…"), "info", is_active=True)
    if message.has_arrived:
        return TestAnswer(_("The test arrived: %(said)s", said=message.said or ""), "info", is_active=False)
    return TestAnswer(_("The test did not arrive: %(said)s", said=message.said or ""), "danger", is_active=False)


def letter(told: Told, key: str) -> Letter:
    """The e-mail, but for whom it is for."""
    paragraphs = ["\n".join(_lines(told))]
    left_out = told.number - len(told.facts)
    if left_out > 0:
        paragraphs.append(ngettext("… and %(num)s more.", "… and %(num)s more.", left_out))
    paragraphs.append(_where(told))
    paragraphs.append(_("Stoqflow sent this because your address stands under News. A manager can change that there."))
    return Letter(key, f"[Stoqflow] {subject(told)}", "\n\n".join(paragraphs) + "\n")


def payload(told: Told, created_at: datetime) -> dict[str, Any]:
    """The body of a webhook. docs/webhooks-out.md describes it."""
    return {
        "type": f"stoqflow.{told.topic}",
        "timestamp": created_at.isoformat(),
        "data": {
            "subject": subject(told),
            "number": told.number,
            "items": list(told.facts),
            "link": _link(told),
        },
    }


def subject(told: Told) -> str:
    number = told.number
    if told.topic == EXPIRING:
        return ngettext("%(num)s order is about to expire", "%(num)s orders are about to expire", number)
    if told.topic == REFUSED:
        return ngettext(
            "%(num)s message to bol.com needs attention", "%(num)s messages to bol.com need attention", number
        )
    if told.topic in (ACCESS, DIFFERENCE):
        first = _of_trouble(told.facts[0]) if told.facts else ""
        more = ngettext("%(num)s more", "%(num)s more", number - 1) if number > 1 else ""
        return _("%(first)s, and %(more)s", first=first, more=more) if more else first
    if told.topic == SUMMARY:
        day = date.fromisoformat(str(told.facts[-1]["day"])) if told.facts else clock.today()
        return _("Summary of %(day)s", day=times.long_day(day))
    return _("A test: news from Stoqflow arrives here")


def _lines(told: Told) -> list[str]:
    if told.topic == TEST:
        return [
            _("This is a test. Who reads it gets the news of Stoqflow, once it is switched on."),
        ]
    if told.topic == SUMMARY:
        return [line for facts in told.facts for line in _summary(facts)]
    head = {
        EXPIRING: _("bol.com cancels by itself what is not handed over in time, and counts that as your cancellation."),
        REFUSED: _("bol.com did not take these, or nobody knows whether it did:"),
    }
    word: Callable[[Facts], str] = {EXPIRING: _expiring, REFUSED: _refused}.get(told.topic, _of_trouble)
    listed = [f"- {word(facts)}" for facts in told.facts]
    return [head[told.topic], "", *listed] if told.topic in head else listed


def _expiring(facts: Facts) -> str:
    day = date.fromisoformat(str(facts["expires_on"]))
    return _(
        "%(order)s (%(shop)s): bol.com cancels it on %(day)s",
        order=facts["order"],
        shop=_plain(facts["shop"]),
        day=times.long_day(day),
    )


def _refused(facts: Facts) -> str:
    kinds = {SHIPMENT: _("shipment"), CANCELLATION: _("cancellation"), TRANSPORT: _("Track & Trace")}
    kind = kinds.get(str(facts["kind"]), str(facts["kind"]))
    return _(
        "%(order)s (%(shop)s), %(kind)s: %(why)s",
        order=facts["order"],
        shop=_plain(facts["shop"]),
        kind=kind,
        why=_why(facts),
    )


def _why(facts: Facts) -> str:
    said = _plain(facts.get("said") or "")
    words = {
        REJECTED: _("refused by bol.com"),
        CREDENTIALS: _("bol.com refuses the keys"),
        EXHAUSTED: _("tried as often as makes sense"),
        UNKNOWN_OUTCOME: _("nobody knows whether bol.com heard it"),
        CANCELLED_THERE: _("canceled at bol.com meanwhile"),
        CANCELLATION_REQUESTED: _("the client asked to cancel meanwhile"),
        SHIPPED_THERE: _("shipped at bol.com by somebody else"),
        NOT_OURS: _("bol.com ships it, or wants its own label"),
        DELETED_UNITS: _("it would cancel what was deleted here"),
    }
    why = words.get(str(facts.get("why")), _("it needs a person"))
    return _("%(why)s: “%(said)s”", why=why, said=said) if said else why


def _of_trouble(facts: Facts) -> str:
    shop, until = _plain(facts["shop"]), facts.get("until")
    if until is not None:
        lasted = _moment(until) - _moment(facts["since"])
        return _(
            "%(what)s is over after %(time)s",
            what=_trouble(facts, shop),
            time=duration(max(int(lasted.total_seconds()), 0)),
        )
    return _("%(what)s since %(when)s", what=_trouble(facts, shop), when=_when(facts["since"]))


def _trouble(facts: Facts, shop: str) -> str:
    words = {
        KEYS_REFUSED: _("%(shop)s: bol.com refuses the keys", shop=shop),
        ACCOUNT_INACTIVE: _("%(shop)s: bol.com says that the account is not active", shop=shop),
        KEYS_UNUSABLE: _("%(shop)s: the keys can't be used", shop=shop),
        SILENT: _("%(shop)s: bol.com does not answer", shop=shop),
    }
    if facts["what"] == STOCK_DIFFERS:
        return ngettext(
            "%(shop)s: the stock of %(num)s offer stays different at bol.com",
            "%(shop)s: the stock of %(num)s offers stays different at bol.com",
            int(facts["difference"]),
            shop=shop,
        )
    if facts["what"] == ORDERS_DIFFER:
        return ngettext(
            "%(shop)s: a difference of %(num)s order",
            "%(shop)s: a difference of %(num)s orders",
            int(facts["difference"]),
            shop=shop,
        )
    return words.get(str(facts["what"]), shop)


def _summary(facts: Facts) -> list[str]:
    counts = [
        (_("placed by clients"), facts["placed"]),
        (_("complete"), facts["complete"]),
        (_("confirmed by bol.com"), facts["confirmed"]),
        (_("canceled"), facts["canceled"]),
    ]
    day = date.fromisoformat(str(facts["day"]))
    to_do = [
        (_("must leave today"), facts["must_leave"]),
        (_("open in all"), facts["open"]),
        (_("need attention"), facts["attention"]),
    ]
    return [
        _("The day before %(day)s", day=times.long_day(day)),
        *(_counted(number, words) for words, number in counts),
        "",
        times.long_day(day),
        *(_counted(number, words) for words, number in to_do),
        "",
        _("Shops"),
        *(f"  {_plain(shop['shop'])}: {_health(shop)}" for shop in facts["shops"]),
        "",
    ]


def _health(shop: Facts) -> str:
    words = {
        KEYS_REFUSED: _("bol.com refuses the keys"),
        ACCOUNT_INACTIVE: _("the account is not active"),
        KEYS_UNUSABLE: _("the keys can't be used"),
        SILENT: _("bol.com does not answer"),
        LIMITED: _("bol.com allows fewer calls than usual"),
        "paused": _("paused"),
    }
    matter = words.get(str(shop["matter"]), _("healthy"))
    synced = shop.get("synced_at")
    last = _("synced %(when)s", when=_when(synced)) if synced else _("not synced yet")
    return f"{matter}, {last}"


def _counted(number: object, words: str) -> str:
    return f"{times.count(int(str(number))):>7}  {words}"


def _where(told: Told) -> str:
    link = _link(told)
    if link is not None:
        return link
    places = {
        EXPIRING: _("See Orders in Stoqflow, the first ones."),
        REFUSED: _("See Needs attention in Stoqflow."),
        ACCESS: _("See Shops in Stoqflow."),
        DIFFERENCE: _("See Shops in Stoqflow."),
    }
    return places.get(told.topic, _("See Today in Stoqflow."))


def _link(told: Told) -> str | None:
    if told.public_url is None:
        return None
    pages = {EXPIRING: "/orders", REFUSED: "/needs-attention", ACCESS: "/shops", DIFFERENCE: "/shops"}
    return told.public_url + pages.get(told.topic, "/")


def _moment(text: object) -> datetime:
    return datetime.fromisoformat(str(text))


def _when(text: object) -> str:
    return times.when(_moment(text), now=clock.now())


def _plain(text: object) -> str:
    """On one line: what somebody else wrote can't look like a line of ours."""
    return " ".join(str(text).split())
