"""The scheduler: every few seconds it lets the services look for work that is due.

Any number may run on any number of machines; a lock in Redis lets one of them tick at a time. It never gives up:
without Redis or the database it says so once and goes on when they are back.
"""

import logging
import signal
import sys
import threading
from collections.abc import Callable, Sequence

import redis
from flask import Flask

from jobs.logs import prepare_logging
from stoqflow_web import create_app
from stoqflow_web.extensions import impatient_redis_client

log = logging.getLogger("stoqflow.scheduler")

EVERY_SECONDS = 5.0
REDIS_SECONDS = 2.0
LOCK = "stoqflow:tick"
Tick = Callable[[], object]


class Scheduler:
    """Calls the `ticks`, each inside the app, at most once per `every` seconds among all schedulers of one Redis."""

    def __init__(self, app: Flask, client: redis.Redis, ticks: Sequence[Tick], *, every: float = EVERY_SECONDS) -> None:
        self.app = app
        self.client = client
        self.ticks = ticks
        self.every = every
        self.stopping = threading.Event()
        self._broken: set[str] = set()

    def run(self) -> None:
        """Tick until `stopping` is set."""
        while not self.stopping.is_set():
            self.tick()
            self.stopping.wait(self.every)

    def tick(self) -> bool:
        """One round; False when another scheduler had this one, or Redis is away."""
        if not self._has_turn():
            return False
        for tick in self.ticks:
            self._call(tick)
        return True

    def _has_turn(self) -> bool:
        """The lock is not given back: it runs out just before the next round, so a round happens once."""
        try:
            turn = self.client.set(LOCK, "1", nx=True, px=int(self.every * 900))
        except redis.RedisError as error:
            self._report("Redis", error)
            return False
        self._recovered("Redis")
        return bool(turn)

    def _call(self, tick: Tick) -> None:
        name = f"{tick.__module__}.{getattr(tick, '__name__', 'tick')}"
        try:
            with self.app.app_context():
                tick()
        except Exception as error:  # whatever it is, the next round may go well
            self._report(name, error)
        else:
            self._recovered(name)

    def _report(self, name: str, error: Exception) -> None:
        """One line per outage, not one per round."""
        if name not in self._broken:
            self._broken.add(name)
            first_line = str(error).strip().split("\n")[0]
            log.warning("%s fails (%s: %s); trying on", name, type(error).__name__, first_line)

    def _recovered(self, name: str) -> None:
        if name in self._broken:
            self._broken.remove(name)
            log.info("%s works again", name)


def due_work() -> list[Tick]:
    """What is looked for each round."""
    from stoqflow_web.services import (
        activities,
        batch_work,
        checking_orders,
        holding,
        imports,
        news,
        news_delivery,
        push_subscriptions,
        readings,
        signature_keys,
        stock_import_work,
        stock_nights,
        syncing,
        telling_stock,
        webhook_work,
        writebacks,
    )

    return [
        webhook_work.sweep,
        syncing.sweep,
        imports.sweep,
        batch_work.sweep,
        writebacks.sweep,
        holding.sweep,
        stock_import_work.sweep,
        readings.sweep,
        push_subscriptions.sweep,
        signature_keys.sweep,
        telling_stock.sweep,
        stock_nights.sweep,
        news.look,
        news_delivery.sweep,
        activities.forget_old,
        checking_orders.forget_old,
        syncing.forget_old,
        webhook_work.forget_old,
        stock_nights.forget_old,
        news.forget_old,
    ]


def main() -> int:
    prepare_logging()
    try:
        app = create_app()
    except ValueError as error:
        log.error("%s", error)
        return 1
    scheduler = Scheduler(app, impatient_redis_client(app.extensions["settings"], seconds=REDIS_SECONDS), due_work())
    for sign in (signal.SIGINT, signal.SIGTERM):
        signal.signal(sign, lambda *_: scheduler.stopping.set())
    scheduler.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
