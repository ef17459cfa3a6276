"""Orders as bol shows them: short in the list, whole in the detail."""

from datetime import date
from decimal import Decimal
from typing import Final

import msgspec

from .record import Moment, Record

FBR: Final = "FBR"  # fulfilled by the retailer
FBB: Final = "FBB"  # fulfilled by bol

OUT_OF_STOCK: Final = "OUT_OF_STOCK"
REQUESTED_BY_CUSTOMER: Final = "REQUESTED_BY_CUSTOMER"  # only when the customer really asked
CANCEL_REASONS: Final = (
    OUT_OF_STOCK,
    REQUESTED_BY_CUSTOMER,
    "BAD_CONDITION",
    "HIGHER_SHIPCOST",
    "INCORRECT_PRICE",
    "NOT_AVAIL_IN_TIME",
    "NO_BOL_GUARANTEE",
    "ORDERED_TWICE",
    "RETAIN_ITEM",
    "TECH_ISSUE",
    "UNFINDABLE_ITEM",
    "OTHER",
)


class _Quantities(Record, frozen=True, kw_only=True):
    quantity: int
    quantity_shipped: int
    quantity_cancelled: int

    @property
    def open_quantity(self) -> int:
        """Units that are neither shipped nor cancelled."""
        return max(0, self.quantity - self.quantity_shipped - self.quantity_cancelled)

    @property
    def is_open(self) -> bool:
        return self.open_quantity > 0


class OrderItemSummary(_Quantities, frozen=True, kw_only=True):
    """One item in the order list. The seller's own reference (SKU) is only in the detail."""

    order_item_id: str
    ean: str = ""
    fulfilment_method: str = FBR
    fulfilment_status: str = ""
    cancellation_request: bool
    latest_changed_date_time: Moment | None = None

    @property
    def is_fbb(self) -> bool:
        return self.fulfilment_method == FBB


class OrderSummary(Record, frozen=True, kw_only=True):
    """One order in the list, with only the items that fit the filter of that list."""

    order_id: str
    order_placed_date_time: Moment | None = None
    order_items: tuple[OrderItemSummary, ...]


class OrderList(Record, frozen=True, kw_only=True):
    """One page; bol leaves `orders` out when there are none."""

    orders: tuple[OrderSummary, ...] = ()


class Address(Record, frozen=True, kw_only=True):
    """Who and where. bol blanks addresses of old orders, so every part can be missing and is then an empty text."""

    salutation: str = ""
    first_name: str = ""
    surname: str = ""
    street_name: str = ""
    house_number: str = ""
    house_number_extension: str = ""
    extra_address_information: str = ""
    zip_code: str = ""
    city: str = ""
    country_code: str = ""
    email: str = ""  # scrambled relay address
    company: str = ""
    delivery_phone_number: str = ""  # only for appointments
    language: str = ""
    pickup_point_name: str = ""
    vat_number: str = ""
    kvk_number: str = ""
    order_reference: str = ""  # the customer's own reference, on the billing address

    @property
    def name(self) -> str:
        return " ".join(part for part in (self.first_name, self.surname) if part)

    def __repr__(self) -> str:
        return f"Address({self.country_code})"  # personal data stays out of logs and tracebacks


class Fulfilment(Record, frozen=True, kw_only=True):
    """How an item must reach the customer. The days are Amsterdam days."""

    method: str = FBR
    distribution_party: str = ""
    latest_delivery_date: date | None = None
    exact_delivery_date: date | None = None
    expiry_date: date | None = None
    time_frame_type: str = ""

    @property
    def is_fbb(self) -> bool:
        return self.method == FBB

    @property
    def is_vvb(self) -> bool:
        """The seller hands over, under a label of bol's."""
        return self.method == FBR and self.distribution_party == "BOL"

    @property
    def deliver_by(self) -> date | None:
        """The day the customer was promised; the latest day is empty when an exact one was chosen."""
        return self.exact_delivery_date or self.latest_delivery_date


class OfferOfItem(Record, frozen=True, kw_only=True):
    """`reference` is the seller's own code (SKU), None when unset."""

    offer_id: str | None = None
    reference: str | None = None


class ProductOfItem(Record, frozen=True, kw_only=True):
    """What was ordered."""

    ean: str = ""
    title: str = ""


class Discount(Record, frozen=True, kw_only=True):
    """A discount on an item, in euros."""

    title: str = ""
    amount: Decimal


class AdditionalService(Record, frozen=True, kw_only=True):
    """A service ordered with an item, for example PLACEMENT_AND_INSTALLATION."""

    service_type: str = ""


class OrderItem(_Quantities, frozen=True, kw_only=True):
    """One item of an order. Amounts are euros including VAT; `commission` is for all units together."""

    order_item_id: str
    cancellation_request: bool
    fulfilment: Fulfilment | None = None
    offer: OfferOfItem | None = None
    product: ProductOfItem | None = None
    unit_price: Decimal
    total_price: Decimal | None = None  # given by bol; it can't be computed from the other amounts
    commission: Decimal | None = None
    discounts: tuple[Discount, ...] = ()
    additional_services: tuple[AdditionalService, ...] = ()
    latest_changed_date_time: Moment | None = None

    @property
    def is_fbb(self) -> bool:
        return self.fulfilment is not None and self.fulfilment.is_fbb

    @property
    def is_vvb(self) -> bool:
        return self.fulfilment is not None and self.fulfilment.is_vvb

    @property
    def reference(self) -> str | None:
        return self.offer.reference if self.offer else None

    @property
    def offer_id(self) -> str | None:
        return self.offer.offer_id if self.offer else None

    @property
    def ean(self) -> str:
        return self.product.ean if self.product else ""

    @property
    def title(self) -> str:
        return self.product.title if self.product else ""


class Order(Record, frozen=True, kw_only=True):
    """A whole order, handled items included. `billing_details` is None for some orders."""

    order_id: str
    order_placed_date_time: Moment | None = None
    pickup_point: bool = False
    shipment_details: Address = msgspec.field(default_factory=Address)
    billing_details: Address | None = None
    order_items: tuple[OrderItem, ...]
