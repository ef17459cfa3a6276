"""Shops and runs for the tests of the transfers: claimed, killed and carried on as workers do."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import func, select

from stoqflow_web import clock
from stoqflow_web.bol.sandbox import RunningSandbox
from stoqflow_web.extensions import db, vault
from stoqflow_web.marketplace import Marketplace
from stoqflow_web.models import ImportProblem, ImportRun, Offer, Product, Shop
from stoqflow_web.models.imports import QUEUED, RUNNING
from stoqflow_web.services.import_work import Work, claim
from stoqflow_web.services.marketplaces import connect
from stoqflow_web.transaction import Transaction, transaction
from tests.support.clocks import FrozenClock

Transfer = Callable[[Work, Marketplace], None]


class Killed(BaseException):
    """The worker is gone, without a chance to tidy up."""


class DyingWork(Work):
    """Dies in its step number `die_in`, just before or just after that step is committed."""

    def __init__(self, work: Work, die_in: int, *, committed: bool) -> None:
        self.__dict__.update(work.__dict__)
        self.steps_left, self.committed = die_in, committed

    @contextmanager
    def step(self) -> Iterator[tuple[Transaction, ImportRun]]:
        self.steps_left -= 1
        with super().step() as both:
            yield both
            if self.steps_left == 0 and not self.committed:
                raise Killed
        if self.steps_left == 0:
            raise Killed


def add_shop(sandbox: RunningSandbox, name: str = "Keuken & Buiten") -> int:
    """A shop that is linked to the pretend bol.com."""
    options = sandbox.world.options
    with transaction() as tx:
        shop = Shop(
            name=name,
            api_key=options.client_id,
            api_secret_encrypted=vault().lock(options.client_secret),
            account_id=name,
            account_name=name,
            created_at=clock.now(),
            keys_checked_at=clock.now(),
        )
        tx.session.add(shop)
    return shop.id


def new_run(shop_id: int, kind: str, *, status: str = QUEUED, **columns: Any) -> int:
    with transaction() as tx:
        run = ImportRun(shop_id=shop_id, kind=kind, status=status, created_at=clock.now(), **columns)
        tx.session.add(run)
        tx.session.flush()
        run.active_key = f"{shop_id}:{kind}:{run.id}" if status in (QUEUED, RUNNING) else None
    return run.id


def claimed(run_id: int) -> Work:
    work = claim(run_id)
    assert work is not None, "somebody else works on it"
    return work


def transfer(what: Transfer, shop_id: int, kind: str, **columns: Any) -> ImportRun:
    """A whole run in one go."""
    work = claimed(new_run(shop_id, kind, **columns))
    with connect(shop_id) as marketplace:
        what(work, marketplace)
    return read(ImportRun, work.run_id)


def transfer_with_kills(
    what: Transfer, shop_id: int, kind: str, frozen: FrozenClock, *, committed: bool
) -> tuple[ImportRun, int]:
    """A run whose first worker dies in its first step, the next one in its second, and so on until one survives."""
    run_id = new_run(shop_id, kind)
    for deaths in range(100):
        work = DyingWork(claimed(run_id), deaths + 1, committed=committed)
        with connect(shop_id) as marketplace:
            try:
                what(work, marketplace)
                return read(ImportRun, run_id), deaths
            except Killed:
                frozen.jump(seconds=30)  # the lease runs out
    raise AssertionError("it never ends")


def read(model: Any, key: int) -> Any:
    db.session.rollback()
    return db.session.get_one(model, key, populate_existing=True)


def product(sku: str) -> Product:
    db.session.rollback()
    return db.session.scalars(select(Product).where(Product.sku == sku)).one()


def offer(external_id: str) -> Offer:
    db.session.rollback()
    return db.session.scalars(select(Offer).where(Offer.external_id == external_id)).one()


def count_of(model: Any) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def problems(run: ImportRun) -> list[ImportProblem]:
    db.session.rollback()
    return list(
        db.session.scalars(select(ImportProblem).where(ImportProblem.run_id == run.id).order_by(ImportProblem.id))
    )


def codes(run: ImportRun) -> list[tuple[str, str]]:
    """What and whom the problems of a run are about."""
    return [(problem.code, problem.subject) for problem in problems(run)]
