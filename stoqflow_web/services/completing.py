"""Completes an order: it leaves in parcels, stock goes down, and the marketplace is owed its shipments."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from flask_babel import gettext as _
from sqlalchemy import select

from stoqflow_web import clock
from stoqflow_web.carriers import carriers, judge
from stoqflow_web.errors import Invalid, StoqflowError
from stoqflow_web.models import OrderLine, OrderWord, SalesOrder, Shipment, ShipmentLine
from stoqflow_web.models.products import SHIPPED
from stoqflow_web.models.sales_orders import COMPLETE, ON_HOLD
from stoqflow_web.search_words import words_of
from stoqflow_web.services import history, holding, stock
from stoqflow_web.services.codes_in_use import codes_in_use, who_has_it
from stoqflow_web.services.families import locked_order
from stoqflow_web.services.owing import settle_debts
from stoqflow_web.transaction import Transaction, transaction


class NotCompletable(StoqflowError):
    """The order can't be completed as it is; the sentence says why and what to do."""


@dataclass(frozen=True, kw_only=True)
class Parcel:
    """One parcel as somebody packed it. `quantities`: units per order line id; empty means all that is left.

    `is_confirmed`: the person says that a code is right although it is uncommon, or another parcel has it.
    """

    carrier: str
    track_and_trace: str | None = None
    quantities: Mapping[int, int] = field(default_factory=dict)
    is_confirmed: bool = False


def complete(
    order_id: int,
    parcels: Sequence[Parcel],
    *,
    user_id: int | None,
    despite_shortage: bool = False,
    units_seen: Mapping[int, int] | None = None,
) -> SalesOrder:
    """Complete an open order in these parcels.

    `despite_shortage`: although the stock here says that goods are missing (they are in the parcel, so it is the count
    that is wrong). `units_seen`: what was to be shipped, per order line id, when the person packed; nothing that the
    marketplace cancelled since is packed unnoticed. Raises NotFound, NotCompletable, and Invalid with field
    `parcels-N-carrier`, `parcels-N-track_and_trace` or `parcels-N-quantities` (N from 0).
    """
    with transaction() as tx:
        order = locked_order(tx, order_id)
        check_completable(order, despite_shortage=despite_shortage)
        _check_seen(order, units_seen)
        packed = _packed(order, parcels)
        codes = [_code(order, number, parcel) for number, parcel in enumerate(parcels)]
        _check_codes_are_free(tx, parcels, codes)
        _take_from_stock(tx, order, user_id)
        for parcel, code, quantities in zip(parcels, codes, packed, strict=True):
            _add_shipment(order, parcel.carrier, code, quantities)
        order.status, order.ended_at = COMPLETE, clock.now()
        order.note_requests()
        _make_findable(tx, order, codes)
        tx.session.flush()
        history.record(
            tx,
            "completed",
            user_id=user_id,
            sales_order_id=order.id,
            codes=", ".join(code for code in codes if code) or None,
            anyway=1 if any(line.ships_anyway for line in order.lines_to_ship) else None,
        )
        settle_debts(tx, order.marketplace_order, user_id=user_id)
        return order


def check_completable(order: SalesOrder, *, despite_shortage: bool = False) -> None:
    """Whether an order may be completed at all. Raises NotCompletable."""
    if not order.is_open:
        raise NotCompletable(_("%(number)s is %(status)s already.", number=order.number, status=order.status))
    if not order.lines_to_ship:
        raise NotCompletable(_("Nothing of %(number)s is left to ship.", number=order.number))
    if any(line.item.needs_marketplace_label for line in order.lines_to_ship):
        raise NotCompletable(
            _("%(number)s must travel with a label of bol.com (VVB). Complete it at bol.com.", number=order.number)
        )
    if order.lines_to_answer:
        raise NotCompletable(
            _(
                "The client asked bol.com to cancel %(number)s. Answer that first: cancel it for the client, "
                "or ship it anyway.",
                number=order.number,
            )
        )
    if order.status == ON_HOLD and not despite_shortage:
        raise NotCompletable(
            _(
                "%(number)s is on hold: the stock here does not suffice, or a product is not known. "
                "Complete it all the same only when the goods are in the parcel.",
                number=order.number,
            )
        )


