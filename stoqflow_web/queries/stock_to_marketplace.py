"""What telling a shop's stock would change, and how it goes where it is told."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select, tuple_
from sqlalchemy.orm import contains_eager
from sqlalchemy.sql.functions import coalesce

from stoqflow_web import clock
from stoqflow_web.exchange import FBB
from stoqflow_web.extensions import db
from stoqflow_web.models import ImportRun, MarketplaceStock, Offer, OfferStock, Product, Shop, StockComparison
from stoqflow_web.models.imports import FINISHED, STOCK
from stoqflow_web.queries.paging import Keyset, Page, Position, a_number, a_text, an_id, turn_to
from stoqflow_web.services.stock_nights import KEPT
from stoqflow_web.services.stock_to_tell import is_ours, our_number, units_waiting

MOST_LISTED = 50

# Ranks of a difference, the worst first
GOES_OFFLINE = 0
LOWER = 1
HIGHER = 2


@dataclass(frozen=True)
class Difference:
    """An offer of which clients could buy more or less: what bol.com sells of it now, and what we would say."""

    offer: Offer
    there: int
    here: int
    rank: int

    @property
    def change(self) -> int:
        return self.here - self.there

    @property
    def goes_offline(self) -> bool:
        return self.rank == GOES_OFFLINE


@dataclass(frozen=True)
class Preview:
    """What the last comparison and our stock come to with a margin. `offline` is part of `lower`."""

    run: ImportRun
    ours: int
    higher: int
    lower: int
    offline: int
    reckoned: int  # clients can buy our number already, but bol.com arrives at it in another way
    without_product: int
    fbb: int
    fbb_regular: int
    fbb_graded: int

    @property
    def told(self) -> int:
        """Numbers that bol.com would be told at once."""
        return self.higher + self.lower + self.reckoned

    @property
    def same(self) -> int:
        return self.ours - self.told

    @property
    def not_here(self) -> int:
        return self.run.count_skipped


@dataclass(frozen=True)
class MarginEffect:
    """Numbers that would change with another margin, and how many of them would become 0."""

    changed: int
    offline: int


@dataclass(frozen=True)
class Telling:
    """How a shop's stock is told now."""

    offers: int
    waiting: int
    refused: int
    told_at: datetime | None

    @property
    def told(self) -> int:
        return self.offers - self.waiting - self.refused


BY_RANK: Keyset[Difference] = Keyset(
    lambda one: (one.rank, -abs(one.change), one.offer.product.sku if one.offer.product else "", one.offer.id),
    (an_id, a_number, a_text, an_id),
)


def latest_comparison(shop_id: int) -> ImportRun | None:
    """The newest comparison that has finished."""
    return db.session.scalars(
        select(ImportRun)
        .where(ImportRun.shop_id == shop_id, ImportRun.kind == STOCK, ImportRun.status == FINISHED)
        .order_by(ImportRun.id.desc())
        .limit(1)
    ).one_or_none()


def preview(run: ImportRun, margin: int) -> Preview:
    """Counts of what would change, by what this comparison saw."""
    number, waiting = _number(margin)
    differs = number != _there()
    lower = number < _there()
    counted = select(
        func.count(),
        _sum(number > _there()),
        _sum(lower),
        _sum(and_(lower, number == 0)),
        _sum(and_(~differs, or_(Offer.is_corrected_there.is_not(False), Offer.stock != number))),
    )
    ours, higher, less, offline, reckoned = db.session.execute(
        _joined(counted.select_from(Offer), waiting).where(_seen(run), is_ours())
    ).one()
    fbb, without_product = db.session.execute(
        select(
            _sum(Offer.fulfilment_method == FBB),
            _sum(and_(Offer.fulfilment_method != FBB, Offer.product_id.is_(None))),
        ).where(_seen(run))
    ).one()
    regular, graded = db.session.execute(
        select(func.sum(MarketplaceStock.regular), func.sum(MarketplaceStock.graded)).where(
            MarketplaceStock.shop_id == run.shop_id
        )
    ).one()
    return Preview(
        run=run,
        ours=ours,
        higher=higher or 0,
        lower=less or 0,
        offline=offline or 0,
        reckoned=reckoned or 0,
        without_product=without_product or 0,
        fbb=fbb or 0,
        fbb_regular=regular or 0,
        fbb_graded=graded or 0,
    )


