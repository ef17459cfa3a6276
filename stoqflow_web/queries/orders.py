"""The lists of orders: which, in what order, and how many."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, false, func, or_, select, true, tuple_, union_all
from sqlalchemy.orm import Session, aliased, joinedload, load_only, selectinload

from stoqflow_web import clock
from stoqflow_web.deadlines import ONE_DAY, beginning_of, last_day_shipped_by
from stoqflow_web.extensions import db
from stoqflow_web.models import MarketplaceOrder, OrderLine, OrderWord, SalesOrder, Writeback
from stoqflow_web.models.sales_orders import CANCELED, COMPLETE, ON_HOLD, OPEN_STATUSES, READY_TO_PICK, STATUSES
from stoqflow_web.models.writebacks import CONFIRMED, TRANSPORT, WITHDRAWN
from stoqflow_web.models.writebacks import NEEDS_ATTENTION as STUCK
from stoqflow_web.queries.cancellation_requests import asked_orders
from stoqflow_web.queries.paging import Keyset, Page, Position, a_day, an_id, turn_to
from stoqflow_web.queries.words import Found, found_by

COUNTED_UP_TO = 10_000
"""Counting stops here, so that the tabs cost the same with a million orders."""

LOADED_AT_ONCE = 500
ELSEWHERE_UP_TO = 100  # orders on another tab, when a search finds nothing on its own

# The tabs. An order whose client asked to cancel is open, and nothing to pick down a list: it has its own tab.
OPEN = "open"
LATE_TODAY = "late-today"
CANCELLATION_REQUESTED = "cancellation-requested"
NEEDS_ATTENTION = "needs-attention"
CONFIRMED_TODAY = "confirmed-today"  # shown as a tab only while somebody looks at it, coming from the home page
TABS = (OPEN, READY_TO_PICK, ON_HOLD, LATE_TODAY, CANCELLATION_REQUESTED, NEEDS_ATTENTION, COMPLETE, CANCELED)
_STATUSES_OF_TAB = {
    READY_TO_PICK: (READY_TO_PICK,),
    ON_HOLD: (ON_HOLD,),
    COMPLETE: (COMPLETE,),
    CANCELED: (CANCELED,),
    NEEDS_ATTENTION: STATUSES,
    CONFIRMED_TODAY: (COMPLETE,),
    CANCELLATION_REQUESTED: (*OPEN_STATUSES, COMPLETE),
}
_FEW = (NEEDS_ATTENTION, CONFIRMED_TODAY, CANCELLATION_REQUESTED)
"""Tabs whose orders are known by their ids before any list is walked."""

# Ship by
LATE = "late"
TODAY = "today"
TOMORROW = "tomorrow"
THIS_WEEK = "this-week"
SHIP_BY = (LATE, TODAY, TOMORROW, THIS_WEEK)

BY_DEADLINE: Keyset[Any] = Keyset(key_of=lambda order: (order.sort_day, order.id), readers=(a_day, an_id))


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which orders a person asked for. `ship_by` is one of SHIP_BY, or empty for any day."""

    tab: str = OPEN
    words: str = ""
    shop_id: int | None = None
    ship_by: str = ""

    @property
    def statuses(self) -> tuple[str, ...]:
        return _STATUSES_OF_TAB.get(self.tab, OPEN_STATUSES)

    @property
    def is_newest_first(self) -> bool:
        """What is still to be done goes by deadline; of what is done the latest is looked for."""
        return self.tab in (COMPLETE, CANCELED, CONFIRMED_TODAY)

    @property
    def is_narrowed(self) -> bool:
        return bool(self.words or self.shop_id or self.ship_by)


def page(wanted: Wanted, cursor: str | None = None) -> Page[SalesOrder]:
    """One page of the list, each order with its lines, products, items, shop, client and family loaded."""
    session = db.session()
    found = found_by(session, wanted.words, OrderWord, SalesOrder.id)

    def fetch(position: Position | None, limit: int) -> Sequence[SalesOrder]:
        ids = session.scalars(_ids(wanted, found, position, limit)).all()
        return _whole(session, ids)

    return turn_to(BY_DEADLINE, cursor, fetch)


def counts(shop_id: int | None = None) -> dict[str, int]:
    """How many orders each tab holds, at most COUNTED_UP_TO, in one question to the database."""
    late = SalesOrder.sort_day <= last_day_shipped_by(clock.today())
    parts = {
        READY_TO_PICK: _capped(shop_id, (READY_TO_PICK,), _is_not_asked_to_cancel(READY_TO_PICK)),
        ON_HOLD: _capped(shop_id, (ON_HOLD,), _is_not_asked_to_cancel(ON_HOLD)),
        LATE_TODAY: _capped(shop_id, OPEN_STATUSES, late),
        CANCELLATION_REQUESTED: _number_asked(shop_id),
        NEEDS_ATTENTION: _number_stuck(shop_id),
        COMPLETE: _capped(shop_id, (COMPLETE,)),
        CANCELED: _capped(shop_id, (CANCELED,)),
        OPEN: _capped(shop_id, OPEN_STATUSES, SalesOrder.is_cancellation_requested == true()),
    }
    numbers = db.session.execute(select(*(part.label(f"count_{place}") for place, part in enumerate(parts.values()))))
    counted = dict(zip(parts, numbers.one(), strict=True))
    counted[OPEN] = min(sum(counted[tab] for tab in (READY_TO_PICK, ON_HOLD, OPEN)), COUNTED_UP_TO)
    return counted


