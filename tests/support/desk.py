"""An order desk linked to the pretend bol.com: orders that came in, work on them, deliveries here and now."""

from datetime import datetime
from typing import Any

from sqlalchemy import select

from stoqflow_web import clock as clock_module
from stoqflow_web import extensions
from stoqflow_web.bol.sandbox import RunningSandbox
from stoqflow_web.extensions import db
from stoqflow_web.models import MarketplaceOrder, SalesOrder, Shop, Writeback
from stoqflow_web.services import answering, writebacks
from stoqflow_web.services.completing import Parcel, complete
from stoqflow_web.services.marketplaces import connect
from stoqflow_web.services.storing_orders import store_orders
from stoqflow_web.transaction import transaction
from tests.services.transfers import add_shop
from tests.support.clocks import FrozenClock

CODES = (f"3SABCD{number:010}" for number in range(10**9))
MOST_ROUNDS = 400


class Desk:
    """One shop without a hold, unless `hold_minutes` says otherwise. With `clock` both clocks stand still."""

    def __init__(
        self, sandbox: RunningSandbox, clock: FrozenClock | None = None, *, hold_minutes: int = 0, name: str = "Desk"
    ) -> None:
        self.sandbox, self.world, self.clock = sandbox, sandbox.world, clock
        self.shop_id = add_shop(sandbox, name)
        self.set(hold_minutes=hold_minutes)
        self.world.set_token_lifetime(10**7)  # jumps in time are not about tokens

    def set(self, **columns: Any) -> None:
        with transaction() as tx:
            for name, value in columns.items():
                setattr(tx.session.get_one(Shop, self.shop_id), name, value)

    # Orders

    def order(self, **what: Any) -> SalesOrder:
        """A client orders it, and it comes in here. The stock of it is not known, and that is no matter here."""
        external_id = self.world.place_order(**what)
        self.fetch(external_id)
        return self.read(self.ours(external_id)[0].id)

    def fetch(self, external_id: str) -> None:
        with connect(self.shop_id) as marketplace:
            record = marketplace.order(external_id)
        with transaction() as tx:
            store_orders(tx, tx.session.get_one(Shop, self.shop_id), [record])

    def ours(self, external_id: str) -> list[SalesOrder]:
        db.session.rollback()
        mine = SalesOrder.marketplace_order_id == MarketplaceOrder.id
        found = select(SalesOrder).join(MarketplaceOrder, mine).where(MarketplaceOrder.external_id == external_id)
        return list(db.session.scalars(found.order_by(SalesOrder.id)))

    def read(self, order_id: int) -> SalesOrder:
        db.session.rollback()
        return db.session.get_one(SalesOrder, order_id, populate_existing=True)

    def complete(self, order: SalesOrder, **how: Any) -> str:
        """Complete an order in one parcel; its Track & Trace."""
        code = next(CODES)
        complete(
            order.id,
            [Parcel(carrier="postnl", track_and_trace=code)],
            user_id=None,
            **({"despite_shortage": True} | how),
        )
        return code

    def ship_anyway(self, order: SalesOrder, reason: str = "the parcel has left") -> None:
        """Answer what the client asked to cancel of it."""
        lines = [line.id for line in self.read(order.id).lines_to_answer]
        answering.ship_anyway(order.id, lines, reason, user_id=None)

    def accept(self, order: SalesOrder) -> None:
        """Cancel for the client what they asked to cancel of it."""
        lines = [line.id for line in self.read(order.id).lines_to_answer]
        answering.accept(order.id, lines, user_id=None)

    # The outbox

    def deliver(self) -> None:
        writebacks.deliver(self.shop_id, follow_seconds=0)

    def follow(self) -> None:
        writebacks.follow(self.shop_id)

    def jump(self, **span: float) -> None:
        """Time passes, here and at bol.com."""
        assert self.clock is not None, "only where both clocks stand still"
        self.clock.jump(**span)
        self.world.jump(**span)
        forget_limits()

    def work(self) -> None:
        """What workers do for all that is due now."""
        self.deliver()
        self.follow()
        writebacks.learn(self.shop_id)

    def drain(self) -> None:
        """Let time pass, and workers work, until there is nothing left to do."""
        for _ in range(MOST_ROUNDS):
            self.work()
            then = self._next_moment()
            if then is None:
                return
            seconds = max((then - clock_module.now()).total_seconds(), 0.0) + 1.0
            self.jump(seconds=seconds)
        raise AssertionError(f"it never ends: {self.rows()}")

    def _next_moment(self) -> datetime | None:
        db.session.rollback()
        rows = db.session.scalars(select(Writeback).where(Writeback.shop_id == self.shop_id))
        moments = [
            {"pending": row.not_before, "sending": row.look_at or row.lease_until, "submitted": row.look_at}[row.state]
            for row in rows
            if row.state in ("sending", "submitted") or (row.state == "pending" and not self._waits(row))
        ]
        return min((moment or clock_module.now() for moment in moments), default=None)

    def _waits(self, row: Writeback) -> bool:
        """Whether it waits for a shipment that needs a person first."""
        return row.kind == "cancellation" and any(
            other.kind == "shipment" and other.state == "needs-attention"
            for part in row.marketplace_order.sales_orders
            for other in part.writebacks
        )

    def rows(self) -> list[Writeback]:
        db.session.rollback()
        found = select(Writeback).where(Writeback.shop_id == self.shop_id).order_by(Writeback.id)
        return list(db.session.scalars(found.execution_options(populate_existing=True)))

    def states(self) -> list[tuple[str, str]]:
        """(kind, state) of each row; what needs attention says why instead of its state."""
        return [(row.kind, row.why if row.state == "needs-attention" else row.state) for row in self.rows()]

    # What bol.com received

    def shipped(self) -> list[dict[str, int]]:
        """The quantities of each shipment at bol.com, oldest first."""
        with self.world.lock:
            self.world.settle()
            return [shipment.quantities for shipment in self.world.shipments.values()]

    def told(self) -> list[tuple[str, str]]:
        """The writes that bol.com was asked for, in order."""
        return [(seen.method, seen.path) for seen in self.world.requests_seen() if _is_write(seen.method, seen.path)]


def forget_limits() -> None:
    """The limiter goes by the machine's clock: when ours jumps, its windows are over too."""
    redis = extensions.shared_redis()
    if keys := list(redis.scan_iter("stoqflow:bol:*", _type="hash")):  # tokens are strings
        redis.delete(*keys)


def _is_write(method: str, path: str) -> bool:
    return method in ("POST", "PUT") and path.startswith("/retailer/")
