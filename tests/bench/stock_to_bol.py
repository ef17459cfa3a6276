"""Ten thousand changes of stock over two thousand products, until bol.com has the last number: 50 messages a second.

The clock runs from the first change; the time is held against what bol.com's limit asks for all messages sent.
"""

import random
import time
from collections.abc import Sequence

import requests
from sqlalchemy import func, or_, select

from stoqflow_web.models import Offer, OfferStock, Product
from stoqflow_web.models.imports import PRODUCTS, STOCK
from stoqflow_web.models.products import OPENING
from stoqflow_web.services import stock, stock_switch, syncing, telling_stock
from stoqflow_web.supervisor import QUICK_QUEUES
from stoqflow_web.transaction import reading, transaction
from tests.bench.harness import Bol, Figure, installation, pretend_bol, wait_for, wait_for_end, whole_run, worker

CHANGES = 10_000
OFFERS = 2_000
TOGETHER = 100  # changes in one transaction, as a file or many completed orders bring them
MESSAGES_A_SECOND = 50


def measure() -> list[Figure]:
    with pretend_bol(offers=OFFERS * 5 // 4) as bol, installation(bol) as home:
        shop_id = home.link_shop(bol)
        with worker(home, *QUICK_QUEUES):  # titles and pictures would take it up for an hour
            whole_run(shop_id, PRODUCTS)
            wait_for_end(syncing.sync_now(shop_id, user_id=None).id)
            whole_run(shop_id, STOCK)
            stock_switch.switch_on(shop_id, margin=0, user_id=None)
            wait_for(lambda: _tell_left_over(shop_id), every=1.0)
            before, products = _messages(bol), _products(shop_id)
            began = time.monotonic()
            _change(products)
            wait_for(lambda: _tell_left_over(shop_id), every=0.2)
            seconds, messages = time.monotonic() - began, _messages(bol) - before
        assert messages >= len(products), f"only {messages} messages for {len(products)} products"
    return [
        Figure(
            "stock-to-bol",
            f"{CHANGES:,} changes over {len(products):,} products, until bol.com has all",
            f"bol.com's limit of 50 a second for the {messages:,} messages sent",
            seconds / (messages / MESSAGES_A_SECOND),
            1.2,
        ),
        Figure(
            "stock-to-bol",
            f"{messages:,} messages for {CHANGES:,} changes",
            "one message for each product whose number changed",
            messages / len(products),
            2.0,
        ),
    ]


def _products(shop_id: int) -> list[int]:
    """Those of the offers that are told, one offer each."""
    with reading() as session:
        told = select(Offer.product_id).join(OfferStock).where(OfferStock.shop_id == shop_id)
        ids = session.scalars(told.group_by(Offer.product_id).having(func.count() == 1).limit(OFFERS)).all()
    assert len(ids) == OFFERS, f"only {len(ids)} products are told"
    return [product_id for product_id in ids if product_id is not None]


def _change(products: Sequence[int]) -> None:
    """Each of them changes in each round, in an order of its own."""
    shuffled = random.Random(7)
    for _ in range(CHANGES // len(products)):
        order = list(products)
        shuffled.shuffle(order)
        for start in range(0, len(order), TOGETHER):
            with transaction() as tx:
                for product_id in sorted(order[start : start + TOGETHER]):
                    stock.move(tx, tx.session.get_one(Product, product_id), 1, OPENING)


def _tell_left_over(shop_id: int) -> bool:
    """Whether all is told; does what the scheduler does every few seconds: the minute's sync goes first."""
    with reading() as session:
        waits = or_(OfferStock.due_at.is_not(None), OfferStock.lease_until.is_not(None))
        left = session.scalar(select(func.count()).where(OfferStock.shop_id == shop_id, waits))
    if left:
        syncing.sweep()
        telling_stock.sweep()
    return not left


def _messages(bol: Bol) -> int:
    """How many requests bol.com has had; while stock is told those are its messages."""
    answer = requests.get(f"{bol.url}/control/state", timeout=10)
    return int(answer.json()["requests"])
