"""The list of orders of a shop that has been at it for years."""

import time
from collections.abc import Callable
from datetime import timedelta
from statistics import median

from sqlalchemy import insert, select

from stoqflow_web import clock
from stoqflow_web.exchange import FBR, Address
from stoqflow_web.extensions import db
from stoqflow_web.models import MarketplaceItem, MarketplaceOrder, OrderLine, SalesOrder
from stoqflow_web.models.sales_orders import CANCELED, COMPLETE, ON_HOLD, READY_TO_PICK, first_number
from stoqflow_web.queries import orders
from stoqflow_web.queries.paging import Position, write_cursor
from stoqflow_web.transaction import transaction
from tests.bench.harness import Figure, installation, signed_in_client
from tests.support.builders import make_product, make_shop

ORDERS = 100_000
FEWER_ORDERS = 25_000
STATUSES = (READY_TO_PICK, ON_HOLD, READY_TO_PICK, COMPLETE, CANCELED)  # one after another: three fifths are open
DAYS = 400
TIMES = 25


def measure() -> list[Figure]:
    with installation() as home:
        shop_id, product_id = make_shop().id, make_product().id
        add_orders(shop_id, product_id, 1, FEWER_ORDERS)
        (few,) = medians(orders.counts)
        add_orders(shop_id, product_id, FEWER_ORDERS + 1, ORDERS)
        (many,) = medians(orders.counts)
        client, cursor = signed_in_client(home), cursor_far_on()
        if orders.page(orders.Wanted(), cursor).previous is None:
            raise RuntimeError("That was not a page far on.")
        first_page, far_page = medians(lambda: client.get("/orders"), lambda: client.get(f"/orders?page={cursor}"))
    return [
        Figure("order-list", f"a page behind {far_on():,} of {ORDERS:,} orders", "page 1", far_page / first_page, 1.5),
        Figure("order-list", f"the counts on the tabs, {ORDERS:,} orders", f"{FEWER_ORDERS:,} orders", many / few, 2.0),
    ]


def far_on() -> int:
    """Nearly the end of the open orders."""
    return ORDERS * 3 // 5 * 9 // 10


def cursor_far_on() -> str:
    last = db.session.scalars(
        select(SalesOrder)
        .where(SalesOrder.status.in_((READY_TO_PICK, ON_HOLD)))
        .order_by(SalesOrder.sort_day, SalesOrder.id)
        .offset(far_on())
        .limit(1)
    ).one()
    return write_cursor(Position(orders.BY_DEADLINE.key_of(last)))


def medians(*actions: Callable[[], object]) -> list[float]:
    """Seconds each action takes, taken in turn, so that a busy moment meets all of them."""
    taken: list[list[float]] = [[] for _ in actions]
    for _ in range(TIMES + 1):
        for action, seconds in zip(actions, taken, strict=True):
            began = time.perf_counter()
            action()
            seconds.append(time.perf_counter() - began)
            db.session.rollback()
    return [median(seconds[1:]) for seconds in taken]  # the first time fills caches


def add_orders(shop_id: int, product_id: int, first: int, last: int) -> None:
    """Orders `first` to `last` with one line each, straight into the tables; their ids are those numbers."""
    numbers, now, today = range(first, last + 1), clock.now(), clock.today()
    address = Address(surname="de Vries", city="Utrecht", country_code="NL")
    bol_orders = [
        {
            "id": number,
            "shop_id": shop_id,
            "external_id": f"C{number:09}",
            "placed_at": now,
            "ship_to": address,
            "client_name": "de Vries",
            "client_city": "Utrecht",
            "came_in_at": now,
            "checked_at": now,
        }
        for number in numbers
    ]
    items = [
        {
            "id": number,
            "order_id": number,
            "shop_id": shop_id,
            "external_id": f"item-{number}",
            "title": f"Something {number}",
            "quantity": 1,
            "quantity_shipped": 0,
            "quantity_cancelled": 0,
            "is_cancellation_requested": False,
            "fulfilment_method": FBR,
            "needs_marketplace_label": False,
            "is_delivery_day_exact": False,
        }
        for number in numbers
    ]
    sales_orders = [
        {
            "id": number,
            "number": first_number(number),
            "marketplace_order_id": number,
            "shop_id": shop_id,
            "status": STATUSES[number % len(STATUSES)],
            "deliver_by": (day := today + timedelta(days=number * 7919 % DAYS)),
            "sort_day": day,
            "is_cancellation_requested": number % 1000 == 0,
            "created_at": now,
        }
        for number in numbers
    ]
    lines = [
        {
            "id": number,
            "sales_order_id": number,
            "marketplace_item_id": number,
            "product_id": product_id,
            "quantity": 1,
            "position": 1,
        }
        for number in numbers
    ]
    with transaction() as tx:
        for table, rows in (
            (MarketplaceOrder, bol_orders),
            (MarketplaceItem, items),
            (SalesOrder, sales_orders),
            (OrderLine, lines),
        ):
            tx.session.execute(insert(table), rows)
