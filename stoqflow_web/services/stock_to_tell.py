"""Marks whose stock a marketplace is owed, in the transaction of whatever changed it. Telling it: telling_stock.py.

Marking is cheap and may be done too often: whoever tells works the number out anew, and tells only another one.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, and_, case, func, insert, literal, null, or_, select, update
from sqlalchemy.sql.functions import coalesce

from stoqflow_web import background, clock
from stoqflow_web.exchange import FBB
from stoqflow_web.models import MarketplaceItem, Offer, OfferStock, OrderLine, Product, SalesOrder, Shop
from stoqflow_web.models.sales_orders import ON_HOLD
from stoqflow_web.sellable import sellable_sql
from stoqflow_web.transaction import Transaction

# What is noted in a transaction, to be worked through at its end
PRODUCT = "product"  # other units of it can be sold
OFFER = "offer"  # it has got a product
UNKNOWN = "unknown"  # the marketplace may show another number than it was told
SOON = timedelta(seconds=1)  # what changes within it is told together


def free_changed(tx: Transaction, product_ids: Iterable[int]) -> None:
    """Other units of these products can be sold now: every shop that tells its stock is owed that, at the commit."""
    tx.at_the_end(_note, ((PRODUCT, product_id) for product_id in product_ids))


def offer_changed(tx: Transaction, offer_id: int) -> None:
    """An offer has got a product, or another one."""
    tx.at_the_end(_note, [(OFFER, offer_id)])


def forget_told(tx: Transaction, items: Iterable[MarketplaceItem | None]) -> None:
    """Units of these were ordered or cancelled at the marketplace, which then changes by itself what it sells.

    bol.com takes off what is ordered, and sets the number to 0 when the seller cancels. So what we told last does not
    hold any more, even where our number stays the same: with 5,000 on hand it is 999 after each order.
    """
    offers: dict[int, set[str]] = defaultdict(set)
    for item in items:
        if item is not None and item.offer_external_id:
            offers[item.shop_id].add(item.offer_external_id)
    for shop_id, external_ids in offers.items():
        found = select(Offer.id).where(Offer.shop_id == shop_id, Offer.external_id.in_(external_ids))
        tx.at_the_end(_note, ((UNKNOWN, offer_id) for offer_id in tx.session.scalars(found)))


def go_on(tx: Transaction, shop_id: int) -> None:
    """The marketplace can be asked again: what an outage postponed is due at once."""
    late = select(OfferStock.offer_id).where(
        OfferStock.shop_id == shop_id, OfferStock.tries > 0, OfferStock.due_at > clock.now()
    )
    if _change(tx, late, due_at=clock.now()):
        hurry(tx, shop_id)


def tell_all(tx: Transaction, shop_id: int) -> int:
    """Begin to tell: a row for each offer that is ours to tell and has none, and all rows are due; how many those are.

    What the marketplace showed last counts as told, unless it sells less than that.
    """
    _take_up(tx, Offer.shop_id == shop_id)
    return mark(tx, select(OfferStock.offer_id).where(OfferStock.shop_id == shop_id))


def mark(tx: Transaction, offer_ids: Select[int]) -> int:
    """Make these rows due, those that are due already left as they are; how many rows it is about."""
    # The rows are locked, due or not: a worker that clears one reads the stock only after what we are about to commit.
    rows = tx.session.execute(
        select(OfferStock.offer_id, OfferStock.shop_id, OfferStock.due_at)
        .where(OfferStock.offer_id.in_(offer_ids))
        .order_by(OfferStock.offer_id)
        .with_for_update()
    ).all()
    fresh = [offer_id for offer_id, _, due_at in rows if due_at is None]
    if fresh:
        _update(tx, fresh, due_at=clock.now() + SOON)
        for shop_id in {shop_id for _, shop_id, due_at in rows if due_at is None}:
            hurry(tx, shop_id)
    return len(rows)


def tell_anew(tx: Transaction, offer_ids: Collection[int]) -> None:
    """Make these due, and tell them whatever the number is: what the marketplace was told last does not hold."""
    mark(tx, select(OfferStock.offer_id).where(OfferStock.offer_id.in_(offer_ids)))
    _forget(tx, offer_ids)


def hurry(tx: Transaction, shop_id: int) -> None:
    """Have a worker tell the shop's stock soon after the commit. The sweep finds it without this too."""
    tx.after_commit(lambda: enqueue(shop_id))