def differences(run: ImportRun, margin: int, cursor: str | None) -> Page[Difference]:
    """A page of the offers of which clients could buy another number, the worst first: those that go offline, then
    lower ones, then higher ones, each by how much.
    """
    number, waiting = _number(margin)
    rank = case((and_(number == 0, _there() > 0), GOES_OFFLINE), (number < _there(), LOWER), else_=HIGHER)
    place = (rank, -func.abs(number - _there()), Product.sku, Offer.id)
    asked = (
        _joined(select(Offer, _there(), number, rank), waiting)
        .where(_seen(run), is_ours(), number != _there())
        .options(contains_eager(Offer.product))
    )

    def fetch(position: Position | None, limit: int) -> Sequence[Difference]:
        wanted = asked.order_by(*place)
        if position is not None and position.is_backwards:
            wanted = asked.where(tuple_(*place) < position.key).order_by(*(column.desc() for column in place))
        elif position is not None:
            wanted = asked.where(tuple_(*place) > position.key).order_by(*place)
        return [Difference(*row) for row in db.session.execute(wanted.limit(limit))]

    return turn_to(BY_RANK, cursor, fetch)


def margin_effect(shop: Shop, margin: int) -> MarginEffect:
    """What another margin would change at a shop whose stock is told."""
    waiting = units_waiting()
    now, then = our_number(waiting, shop.stock_margin), our_number(waiting, margin)
    counted = select(_sum(now != then), _sum(and_(then == 0, now > 0))).select_from(Offer)
    told = _joined(counted.join(OfferStock, OfferStock.offer_id == Offer.id), waiting)
    changed, offline = db.session.execute(told.where(OfferStock.shop_id == shop.id)).one()
    return MarginEffect(changed or 0, offline or 0)


def telling(shop_id: int) -> Telling:
    """How many offers are told, wait and are refused."""
    waits = or_(OfferStock.due_at.is_not(None), OfferStock.lease_until.is_not(None))
    offers, waiting, refused, told_at = db.session.execute(
        select(
            func.count(),
            _sum(waits),
            _sum(and_(~waits, OfferStock.refused_at.is_not(None))),
            func.max(OfferStock.told_at),
        ).where(OfferStock.shop_id == shop_id)
    ).one()
    return Telling(offers, waiting or 0, refused or 0, told_at)


def refused(shop_id: int) -> Sequence[OfferStock]:
    """The first offers whose number bol.com refused, the newest refusal first."""
    return _rows(OfferStock.shop_id == shop_id, OfferStock.refused_at.is_not(None), order=OfferStock.refused_at.desc())


def stayed(shop_id: int) -> Sequence[OfferStock]:
    """The first offers that were different on two nights in a row or more."""
    return _rows(OfferStock.shop_id == shop_id, OfferStock.nights >= 2, order=OfferStock.nights.desc())


def comparisons(shop_id: int) -> Sequence[StockComparison]:
    """Those of the last 30 days, newest first."""
    return db.session.scalars(
        select(StockComparison)
        .where(StockComparison.shop_id == shop_id, StockComparison.finished_at >= clock.now() - KEPT)
        .order_by(StockComparison.id.desc())
        .limit(MOST_LISTED)
    ).all()


def in_warehouses(product: Product) -> dict[int, MarketplaceStock]:
    """What of a product lies in a marketplace's own warehouse, by shop."""
    if product.ean_normalised is None:
        return {}
    found = db.session.scalars(
        select(MarketplaceStock).where(MarketplaceStock.ean_normalised == product.ean_normalised)
    )
    return {one.shop_id: one for one in found}


def _rows(*which: ColumnElement[bool], order: ColumnElement[Any]) -> Sequence[OfferStock]:
    return db.session.scalars(
        select(OfferStock)
        .join(OfferStock.offer)
        .outerjoin(Offer.product)
        .where(*which)
        .options(contains_eager(OfferStock.offer).contains_eager(Offer.product))
        .order_by(order, OfferStock.offer_id)
        .limit(MOST_LISTED)
    ).all()


def _number(margin: int) -> tuple[ColumnElement[int], Any]:
    waiting = units_waiting()
    return our_number(waiting, margin), waiting


def _there() -> ColumnElement[int]:
    """What clients can buy of an offer."""
    return coalesce(Offer.sellable, Offer.stock, 0)


def _joined(asked: Select[Any], waiting: Any) -> Select[Any]:
    return asked.join(Product, Product.id == Offer.product_id).outerjoin(waiting, waiting.c.product_id == Product.id)


def _seen(run: ImportRun) -> ColumnElement[bool]:
    """Of Offer: the comparison found it at the marketplace."""
    return and_(Offer.shop_id == run.shop_id, Offer.stock_seen_at >= run.started_at)


def _sum(condition: ColumnElement[bool]) -> ColumnElement[Any]:
    return func.sum(case((condition, 1), else_=0))
