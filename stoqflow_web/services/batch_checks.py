"""The dry run: what could be done with each order of a batch if it were confirmed now. Nothing is changed here."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from stoqflow_web.carriers import Carrier, carriers, guess, judge, tidied
from stoqflow_web.models import MarketplaceOrder, OrderLine, SalesOrder, Shipment, Writeback
from stoqflow_web.models.sales_orders import DELETED, OPEN_STATUSES
from stoqflow_web.models.writebacks import ON_ITS_WAY
from stoqflow_web.services.batch_files import CodeLine
from stoqflow_web.services.completing import NotCompletable, check_completable

AT_A_TIME = 500

Thing = TypeVar("Thing")


@dataclass(kw_only=True)
class Checked:
    """What was found of one line. `refusal`: it can't be done, and why.

    `is_uncommon`: it can, once somebody says that the code is right; `warning` says what is odd about it.
    """

    line_number: int | None
    order_text: str
    order_id: int | None = None
    carrier: str | None = None
    code: str | None = None
    is_uncommon: bool = False
    refusal: str = ""
    warning: str = ""


def check_codes(session: Session, lines: Sequence[CodeLine]) -> list[Checked]:
    """What completing would do with each line. An order that could be completed twice is refused the second time."""
    found = [row for some in _in_parts(lines) for row in _check_some(session, some)]
    _refuse_doubled_orders(found)
    going = [row for row in found if row.code and not row.refusal]
    _doubt_doubled_codes(going)
    _doubt_used_codes(session, going)
    return found


def check_cancelable(session: Session, order_ids: Sequence[int]) -> list[Checked]:
    """What canceling would do with each order."""
    return [
        Checked(
            line_number=None,
            order_text=number,
            order_id=order_id,
            refusal=""
            if status in OPEN_STATUSES
            else _("%(number)s is %(status)s already.", number=number, status=status),
        )
        for order_id, number, status in _numbers_of(session, order_ids)
    ]


def check_deletable(session: Session, order_ids: Sequence[int]) -> list[Checked]:
    """What deleting would do with each order."""
    on_their_way = {
        order_id
        for some in _in_parts(order_ids)
        for order_id in session.scalars(
            select(Writeback.sales_order_id).where(Writeback.sales_order_id.in_(some), Writeback.state.in_(ON_ITS_WAY))
        )
    }
    return [
        Checked(
            line_number=None,
            order_text=number,
            order_id=order_id,
            refusal=_("%(number)s is being told to bol.com right now. Wait until bol.com answers.", number=number)
            if order_id in on_their_way
            else "",
        )
        for order_id, number, _status in _numbers_of(session, order_ids)
    ]


def only_listed(session: Session, order_ids: Sequence[int]) -> list[Checked]:
    """The orders as they were chosen, for which the codes are still missing."""
    return [
        Checked(line_number=None, order_text=number, order_id=order_id)
        for order_id, number, _status in _numbers_of(session, order_ids)
    ]


def carrier_called(text: str) -> Carrier | None:
    """The carrier with this key, name or code at bol.com, whatever the case."""
    wanted = " ".join(text.casefold().split())
    for carrier in carriers().values():
        if wanted in (carrier.key, carrier.name.casefold(), carrier.bol.casefold()):
            return carrier
    return None


def _check_some(session: Session, lines: Sequence[CodeLine]) -> Iterator[Checked]:
    known = _orders_called(session, {line.order for line in lines if line.order})
    for line in lines:
        yield _check_line(line, known.get(line.order.upper(), []))


def _check_line(line: CodeLine, candidates: list[SalesOrder]) -> Checked:
    checked = Checked(line_number=line.line_number, order_text=line.order, code=tidied(line.code)[:100] or None)
    if line.complaint:
        checked.refusal = line.complaint
        return checked
    if len(candidates) != 1:
        checked.refusal = _who_is_meant(line.order, candidates)
        return checked
    order = candidates[0]
    if order.is_deleted:
        checked.refusal = _("%(number)s was deleted.", number=order.number)
        return checked
    checked.order_id, checked.order_text = order.id, order.number
    carrier = carrier_called(line.carrier) if line.carrier else guess(line.code) or carriers()[_default(order)]
    checked.carrier = carrier.key if carrier else line.carrier[:30]  # as it was written: checked again, refused again
    try:
        check_completable(order)
    except NotCompletable as refused:
        checked.refusal = refused.sentence
        return checked
    if carrier is None:
        checked.refusal = _("There is no carrier “%(name)s”.", name=line.carrier[:60])
        return checked
    verdict = judge(carrier, line.code, own_numbers=(order.number, order.marketplace_order.external_id))
    checked.refusal = verdict.refusal or ""
    if not checked.refusal and verdict.is_uncommon:
        _doubt(checked, _("This does not look like a code of %(name)s.", name=carrier.name))
    return checked


def _doubt(row: Checked, sentence: str) -> None:
    """The row goes along only when somebody says that its code is right all the same."""
    row.is_uncommon = True
    row.warning = f"{row.warning} {sentence}".strip()


def _default(order: SalesOrder) -> str:
    return order.shop.default_carrier if order.shop.default_carrier in carriers() else next(iter(carriers()))


def _who_is_meant(text: str, candidates: Sequence[SalesOrder]) -> str:
    if not candidates:
        return _("Unknown order.")
    numbers = ", ".join(order.number for order in candidates)
    return _("Several orders here are “%(text)s”: %(numbers)s. Name one of them.", text=text, numbers=numbers)


def _refuse_doubled_orders(rows: Sequence[Checked]) -> None:
    first: dict[int, Checked] = {}
    for row in rows:
        if row.order_id is None or row.refusal:
            continue
        earlier = first.setdefault(row.order_id, row)
        if earlier is row:
            continue
        row.refusal = (
            _("This order is on line %(line)s already. For several parcels use its own page.", line=earlier.line_number)
            if earlier.line_number
            else _("This order is here already. For several parcels use its own page.")
        )
        row.warning, row.is_uncommon = "", False


def _doubt_doubled_codes(going: Sequence[Checked]) -> None:
    orders = defaultdict(list)
    for row in going:
        orders[row.code].append(row.order_text)
    for row in going:
        if others := ", ".join(text for text in orders[row.code] if text != row.order_text)[:200]:
            _doubt(row, _("The same code as %(orders)s.", orders=others))


def _doubt_used_codes(session: Session, going: Sequence[Checked]) -> None:
    """A code belongs to one parcel: doubted when another parcel has it that was not undone."""
    used: dict[str | None, str] = {}
    for some in _in_parts({row.code for row in going}):
        found = session.execute(
            select(Shipment.track_and_trace, SalesOrder.number)
            .join(Shipment.sales_order)
            .where(Shipment.track_and_trace.in_(some), Shipment.undone_at.is_(None))
            .order_by(Shipment.id)
        )
        used.update((code, number) for code, number in found)
    for row in going:
        if row.code in used:
            _doubt(row, _("This code was used for %(number)s already.", number=used[row.code]))


def _orders_called(session: Session, texts: set[str]) -> dict[str, list[SalesOrder]]:
    """The orders by number and by the marketplace's number, in capitals; of a split order all its parts.

    A deleted order is found only under a name that no living one has.
    """
    asked = {text for given in texts for text in (given, given.upper())}
    by_number = select(SalesOrder.id).where(SalesOrder.number.in_(asked))
    by_theirs = select(SalesOrder.id).join(SalesOrder.marketplace_order).where(MarketplaceOrder.external_id.in_(asked))
    ids = {*session.scalars(by_number), *session.scalars(by_theirs)}  # one question with OR would read every order
    orders = session.scalars(
        select(SalesOrder)
        .where(SalesOrder.id.in_(ids))
        .options(
            joinedload(SalesOrder.shop),
            joinedload(SalesOrder.marketplace_order).load_only(MarketplaceOrder.external_id),
            selectinload(SalesOrder.lines).joinedload(OrderLine.item),
        )
        .order_by(SalesOrder.id)
    )
    called: dict[str, list[SalesOrder]] = defaultdict(list)
    for order in orders:
        for name in {order.number.upper(), order.marketplace_order.external_id.upper()}:
            called[name].append(order)
    return {name: [order for order in found if not order.is_deleted] or found[:1] for name, found in called.items()}


def _numbers_of(session: Session, order_ids: Sequence[int]) -> Iterator[tuple[int, str, str]]:
    """Id, number and status of the orders that are still here, in the order in which they were chosen."""
    for some in _in_parts(list(dict.fromkeys(order_ids))):
        found = session.execute(
            select(SalesOrder.id, SalesOrder.number, SalesOrder.status).where(
                SalesOrder.id.in_(some), SalesOrder.status != DELETED
            )
        )
        by_id = {order_id: (order_id, number, status) for order_id, number, status in found}
        yield from (by_id[order_id] for order_id in some if order_id in by_id)


def _in_parts(things: Iterable[Thing]) -> Iterator[list[Thing]]:
    """A database takes only so many values in one question."""
    rest = iter(things)
    while some := list(islice(rest, AT_A_TIME)):
        yield some
