"""Why stock changed, and what came of a correction, in words."""

from flask_babel import gettext as _
from flask_babel import ngettext

from stoqflow_web.models.products import (
    COUNTED,
    DAMAGED,
    FOUND,
    IMPORTED,
    LOST,
    OPENING,
    OTHER,
    OWN_USE,
    RETURNED,
    SHIPPED,
    SHIPPED_ELSEWHERE,
    TAKEN_OVER,
    UNDONE,
)
from stoqflow_web.services.correcting import Corrected
from stoqflow_web.wording.times import Language, count


def movement_words(reason: str) -> str:
    """Why stock changed; a reason that is not known here is shown as it is."""
    words = {
        OPENING: _("Opening stock, from bol.com"),
        SHIPPED: _("Order complete"),
        UNDONE: _("Order open again"),
        SHIPPED_ELSEWHERE: _("Shipped in bol.com's own screens"),
        TAKEN_OVER: _("Order taken over from bol.com"),
        COUNTED: _("Counted"),
        IMPORTED: _("Imported from a file"),
    }
    return words.get(reason) or correction_words().get(reason, reason)


def correction_words() -> dict[str, str]:
    """What a person can say when they correct the stock, in the order of the choice."""
    return {
        FOUND: _("Found"),
        LOST: _("Lost"),
        DAMAGED: _("Damaged"),
        RETURNED: _("Returned by a client"),
        OWN_USE: _("Own use"),
        OTHER: _("Other"),
    }


def corrected_sentence(done: Corrected, *, locale: Language = "en") -> str:
    """`12 → 15`, and what moved while the person was typing."""
    seen, asked, now = (count(number, locale=locale) for number in (done.seen, done.asked, done.on_hand))
    if done.is_repeated:
        return _("This correction was made already: %(now)s on hand now.", now=now)
    said = _("%(sku)s: %(seen)s → %(asked)s.", sku=done.sku, seen=seen, asked=asked)
    if not done.difference:
        said = _("%(sku)s: %(seen)s, as it was. Nothing was changed.", sku=done.sku, seen=seen)
    if not done.meanwhile:
        return said
    moved = count(abs(done.meanwhile), locale=locale)
    meanwhile = (
        ngettext("Meanwhile %(moved)s came in", "Meanwhile %(moved)s came in", done.meanwhile, moved=moved)
        if done.meanwhile > 0
        else ngettext("Meanwhile %(moved)s went out", "Meanwhile %(moved)s went out", -done.meanwhile, moved=moved)
    )
    return _("%(said)s %(meanwhile)s: %(now)s on hand now.", said=said, meanwhile=meanwhile, now=now)
