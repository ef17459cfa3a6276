"""Reads one order at the marketplace, now, and follows what it says."""

import logging
from datetime import timedelta

from stoqflow_web import background, clock
from stoqflow_web.errors import NotFound
from stoqflow_web.exchange import AccessLost, ExchangeError, OrderRecord
from stoqflow_web.models import MarketplaceOrder, Shop
from stoqflow_web.services import shops
from stoqflow_web.services.marketplaces import connect
from stoqflow_web.services.order_news import note_news
from stoqflow_web.services.storing_orders import store_orders
from stoqflow_web.transaction import reading, transaction

log = logging.getLogger(__name__)

FRESH = timedelta(seconds=10)  # as long as an answer of the marketplace is as good as a new one
TIMEOUT_SECONDS = 300


def ask_soon(order: MarketplaceOrder, *, unless_newer_than: timedelta) -> bool:
    """Have a worker refresh the order before anything else, unless it is known as it was so short a while ago.

    Waits for nobody, and asks once however many pages are open. False when nobody was asked: the shop may not, too.
    """
    if not order.shop.may_ask_marketplace or clock.now() - order.checked_at < unless_newer_than:
        return False
    return background.enqueue(
        "jobs.orders.refresh", order.id, queue="urgent", job_id=f"refresh-{order.id}", timeout=TIMEOUT_SECONDS
    )


def refresh(marketplace_order_id: int) -> None:
    """Make our picture of the order the marketplace's. A fault is logged and changes nothing: the next sync catches up.

    Nothing is asked for a shop that is paused or has lost access. Raises NotFound.
    """
    if not _may_ask(marketplace_order_id):
        return
    try:
        record = read_order(marketplace_order_id)
    except ExchangeError as fault:
        log.warning("Order %s could not be read again: %s", marketplace_order_id, fault.sentence)
        return
    with transaction() as tx:
        order = tx.session.get_one(MarketplaceOrder, marketplace_order_id)
        stored = store_orders(tx, tx.session.get_one(Shop, order.shop_id), [record])
        note_news(tx, order.shop_id, "looked_at", stored)


def _may_ask(marketplace_order_id: int) -> bool:
    with reading() as session:
        order = session.get(MarketplaceOrder, marketplace_order_id)
        return order is None or order.shop.may_ask_marketplace


def read_order(marketplace_order_id: int) -> OrderRecord:
    """The order as the marketplace tells it now; no transaction is open meanwhile. Raises NotFound, ExchangeError."""
    with reading() as session:
        order = session.get(MarketplaceOrder, marketplace_order_id)
        if order is None:
            raise NotFound("There is no such order.")
        shop_id, external_id = order.shop_id, order.external_id
    began = clock.now()
    try:
        with connect(shop_id) as marketplace:
            return marketplace.order(external_id)
    except AccessLost as lost:
        shops.mark_access_lost(shop_id, lost.sentence, because=lost.because, tried_at=began)
        raise
