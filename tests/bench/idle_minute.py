"""A minute in which nothing happens: a hundred shops, synced each minute by one scheduler and one worker.

The limits: a pass asks for what changed and for the whole list, two requests a minute of the 25 that bol.com allows a
shop; with a token now and then that is a little more than two. One worker must keep up, with a third of a processor in
reserve for what people do.
"""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import requests
from sqlalchemy import func, select

from stoqflow_web import clock
from stoqflow_web.extensions import vault
from stoqflow_web.models import ImportRun, Shop
from stoqflow_web.models.imports import FINISHED, SYNC
from stoqflow_web.transaction import reading, transaction
from tests.bench.counted_worker import Count
from tests.bench.harness import Bol, Figure, Installation, free_port, installation, is_there, running, wait_for
from tests.support.sellers import seller_options

SHOPS = 100
ORDERS = 20  # open at each
MINUTE = 60.0
REQUESTS_A_SHOP = 2.5
QUERIES_A_SYNC = 80
CPU_SECONDS = 40.0


def measure() -> list[Figure]:
    with many_sellers() as bol, installation(bol) as home:
        _add_shops()
        count = Count(home.folder / "queries")
        worker = [sys.executable, "-m", "tests.bench.counted_worker", str(home.folder / "queries")]
        scheduler = [sys.executable, "-m", "jobs.scheduler"]
        with running(worker, home.environ) as works, running(scheduler, home.environ) as looks:
            wait_for(lambda: _synced(home) == SHOPS, every=1.0)
            time.sleep(MINUTE)  # what the beginning piled up has been worked off
            before = _asked(bol), count.value(), cpu_seconds(works.pid), cpu_seconds(looks.pid), clock.now()
            time.sleep(MINUTE)
            asked, queries = _asked(bol) - before[0], count.value() - before[1]
            worked, looked = cpu_seconds(works.pid) - before[2], cpu_seconds(looks.pid) - before[3]
            syncs = _syncs_since(before[4])
    what, against = f"an idle minute of {SHOPS} shops on one worker", f"{SHOPS} shops, each minute"
    return [
        Figure("idle-minute", f"{what}: syncs that ended", against, syncs / SHOPS, 0.95, "a shop", is_at_least=True),
        Figure("idle-minute", f"{what}: requests to bol.com", "two lists", asked / SHOPS, REQUESTS_A_SHOP, "a shop"),
        Figure("idle-minute", f"{what}: database queries", "syncs", queries / syncs, QUERIES_A_SYNC, "a sync"),
        Figure("idle-minute", f"{what}: CPU of the worker", "60 seconds of one processor", worked, CPU_SECONDS, "s"),
        Figure("idle-minute", f"{what}: CPU of the scheduler", "60 seconds of one processor", looked, MINUTE / 6, "s"),
    ]


@contextmanager
def many_sellers() -> Iterator[Bol]:
    """A pretend bol.com with a hundred sellers, in a process of its own."""
    port = free_port()
    command = [sys.executable, "-m", "tests.support.sellers", str(SHOPS), str(port), str(ORDERS)]
    with running(command, os.environ.copy()):
        bol = Bol(f"http://127.0.0.1:{port}")
        wait_for(lambda: is_there(bol.url))
        yield bol


def cpu_seconds(process_id: int) -> float:
    """What a process has spent so far, with all of its children that have ended (Linux)."""
    fields = Path(f"/proc/{process_id}/stat").read_text().rpartition(") ")[2].split()
    return sum(int(ticks) for ticks in fields[11:15]) / os.sysconf("SC_CLK_TCK")


def _add_shops() -> None:
    """As linking would, without asking bol.com a hundred times who it is: keys are not tried as fast as that."""
    now = clock.now()
    with transaction() as tx:
        for number in range(SHOPS):
            options = seller_options(number)
            tx.session.add(
                Shop(
                    name=options.shop_name,
                    api_key=options.client_id,
                    api_secret_encrypted=vault().lock(options.client_secret),
                    account_id=options.retailer_id,
                    account_name=options.shop_name,
                    created_at=now,
                    keys_checked_at=now,
                    next_sync_at=now + timedelta(seconds=number * MINUTE / SHOPS),
                )
            )


def _synced(home: Installation) -> int:
    with reading() as session:
        return session.scalar(select(func.count()).select_from(Shop).where(Shop.synced_at.is_not(None))) or 0


def _asked(bol: Bol) -> int:
    return sum(requests.get(f"{bol.url}/counted", timeout=30).json().values())


def _syncs_since(moment: object) -> int:
    ended = (ImportRun.kind == SYNC, ImportRun.status == FINISHED, ImportRun.finished_at >= moment)
    with reading() as session:
        return session.scalar(select(func.count()).select_from(ImportRun).where(*ended)) or 0
