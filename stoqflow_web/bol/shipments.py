"""Shipments: what bol knows to have left."""

from decimal import Decimal

import msgspec

from .orders import Address, Fulfilment, OfferOfItem, ProductOfItem
from .record import Moment, Record


class OrderOfShipment(Record, frozen=True, kw_only=True):
    """The order a shipment belongs to."""

    order_id: str
    order_placed_date_time: Moment | None = None


class TransportEvent(Record, frozen=True, kw_only=True):
    """What the carrier reported, for example IN_TRANSIT."""

    event_code: str
    event_date_time: Moment | None = None


class Transport(Record, frozen=True, kw_only=True):
    """The parcel. In the list only `transport_id` is filled."""

    transport_id: str | None = None
    transporter_code: str | None = None
    track_and_trace: str | None = None
    shipping_label_id: str | None = None
    transport_events: tuple[TransportEvent, ...] = ()


class ShipmentItemSummary(Record, frozen=True, kw_only=True):
    """An item in the shipment list; its quantity is only in the detail."""

    order_item_id: str
    ean: str = ""


class ShipmentSummary(Record, frozen=True, kw_only=True):
    """A shipment in the list. `shipment_reference` is the text we gave it."""

    shipment_id: str
    shipment_date_time: Moment | None = None
    shipment_reference: str | None = None
    order: OrderOfShipment
    shipment_items: tuple[ShipmentItemSummary, ...] = ()
    transport: Transport | None = None


class ShipmentList(Record, frozen=True, kw_only=True):
    """One page; bol leaves `shipments` out when there are none."""

    shipments: tuple[ShipmentSummary, ...] = ()


class ShipmentItem(Record, frozen=True, kw_only=True):
    """`quantity` was ordered, `quantity_shipped` left in this shipment (None in answers from before October 2025)."""

    order_item_id: str
    quantity: int
    quantity_shipped: int | None = None
    unit_price: Decimal | None = None
    commission: Decimal | None = None
    fulfilment: Fulfilment | None = None
    offer: OfferOfItem | None = None
    product: ProductOfItem | None = None


class Shipment(Record, frozen=True, kw_only=True):
    """A whole shipment."""

    shipment_id: str
    shipment_date_time: Moment | None = None
    shipment_reference: str | None = None
    pickup_point: bool = False
    order: OrderOfShipment
    shipment_details: Address = msgspec.field(default_factory=Address)
    billing_details: Address | None = None
    shipment_items: tuple[ShipmentItem, ...]
    transport: Transport | None = None
