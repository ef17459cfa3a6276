"""What the pretend bol.com remembers. Times are aware UTC, money is Decimal, ids are text."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any


@dataclass(slots=True)
class Offer:
    offer_id: str
    number: int
    ean: str
    reference: str | None
    title: str
    brand: str
    price: Decimal
    stock: int
    modified_at: datetime
    method: str = "FBR"
    schedule: str = "BOL_DELIVERY_PROMISE"
    last_order_time: str = "22:00"
    managed_by_retailer: bool = False
    on_hold: bool = False
    condition: dict[str, Any] = field(default_factory=lambda: {"category": "NEW"})
    bundle_prices: list[tuple[int, Decimal]] = field(default_factory=list)
    bol_product_id: str | None = None
    economic_operator_id: str | None = None
    regular_stock: int = 0
    graded_stock: int = 0
    countries: tuple[str, ...] = ("NL", "BE")

    @property
    def is_known_product(self) -> bool:
        """Whether bol's catalogue has the product behind the EAN."""
        return self.bol_product_id is not None


@dataclass(slots=True)
class StockTold:
    """The seller told how many there are of an offer."""

    at: datetime
    offer_id: str
    reference: str | None
    amount: int


@dataclass(slots=True)
class Item:
    item_id: str
    order_id: str
    ean: str
    title: str
    quantity: int
    unit_price: Decimal
    commission: Decimal
    changed_at: datetime
    method: str = "FBR"
    distribution_party: str = "RETAILER"
    offer_id: str | None = None
    reference: str | None = None
    shipped: int = 0
    cancelled: int = 0
    cancellation_request: bool = False
    latest_delivery_date: date | None = None
    exact_delivery_date: date | None = None
    expiry_date: date | None = None
    time_frame: str = "REGULAR"
    services: tuple[str, ...] = ()
    discounts: list[tuple[str, Decimal]] = field(default_factory=list)
    handled_at: datetime | None = None
    cancel_reason: str | None = None  # the seller's, or EXPIRED; None: bol or the client decided

    @property
    def open(self) -> int:
        return self.quantity - self.shipped - self.cancelled

    @property
    def is_open(self) -> bool:
        return self.open > 0

    @property
    def is_vvb(self) -> bool:
        """Whether it travels with a label bought from bol."""
        return self.method == "FBR" and self.distribution_party == "BOL"

    def ship(self, quantity: int, now: datetime) -> None:
        self.shipped += quantity
        self._touch(now)

    def cancel(self, now: datetime, quantity: int | None = None, *, reason: str | None = None) -> None:
        """So many units, or everything that is still open."""
        self.cancel_reason = reason
        self.cancelled += self.open if quantity is None else min(quantity, self.open)
        self._touch(now)

    def _touch(self, now: datetime) -> None:
        self.changed_at = now
        if not self.is_open:
            self.handled_at = now


@dataclass(slots=True)
class Order:
    order_id: str
    placed_at: datetime
    pickup_point: bool
    shipment_details: dict[str, Any]
    billing_details: dict[str, Any] | None
    items: list[Item]


@dataclass(slots=True)
class Shipment:
    shipment_id: str
    transport_id: str
    order_id: str
    shipped_at: datetime
    reference: str | None
    quantities: dict[str, int]
    method: str = "FBR"
    transporter_code: str | None = None
    track_and_trace: str | None = None
    shipping_label_id: str | None = None


EXPIRED = "EXPIRED"


class Refused(Exception):
    """bol looked at a queued write and refuses it; the text is what the seller reads."""


@dataclass(slots=True)
class Process:
    """A queued write. `work` is handed the state when it is due and gives the entity id, or raises Refused.

    `outcome` is an end that was asked for beforehand; then the work is only done when `applied_anyway`.
    """

    process_id: str
    event_type: str
    description: str
    created_at: datetime
    due_at: datetime
    work: Callable[[Any], str]
    entity_id: str | None = None
    status: str = "PENDING"
    error_message: str | None = None
    outcome: str | None = None
    applied_anyway: bool = False
    finished_at: datetime | None = None


@dataclass(slots=True)
class Return:
    return_id: str
    rma_id: str
    order_id: str
    item_id: str
    ean: str
    title: str
    quantity: int
    registered_at: datetime
    method: str
    main_reason: str
    detailed_reason: str
    comments: str
    customer: dict[str, Any]
    handled_at: datetime | None = None
    handling_result: str | None = None


@dataclass(slots=True)
class Report:
    """An offer export file."""

    report_id: str
    made_at: datetime
    content: bytes


@dataclass(slots=True)
class Subscription:
    subscription_id: str
    resources: list[str]
    event_destination: str
    subscription_type: str
    enabled: bool = True
    identity: str | None = None

    @property
    def is_pushed_to(self) -> bool:
        return self.enabled and self.subscription_type == "WEBHOOK"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that subscribers hear of when it is due."""

    due_at: datetime
    resource: str
    kind: str
    resource_id: str


@dataclass(slots=True)
class Delivery:
    """A signed message on its way to a subscriber. `ended` is "taken", "given up" or "dropped"; empty until then.

    One that `is_held` waits for the first attempt of the message `after` it, which is not there at first.
    """

    subscription_id: str
    to: str
    signature: str
    body: bytes
    event: Event
    due_at: datetime
    is_forged: bool = False
    is_held: bool = False
    after: "Delivery | None" = None
    is_under_way: bool = False
    attempts: int = 0
    last_status: int | None = None
    ended: str | None = None

    def is_due(self, now: datetime) -> bool:
        if self.ended or self.is_under_way or self.due_at > now:
            return False
        return not self.is_held or (self.after is not None and self.after.attempts > 0)


@dataclass(frozen=True, slots=True)
class Seen:
    """One request that bol was asked, for tests and the control page."""

    at: datetime
    method: str
    path: str
    query: str
    status: int
    client_id: str | None
    accept: str
    body: bytes = b""
