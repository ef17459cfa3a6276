"""Holds every world against the database: what is lost, doubled, different or echoed, by name.

It goes by what each side has, and uses no rule of the product: those are what is judged.
"""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload, selectinload

from stoqflow_web.bol.sandbox.records import Item, Order
from stoqflow_web.models import (
    ImportRun,
    MarketplaceItem,
    MarketplaceOrder,
    OrderCheck,
    OrderLine,
    Product,
    SalesOrder,
    Shop,
    StockMovement,
    Writeback,
)
from stoqflow_web.models.sales_orders import COMPLETE
from stoqflow_web.models.writebacks import NEEDS_ATTENTION, UNFINISHED
from stoqflow_web.transaction import reading
from tests.soak.ground import Store


@dataclass
class Verdict:
    """Sentences, each with the ids that it is about; all lists are empty when all is well."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    different: list[str] = field(default_factory=list)
    echoed: list[str] = field(default_factory=list)
    unfinished: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        return not any((self.lost, self.doubled, self.different, self.echoed, self.unfinished))


def sum_up(verdicts: Iterable[Verdict]) -> Verdict:
    whole = Verdict()
    for verdict in verdicts:
        for name, sentences in vars(verdict).items():
            getattr(whole, name).extend(sentences)
    return whole


def judge(stores: Sequence[Store]) -> Verdict:
    verdict = Verdict()
    for store in stores:
        here = _orders_here(store)
        for order in store.world.orders.values():
            if any(item.method == "FBR" for item in order.items):
                _judge_order(verdict, store, order, here.get(order.order_id))
        _judge_shipments(verdict, store)
        _judge_echoes(verdict, store)
        _judge_proof(verdict, store)
        _judge_what_is_left(verdict, store)
    _judge_stock(verdict)
    return verdict


def is_busy(stores: Sequence[Store]) -> bool:
    """Whether there is anything left to tell, or for a person to do."""
    shop_ids = [store.shop_id for store in stores]
    left = (Writeback.shop_id.in_(shop_ids), Writeback.state.in_((*UNFINISHED, NEEDS_ATTENTION)))
    with reading() as session:
        return session.scalar(select(Writeback.id).where(*left).limit(1)) is not None


def missed_by_a_pass(stores: Sequence[Store]) -> list[str]:
    """The orders that a pass should have seen, and that only the proof after it found and fetched."""
    checks = select(OrderCheck.missed).where(
        OrderCheck.shop_id.in_([store.shop_id for store in stores]), OrderCheck.finished_at.is_not(None)
    )
    with reading() as session:
        return [order_id for order_ids in session.scalars(checks) for order_id in order_ids]


def _orders_here(store: Store) -> dict[str, MarketplaceOrder]:
    with reading() as session:
        found = session.scalars(
            select(MarketplaceOrder)
            .where(MarketplaceOrder.shop_id == store.shop_id)
            .options(
                selectinload(MarketplaceOrder.items),
                selectinload(MarketplaceOrder.sales_orders).options(
                    selectinload(SalesOrder.lines).joinedload(OrderLine.item), selectinload(SalesOrder.writebacks)
                ),
            )
        )
        return {order.external_id: order for order in found}


def _judge_order(verdict: Verdict, store: Store, there: Order, here: MarketplaceOrder | None) -> None:
    name = f"{store.world.options.shop_name} {there.order_id}"
    if here is None:
        verdict.lost.append(f"{name} is not here")
        return
    items = {item.external_id: item for item in here.items}
    for item in there.items:
        if item.method != "FBR":
            continue  # what bol.com ships itself is kept as it came in: nobody here has anything to do with it
        kept = items.get(item.item_id)
        if kept is None:
            verdict.different.append(f"{name}: item {item.item_id} is not here")
        elif (kept.quantity, kept.quantity_shipped, kept.quantity_cancelled, kept.is_cancellation_requested) != (
            item.quantity,
            item.shipped,
            item.cancelled,
            item.cancellation_request,
        ):
            verdict.different.append(f"{name}: item {item.item_id} is {_told(item)} there, but {_kept(kept)} here")
    parts = [part for part in here.sales_orders if not part.is_deleted]
    firsts = [part for part in here.sales_orders if "-BO" not in part.number]
    if len(firsts) > 1:
        verdict.doubled.append(f"{name} has {len(firsts)} sales orders: {', '.join(one.number for one in firsts)}")
    was_deleted = len(parts) < len(here.sales_orders)
    if not parts and not was_deleted and any(item.is_open and item.method == "FBR" for item in there.items):
        verdict.lost.append(f"{name} is open there and has no sales order")
    if parts and not was_deleted and not _a_person_decided(parts):
        for item in there.items:
            if item.method == "FBR":
                _judge_item(verdict, name, item, [line for part in parts for line in part.lines])


def _a_person_decided(parts: Iterable[SalesOrder]) -> bool:
    """Whether something was given up for good: bol.com is never told, and the two differ on purpose."""
    return any(row.is_given_up for part in parts for row in part.writebacks)


def _judge_item(verdict: Verdict, name: str, item: Item, all_lines: Sequence[OrderLine]) -> None:
    lines = [line for line in all_lines if line.item.external_id == item.item_id]
    is_waiting = any(line.sales_order.is_open for line in all_lines)  # parts are told together
    to_do = sum(line.quantity for line in lines if line.is_open)
    shipped = sum(line.quantity for line in lines if line.sales_order.status == COMPLETE and not line.is_canceled)
    canceled = sum(line.quantity for line in lines if line.is_canceled)
    said = f"{name}: item {item.item_id} is {_told(item)} there; here {to_do} to do, {shipped} shipped"
    if shipped > item.quantity:
        verdict.doubled.append(f"{said}, of {item.quantity} ordered")
    if is_waiting:
        untold = max(0, shipped - item.shipped) + max(0, canceled - item.cancelled)
        if to_do + untold != item.open:
            verdict.different.append(f"{said}, {untold} not told yet")
    elif item.open:
        verdict.different.append(f"{said}, and nothing is left to do for it")
    elif lines and shipped > item.shipped:
        verdict.different.append(said)


def _told(item: Item) -> str:
    asked = ", asked to cancel" if item.cancellation_request else ""
    return f"{item.quantity} ordered, {item.shipped} shipped, {item.cancelled} cancelled{asked}"


def _kept(item: MarketplaceItem) -> str:
    asked = ", asked to cancel" if item.is_cancellation_requested else ""
    return f"{item.quantity} ordered, {item.quantity_shipped} shipped, {item.quantity_cancelled} cancelled{asked}"


def _judge_shipments(verdict: Verdict, store: Store) -> None:
    shipments = store.world.shipments.values()
    for what, counted in {
        "reference": Counter(one.reference for one in shipments if one.reference),
        "Track & Trace": Counter(one.track_and_trace for one in shipments if one.track_and_trace),
    }.items():
        for value, times in counted.items():
            if times > 1:
                verdict.doubled.append(f"{store.world.options.shop_name}: {what} {value} was shipped {times} times")
    units: Counter[str] = Counter()
    for shipment in shipments:
        units.update(shipment.quantities)
    for item in store.world.items.values():
        if units[item.item_id] + item.cancelled > item.quantity:
            verdict.doubled.append(f"{store.world.options.shop_name}: more of item {item.item_id} than was ordered")


def _judge_echoes(verdict: Verdict, store: Store) -> None:
    """A cancellation that bol.com itself made is never told back to it."""
    for seen in store.world.requests_seen("PUT", "/retailer/orders/cancellation"):
        item_id = json.loads(seen.body)["orderItems"][0]["orderItemId"]
        cancelled_at = store.cancelled_there.get(item_id)
        if cancelled_at is not None and seen.at > cancelled_at:
            verdict.echoed.append(f"{store.world.options.shop_name}: item {item_id}, cancelled there {cancelled_at}")


def _judge_proof(verdict: Verdict, store: Store) -> None:
    """What the shop's page says of itself must be what is so."""
    with reading() as session:
        latest = session.scalars(
            select(OrderCheck)
            .where(OrderCheck.shop_id == store.shop_id, OrderCheck.finished_at.is_not(None))
            .order_by(OrderCheck.id.desc())
            .limit(1)
        ).one_or_none()
    name = store.world.options.shop_name
    listed = sum(
        any(item.is_open and item.method == "FBR" for item in order.items) for order in store.world.orders.values()
    )
    if latest is None:
        verdict.unfinished.append(f"{name} has no proof")
    elif latest.different or latest.open_there != listed or latest.open_there != latest.open_here:
        verdict.different.append(
            f"{name}: its proof says {latest.open_there} there and {latest.open_here} here of {listed},"
            f" different {latest.different}"
        )


