"""What clients send back: the list, and the returns of one order.

Which order a thing belongs to is asked here by the order's external id, so a return that is older than our orders finds
its order as soon as that is here.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select, tuple_
from sqlalchemy.orm import joinedload, selectinload

from stoqflow_web import clock
from stoqflow_web.extensions import db
from stoqflow_web.matching import normalise_ean
from stoqflow_web.models import (
    MarketplaceItem,
    MarketplaceOrder,
    OrderLine,
    Product,
    Reading,
    ReturnItem,
    SalesOrder,
    Shop,
)
from stoqflow_web.models.readings import RETURNS
from stoqflow_web.models.sales_orders import DELETED
from stoqflow_web.queries.paging import Keyset, Page, Position, an_id, turn_to
from stoqflow_web.search_words import after_all_that_begin_with


def _a_moment(part: Any) -> datetime:
    moment = datetime.fromisoformat(part)
    if moment.tzinfo is None:
        raise ValueError(part)
    return moment


BY_AGE: Keyset[Any] = Keyset(key_of=lambda item: (item.registered_at.isoformat(), item.id), readers=(_a_moment, an_id))
_KEY = (ReturnItem.registered_at, ReturnItem.id)


@dataclass(frozen=True)
class Wanted:
    """Which returns a person asked for: of a shop or all, on their way or handled, found by the beginning of a code."""

    are_handled: bool = False
    shop_id: int | None = None
    code: str = ""


@dataclass(frozen=True)
class ReturnShown:
    """A thing that comes back, with the sales order it was in and the product it is, where they are here."""

    item: ReturnItem
    order: SalesOrder | None
    product: Product | None
    name: str


@dataclass(frozen=True)
class LastReading:
    """When the returns were read last, of the shop that waits longest, and when the first is read next. None: never."""

    read_at: datetime | None
    next_at: datetime | None
    is_under_way: bool


def page(wanted: Wanted = Wanted(), cursor: str | None = None) -> Page[ReturnShown]:
    """One page: the newest first."""
    session = db.session()
    question = _question(wanted)

    def fetch(position: Position | None, limit: int) -> Sequence[ReturnItem]:
        some = question.limit(limit)
        if position is None:
            return session.scalars(some.order_by(*(part.desc() for part in _KEY))).all()
        here, there = tuple_(*_KEY), tuple_(*position.key)
        if position.is_backwards:
            return session.scalars(some.where(here > there).order_by(*_KEY)).all()
        return session.scalars(some.where(here < there).order_by(*(part.desc() for part in _KEY))).all()

    found = turn_to(BY_AGE, cursor, fetch)
    return Page(_shown(found.rows), next=found.next, previous=found.previous)


def of_order(order: MarketplaceOrder) -> Sequence[ReturnItem]:
    """What comes back of an order, the newest first."""
    return db.session.scalars(
        select(ReturnItem)
        .where(ReturnItem.shop_id == order.shop_id, ReturnItem.order_external_id == order.external_id)
        .options(joinedload(ReturnItem.parcel))
        .order_by(ReturnItem.registered_at.desc(), ReturnItem.id.desc())
    ).all()


def last_reading(shop_id: int | None = None) -> LastReading:
    """Of one shop or all."""
    question = select(Reading, Shop).join(Shop, Shop.id == Reading.shop_id).where(Reading.kind == RETURNS)
    rows = db.session.execute(question if shop_id is None else question.where(Shop.id == shop_id)).all()
    asked = [reading for reading, shop in rows if shop.may_ask_marketplace]
    return LastReading(
        min((reading.read_at for reading, _shop in rows if reading.read_at), default=None),
        min((reading.next_at for reading in asked), default=None),
        any(reading.is_under_way(clock.now()) for reading in asked),
    )


def are_there_any() -> bool:
    return db.session.scalar(select(ReturnItem.id).limit(1)) is not None


def _question(wanted: Wanted) -> Select[ReturnItem]:
    question = select(ReturnItem).options(joinedload(ReturnItem.parcel), joinedload(ReturnItem.shop))
    if wanted.shop_id is not None:
        question = question.where(ReturnItem.shop_id == wanted.shop_id)
    if wanted.code:
        return question.where(_begins_with(wanted.code))  # whatever has become of it
    return question.where(ReturnItem.is_handled.is_(wanted.are_handled))


def _begins_with(code: str) -> ColumnElement[bool]:
    """By the order's number there or here, EAN, Track & Trace or the marketplace's number of the return."""
    word = code.upper()
    of_ours = select(MarketplaceOrder.external_id).join(MarketplaceOrder.sales_orders).where(SalesOrder.number == word)
    columns = (ReturnItem.order_external_id, ReturnItem.ean, ReturnItem.track_and_trace, ReturnItem.rma_id)
    ranges = [and_(column >= word, column < after_all_that_begin_with(word)) for column in columns]
    return or_(*ranges, ReturnItem.order_external_id.in_(of_ours.scalar_subquery()))


def _shown(items: Sequence[ReturnItem]) -> list[ReturnShown]:
    orders = _orders(items)
    by_ean = _products_by_ean(items)
    shown = []
    for item in items:
        order = orders.get((item.shop_id, item.order_external_id))
        part, line = _line_of(item, order)
        product = line.product if line and line.product else by_ean.get(normalise_ean(item.ean) or "")
        name = (product.title if product else None) or (line.name if line else None) or item.title or item.ean
        shown.append(ReturnShown(item, part, product, name or "—"))
    return shown


def _line_of(item: ReturnItem, order: MarketplaceOrder | None) -> tuple[SalesOrder | None, OrderLine | None]:
    """The sales order, and the line in it, that the thing was on: of an order that was split the part that has it."""
    parts = [part for part in order.sales_orders if part.status != DELETED] if order else []
    for part in parts:
        for line in part.lines:
            if line.item.ean and normalise_ean(line.item.ean) == normalise_ean(item.ean):
                return part, line
    return (parts[0] if parts else None), None


def _orders(items: Iterable[ReturnItem]) -> dict[tuple[int, str], MarketplaceOrder]:
    wanted = {item.order_external_id for item in items}
    found = db.session.scalars(
        select(MarketplaceOrder)
        .where(MarketplaceOrder.external_id.in_(wanted))
        .options(
            selectinload(MarketplaceOrder.sales_orders)
            .selectinload(SalesOrder.lines)
            .options(joinedload(OrderLine.item).load_only(MarketplaceItem.ean), joinedload(OrderLine.product))
        )
    )
    return {(order.shop_id, order.external_id): order for order in found}


def _products_by_ean(items: Iterable[ReturnItem]) -> dict[str, Product]:
    """Products with these EANs, but for an EAN that several have."""
    eans = {ean for item in items if (ean := normalise_ean(item.ean))}
    found: dict[str, list[Product]] = {}
    for product in db.session.scalars(select(Product).where(Product.ean_normalised.in_(eans))):
        found.setdefault(product.ean_normalised or "", []).append(product)
    return {ean: products[0] for ean, products in found.items() if len(products) == 1}
