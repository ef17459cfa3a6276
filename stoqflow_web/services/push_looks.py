"""When a worker looks next whether a shop's push subscription is still as it should be."""

from sqlalchemy import update

from stoqflow_web import clock
from stoqflow_web.models import PushSubscription
from stoqflow_web.transaction import Transaction


def look_soon(tx: Transaction, shop_id: int) -> None:
    """Something happened after which it may be switched off over there. A shop without one has nothing to look at."""
    tx.session.execute(
        update(PushSubscription)
        .where(PushSubscription.shop_id == shop_id)
        .values(check_at=clock.now())
        .execution_options(synchronize_session=False)
    )
