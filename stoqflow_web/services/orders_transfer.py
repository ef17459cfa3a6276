"""The sales orders transfer: list the open orders, then fetch each."""

from itertools import count

from stoqflow_web.marketplace import Marketplace
from stoqflow_web.models import ImportRun
from stoqflow_web.models.imports import LISTING
from stoqflow_web.services.import_work import Work
from stoqflow_web.services.order_fetching import fetch_waiting, note_waiting
from stoqflow_web.services.trouble import note_answer
from stoqflow_web.transaction import reading

MOST_ROUNDS = 5  # of listing again because the list moved


def transfer_orders(work: Work, marketplace: Marketplace) -> None:
    """Bring in every open order that we ship. Orders already here are compared and follow what changed.

    The list moves while it is paged: an order that is handled elsewhere meanwhile pulls the later ones a place
    forward, past us. Such an order shows as handled when it is fetched, and then the list is gone through again.
    """
    for _ in range(MOST_ROUNDS):
        if _phase(work) == LISTING:
            _list_open_orders(work, marketplace)
        if not fetch_waiting(work, marketplace):
            return
        work.begin_phase(LISTING)


def _phase(work: Work) -> str:
    with reading() as session:
        return session.get_one(ImportRun, work.run_id).phase


def _list_open_orders(work: Work, marketplace: Marketplace) -> None:
    work.begin_phase(LISTING)
    for page in count(1):
        external_ids = marketplace.open_order_ids(page)
        with work.step() as (tx, run):
            note_waiting(tx, run, external_ids)
            note_answer(tx, run)
        if not marketplace.is_full_order_page(external_ids):
            return