def matching_ids(wanted: Wanted, limit: int) -> list[int]:
    """The ids of at most `limit` orders that fit, in the order of the list."""
    session = db.session()
    found = found_by(session, wanted.words, OrderWord, SalesOrder.id)
    return list(session.scalars(_ids(wanted, found, None, limit)))


def count_matching(wanted: Wanted, limit: int) -> int:
    """How many orders fit, counted no further than `limit`."""
    session = db.session()
    found = found_by(session, wanted.words, OrderWord, SalesOrder.id)
    some = _ids(wanted, found, None, limit).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0


def elsewhere(wanted: Wanted) -> dict[str, int]:
    """How many orders other tabs have of what was asked, by tab: of those tabs that hold each order once."""
    numbers = {
        tab: count_matching(replace(wanted, tab=tab), ELSEWHERE_UP_TO)
        for tab in (OPEN, COMPLETE, CANCELED)
        if tab != wanted.tab
    }
    return {tab: number for tab, number in numbers.items() if number}


def load_all(ids: Sequence[int]) -> list[SalesOrder]:
    """These orders with all that a list, a print or a file shows of them, in the same order; deleted ones left out."""
    parts = [ids[start : start + LOADED_AT_ONCE] for start in range(0, len(ids), LOADED_AT_ONCE)]
    return [order for part in parts for order in _whole(db.session(), part) if not order.is_deleted]


def count_open() -> int:
    """How many orders are open, at most COUNTED_UP_TO: for the navigation."""
    return db.session.scalar(select(_capped(None, OPEN_STATUSES))) or 0


def are_there_any() -> bool:
    return db.session.scalar(select(SalesOrder.id).limit(1)) is not None


def _ids(wanted: Wanted, found: Found, position: Position | None, limit: int) -> Select[int]:
    """The ids of a page, in walking order.

    Each status is a walk along its own stretch of the index (status, sort_day, id) that stops after a page; asked for
    several statuses at once a database would collect and sort them all first.
    """
    is_descending = wanted.is_newest_first != (position is not None and position.is_backwards)
    conditions = [*_conditions(wanted, found), *_beyond(position, is_descending=is_descending)]
    if found.condition is not None:
        conditions.append(found.condition)
    if found.is_few or wanted.tab in _FEW:
        return _walk([_is_any_of(wanted.statuses), *conditions], is_descending, limit)
    walks = [_walk([SalesOrder.status == status, *conditions], is_descending, limit) for status in wanted.statuses]
    if len(walks) == 1:
        return walks[0]
    merged = union_all(*(select(walk.add_columns(SalesOrder.sort_day).subquery()) for walk in walks)).subquery()
    keys = (merged.c.sort_day.desc(), merged.c.id.desc()) if is_descending else (merged.c.sort_day, merged.c.id)
    return select(merged.c.id).order_by(*keys).limit(limit)


def _walk(conditions: list[ColumnElement[bool]], is_descending: bool, limit: int) -> Select[int]:
    keys = (SalesOrder.sort_day.desc(), SalesOrder.id.desc()) if is_descending else (SalesOrder.sort_day, SalesOrder.id)
    return select(SalesOrder.id).where(*conditions).order_by(*keys).limit(limit)


def _is_any_of(statuses: tuple[str, ...]) -> ColumnElement[bool]:
    """The same question as `status IN (…)`, asked so that no index answers it: few ids are known, start from those.

    SQLite, which keeps no statistics by itself, would rather walk a whole status.
    """
    return (SalesOrder.status + "").in_(statuses)


def _beyond(position: Position | None, *, is_descending: bool) -> list[ColumnElement[bool]]:
    if position is None:
        return []
    here = tuple_(SalesOrder.sort_day, SalesOrder.id)
    return [here < tuple_(*position.key) if is_descending else here > tuple_(*position.key)]


def _conditions(wanted: Wanted, found: Found) -> list[ColumnElement[bool]]:
    today = clock.today()
    conditions: list[ColumnElement[bool]] = []
    if wanted.shop_id is not None:
        # As in _is_any_of: + 0 keeps the index of the shop out of it when few ids are known.
        are_few_known = found.is_few or wanted.tab in _FEW
        conditions.append((SalesOrder.shop_id + 0 if are_few_known else SalesOrder.shop_id) == wanted.shop_id)
    if wanted.tab == LATE_TODAY:
        conditions.append(SalesOrder.sort_day <= last_day_shipped_by(today))
    if wanted.tab in (READY_TO_PICK, ON_HOLD):
        conditions.append(SalesOrder.is_cancellation_requested == false())
    if wanted.tab == CANCELLATION_REQUESTED:
        conditions.append(SalesOrder.id.in_(asked_orders()))
    if wanted.tab == NEEDS_ATTENTION:
        conditions.append(SalesOrder.id.in_(select(Writeback.sales_order_id).where(Writeback.state == STUCK)))
    if wanted.tab == CONFIRMED_TODAY:
        conditions.append(SalesOrder.id.in_(confirmed_since(beginning_of(today))))
    first, last = days_of(wanted.ship_by, today)
    if first is not None:
        conditions.append(SalesOrder.sort_day >= first)
    if last is not None:
        conditions.append(SalesOrder.sort_day <= last)
    return conditions


