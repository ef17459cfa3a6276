"""The bar below the list of orders: how many orders a click on it can be about."""

from typing import Any

from stoqflow_web.models import SalesOrder
from stoqflow_web.queries import orders
from stoqflow_web.queries.orders import Wanted
from stoqflow_web.queries.paging import Page
from stoqflow_web.services.batches import MOST_ORDERS


def matching(wanted: Wanted, page: Page[SalesOrder], tabs: list[dict[str, Any]]) -> int:
    """How many orders fit what was asked, or MOST_ORDERS + 1 for more than go at once.

    Only a narrowed list that goes on is counted; of the others the number is at hand.
    """
    if page.next is None and page.previous is None:
        return len(page.rows)
    if wanted.is_narrowed:
        return orders.count_matching(wanted, MOST_ORDERS + 1)
    counted: int = next(tab["count"] for tab in tabs if tab["is_current"])
    return min(counted, MOST_ORDERS + 1)
