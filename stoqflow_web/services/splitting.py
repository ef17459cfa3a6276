"""Splits an order: what can't leave yet moves to a backorder, and the marketplace hears of both together."""

from collections.abc import Mapping

from flask_babel import gettext as _

from stoqflow_web import clock
from stoqflow_web.errors import Invalid, StoqflowError
from stoqflow_web.models import OrderLine, SalesOrder
from stoqflow_web.models.sales_orders import ON_HOLD
from stoqflow_web.services import history, holding
from stoqflow_web.services.families import locked_order
from stoqflow_web.services.storing_orders import add_words
from stoqflow_web.transaction import transaction


class NotSplittable(StoqflowError):
    """The order can't be split as it is; the sentence says why."""


class AlreadySplit(NotSplittable):
    """The family got another part since the person looked: most likely this very click, sent twice."""


def split(
    order_id: int, quantities: Mapping[int, int], *, user_id: int | None, parts_seen: int | None = None
) -> SalesOrder:
    """Move these units (per order line id) of an open order to a backorder; the backorder.

    Something must move and something must stay. `parts_seen`: how many parts, deleted ones too, the family had when the
    person decided. Raises NotFound, NotSplittable, AlreadySplit, and Invalid with field `lines`.
    """
    with transaction() as tx:
        order = locked_order(tx, order_id)
        parts = order.marketplace_order.sales_orders
        if parts_seen is not None and len(parts) != parts_seen:
            raise AlreadySplit(
                _("%(number)s was split already: see %(part)s.", number=order.number, part=parts[-1].number)
            )
        moving = _moving(order, quantities)
        holding.give_up_reservation(tx, order)
        backorder = _backorder(order)
        tx.session.add(backorder)
        for position, (line, units) in enumerate(moving.items(), start=1):
            backorder.lines.append(_moved(line, units, position))
        for part in (order, backorder):
            part.note_requests()
        tx.session.flush()
        add_words(tx, [backorder])
        history.record(tx, "split", user_id=user_id, sales_order_id=order.id, backorder=backorder.number)
        history.record(tx, "split_off", user_id=user_id, sales_order_id=backorder.id, order=order.number)
        holding.settle(tx, [order.id, backorder.id])
        return backorder


def next_number(numbers: list[str]) -> str:
    """The number of a family's next backorder: SO-10482-BO, then SO-10482-BO2, …, also from a backorder."""
    root = min(numbers, key=len)
    taken = set(numbers)
    suffixes = ["-BO", *(f"-BO{count}" for count in range(2, len(taken) + 2))]
    return next(f"{root}{suffix}" for suffix in suffixes if f"{root}{suffix}" not in taken)


def _moving(order: SalesOrder, quantities: Mapping[int, int]) -> dict[OrderLine, int]:
    if not order.is_open:
        raise NotSplittable(_("%(number)s is %(status)s already.", number=order.number, status=order.status))
    lines = {line.id: line for line in order.lines_to_ship}
    moving: dict[OrderLine, int] = {}
    for line_id, units in quantities.items():
        if units == 0:
            continue
        line = lines.get(line_id)
        if line is None or not 0 < units <= line.quantity:
            raise Invalid("lines", _("Choose from 0 to as many units as the line has."))
        moving[line] = units
    if not moving:
        raise Invalid("lines", _("Choose what moves to the backorder."))
    if sum(moving.values()) == sum(line.quantity for line in lines.values()):
        raise Invalid("lines", _("Something must stay: this would move the whole order."))
    return moving


def _moved(line: OrderLine, units: int, position: int) -> OrderLine:
    """A line for the units that move: the line itself when all do, for a parcel that was undone may know it."""
    if units == line.quantity:
        line.position = position
        return line
    line.quantity -= units
    return OrderLine(
        item=line.item,
        product=line.product,
        quantity=units,
        position=position,
        ship_anyway_at=line.ship_anyway_at,
        ship_anyway_reason=line.ship_anyway_reason,
    )


def _backorder(order: SalesOrder) -> SalesOrder:
    family = order.marketplace_order
    return SalesOrder(
        number=next_number([part.number for part in family.sales_orders]),
        marketplace_order=family,
        shop_id=order.shop_id,
        status=ON_HOLD,
        deliver_by=order.deliver_by,
        sort_day=order.sort_day,
        created_at=clock.now(),
        lines=[],
    )
