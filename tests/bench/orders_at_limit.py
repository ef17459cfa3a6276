"""Sales orders as fast as bol.com allows: 25 details a second."""

from tests.bench.harness import (
    Figure,
    begin_early_in_a_minute,
    installation,
    pretend_bol,
    seconds_of,
    whole_run,
    worker,
)

ORDERS = 1215  # of which about 1,000 are open and ours
LATENCY = 0.05
DETAILS_A_SECOND = 25


def measure() -> list[Figure]:
    with pretend_bol(orders=ORDERS, offers=200, latency=LATENCY) as bol, installation(bol) as home, worker(home):
        begin_early_in_a_minute()
        run = whole_run(home.link_shop(bol), "orders")
    assert run.total is not None
    return [
        Figure(
            "orders-at-limit",
            f"transfer of {run.total:,} sales orders, 50 ms an answer",
            "bol.com's limit of 25 details a second",
            seconds_of(run) / (run.total / DETAILS_A_SECOND),
            1.15,
        )
    ]
