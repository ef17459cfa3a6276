"""Shipments and their transports (v10)."""

from functools import partial
from typing import Any

from stoqflow_web.bol.sandbox import identifiers
from stoqflow_web.bol.sandbox.answers import Answer, Call
from stoqflow_web.bol.sandbox.checking import EMPTY, Body, Parameters, wrong_value
from stoqflow_web.bol.sandbox.orders import HISTORY, UNKNOWN_ITEMS, offer_of
from stoqflow_web.bol.sandbox.problems import not_found
from stoqflow_web.bol.sandbox.process_statuses import accepted
from stoqflow_web.bol.sandbox.records import Item, Refused, Shipment
from stoqflow_web.bol.sandbox.state import State
from stoqflow_web.bol.sandbox.wire import day, fields, moment, number

PAGE_SIZE = 50
MOST_ITEMS = 100
LONGEST_REFERENCE = 90
LONGEST_TRACK_AND_TRACE = 100
CONFLICT = "Conflicting transport method: Either provide Transport or ShippingLabelId. "
CONFLICT += "The current request contains both."
# The specification calls it plain text; the table of codes lives in bol's documentation.
TRANSPORTER_CODES = (
    "AMPERE",
    "BPOST_BE",
    "BPOST_BRIEF",
    "BRIEFPOST",
    "BUDBEE",
    "COURIER",
    "CYCLOON",
    "DHL",
    "DHL-GLOBAL-MAIL",
    "DHL-SD",
    "DHLFORYOU",
    "DHL_DE",
    "DPD-BE",
    "DPD-NL",
    "DYL",
    "FEDEX_BE",
    "FEDEX_NL",
    "GLS",
    "OTHER",
    "PACKS",
    "PARCEL-NL",
    "PES",
    "TNT",
    "TNT-EXPRESS",
    "TNT-EXTRA",
    "TNT_BRIEF",
    "TRANSMISSION",
    "TRUNKRS",
    "TSN",
    "UPS",
)


def create_shipment(state: State, call: Call) -> Answer:
    """POST /retailer/shipments. What the ids mean is only looked at when the queue gets to it."""
    body = Body(call)
    asked = body.objects("orderItems", 1, MOST_ITEMS)
    for place, part in enumerate(asked):
        body.text(part, "orderItemId", f"orderItems[{place}].orderItemId", required=True)
        body.whole(part, "quantity", f"orderItems[{place}].quantity", 1, 9999)
    reference = _optional_text(body, "shipmentReference", LONGEST_REFERENCE)
    label_id = _optional_text(body, "shippingLabelId", 100)
    transport = body.object("transport")
    if transport is not None:
        body.text(transport, "transporterCode", "transport.transporterCode", required=True)
        body.text(transport, "trackAndTrace", "transport.trackAndTrace", longest=LONGEST_TRACK_AND_TRACE)
        if label_id:
            body.complain(None, CONFLICT)
    body.done()
    parts = [(str(part["orderItemId"]), part.get("quantity")) for part in asked]
    work = partial(ship, parts, reference, label_id, transport)
    return accepted(state, call, state.enqueue("CREATE_SHIPMENT", "Create shipment.", work))


def list_shipments(state: State, call: Call) -> Answer:
    """GET /retailer/shipments: newest first, three months back, without parameters those of FBR."""
    ask = Parameters(call)
    page = ask.page()
    method = ask.choice("fulfilment-method", ("FBR", "FBB"))
    order_id = ask.text("order-id")
    if order_id and method:
        ask.refuse("order-id", "The parameters 'order-id' and 'fulfilment-method' can not be used together.")
    ask.done()
    since = state.clock.now() - HISTORY
    found = sorted(
        (
            shipment
            for shipment in state.shipments.values()
            if (shipment.order_id == order_id if order_id else shipment.method == (method or "FBR"))
            and shipment.shipped_at > since
        ),
        key=lambda shipment: (shipment.shipped_at, shipment.shipment_id),
        reverse=True,
    )
    listed = [_listed(state, shipment) for shipment in found[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]]
    return call.answer({"shipments": listed} if listed else {})


def get_shipment(state: State, call: Call) -> Answer:
    """GET /retailer/shipments/{shipment-id}."""
    shipment = state.shipments.get(call.target)
    if shipment is None:
        raise not_found(call.path, f"Shipment for shipment id {call.target} not found.")
    order = state.orders[shipment.order_id]
    items = [(state.items[item_id], quantity) for item_id, quantity in shipment.quantities.items()]
    content = fields(
        state.nulls,
        **_head(state, shipment),
        pickupPoint=order.pickup_point,
        shipmentDetails=order.shipment_details,
        billingDetails=order.billing_details,
        shipmentItems=[_detailed(item, quantity, state.nulls) for item, quantity in items],
        transport=_transport(state, shipment),
    )
    return call.answer(content)


def change_transport(state: State, call: Call) -> Answer:
    """PUT /retailer/transports/{transport-id}: a Track & Trace code afterwards, once."""
    body = Body(call)
    track_and_trace = body.text(
        body.content, "trackAndTrace", "trackAndTrace", required=True, longest=LONGEST_TRACK_AND_TRACE
    )
    if body.content.get("transporterCode") == "":
        body.complain("transporterCode", wrong_value("", TRANSPORTER_CODES))
        code = None
    else:
        code = body.text(body.content, "transporterCode", "transporterCode")
    body.done()
    process = state.enqueue(
        "CHANGE_TRANSPORT",
        f"Change transport with id {call.target}.",
        partial(_change_transport, call.target, code, str(track_and_trace)),
        entity_id=call.target,
    )
    return accepted(state, call, process)