def enqueue(shop_id: int) -> bool:
    """Hand a shop's stock to a worker.

    Not in the slow queue, where pictures can stand in its way for hours; it gives way itself to what is more important.
    """
    return background.enqueue("jobs.stock.tell", shop_id, job_id=f"stock-{shop_id}")


# What is told, as conditions and expressions for queries


def is_ours() -> ColumnElement[bool]:
    """Of Offer: ours to tell. What the marketplace keeps in its own warehouse is counted there."""
    return and_(Offer.fulfilment_method != FBB, Offer.product_id.is_not(None))


def units_waiting(product_ids: Collection[int] | None = None) -> Subquery:
    """Units of each product that orders on hold wait for, as columns `product_id` and `units`."""
    waiting = (
        select(OrderLine.product_id, func.sum(OrderLine.quantity).label("units"))
        .join(SalesOrder, SalesOrder.id == OrderLine.sales_order_id)
        .where(SalesOrder.status == ON_HOLD, OrderLine.product_id.is_not(None), OrderLine.canceled_at.is_(None))
        .group_by(OrderLine.product_id)
    )
    if product_ids is not None:
        waiting = waiting.where(OrderLine.product_id.in_(product_ids))
    return waiting.subquery()


def our_number(waiting: Subquery, margin: int) -> ColumnElement[int]:
    """What we would tell, in a query that joins Product and, outer, `units_waiting`."""
    return sellable_sql(Product.on_hand, Product.reserved, coalesce(waiting.c.units, 0), margin)


def _note(tx: Transaction, what: set[tuple[str, int]]) -> None:
    """All of a transaction at once, so that the rows are locked in one order."""
    products, offers, unknown = ({key for kind, key in what if kind == one} for one in (PRODUCT, OFFER, UNKNOWN))
    if offers:
        _take_up(tx, Offer.id.in_(offers))
    mark(tx, select(Offer.id).where(or_(Offer.product_id.in_(products), Offer.id.in_(offers | unknown))))
    _forget(tx, unknown)


def _forget(tx: Transaction, offer_ids: Collection[int]) -> None:
    """What a worker is telling just now does not hold either: its claim is void, and the row due after its lease."""
    if offer_ids:
        _update(tx, offer_ids, told=None, refused=None, refused_at=None, claim=OfferStock.claim + 1)


def _take_up(tx: Transaction, which: ColumnElement[bool]) -> None:
    """A row for each of these offers that is ours to tell, in a shop that tells, and has none."""
    tx.session.flush()
    is_sold_from = and_(Offer.is_corrected_there.is_(False), Offer.sellable == Offer.stock)
    told = case((is_sold_from, Offer.stock), else_=null())
    missing = (
        select(Offer.id, Offer.shop_id, told, *map(literal, (0, 0, 0)))
        .join(Shop, Shop.id == Offer.shop_id)
        .where(
            which,
            is_ours(),
            Shop.tells_stock,
            ~select(OfferStock.offer_id).where(OfferStock.offer_id == Offer.id).exists(),
        )
    )
    columns = [
        OfferStock.offer_id,
        OfferStock.shop_id,
        OfferStock.told,
        OfferStock.claim,
        OfferStock.tries,
        OfferStock.nights,
    ]
    tx.session.execute(insert(OfferStock).from_select(columns, missing, include_defaults=False))


def _change(tx: Transaction, offer_ids: Select[int], **values: Any) -> int:
    """Set these columns of the rows, which are locked in the order in which everybody locks them; how many."""
    found = tx.session.scalars(
        select(OfferStock.offer_id)
        .where(OfferStock.offer_id.in_(offer_ids))
        .order_by(OfferStock.offer_id)
        .with_for_update()
    ).all()
    if found:
        _update(tx, found, **values)
    return len(found)


def _update(tx: Transaction, offer_ids: Collection[int], **values: Any) -> None:
    tx.session.execute(
        update(OfferStock)
        .where(OfferStock.offer_id.in_(offer_ids))
        .values(**values)
        .execution_options(synchronize_session=False)
    )
