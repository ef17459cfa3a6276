"""Five hundred completed orders, from the click until bol.com has confirmed the last: 25 shipments a second."""

import time

from sqlalchemy import func, select

from stoqflow_web.models import SalesOrder, Shop, Writeback
from stoqflow_web.models.sales_orders import OPEN_STATUSES
from stoqflow_web.models.writebacks import CONFIRMED, SHIPMENT
from stoqflow_web.services.completing import Parcel, complete
from stoqflow_web.transaction import reading, transaction
from tests.bench.harness import Figure, Installation, installation, pretend_bol, wait_for, whole_run, worker

COMPLETIONS = 500
LATENCY = 0.05
SHIPMENTS_A_SECOND = 25
PROCESS_DELAY = 2.0  # the pretend bol.com's own


def measure() -> list[Figure]:
    with pretend_bol(orders=COMPLETIONS * 2, offers=200, latency=LATENCY) as bol, installation(bol) as home:
        shop_id = home.link_shop(bol)
        with worker(home):
            whole_run(shop_id, "orders")
        order_ids = _completable(shop_id)
        _complete_all(order_ids)
        seconds = _until_confirmed(home, len(order_ids))
    ideal = len(order_ids) / SHIPMENTS_A_SECOND + PROCESS_DELAY
    return [
        Figure(
            "completions",
            f"{len(order_ids)} completed orders until bol.com has confirmed all, 50 ms an answer",
            "bol.com's limit of 25 shipments a second, and its delay",
            seconds / ideal,
            1.3,
        )
    ]


def _completable(shop_id: int) -> list[int]:
    with transaction() as tx:
        tx.session.get_one(Shop, shop_id).hold_minutes = 0
    with reading() as session:
        orders = session.scalars(select(SalesOrder).where(SalesOrder.status.in_(OPEN_STATUSES)).order_by(SalesOrder.id))
        fine = [order.id for order in orders if not order.is_cancellation_requested and not _needs_label(order)]
    assert len(fine) >= COMPLETIONS, f"only {len(fine)} orders can be completed"
    return fine[:COMPLETIONS]


def _needs_label(order: SalesOrder) -> bool:
    return any(line.item.needs_marketplace_label for line in order.lines)


def _complete_all(order_ids: list[int]) -> None:
    """The clicks themselves are not what is measured here: no worker runs meanwhile."""
    for number, order_id in enumerate(order_ids):
        parcel = Parcel(carrier="postnl", track_and_trace=f"3SBNCH{number:010}")
        complete(order_id, [parcel], user_id=None, despite_shortage=True)


def _until_confirmed(home: Installation, how_many: int) -> float:
    """Seconds from a worker's readiness: the job for it waits in Redis since the first click."""
    began = time.monotonic()
    with worker(home):
        wait_for(lambda: _confirmed() >= how_many, every=0.2)
        return time.monotonic() - began


def _confirmed() -> int:
    is_confirmed = (Writeback.kind == SHIPMENT, Writeback.state == CONFIRMED)
    with reading() as session:
        return session.scalar(select(func.count()).where(*is_confirmed)) or 0
