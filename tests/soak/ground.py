"""What the soak stands on: Stoqflow with its database and a Redis that dies, and a pretend bol.com with many sellers.

All of it is real, in one process, and talks over real HTTP; only time is simulated: tests/support/simulated_time.py.
"""

import os
import shutil
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import redis
from flask import Flask

from stoqflow_web.app import make_app
from stoqflow_web.bol.sandbox import World
from stoqflow_web.extensions import db, upgrade_database
from stoqflow_web.models import Shop
from stoqflow_web.services import imports, shops
from stoqflow_web.settings import read_settings
from stoqflow_web.transaction import transaction
from tests.support.mortal_redis import MortalRedis
from tests.support.sellers import start_sellers
from tests.support.simulated_time import SimulatedTime

# A Tuesday, 07:00 in Amsterdam: two days of it are ordinary ones.
BEGIN = datetime.fromisoformat("2026-11-24T06:00:11+00:00")
SYNC_MINUTES = (5, 30, 15, 30, 60, 20, 30, 60, 30, 15)  # the shops' settings in turn; why not 1: see soak.py


@dataclass
class Store:
    """One shop here and its account there."""

    shop_id: int
    world: World
    # Moments at which items were cancelled over there by bol or its clients, by item id: no echo may follow.
    cancelled_there: dict[str, datetime] = field(default_factory=dict)


@dataclass
class Ground:
    app: Flask
    time: SimulatedTime
    redis: MortalRedis
    stores: list[Store]
    is_redis_up: bool = True
    stumbles: list[str] = field(default_factory=list)  # faults of ours, with their traces: there may be none

    def store_of(self, shop_id: int) -> Store:
        return next(store for store in self.stores if store.shop_id == shop_id)

    def note_stumble(self, over: str) -> None:
        """Called where an exception is handled that nobody should ever see."""
        self.stumbles.append(f"{over}\n{traceback.format_exc()}")

    def kill_redis(self) -> None:
        self.redis.kill()
        self.is_redis_up = False

    def start_redis(self) -> None:
        """It comes back without anything it knew."""
        self.redis.start()
        self.is_redis_up = True
        self.time.tell_redis()

    def flush_redis(self) -> None:
        with redis.Redis.from_url(self.redis.address) as connection:
            connection.flushall()
        self.time.tell_redis()


@contextmanager
def prepared_ground(how_many: int, *, offers: int, database_url: str | None = None) -> Iterator[Ground]:
    """So many linked shops whose products were asked for; the app's context is pushed."""
    folder = Path(tempfile.mkdtemp(prefix="stoqflow-soak-"))
    with MortalRedis(keeps=False) as server, redis.Redis.from_url(server.address) as connection:
        time = SimulatedTime(BEGIN, connection)
        with time.governing(), start_sellers(how_many, orders=0, offers=offers) as bol:
            environ = {
                **os.environ,
                "STOQFLOW_DATA": str(folder),
                "DATABASE_URL": database_url or f"sqlite:///{folder / 'stoqflow.db'}",
                "REDIS_URL": server.address,
                "STOQFLOW_BOL_API_URL": bol.url,
                "STOQFLOW_BOL_TOKEN_URL": bol.token_url,
            }
            app = make_app(read_settings(environ))
            upgrade_database(app)
            try:
                with app.app_context():
                    stores = [_store(world, number, time) for number, world in enumerate(bol.sandbox.worlds)]
                    yield Ground(app, time, server, stores)
                    db.session.remove()
                    db.engine.dispose()
            finally:
                app.extensions["redis"].close()
                shutil.rmtree(folder, ignore_errors=True)


def _store(world: World, number: int, time: SimulatedTime) -> Store:
    world.clock = time
    options = world.options
    time.sleep(7)  # keys are not tried faster than a person would
    shop = shops.add_shop(
        name=options.shop_name, api_key=options.client_id, api_secret=options.client_secret, user_id=None
    )
    with transaction() as tx:
        tx.session.get_one(Shop, shop.id).sync_minutes = SYNC_MINUTES[number % len(SYNC_MINUTES)]
        tx.session.get_one(Shop, shop.id).hold_minutes = (0, 2, 5)[number % 3]
        tx.session.get_one(Shop, shop.id).accepts_requests = number % 4 == 0
        tx.session.get_one(Shop, shop.id).waits_for_all_parts = number % 5 != 0
    imports.start(shop.id, "products", user_id=None)
    return Store(shop.id, world)
