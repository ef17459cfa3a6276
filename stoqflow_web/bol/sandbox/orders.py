"""Orders: the list, one order, and the seller's cancellation (v10)."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, timedelta
from functools import partial
from itertools import islice
from typing import Any

from stoqflow_web.bol.sandbox.answers import Answer, Call
from stoqflow_web.bol.sandbox.checking import Body, Parameters, wrong_value
from stoqflow_web.bol.sandbox.clock import AMSTERDAM
from stoqflow_web.bol.sandbox.problems import not_found
from stoqflow_web.bol.sandbox.process_statuses import accepted
from stoqflow_web.bol.sandbox.records import Item, Order, Refused
from stoqflow_web.bol.sandbox.state import State
from stoqflow_web.bol.sandbox.wire import day, fields, moment, number

PAGE_SIZE = 50
# bol's documentation: handled items leave the list after 48 hours, and are found by date for three months.
HANDLED_LISTED = timedelta(hours=48)
HISTORY = timedelta(days=92)
CANCELLATION_REASONS = (
    "OUT_OF_STOCK",
    "REQUESTED_BY_CUSTOMER",
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
UNKNOWN_ITEMS = (
    "Request contains unknown order item id(s): [{}]. Possible reasons: order item(s) do not exist or order item(s) "
    "can not be fulfilled by the retailer (only FBR items can be fulfilled)."
)


def list_orders(state: State, call: Call) -> Answer:
    """GET /retailer/orders: newest first, per item, without parameters what is FBR and OPEN."""
    ask = Parameters(call)
    page = ask.page()
    method = ask.choice("fulfilment-method", ("FBR", "FBB", "ALL"), "FBR")
    status = ask.choice("status", ("OPEN", "SHIPPED", "ALL"), "OPEN")
    minutes = ask.whole("change-interval-minute", None, 1, 60)
    changed_on = ask.day("latest-change-date")
    vvb_only = ask.flag("vvb-only") or False
    if changed_on and changed_on < state.clock.today() - HISTORY:
        ask.refuse("latest-change-date", wrong_value(changed_on))
    ask.done()
    wanted = _item_filter(state, str(method), str(status), minutes, changed_on, vvb_only)
    found = _matching(state, wanted)
    listed = [_listed(order, items) for order, items in islice(found, (page - 1) * PAGE_SIZE, page * PAGE_SIZE)]
    return call.answer({"orders": listed} if listed else {})


def get_order(state: State, call: Call) -> Answer:
    """GET /retailer/orders/{order-id}."""
    order = state.orders.get(call.target)
    if order is None or not state.has_appeared(order.order_id):
        raise not_found(call.path, f"Order for order id {call.target} not found.")
    content = fields(
        state.nulls,
        orderId=order.order_id,
        pickupPoint=order.pickup_point,
        orderPlacedDateTime=moment(order.placed_at),
        shipmentDetails=order.shipment_details,
        billingDetails=order.billing_details,
        orderItems=[_detailed(item, state.nulls) for item in order.items],
    )
    return call.answer(content)


def cancel_item(state: State, call: Call) -> Answer:
    """PUT /retailer/orders/cancellation: queues the cancellation of exactly one item."""
    body = Body(call)
    asked = body.objects("orderItems", 1, 1)
    for place, part in enumerate(asked):
        body.text(part, "orderItemId", f"orderItems[{place}].orderItemId", required=True)
        reason_path = f"orderItems[{place}].reasonCode"
        body.text(part, "reasonCode", reason_path, required=True, allowed=CANCELLATION_REASONS)
    body.done()
    item_id, reason = str(asked[0]["orderItemId"]), str(asked[0]["reasonCode"])
    process = state.enqueue("CANCEL_ORDER", f"Cancel order item with id {item_id}.", partial(_cancel, item_id, reason))
    return accepted(state, call, process)


def _fulfilment_of(item: Item, nulls: bool) -> dict[str, Any]:
    return fields(
        nulls,
        method=item.method,
        distributionParty=item.distribution_party,
        latestDeliveryDate=day(item.latest_delivery_date),
        exactDeliveryDate=day(item.exact_delivery_date),
        expiryDate=day(item.expiry_date),
        timeFrameType=item.time_frame,
    )


def offer_of(item: Item, nulls: bool) -> dict[str, Any] | None:
    return fields(nulls, offerId=item.offer_id, reference=item.reference) or None


def _cancel(item_id: str, reason: str, state: State) -> str:
    item = state.items.get(item_id)
    if item is None or item.method == "FBB":
        raise Refused(UNKNOWN_ITEMS.format(item_id))
    if not item.is_open:
        raise Refused(f"Order item with id {item_id} can not be cancelled: it has already been handled.")
    now = state.clock.now()
    item.cancel(now, reason=reason)
    offer = state.offers.get(item.offer_id or "")
    if offer:
        # What bol tells sellers: after a cancellation by the seller the stock of the offer is set to 0.
        offer.stock = 0
        offer.modified_at = now
    return item_id


def _matching(state: State, wanted: Callable[[Item], bool]) -> Iterator[tuple[Order, list[Item]]]:
    for order in state.newest_orders():
        items = [item for item in order.items if wanted(item)]
        if items:
            yield order, items


def _item_filter(
    state: State, method: str, status: str, minutes: int | None, changed_on: date | None, vvb_only: bool
) -> Callable[[Item], bool]:
    now = state.clock.now()
    changed_since = now - timedelta(minutes=minutes) if minutes else None
    handled_since = now - HANDLED_LISTED
    days = UTC if state.options.utc_change_days else AMSTERDAM

    def wanted(item: Item) -> bool:
        if method not in ("ALL", item.method) or (vvb_only and not item.is_vvb):
            return False
        if status == "OPEN" and not item.is_open:
            return False
        if status == "SHIPPED" and (item.is_open or not item.shipped):
            return False
        if changed_since and item.changed_at < changed_since:
            return False
        if changed_on:
            return item.changed_at.astimezone(days).date() == changed_on
        return item.is_open or item.handled_at is None or item.handled_at > handled_since

    return wanted


def _listed(order: Order, items: list[Item]) -> dict[str, Any]:
    return {
        "orderId": order.order_id,
        "orderPlacedDateTime": moment(order.placed_at),
        "orderItems": [
            {
                "orderItemId": item.item_id,
                "ean": item.ean,
                "fulfilmentMethod": item.method,
                "fulfilmentStatus": "OPEN" if item.is_open else "HANDLED",
                "quantity": item.quantity,
                "quantityShipped": item.shipped,
                "quantityCancelled": item.cancelled,
                "cancellationRequest": item.cancellation_request,
                "latestChangedDateTime": moment(item.changed_at),
            }
            for item in items
        ],
    }


def _detailed(item: Item, nulls: bool) -> dict[str, Any]:
    discount = sum((amount for _, amount in item.discounts), start=item.unit_price * 0)
    return fields(
        nulls,
        orderItemId=item.item_id,
        cancellationRequest=item.cancellation_request,
        fulfilment=_fulfilment_of(item, nulls),
        offer=offer_of(item, nulls),
        product={"ean": item.ean, "title": item.title},
        quantity=item.quantity,
        quantityShipped=item.shipped,
        quantityCancelled=item.cancelled,
        unitPrice=number(item.unit_price),
        totalPrice=number(item.unit_price * item.quantity - discount),
        discounts=[{"title": title, "amount": number(amount)} for title, amount in item.discounts],
        commission=number(item.commission),
        additionalServices=[{"serviceType": service} for service in item.services] or None,
        latestChangedDateTime=moment(item.changed_at),
    )
