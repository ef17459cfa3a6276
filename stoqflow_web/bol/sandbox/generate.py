"""Fills a new world with offers, orders and returns: seeded, so that the same options give the same shop."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal

from stoqflow_web.bol.sandbox import identifiers, names
from stoqflow_web.bol.sandbox.placing import Client, Line, delivery_day, make_order
from stoqflow_web.bol.sandbox.records import Item, Offer, Order, Return, Shipment
from stoqflow_web.bol.sandbox.state import State

CENTS = (Decimal("0"), Decimal("0.95"), Decimal("0.99"), Decimal("0.49"), Decimal("0.50"))


def fill(state: State) -> None:
    """Makes as many offers and orders as the options say, and a return for some orders that were shipped."""
    for _ in range(state.options.offers):
        state.keep_offer(make_offer(state))
    _double_some_references(state)
    offers = _by_fulfilment(list(state.offers.values()))
    for number in range(state.options.orders):
        _add_order(state, offers, number)
    _add_returns(state)


def make_offer(state: State) -> Offer:
    """An offer of a product that a kitchen and garden shop sells."""
    random, number, now = state.random, state.next_offer_number(), state.clock.now()
    goods, sizes, from_price = random.choice(names.GOODS)
    brand, code = random.choice(names.BRANDS)
    colour, size = random.choice(names.COLOURS), random.choice(sizes)
    price = Decimal(from_price + random.randint(-3, 12)) + random.choice(CENTS)
    method = "FBB" if random.random() < 0.06 else "FBR"
    schedules = ("BOL_DELIVERY_PROMISE", "MY_DELIVERY_PROMISE", "SHIPPING_VIA_BOL")
    is_known = random.random() < 0.975
    offer = Offer(
        offer_id=identifiers.offer_id(random),
        number=number,
        ean=_some_ean(state),
        reference=f"{code}-{number:05d}-{colour[:2].upper()}" if random.random() < 0.97 else None,
        title=f"{brand} {goods} - {size} - {colour}",
        brand=brand,
        price=price,
        stock=0 if random.random() < 0.08 else random.choices((3, 12, 60, 400), (3, 4, 2, 1))[0] + random.randint(0, 9),
        modified_at=now - timedelta(minutes=random.randint(20, 90_000), microseconds=random.randint(0, 999_999)),
        method=method,
        schedule=random.choices(schedules, weights=(80, 12, 8))[0],
        last_order_time=random.choice(("17:00", "21:00", "22:00", "23:00")),
        managed_by_retailer=random.random() < 0.3,
        on_hold=random.random() < 0.02,
        condition=_some_condition(state),
        bol_product_id=identifiers.digits(random, "93000", 16) if is_known else None,
        economic_operator_id=identifiers.offer_id(random) if random.random() < 0.98 else None,
        countries=("NL", "BE") if random.random() < 0.85 else ("NL",),
    )
    if method == "FBB":
        offer.regular_stock, offer.graded_stock = random.randint(0, 80), random.choice((0, 0, 0, 1, 4))
    if random.random() < 0.05:
        offer.bundle_prices = [(3, (price * Decimal("0.95")).quantize(Decimal("0.01")))]
    return offer


def _some_ean(state: State) -> str:
    chance = state.random.random()
    if chance < 0.03:
        return identifiers.ean(state.random, "000000")
    if chance < 0.04:
        # A few sellers have a wrong check digit in their own list, and bol took it.
        right = identifiers.ean(state.random)
        return right[:-1] + str((int(right[-1]) + 1) % 10)
    return identifiers.ean(state.random, state.random.choice(("871", "872", "541", "400")))


def _some_condition(state: State) -> dict[str, object]:
    chance = state.random.random()
    if chance < 0.97:
        return {"category": "NEW"}
    if chance < 0.99:
        return {"category": "SECONDHAND", "state": "GOOD", "comment": "Doos beschadigd, product ongebruikt"}
    return {"category": "REFURBISHED", "grade": "A", "margin": True}


def _double_some_references(state: State) -> None:
    """What a shop's list looks like after years: `007`, and the same reference used twice."""
    with_reference = [offer for offer in state.offers.values() if offer.reference]
    if len(with_reference) < 12:
        return
    with_reference[3].reference = "007"
    for place in range(5, len(with_reference) - 1, 400):
        with_reference[place + 1].reference = with_reference[place].reference


def _by_fulfilment(offers: list[Offer]) -> dict[str, list[Offer]]:
    groups: dict[str, list[Offer]] = {"FBR": [], "VVB": [], "FBB": []}
    for offer in offers:
        by_label = offer.method == "FBR" and offer.schedule == "SHIPPING_VIA_BOL"
        groups["VVB" if by_label else offer.method].append(offer)
    return groups


