"""Sales orders with bol.com's limits off: what asking several at a time, and storing in batches, brings."""

from statistics import mean

from tests.bench.harness import (
    Figure,
    begin_early_in_a_minute,
    installation,
    pretend_bol,
    seconds_of,
    whole_run,
    worker,
)
from tests.bench.one_by_one import seconds_per_order

ORDERS = 1215  # of which about 1,000 are open and ours
LATENCY = 0.05
PLAIN_ORDERS = 100  # fetched one by one before the transfer, and again after it: the machine may be busier at one time


def measure() -> list[Figure]:
    with (
        pretend_bol(orders=ORDERS, offers=200, latency=LATENCY, limits=False) as bol,
        installation(bol) as home,
        worker(home),
    ):
        before = seconds_per_order(bol, orders=PLAIN_ORDERS)
        begin_early_in_a_minute()
        run = whole_run(home.link_shop(bol), "orders")
        after = seconds_per_order(bol, orders=PLAIN_ORDERS)
    assert run.total is not None
    return [
        Figure(
            "orders-unlimited",
            f"transfer of {run.total:,} sales orders without limits, 50 ms an answer",
            "fetching them one by one, storing nothing",
            mean([before, after]) * run.total / seconds_of(run),
            8.0,
            is_at_least=True,
        )
    ]
