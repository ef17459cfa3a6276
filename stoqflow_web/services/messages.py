"""What a writeback says, as a plain record that outlives the transaction it was read in."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from stoqflow_web.exchange import Receipt
from stoqflow_web.marketplace import Marketplace
from stoqflow_web.models import Writeback
from stoqflow_web.models.writebacks import CANCELLATION, SHIPMENT


@dataclass(frozen=True, kw_only=True)
class Message:
    """`units` per external item id: in the parcel, or canceled here. What a kind has no use for is None or empty."""

    id: int
    claim: int
    kind: str
    order_external_id: str
    marketplace_order_id: int
    units: Mapping[str, int]
    reference: str = ""
    carrier: str = ""
    code: str | None = None
    reason: str = ""
    is_deliberate: bool = False
    ships_anyway: frozenset[str] = (
        frozenset()
    )  # items in the parcel for which the client's wish to cancel is answered so
    shipment_external_id: str | None = None
    transport_external_id: str | None = None
    sent_at: datetime | None = None  # of an earlier try that may have arrived
    process_status_id: str | None = None


def message_of(row: Writeback) -> Message:
    """Reads what the row belongs to; see outbox.whole_rows."""
    shipment = row.shipment
    is_transport = row.kind not in (SHIPMENT, CANCELLATION)
    return Message(
        id=row.id,
        claim=row.claim,
        kind=row.kind,
        order_external_id=row.marketplace_order.external_id,
        marketplace_order_id=row.marketplace_order_id,
        units=_parcel(row) if row.kind == SHIPMENT else _canceled(row) if row.kind == CANCELLATION else {},
        reference=shipment.reference if shipment else "",
        carrier=(row.carrier if is_transport else None) or (shipment.carrier if shipment else ""),
        code=row.track_and_trace if is_transport else (shipment.track_and_trace if shipment else None),
        reason=row.cancel_reason or "other",
        is_deliberate=row.is_deliberate,
        ships_anyway=ships_anyway(row),
        shipment_external_id=shipment.external_id if shipment else None,
        transport_external_id=shipment.transport_external_id if shipment else None,
        sent_at=row.sent_at,
        process_status_id=row.process_status_id,
    )


def ships_anyway(row: Writeback) -> frozenset[str]:
    """The external ids of the items in the parcel that leave although the client asked to cancel, as it is now."""
    lines = row.shipment.order_lines if row.kind == SHIPMENT and row.shipment else []
    unanswered = {line.item.external_id for line in lines if not line.ships_anyway}
    return frozenset(line.item.external_id for line in lines) - unanswered


def send(marketplace: Marketplace, message: Message) -> Receipt:
    """Put it in the marketplace's queue. Raises an ExchangeError; OutcomeUnknown when it may be there all the same."""
    if message.kind == SHIPMENT:
        return marketplace.ship(message.units, reference=message.reference, carrier=message.carrier, code=message.code)
    if message.kind == CANCELLATION:
        return marketplace.cancel_item(next(iter(message.units)), message.reason)
    return marketplace.change_transport(
        str(message.transport_external_id), carrier=message.carrier, code=message.code or ""
    )


def _parcel(row: Writeback) -> dict[str, int]:
    units: dict[str, int] = {}
    for line in row.shipment.lines if row.shipment else []:
        item = line.order_line.item.external_id
        units[item] = units.get(item, 0) + line.quantity
    return units


def _canceled(row: Writeback) -> dict[str, int]:
    """The units of the item that were canceled here, by any part of the family that was not deleted."""
    if row.item is None:
        return {}
    units = sum(
        line.quantity
        for part in row.marketplace_order.living_parts
        for line in part.lines
        if line.marketplace_item_id == row.marketplace_item_id and line.is_canceled
    )
    return {row.item.external_id: units}
