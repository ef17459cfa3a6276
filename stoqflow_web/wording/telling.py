"""What was done with an order, and when bol.com hears of it: never that bol.com knows."""

from flask_babel import get_locale
from flask_babel import gettext as _

from stoqflow_web import clock
from stoqflow_web.models import SalesOrder
from stoqflow_web.models.writebacks import PENDING
from stoqflow_web.services import undoing
from stoqflow_web.wording import reporting
from stoqflow_web.wording.times import time_of_day


def completed_sentence(order: SalesOrder) -> str:
    number = order.number
    if waiting := reporting.parts_waited_for(order):
        parts = ", ".join(part.number for part in waiting)
        return _("%(number)s is complete. bol.com hears it when %(parts)s is final too.", number=number, parts=parts)
    if when := _when_told(order):
        return _("%(number)s is complete. %(when)s", number=number, when=when)
    return _("%(number)s is complete.", number=number)


def canceled_sentence(order: SalesOrder, line_ids: set[int]) -> str:
    """Of the whole order or of these lines."""
    what = order.number
    if order.is_open:
        what = _("The line") if len(line_ids) == 1 else _("%(number)s lines", number=len(line_ids))
    is_one = not order.is_open or len(line_ids) == 1
    done = _("%(what)s is canceled here", what=what) if is_one else _("%(what)s are canceled here", what=what)
    if waiting := reporting.parts_waited_for(order):
        parts = ", ".join(part.number for part in waiting)
        return _("%(done)s. bol.com hears it when %(parts)s is final too.", done=done, parts=parts)
    if when := _when_told(order):
        return f"{done}. {when}"
    return _("%(done)s. bol.com hears it when all parts are final.", done=done) if order.is_open else f"{done}."


def undone_sentence(order: SalesOrder, *, has_lost: bool) -> str:
    """`has_lost`: units that bol.com canceled, or that were shipped in its screens, left the order with the undo."""
    if not order.is_open:
        return _(
            "%(number)s is undone, and not open again: it is over at bol.com already. Do not ship it.",
            number=order.number,
        )
    if has_lost:
        return _(
            "%(number)s is open again, without what is over at bol.com already. Look at what is left of it.",
            number=order.number,
        )
    return _("%(number)s is open again. bol.com heard nothing.", number=order.number)


def _when_told(order: SalesOrder) -> str:
    """When what waits is sent, as a sentence; empty when nothing waits."""
    waiting = [row for row in reporting.rows_of(order) if row.state == PENDING]
    if not waiting:
        return ""
    ends = reporting.hold_ends_at(waiting, now=clock.now())
    if ends is None:
        return _("bol.com is told now.")
    time = time_of_day(ends, locale=get_locale() or "en")
    if undoing.can_be_undone(order):
        return _("bol.com hears it at %(time)s; undo until then.", time=time)
    return _("bol.com hears it at %(time)s.", time=time)
