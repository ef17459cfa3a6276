"""Making one order: who buys, where it goes, by when, and its items."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from stoqflow_web.bol.sandbox import identifiers, names
from stoqflow_web.bol.sandbox.clock import AMSTERDAM
from stoqflow_web.bol.sandbox.records import Item, Offer, Order
from stoqflow_web.bol.sandbox.state import State

# bol cancels what is not handled on the third day after the latest delivery date.
EXPIRES_AFTER = timedelta(days=3)
CUT_OFF = time(17, 0)  # Amsterdam: the ultimate order time of the offers here; who orders later waits a day longer


@dataclass(frozen=True, kw_only=True)
class Line:
    """One item to be ordered; what is not said is taken from the offer. `fulfilment` is FBR, VVB or FBB."""

    offer: Offer | None = None
    quantity: int = 1
    fulfilment: str | None = None
    ean: str | None = None
    title: str | None = None
    reference: str | None = None
    unit_price: Decimal | None = None
    cancellation_request: bool = False


@dataclass(frozen=True, kw_only=True)
class Client:
    """Who buys; what is not said is made up. `details` overrides single fields of the delivery address."""

    country: str | None = None
    pickup_point: bool = False
    billing: bool | None = None
    awkward: bool = False
    details: Mapping[str, Any] = field(default_factory=dict)


def make_order(
    state: State,
    lines: Sequence[Line],
    client: Client,
    *,
    placed_at: datetime,
    deliver_by: date,
    exact_date: bool = False,
    time_frame: str = "REGULAR",
    order_id: str | None = None,
    appears_after: float = 0.0,
) -> Order:
    """An order with nothing handled yet; it is not in the state before `keep_order`."""
    random = state.random
    order_id = order_id or identifiers.order_id(random)
    address = _address(random, client)
    # In recorded data the change lies 12 to 40 seconds after the placing; never after the seller can know of the order.
    known_at = max(state.clock.now(), placed_at) + timedelta(seconds=appears_after)
    items = [_item(state, order_id, line, placed_at, known_at, deliver_by, exact_date, time_frame) for line in lines]
    if time_frame == "APPOINTMENT":
        address["deliveryPhoneNumber"] = identifiers.digits(random, "06", 10)
    billing = client.billing if client.billing is not None else random.random() < 0.8
    return Order(
        order_id=order_id,
        placed_at=placed_at,
        pickup_point=client.pickup_point,
        shipment_details=address,
        billing_details=_billing(random, address, client.pickup_point) if billing else None,
        items=items,
    )


def delivery_day(random: Random, placed_at: datetime, today: date) -> date:
    """What the client was promised: the next day for an order before the cut-off, else the day after, or later.

    An order from some days ago that is still open is to be delivered from `today` on, most of them from tomorrow on.
    """
    placed = placed_at.astimezone(AMSTERDAM)
    earliest = placed.date() + timedelta(days=1 if placed.time() < CUT_OFF else 2)
    later = random.choices((0, 1, 2, 3, 4), weights=(15, 40, 25, 12, 8))[0]
    if later == 0:
        return max(earliest, today)
    return max(earliest, today + timedelta(days=1)) + timedelta(days=later - 1)


def _item(
    state: State,
    order_id: str,
    line: Line,
    placed_at: datetime,
    known_at: datetime,
    deliver_by: date,
    exact_date: bool,
    time_frame: str,
) -> Item:
    offer, random = line.offer, state.random
    price = line.unit_price or (offer.price if offer else Decimal("19.95"))
    fulfilment = line.fulfilment or _usual_fulfilment(offer)
    day = max(deliver_by, placed_at.astimezone(AMSTERDAM).date())
    return Item(
        item_id=identifiers.digits(random, "9", 10),
        order_id=order_id,
        ean=line.ean or (offer.ean if offer else identifiers.ean(random)),
        title=line.title or (offer.title if offer else "Artikel niet meer in het assortiment"),
        quantity=line.quantity,
        unit_price=price,
        commission=(price * line.quantity * Decimal("0.124") + Decimal("0.83")).quantize(Decimal("0.01")),
        changed_at=min(placed_at + timedelta(seconds=random.randint(12, 40)), known_at),
        method="FBB" if fulfilment == "FBB" else "FBR",
        distribution_party="RETAILER" if fulfilment == "FBR" else "BOL",
        offer_id=offer.offer_id if offer else None,
        reference=line.reference or (offer.reference if offer else None),
        cancellation_request=line.cancellation_request,
        latest_delivery_date=None if exact_date else day,
        exact_delivery_date=day if exact_date else None,
        expiry_date=day + EXPIRES_AFTER,
        time_frame=time_frame,
        services=("PLACEMENT_AND_INSTALLATION",) if time_frame == "APPOINTMENT" else (),
        discounts=[("Kortingscode", Decimal("2.50"))] if random.random() < 0.04 and price > 10 else [],
    )


def _usual_fulfilment(offer: Offer | None) -> str:
    if offer is None:
        return "FBR"
    if offer.method == "FBB":
        return "FBB"
    return "VVB" if offer.schedule == "SHIPPING_VIA_BOL" else "FBR"


def _address(random: Random, client: Client) -> dict[str, Any]:
    first_name, surname = random.choice(names.FIRST_NAMES), random.choice(names.SURNAMES)
    if client.awkward:
        first_name, surname = random.choice(names.AWKWARD_NAMES)
    country = client.country or random.choices(("NL", "BE"), weights=(80, 20))[0]
    address: dict[str, Any] = {
        "salutation": random.choice(("MALE", "FEMALE", "FEMALE", "UNKNOWN")),
        "firstName": first_name,
        "surname": surname,
        "houseNumber": str(random.randint(1, 240)),
        "countryCode": country,
        "email": f"{random.getrandbits(64):016x}@verkopen.bol.com",
        **_place(random, country),
    }
    if random.random() < 0.15:
        address["houseNumberExtension"] = random.choice(names.HOUSE_EXTENSIONS)
    if random.random() < 0.06:
        address["extraAddressInformation"] = random.choice(names.EXTRA_LINES)
    if random.random() < 0.08:
        address["company"] = random.choice(names.COMPANIES)
    if client.pickup_point:
        address["pickupPointName"] = random.choice(names.PICKUP_POINTS)
    return {**address, **client.details}


def _place(random: Random, country: str) -> dict[str, str]:
    if country == "NL":
        city, digits = random.choice(names.DUTCH_PLACES)
        letters = "".join(random.choices("ABCDEGHJKLMNPRSTVWXZ", k=2))
        street = random.choice(names.DUTCH_STREETS)
        return {"streetName": street, "zipCode": digits + letters, "city": city, "language": "nl"}
    if random.random() < 0.45:
        city, zip_code = random.choice(names.WALLOON_PLACES)
        street = random.choice(names.WALLOON_STREETS)
        return {"streetName": street, "zipCode": zip_code, "city": city, "language": "fr-BE"}
    city, zip_code = random.choice(names.FLEMISH_PLACES)
    street = random.choice(names.FLEMISH_STREETS)
    return {"streetName": street, "zipCode": zip_code, "city": city, "language": "nl-BE"}


def _billing(random: Random, address: Mapping[str, Any], pickup_point: bool) -> dict[str, Any]:
    kept = (
        "salutation",
        "firstName",
        "surname",
        "houseNumber",
        "houseNumberExtension",
        "countryCode",
        "email",
        "company",
    )
    billing = {name: address[name] for name in (*kept, "streetName", "zipCode", "city") if name in address}
    if pickup_point:
        # The parcel goes to a shop, the bill to the client's home.
        home = _place(random, str(address["countryCode"]))
        billing.update({name: home[name] for name in ("streetName", "zipCode", "city")})
    if "company" in billing:
        billing["vatNumber"] = f"NL{identifiers.digits(random, '8', 9)}B01"
        billing["kvkNumber"] = identifiers.digits(random, "6", 8)
    if random.random() < 0.05:
        billing["orderReference"] = f"Inkoop {random.randint(1000, 9999)}"
    return billing