def _check_seen(order: SalesOrder, units_seen: Mapping[int, int] | None) -> None:
    if units_seen is not None and dict(units_seen) != {line.id: line.quantity for line in order.lines_to_ship}:
        raise NotCompletable(
            _(
                "%(number)s has changed while this page was open. "
                "Look at what is on it now, and at what is in the parcel.",
                number=order.number,
            )
        )


def _packed(order: SalesOrder, parcels: Sequence[Parcel]) -> list[dict[OrderLine, int]]:
    """Units per line in each parcel. Together they are exactly the order: what stays behind must be split off first."""
    if not parcels:
        raise NotCompletable(_("An order leaves in at least one parcel."))
    left = Counter({line.id: line.quantity for line in order.lines_to_ship})
    lines = {line.id: line for line in order.lines_to_ship}
    packed: list[dict[OrderLine, int]] = []
    for number, parcel in enumerate(parcels):
        quantities = {key: units for key, units in (parcel.quantities or dict(left)).items() if units}
        for line_id, units in quantities.items():
            if line_id not in lines or units < 0 or units > left[line_id]:
                raise Invalid(
                    f"parcels-{number}-quantities", _("There are more units in the parcels than in the order.")
                )
            left[line_id] -= units
        if not quantities:
            raise Invalid(f"parcels-{number}-quantities", _("This parcel is empty. Take it out, or put something in."))
        packed.append({lines[line_id]: units for line_id, units in quantities.items()})
    if any(left.values()):
        raise Invalid(
            f"parcels-{len(parcels) - 1}-quantities",
            _("Not everything is in a parcel. Put it in, or split it off into a backorder first."),
        )
    return packed


def _code(order: SalesOrder, number: int, parcel: Parcel) -> str | None:
    carrier = carriers().get(parcel.carrier)
    if carrier is None:
        raise Invalid(f"parcels-{number}-carrier", _("Choose a carrier."))
    verdict = judge(carrier, parcel.track_and_trace, own_numbers=(order.number, order.marketplace_order.external_id))
    if verdict.refusal:
        raise Invalid(f"parcels-{number}-track_and_trace", verdict.refusal)
    if verdict.is_uncommon and not parcel.is_confirmed:
        raise Invalid(
            f"parcels-{number}-track_and_trace",
            _("This does not look like a code of %(name)s. Check it; if it is right, confirm it.", name=carrier.name),
        )
    return verdict.code


def _check_codes_are_free(tx: Transaction, parcels: Sequence[Parcel], codes: Sequence[str | None]) -> None:
    in_use = codes_in_use(tx.session, codes)
    for number, parcel in enumerate(parcels):
        if not parcel.is_confirmed and (sentence := who_has_it(codes, number, in_use)):
            raise Invalid(f"parcels-{number}-track_and_trace", sentence)


def _make_findable(tx: Transaction, order: SalesOrder, codes: Sequence[str | None]) -> None:
    """A parcel that comes back is looked for by the code on it."""
    words = words_of(*codes)
    there = set(
        tx.session.scalars(
            select(OrderWord.word).where(OrderWord.sales_order_id == order.id, OrderWord.word.in_(words))
        )
    )
    tx.session.add_all(OrderWord(word=word, sales_order_id=order.id) for word in sorted(words - there))


def _take_from_stock(tx: Transaction, order: SalesOrder, user_id: int | None) -> None:
    products = holding.products_of(tx, order)
    holding.give_up_reservation(tx, order)
    for product_id, units in holding.needs(order).items():
        stock.move(tx, products[product_id], -units, SHIPPED, user_id=user_id, sales_order_id=order.id)


def _add_shipment(order: SalesOrder, carrier: str, code: str | None, quantities: Mapping[OrderLine, int]) -> None:
    order.shipments.append(
        Shipment(
            # Counted with the undone ones: a reference that bol.com may have seen is never used again.
            reference=f"{order.number}-{len(order.shipments) + 1}",
            carrier=carrier,
            track_and_trace=code,
            created_at=clock.now(),
            lines=[ShipmentLine(order_line=line, quantity=units) for line, units in quantities.items()],
        )
    )