def _judge_what_is_left(verdict: Verdict, store: Store) -> None:
    with reading() as session:
        rows = session.scalars(
            select(Writeback)
            .where(Writeback.shop_id == store.shop_id, Writeback.state.in_((*UNFINISHED, NEEDS_ATTENTION)))
            .options(joinedload(Writeback.marketplace_order))
        )
        for row in rows:
            verdict.unfinished.append(
                f"message {row.id} ({row.kind} of {row.marketplace_order.external_id}) is {row.state} {row.why or ''}"
            )
        waiting = select(ImportRun).where(
            ImportRun.shop_id == store.shop_id, ImportRun.active_key.is_not(None), ImportRun.faults > 0
        )
        for run in session.scalars(waiting):
            verdict.unfinished.append(f"run {run.id} ({run.kind} of shop {run.shop_id}) waits: {run.trouble}")
        shop = session.get_one(Shop, store.shop_id)
        if shop.has_lost_access:
            verdict.unfinished.append(f"{shop.name} has no access: {shop.access_lost_why}")


def _judge_stock(verdict: Verdict) -> None:
    moved = select(func.coalesce(func.sum(StockMovement.quantity), 0)).where(StockMovement.product_id == Product.id)
    with reading() as session:
        for sku, on_hand, movements in session.execute(select(Product.sku, Product.on_hand, moved.scalar_subquery())):
            if on_hand != movements:
                verdict.different.append(f"product {sku} has {on_hand} on hand, and its movements come to {movements}")