def _optional_text(body: Body, name: str, longest: int) -> str | None:
    """Null or not empty."""
    if body.content.get(name) == "":
        body.complain(name, EMPTY)
        return None
    return body.text(body.content, name, name, longest=longest)


def ship(
    parts: list[tuple[str, int | None]],
    reference: str | None,
    label_id: str | None,
    transport: dict[str, Any] | None,
    state: State,
) -> str:
    """Ships (item id, quantity or None for all that is open) and gives the shipment id, or raises Refused."""
    items = _shippable_items(state, [item_id for item_id, _ in parts])
    _check_transport(state, items, label_id, transport)
    quantities = _quantities(items, parts)
    now = state.clock.now()
    shipment = Shipment(
        shipment_id=identifiers.digits(state.random, "9", 10),
        transport_id=identifiers.digits(state.random, "3", 9),
        order_id=items[0].order_id,
        shipped_at=now,
        reference=reference,
        quantities=quantities,
        transporter_code=(transport or {}).get("transporterCode") or ("TNT" if label_id else None),
        track_and_trace=(transport or {}).get("trackAndTrace"),
        shipping_label_id=label_id,
    )
    state.shipments[shipment.shipment_id] = shipment
    state.transports[shipment.transport_id] = shipment
    for item_id, quantity in quantities.items():
        state.items[item_id].ship(quantity, now)
    return shipment.shipment_id


def _shippable_items(state: State, item_ids: list[str]) -> list[Item]:
    found = [state.items.get(item_id) for item_id in item_ids]
    unknown = [item_id for item_id, item in zip(item_ids, found, strict=True) if item is None or item.method == "FBB"]
    if unknown:
        raise Refused(UNKNOWN_ITEMS.format(", ".join(unknown)))
    items = [item for item in found if item]
    if len({item.order_id for item in items}) > 1:
        raise Refused("Order items of different orders can not be combined in one shipment.")
    return items


def _check_transport(state: State, items: list[Item], label_id: str | None, transport: dict[str, Any] | None) -> None:
    if label_id and state.labels.get(label_id) not in {item.item_id for item in items}:
        raise Refused(f"Shipping label with id {label_id} does not belong to these order items.")
    by_label = [item.item_id for item in items if item.is_vvb]
    if by_label and not label_id:
        raise Refused(f"Order item(s) [{', '.join(by_label)}] can only be shipped with a shipping label of bol.")
    code = (transport or {}).get("transporterCode")
    if code and code not in TRANSPORTER_CODES:
        raise Refused(f"Unknown transporter code '{code}'.")


def _quantities(items: list[Item], parts: list[tuple[str, int | None]]) -> dict[str, int]:
    quantities: dict[str, int] = {}
    for item, (_, asked) in zip(items, parts, strict=True):
        left = item.open - quantities.get(item.item_id, 0)
        if left < 1:
            how = "cancelled" if item.cancelled == item.quantity else "handled"
            raise Refused(f"Order item with id {item.item_id} can not be shipped: it has already been {how}.")
        if asked is not None and asked > left:
            raise Refused(f"Quantity {asked} of order item {item.item_id} is larger than the open quantity {left}.")
        # No quantity means everything that is still open.
        quantities[item.item_id] = quantities.get(item.item_id, 0) + (asked or left)
    return quantities


def _change_transport(transport_id: str, code: str | None, track_and_trace: str, state: State) -> str:
    shipment = state.transports.get(transport_id)
    if shipment is None:
        raise Refused(f"Transport with id {transport_id} not found.")
    if shipment.track_and_trace:
        raise Refused(f"Transport with id {transport_id} already has a track and trace code.")
    if code and code not in TRANSPORTER_CODES:
        raise Refused(f"Unknown transporter code '{code}'.")
    shipment.track_and_trace = track_and_trace
    shipment.transporter_code = code or shipment.transporter_code
    return transport_id


def _head(state: State, shipment: Shipment) -> dict[str, Any]:
    order = state.orders[shipment.order_id]
    return {
        "shipmentId": shipment.shipment_id,
        "shipmentDateTime": moment(shipment.shipped_at),
        "shipmentReference": shipment.reference or "",
        "order": {"orderId": order.order_id, "orderPlacedDateTime": moment(order.placed_at)},
    }


def _listed(state: State, shipment: Shipment) -> dict[str, Any]:
    items = [{"orderItemId": item_id, "ean": state.items[item_id].ean} for item_id in shipment.quantities]
    transport = {"transportId": shipment.transport_id}
    return {**_head(state, shipment), "shipmentItems": items, "transport": transport}


def _detailed(item: Item, quantity: int, nulls: bool) -> dict[str, Any]:
    return fields(
        nulls,
        orderItemId=item.item_id,
        fulfilment=fields(
            nulls,
            method=item.method,
            distributionParty=item.distribution_party,
            latestDeliveryDate=day(item.latest_delivery_date),
        ),
        offer=offer_of(item, nulls),
        product={"ean": item.ean, "title": item.title},
        quantity=item.quantity,
        quantityShipped=quantity,
        unitPrice=number(item.unit_price),
        commission=number(item.commission),
    )


def _transport(state: State, shipment: Shipment) -> dict[str, Any]:
    event = {"eventCode": "PRE_ANNOUNCED", "eventDateTime": moment(shipment.shipped_at)}
    return fields(
        state.nulls,
        transportId=shipment.transport_id,
        transporterCode=shipment.transporter_code,
        trackAndTrace=shipment.track_and_trace,
        shippingLabelId=shipment.shipping_label_id,
        transportEvents=[event],
    )
