"""The records that cross the border between Stoqflow and a marketplace, in our words, and how that can fail.

Money is Decimal in euros, moments are aware datetimes, days are dates as Amsterdam counts them, quantities are units.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

FBR = "FBR"  # fulfilled by the retailer: we ship
FBB = "FBB"  # fulfilled by bol: never picked, shipped or cancelled by us


REQUESTED_BY_CLIENT = "requested-by-client"
CANCEL_REASONS = (
    "out-of-stock",
    REQUESTED_BY_CLIENT,
    "bad-condition",
    "higher-shipping-cost",
    "incorrect-price",
    "not-available-in-time",
    "no-bol-guarantee",
    "ordered-twice",
    "retained",
    "technical-issue",
    "unfindable",
    "other",
)
"""Why an order or line is canceled. All but the client's own wish count against the seller's cancellation norm."""


# Why a shop has no access
KEYS_REFUSED = "refused"
ACCOUNT_INACTIVE = "inactive"
KEYS_UNUSABLE = "unusable"


@dataclass(frozen=True, kw_only=True)
class Account:
    """The seller account that a pair of keys belongs to."""

    external_id: str
    name: str


@dataclass(frozen=True, kw_only=True)
class Address:
    """A name and address as the marketplace gave it. Any part can be missing."""

    first_name: str = ""
    surname: str = ""
    company: str = ""
    street: str = ""
    house_number: str = ""
    house_number_extension: str = ""
    extra: str = ""
    zip_code: str = ""
    city: str = ""
    country_code: str = ""
    phone: str = ""
    email: str = ""
    language: str = ""
    vat_number: str = ""
    client_reference: str = ""

    @property
    def full_name(self) -> str:
        return f"{self.first_name} {self.surname}".strip() or self.company

    @property
    def street_line(self) -> str:
        number = f"{self.house_number}{_joined_extension(self.house_number_extension)}"
        return f"{self.street} {number}".strip()

    @property
    def city_line(self) -> str:
        return ", ".join(part for part in (f"{self.zip_code} {self.city}".strip(), self.country_code) if part)

    def is_same_place(self, other: "Address | None") -> bool:
        return other is not None and (self.full_name, self.street_line, self.city_line, self.extra) == (
            other.full_name,
            other.street_line,
            other.city_line,
            other.extra,
        )


def _joined_extension(extension: str) -> str:
    """12 + A is written 12A, 12 + 3 is written 12-3."""
    return f"-{extension}" if extension[:1].isdigit() else extension


@dataclass(frozen=True, kw_only=True)
class OfferRecord:
    external_id: str
    reference: str | None
    ean: str | None
    title: str | None
    price: Decimal | None
    fulfilment_method: str
    stock: int | None
    sellable: int | None  # what clients can still buy there
    is_corrected_there: bool | None  # whether the marketplace subtracts open orders from it by itself
    is_on_hold: bool
    condition: str
    modified_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class OfferListPage:
    """A page of offers; `next_cursor` is None on the last one."""

    offers: tuple[OfferRecord, ...]
    next_cursor: str | None


@dataclass(frozen=True, kw_only=True)
class WarehouseRecord:
    """What of a product lies in the marketplace's own warehouse: `regular` can be sold, `graded` no longer."""

    ean: str
    regular: int
    graded: int


@dataclass(frozen=True, kw_only=True)
class ItemRecord:
    external_id: str
    offer_external_id: str | None
    reference: str | None
    ean: str | None
    title: str | None
    quantity: int
    quantity_shipped: int
    quantity_cancelled: int
    is_cancellation_requested: bool
    fulfilment_method: str
    needs_marketplace_label: bool
    deliver_by: date | None
    is_delivery_day_exact: bool
    time_frame: str | None
    expires_on: date | None
    unit_price: Decimal | None
    total_price: Decimal | None
    changed_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class OrderRecord:
    """An order as the marketplace tells it. `pickup_point` is None for home delivery, else its name or ""."""

    external_id: str
    placed_at: datetime | None
    ship_to: Address | None
    invoice_to: Address | None
    pickup_point: str | None
    items: tuple[ItemRecord, ...]


@dataclass(frozen=True, kw_only=True)
class ListedItem:
    """An item as the marketplace's list of orders shows it."""

    external_id: str
    fulfilment_method: str
    quantity: int
    quantity_shipped: int
    quantity_cancelled: int
    is_cancellation_requested: bool
    changed_at: datetime | None

    @property
    def is_open(self) -> bool:
        return self.quantity > self.quantity_shipped + self.quantity_cancelled


@dataclass(frozen=True, kw_only=True)
class ListedOrder:
    """An order as the marketplace's list shows it: only the items that fit what the list was asked for."""

    external_id: str
    placed_at: datetime | None
    items: tuple[ListedItem, ...]

    @property
    def is_open(self) -> bool:
        return any(item.is_open for item in self.items)


@dataclass(frozen=True, kw_only=True)
class OrderListPage:
    """A page of a list of orders. `told_at`: what time it was at the marketplace when it was made, or just before."""

    orders: tuple[ListedOrder, ...]
    is_last: bool
    told_at: datetime


@dataclass(frozen=True, kw_only=True)
class ContentRecord:
    """What the marketplace's catalogue says of a product. Either can be unknown."""

    title: str | None
    image_url: str | None


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """The marketplace has taken a message in. Nothing of it is true before its outcome says success."""

    process_status_id: str