def _add_order(state: State, offers: Mapping[str, list[Offer]], number: int) -> None:
    random, now, today = state.random, state.clock.now(), state.clock.today()
    placed_at = (now - timedelta(seconds=random.randint(90, 60 * 60 * 60))).replace(microsecond=0)
    exact_date = random.random() < 0.03
    time_frame = random.choices(("REGULAR", "EVENING", "SAMEDAY", "SUNDAY", "APPOINTMENT"), (90, 4, 2, 2, 2))[0]
    client = Client(pickup_point=random.random() < 0.1, details=_awkward_name(number))
    order = make_order(
        state,
        _some_lines(state, offers),
        client,
        placed_at=placed_at,
        deliver_by=delivery_day(random, placed_at, today),
        exact_date=exact_date,
        time_frame=time_frame,
    )
    state.keep_order(order)
    _live_through(state, order, today)


def _awkward_name(number: int) -> dict[str, str]:
    """Every so many orders the next name of the awkward ones, else nothing."""
    turn, rest = divmod(number, 23)
    if rest != 7:
        return {}
    first_name, surname = names.AWKWARD_NAMES[turn % len(names.AWKWARD_NAMES)]
    return {"firstName": first_name, "surname": surname}


def _some_lines(state: State, offers: Mapping[str, list[Offer]]) -> list[Line]:
    random = state.random
    kind = random.choices(("FBR", "VVB", "FBB", "mixed"), weights=(83, 6, 7, 4))[0]
    count = random.choices((1, 2, 3, 5), weights=(70, 18, 9, 3))[0]
    fulfilments = [kind] * count if kind != "mixed" else ["FBR", "FBB", *["FBR"] * (count - 1)]
    return [_some_line(state, offers, fulfilment) for fulfilment in fulfilments]


def _some_line(state: State, offers: Mapping[str, list[Offer]], fulfilment: str) -> Line:
    random = state.random
    quantity = random.choices((1, 2, 3, 6, 12), weights=(75, 14, 6, 3, 2))[0]
    fitting = offers[fulfilment]
    if not fitting or random.random() < 0.012:
        # The offer is gone since; the client's order remains.
        title = f"{random.choice(names.BRANDS)[0]} {random.choice(names.GOODS)[0]} (oud model)"
        return Line(fulfilment=fulfilment, quantity=quantity, title=title)
    return Line(offer=random.choice(fitting), fulfilment=fulfilment, quantity=quantity)


def _live_through(state: State, order: Order, today: date) -> None:
    """Most orders wait to be shipped; some were handled in the last two days, some clients have second thoughts."""
    random, now = state.random, state.clock.now()
    chance = random.random()
    handled_at = min(now - timedelta(minutes=2), order.placed_at + timedelta(hours=random.randint(1, 20)))
    for item in order.items:
        if item.method == "FBB":
            if chance < 0.9:
                _ship(state, order, {item.item_id: item.quantity}, order.placed_at + timedelta(minutes=1))
        elif chance < 0.08:
            _ship(state, order, {item.item_id: item.quantity}, handled_at)
        elif chance < 0.11:
            item.cancel(handled_at, reason="OUT_OF_STOCK")
        elif chance < 0.13 and item.quantity > 1:
            _ship(state, order, {item.item_id: 1}, handled_at)
        elif chance < 0.16:
            item.cancellation_request = True
            item.changed_at = max(item.changed_at, now - timedelta(minutes=random.randint(1, 240)))


def _ship(state: State, order: Order, quantities: dict[str, int], at: datetime) -> None:
    random = state.random
    method = state.items[next(iter(quantities))].method
    shipment = Shipment(
        shipment_id=identifiers.digits(random, "9", 10),
        transport_id=identifiers.digits(random, "3", 9),
        order_id=order.order_id,
        shipped_at=at,
        reference=f"PAK-{random.randint(10_000, 99_999)}" if method == "FBR" else None,
        quantities=quantities,
        method=method,
        transporter_code="TNT",
        track_and_trace=f"3SKBUI{identifiers.digits(random, '', 9)}",
    )
    state.shipments[shipment.shipment_id] = shipment
    state.transports[shipment.transport_id] = shipment
    for item_id, quantity in quantities.items():
        state.items[item_id].ship(quantity, at)


def _add_returns(state: State) -> None:
    random, now = state.random, state.clock.now()
    shipped = [item for item in state.items.values() if item.shipped]
    for number, item in enumerate(shipped[::5]):
        registered_at = now - timedelta(hours=random.randint(1, 300))
        made = make_return(state, item, registered_at)
        if number % 3 == 0:
            made.handled_at = now - timedelta(hours=1)
            made.handling_result = "RETURN_RECEIVED"
        state.returns[made.return_id] = made


def make_return(state: State, item: Item, registered_at: datetime) -> Return:
    """A client sends (some of) an item back."""
    main, detailed, comments = state.random.choice(names.RETURN_REASONS)
    return Return(
        return_id=identifiers.digits(state.random, "6", 8),
        rma_id=identifiers.digits(state.random, "8", 8),
        order_id=item.order_id,
        item_id=item.item_id,
        ean=item.ean,
        title=item.title,
        quantity=max(1, item.shipped),
        registered_at=registered_at,
        method=item.method,
        main_reason=main,
        detailed_reason=detailed,
        comments=comments,
        customer=state.orders[item.order_id].shipment_details,
    )
