"""A Track & Trace code stands on one label: one that another parcel has already is mostly a label scanned twice."""

from collections.abc import Collection, Mapping, Sequence

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from stoqflow_web.models import SalesOrder, Shipment
from stoqflow_web.models.sales_orders import DELETED


def codes_in_use(session: Session, codes: Collection[str | None]) -> dict[str, str]:
    """The number of an order that has a parcel with it, by code; only of codes that are in use. Undone parcels and
    deleted orders have none. `codes` are tidied (carriers.tidied)."""
    wanted = {code for code in codes if code}
    if not wanted:
        return {}
    found = session.execute(
        select(Shipment.track_and_trace, SalesOrder.number)
        .join(SalesOrder, Shipment.sales_order_id == SalesOrder.id)
        .where(Shipment.track_and_trace.in_(wanted), Shipment.undone_at.is_(None), SalesOrder.status != DELETED)
        .order_by(Shipment.id.desc())
    )
    return {code: number for code, number in found if code is not None}


def who_has_it(codes: Sequence[str | None], number: int, in_use: Mapping[str, str]) -> str:
    """Who has the code of parcel `number` (from 0) already, as a sentence for a page; empty when nobody does."""
    code = codes[number]
    if not code:
        return ""
    if order := in_use.get(code):
        return _("%(number)s has this code already. If it is one parcel for both, confirm it.", number=order)
    if code in codes[:number]:
        return _("Parcel %(number)s has this code already. If that is right, confirm it.", number=codes.index(code) + 1)
    return ""
