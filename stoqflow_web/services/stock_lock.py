"""One transaction at a time changes stock, so that nothing about it is decided on numbers that change underneath.

The order of locks is: families of orders first (families.py), then this one, then products. Whoever holds this one
never waits for a family: what somebody is acting on is passed over (`skip_locked`) and looked at again by
`holding.sweep`. So no two can wait for each other, whatever products their orders share.
"""

from sqlalchemy import func, select

from stoqflow_web.transaction import Transaction

STOCK = 5_701  # any number will do: nothing else in the database takes an advisory lock


def lock_stock(tx: Transaction) -> None:
    """Wait until no other transaction changes stock, and be the one that does until the commit. May be called again.

    On SQLite a writing transaction is alone anyhow.
    """
    if tx.session.get_bind().dialect.name == "postgresql":
        tx.session.execute(select(func.pg_advisory_xact_lock(STOCK)))
