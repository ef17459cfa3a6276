"""Offers (v11): a product for sale in one shop. They carry no title; see the catalog for that."""

from decimal import Decimal

import msgspec

from .orders import FBB, FBR
from .record import Moment, Record


class Stock(Record, frozen=True, kw_only=True):
    """`corrected_stock` is what bol sells from; at 0 the offer is offline."""

    amount: int = 0
    corrected_stock: int | None = None
    managed_by_retailer: bool | None = None


class CountryAvailability(Record, frozen=True, kw_only=True):
    """Whether the offer is for sale in a country; None when bol does not say."""

    country_code: str
    for_sale: bool | None = None


class Condition(Record, frozen=True, kw_only=True):
    """NEW, SECONDHAND (with a state) or REFURBISHED (with a grade)."""

    category: str = ""
    state: str | None = None
    grade: str | None = None
    comment: str | None = None


class BundlePrice(Record, frozen=True, kw_only=True):
    """The price of one unit, in euros including VAT, from this quantity on."""

    quantity: int
    unit_price: Decimal


class Pricing(Record, frozen=True, kw_only=True):
    """All price steps."""

    bundle_prices: tuple[BundlePrice, ...] = ()


class OfferFulfilment(Record, frozen=True, kw_only=True):
    """Who ships: FBR or FBB, and by which promise."""

    method: str = FBR
    schedule: str | None = None
    profile_id: str | None = None


class BolProduct(Record, frozen=True, kw_only=True):
    """bol's own number of the product."""

    bol_product_id: str | None = None


class Offer(Record, frozen=True, kw_only=True):
    """One offer. `reference` (the seller's SKU), `ean` and `stock` (FBB) can be missing."""

    offer_id: str
    ean: str | None = None
    last_modified_date_time: Moment | None = None
    reference: str | None = None
    on_hold_by_retailer: bool = False
    economic_operator_id: str | None = None
    unknown_product_title: str | None = None
    stock: Stock | None = None
    country_availabilities: tuple[CountryAvailability, ...] = ()
    condition: Condition = msgspec.field(default_factory=Condition)
    product: BolProduct | None = None
    pricing: Pricing = msgspec.field(default_factory=Pricing)
    fulfilment: OfferFulfilment = msgspec.field(default_factory=OfferFulfilment)

    @property
    def is_fbb(self) -> bool:
        return self.fulfilment.method == FBB

    @property
    def is_vvb(self) -> bool:
        return self.fulfilment.schedule == "SHIPPING_VIA_BOL"

    @property
    def unit_price(self) -> Decimal | None:
        """The price of a single unit, None when bol gives none."""
        steps = sorted(self.pricing.bundle_prices, key=lambda step: step.quantity)
        return steps[0].unit_price if steps else None

    @property
    def is_for_sale(self) -> bool:
        return any(country.for_sale for country in self.country_availabilities)


class Page(Record, frozen=True, kw_only=True):
    """Where the next page begins, None on the last."""

    next_cursor: str | None = None


class OfferList(Record, frozen=True, kw_only=True):
    """One page as bol sends it."""

    offers: tuple[Offer, ...] = ()
    page: Page = msgspec.field(default_factory=Page)


class OfferPage(Record, frozen=True, kw_only=True):
    """One page for the caller: keep `next_cursor` to go on there later; None means this was the last."""

    offers: tuple[Offer, ...]
    next_cursor: str | None