SUCCESS = "success"
FAILURE = "failure"
TIMEOUT = "timeout"
STILL_PENDING = "pending"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a message fared: success, failure (with the marketplace's own sentence), timeout or pending."""

    state: str
    sentence: str | None = None


@dataclass(frozen=True, kw_only=True)
class ShipmentRecord:
    """A shipment that the marketplace knows. `reference` is the one we gave it, None for one made elsewhere."""

    external_id: str
    reference: str | None
    transport_external_id: str | None


@dataclass(frozen=True, kw_only=True)
class ReturnResult:
    """What became of units that came back."""

    quantity: int
    asked: str  # what the seller did with them: received, refused, … (marketplace.RETURN_RESULTS), or a new word
    made_of_it: str  # by the marketplace: accepted, …
    at: datetime | None


@dataclass(frozen=True, kw_only=True)
class ReturnItemRecord:
    """A thing that a client sends back. The list leaves out its title and how it travels."""

    rma_id: str
    order_external_id: str
    ean: str
    title: str | None
    expected_quantity: int
    main_reason: str
    detailed_reason: str
    comments: str
    is_handled: bool
    results: tuple[ReturnResult, ...]
    track_and_trace: str | None
    carrier_name: str | None


@dataclass(frozen=True, kw_only=True)
class ReturnRecord:
    external_id: str
    registered_at: datetime
    items: tuple[ReturnItemRecord, ...]


@dataclass(frozen=True, kw_only=True)
class ReturnListPage:
    returns: tuple[ReturnRecord, ...]
    is_last: bool


CANCELLATIONS = "cancellations"
ON_TIME = "on-time"
TRACK_AND_TRACE = "track-and-trace"
INDICATORS = (
    CANCELLATIONS,
    ON_TIME,
    TRACK_AND_TRACE,
    "returns",
    "response-time",
    "phone-availability",
    "case-item-ratio",
    "reviews",
)
"""What the marketplace measures of a seller, in the order in which pages show it."""


@dataclass(frozen=True, kw_only=True)
class IndicatorRecord:
    """One of INDICATORS in one week, with its norm; the score and its parts are None when nothing was measured.

    `is_share`: norm and score are parts of one, 0.02 for two in a hundred; else an average. `condition` is <= or >=.
    """

    is_share: bool
    condition: str
    norm: Decimal
    score: Decimal | None
    numerator: int | None
    denominator: int | None
    conforms: bool | None


# What a pushed message is about
ABOUT_ORDER = "order"  # an order is new, or its client asks to cancel: the id may be that of an order or of an item
ABOUT_OUTCOME = "outcome"  # of a message of ours, by its process status id
ABOUT_TEST = "test"
ABOUT_OTHER = "other"


@dataclass(frozen=True, kw_only=True)
class Subscription:
    """What the marketplace pushes, and where to. It is complete when it tells of all that we want to hear."""

    external_id: str
    address: str
    is_enabled: bool
    is_complete: bool


@dataclass(frozen=True, kw_only=True)
class Pushed:
    """A message that was pushed to us: a hint, never a fact. `sent_at` is text that only tells messages apart.

    `kind` is the marketplace's own word for what happened, for the log and for telling messages apart.
    """

    account_id: str
    about: str
    kind: str
    subject: str
    sent_at: str


GENUINE = "genuine"
FORGED = "forged"
UNKNOWN_KEY = "unknown-key"  # ask for the keys anew, then look again

OnWait = Callable[[float], None]
"""Told how many seconds a call is about to wait for the marketplace's limit."""


class ExchangeError(Exception):
    """A call to the marketplace failed. `sentence` is fit for a page and holds no secret.

    `is_temporary` says whether the same call can succeed later, `retry_after` in how many seconds if that is known.
    """

    is_temporary = False

    def __init__(self, sentence: str, *, retry_after: float | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.retry_after = retry_after


class AccessLost(ExchangeError):
    """The keys are refused: nothing more can be asked with them. `because` tells the sorts of it apart."""

    because = KEYS_REFUSED


class AccountInactive(AccessLost):
    """The keys are good, but the account may not use the interface."""

    because = ACCOUNT_INACTIVE


class KeysUnusable(AccessLost):
    """Not the marketplace refuses: the stored keys can't be read, or open another account. The sentence says which."""

    because = KEYS_UNUSABLE


class NotThere(ExchangeError):
    """The marketplace does not know the thing, or not for this account."""


class AskedWrongly(ExchangeError):
    """The marketplace refuses the request itself; asking the same again will not help."""


class AnswerNotUnderstood(ExchangeError):
    """An answer came that is not what was agreed. It may be a passing fault on their side."""

    is_temporary = True


class Unreachable(ExchangeError):
    """No answer, or the marketplace says it is out of order."""

    is_temporary = True


class Busy(ExchangeError):
    """The limit of calls is reached; go on after `retry_after` seconds."""

    is_temporary = True


class Rejected(ExchangeError):
    """The marketplace refuses this message, and would refuse it again. `said`: its own words."""

    def __init__(self, sentence: str, *, said: str | None = None) -> None:
        super().__init__(sentence)
        self.said = said


class OutcomeUnknown(ExchangeError):
    """A message left, and nobody can say whether the marketplace took it in: look before sending it again."""
