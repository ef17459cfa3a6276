"""Whatever befalls a warehouse: stock is the sum of its movements, and no more is promised than is there.

What is done is drawn by Hypothesis; a failing sequence is shown as short as it can be made.
"""

from collections import Counter
from contextlib import suppress
from itertools import count

from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from stoqflow_web import clock
from stoqflow_web.errors import StoqflowError
from stoqflow_web.extensions import db
from stoqflow_web.models import Base, Product, SalesOrder, StockMovement
from stoqflow_web.models.sales_orders import ON_HOLD, READY_TO_PICK
from stoqflow_web.services import counting, holding, stock, stock_imports
from stoqflow_web.services.canceling import cancel
from stoqflow_web.services.completing import Parcel, complete
from stoqflow_web.services.correcting import correct
from stoqflow_web.services.deleting import delete
from stoqflow_web.services.splitting import split
from stoqflow_web.services.stock_files import read_stock
from stoqflow_web.services.stock_import_work import carry_on
from stoqflow_web.services.undoing import undo
from stoqflow_web.transaction import transaction
from tests.support.builders import make_order, make_product, make_shop

SEQUENCES = 60
CODES = (f"3SABCD{number:010}" for number in count())
ACTIONS = (
    *["order"] * 5,
    *["complete", "correct", "change", "count", "import", "cancel", "cancel_line", "split", "undo", "delete"] * 2,
    "sweep",
)
SCRIPTS = st.lists(st.tuples(st.sampled_from(ACTIONS), st.integers(0, 7), st.integers(0, 6)), min_size=5, max_size=25)


class Warehouse:
    """Three products and the orders for them. `which` picks an order or a product, `units` says how many."""

    def __init__(self) -> None:
        self.shop = make_shop()
        self.products = [make_product(stock=0) for _ in range(3)]
        for product in self.products:
            with transaction() as tx:
                stock.move(tx, tx.session.get_one(Product, product.id), 4, "opening")

    def happens(self, action: str, which: int, units: int) -> None:
        if action in ("order", "sweep"):
            self._order(which, units) if action == "order" else holding.sweep()
        elif action in ("correct", "change", "count", "import"):
            self._say(action, self.products[which % 3], units)
        else:
            orders = db.session.scalars(select(SalesOrder).order_by(SalesOrder.id)).all()
            if orders:
                self._act(action, orders[which % len(orders)], units)

    def _order(self, which: int, units: int) -> None:
        chosen = [product for place, product in enumerate(self.products) if (which + 1) & (1 << place)]
        made = make_order(
            products=[*chosen, *chosen[: units % 2]], quantity=1 + units % 3, shop=self.shop, status=ON_HOLD
        )
        with transaction() as tx:
            tx.session.get_one(SalesOrder, made.id).sort_day = clock.today().replace(day=1 + which)
            holding.settle(tx, [made.id])

    def _say(self, action: str, product: Product, units: int) -> None:
        seen = db.session.scalars(select(Product.on_hand).where(Product.id == product.id)).one()
        if action == "correct":
            correct(product.id, seen=seen, on_hand=units, reason="found", user_id=None)
        elif action == "change":
            correct(product.id, seen=seen, change=units - 3, reason="lost", user_id=None)
        elif action == "count":
            begun = counting.start(user_id=None)
            counting.scan(begun.id, product.sku, units=units, user_id=None)
            counting.apply(begun.id, user_id=None)
        else:
            draft = stock_imports.check(read_stock(f"sku,on_hand\n{product.sku},{units}"), file_name="", user_id=None)
            stock_imports.apply(draft.id, user_id=None)
            carry_on(draft.id)

    def _act(self, action: str, order: SalesOrder, units: int) -> None:
        line_ids = [line.id for line in order.lines_to_ship]
        if action == "complete":
            parcel = Parcel(carrier="postnl", track_and_trace=next(CODES))
            complete(order.id, [parcel], user_id=None, despite_shortage=True)
        elif action == "split" and line_ids:
            split(order.id, {line_ids[0]: units}, user_id=None)
        elif action == "cancel_line":
            cancel(order.id, "out-of-stock", user_id=None, line_ids=line_ids[:1])
        elif action in ("cancel", "undo", "delete"):
            how = {"reason": "out-of-stock"} if action == "cancel" else {}
            {"cancel": cancel, "undo": undo, "delete": delete}[action](order.id, user_id=None, **how)


def judge() -> None:
    db.session.rollback()
    db.session.expire_all()
    promised: Counter[int] = Counter()
    waiting = []
    for order in db.session.scalars(select(SalesOrder)):
        if order.status == READY_TO_PICK:
            promised.update(holding.needs(order))
        elif order.status == ON_HOLD:
            waiting.append(order)
    products = {product.id: product for product in db.session.scalars(select(Product))}
    for product in products.values():
        of_it = StockMovement.product_id == product.id
        moved = db.session.scalar(select(func.sum(StockMovement.quantity)).where(of_it))
        last = db.session.scalars(
            select(StockMovement.on_hand_after).where(of_it).order_by(StockMovement.id.desc())
        ).first()
        assert (moved, last) == (product.on_hand, product.on_hand)
        assert product.reserved == promised[product.id]
        assert product.reserved <= max(product.on_hand, 0)
    for order in waiting:
        assert holding.shortages(order, products), f"{order.number} waits for nothing"


def test_stock_is_the_sum_of_its_movements_and_no_more_is_promised_than_is_there(ctx: Flask) -> None:
    @settings(
        max_examples=SEQUENCES,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(script=SCRIPTS)
    def befalls(script: list[tuple[str, int, int]]) -> None:
        with transaction() as tx:
            for table in reversed(Base.metadata.sorted_tables):
                tx.session.execute(table.delete())
        warehouse = Warehouse()
        for action, which, units in script:
            with suppress(StoqflowError):  # what can't be done is refused, and changes nothing
                warehouse.happens(action, which, units)
            judge()

    befalls()
