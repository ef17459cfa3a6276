"""Keeps this process from trying keys too often: bol.com blocks the address of who hammers its token host, and that
would cut off every shop. bol's documentation does not tell its threshold, so ours is what a person needs and no more.
"""

from collections import deque
from datetime import datetime, timedelta

from flask import current_app

from stoqflow_web import clock, marketplace
from stoqflow_web.exchange import Account, Busy
from stoqflow_web.extensions import settings

MOST_PROOFS = 10
SPAN = timedelta(minutes=1)


def prove(api_key: str, api_secret: str) -> Account:
    """The account that answers to these keys. Raises Busy when keys were tried too often, else what bol.com answers."""
    proofs = _recent_proofs()
    if len(proofs) >= MOST_PROOFS:
        raise Busy("Keys were tried often in a short time.", retry_after=SPAN.total_seconds())
    proofs.append(clock.now())
    return marketplace.prove_keys(api_key, api_secret, settings())


def _recent_proofs() -> deque[datetime]:
    """When keys were tried lately, oldest first; kept in memory, so each web process has its own."""
    proofs: deque[datetime] = current_app.extensions.setdefault("key_proofs", deque())
    while proofs and clock.now() - proofs[0] > SPAN:
        proofs.popleft()
    return proofs
