"""Memory of a worker that brings in the products of a large shop."""

from contextlib import suppress
from pathlib import Path

from tests.bench.harness import Figure, installation, pretend_bol, whole_run, worker

OFFERS = 20_000
KILOBYTES_A_MEGABYTE = 1024


def measure() -> list[Figure]:
    with pretend_bol(offers=OFFERS, limits=False) as bol, installation(bol) as home, worker(home) as worker_id:
        shop_id = home.link_shop(bol)
        idle = peak = megabytes_of(worker_id)

        def look() -> None:
            nonlocal peak
            peak = max(peak, megabytes_of(worker_id))

        whole_run(shop_id, "products", meanwhile=look)
    return [
        Figure(
            "offers-memory",
            f"peak of a worker that transfers {OFFERS:,} offers",
            f"the same worker idle ({idle:.0f} MB)",
            peak - idle,
            150,
            unit="MB more",
        )
    ]


def megabytes_of(process_id: int) -> float:
    """What a worker and its forks (it does each job in one) take together; a page that they share counts once."""
    children = Path(f"/proc/{process_id}/task/{process_id}/children").read_text().split()
    return proportional_megabytes(str(process_id)) + sum(proportional_megabytes(child) for child in children)


def proportional_megabytes(process_id: str) -> float:
    with suppress(FileNotFoundError, ProcessLookupError):  # it has just ended
        lines = Path(f"/proc/{process_id}/smaps_rollup").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / KILOBYTES_A_MEGABYTE
    return 0.0