def days_of(ship_by: str, today: date) -> tuple[date | None, date | None]:
    """The first and the last delivery day of what must be shipped when a choice of SHIP_BY says; None is no bound.

    A week ends on Sunday.
    """
    before = last_day_shipped_by(today - ONE_DAY)
    if ship_by == LATE:
        return None, before
    if ship_by == TODAY:
        return before + ONE_DAY, last_day_shipped_by(today)
    if ship_by == TOMORROW:
        return last_day_shipped_by(today) + ONE_DAY, last_day_shipped_by(today + ONE_DAY)
    if ship_by == THIS_WEEK:
        return before + ONE_DAY, last_day_shipped_by(today + timedelta(days=6 - today.weekday()))
    return None, None


def complete_since(moment: datetime) -> Select[int]:
    """The ids of orders that became complete since then, counted no further than COUNTED_UP_TO."""
    done = (SalesOrder.status == COMPLETE, SalesOrder.ended_at >= moment)
    return select(SalesOrder.id).where(*done).limit(COUNTED_UP_TO)


def confirmed_since(moment: datetime) -> Select[int]:
    """Of those, the orders of which the marketplace confirmed all it was told, as wording/reporting.py says it."""
    done = complete_since(moment).subquery()
    told = (Writeback.sales_order_id == done.c.id, Writeback.kind != TRANSPORT)
    is_given_up = and_(Writeback.state == WITHDRAWN, Writeback.why.is_not(None))
    is_untold = or_(Writeback.state.not_in((CONFIRMED, WITHDRAWN)), is_given_up)
    return select(done.c.id).where(
        exists(select(Writeback.id).where(*told, Writeback.state == CONFIRMED)),
        ~exists(select(Writeback.id).where(*told, is_untold)),
    )


def _capped(shop_id: int | None, statuses: tuple[str, ...], *conditions: ColumnElement[bool]) -> Any:
    """A count of orders that stops at COUNTED_UP_TO, as a value inside a larger question."""
    of_shop = () if shop_id is None else (SalesOrder.shop_id == shop_id,)
    some = select(SalesOrder.id).where(SalesOrder.status.in_(statuses), *of_shop, *conditions).limit(COUNTED_UP_TO)
    return select(func.count()).select_from(some.subquery()).scalar_subquery()


def _is_not_asked_to_cancel(status: str) -> ColumnElement[bool]:
    """Told from the index of the few that are, so that counting reads indexes alone and no order."""
    asked = aliased(SalesOrder)
    few = select(asked.id).where(asked.status == status, asked.is_cancellation_requested == true())
    return SalesOrder.id.not_in(few)


def _number_stuck(shop_id: int | None) -> Any:
    """How many orders have a message that needs attention, counted from those messages: they are few."""
    of_shop = () if shop_id is None else (Writeback.shop_id == shop_id,)
    some = select(Writeback.sales_order_id).where(Writeback.state == STUCK, *of_shop).distinct().limit(COUNTED_UP_TO)
    return select(func.count()).select_from(some.subquery()).scalar_subquery()


def _number_asked(shop_id: int | None) -> Any:
    """How many orders have a line whose client asked to cancel: those of the page *Cancellation requests*."""
    of_shop = () if shop_id is None else (SalesOrder.shop_id == shop_id,)
    some = asked_orders().where(*of_shop).limit(COUNTED_UP_TO)
    return select(func.count()).select_from(some.subquery()).scalar_subquery()


def _whole(session: Session, ids: Sequence[int]) -> list[SalesOrder]:
    orders = session.scalars(
        select(SalesOrder)
        .where(SalesOrder.id.in_(ids))
        .options(
            joinedload(SalesOrder.shop),
            joinedload(SalesOrder.marketplace_order)
            .load_only(
                MarketplaceOrder.external_id,
                MarketplaceOrder.placed_at,
                MarketplaceOrder.ship_to,
                MarketplaceOrder.client_name,
                MarketplaceOrder.client_city,
            )
            # Its family, by which the list tells what bol.com knows: of all orders on the page at once.
            .selectinload(MarketplaceOrder.sales_orders)
            .options(
                load_only(SalesOrder.number, SalesOrder.status, SalesOrder.marketplace_order_id),
                selectinload(SalesOrder.writebacks),
            ),
            selectinload(SalesOrder.writebacks),
            selectinload(SalesOrder.lines).options(joinedload(OrderLine.product), joinedload(OrderLine.item)),
        )
    )
    by_id = {order.id: order for order in orders}
    return [by_id[order_id] for order_id in ids if order_id in by_id]
