"""What became of a transfer, as the database says now."""

from collections import Counter

from sqlalchemy import select

from stoqflow_web.extensions import db
from stoqflow_web.models import ImportRun, MarketplaceOrder, SalesOrder
from tests.support.clocks import wait_until


def read_run(run_id: int) -> ImportRun:
    db.session.rollback()
    return db.session.get_one(ImportRun, run_id, populate_existing=True)


def finished(run_id: int, seconds: float = 30) -> ImportRun:
    """The run, once some worker has finished it."""
    wait_until(lambda: not read_run(run_id).is_active, seconds)
    run = read_run(run_id)
    assert run.status == "finished", run.trouble
    return run


def orders_here() -> Counter[str]:
    """How often each external order id has a sales order here."""
    db.session.rollback()
    mine = SalesOrder.marketplace_order_id == MarketplaceOrder.id
    return Counter(db.session.scalars(select(MarketplaceOrder.external_id).join(SalesOrder, mine)))
