"""How much of an item is left for each open line when the marketplace has changed the quantities. Rules only."""

from collections.abc import Sequence

from stoqflow_web.models import MarketplaceItem, OrderLine
from stoqflow_web.models.sales_orders import COMPLETE, DELETED


def allot(item: MarketplaceItem, lines: Sequence[OrderLine]) -> dict[OrderLine, int]:
    """The new quantity of each open line of one item, over all parts of its family; a line never grows.

    What the marketplace still has open is also claimed by parts that are complete or canceled here and not confirmed
    there yet, and by deleted parts. What is left goes to the oldest part first: a backorder loses its units first.
    """
    left = item.quantity_open - _claimed(item, lines)
    allotted: dict[OrderLine, int] = {}
    for line in sorted((line for line in lines if line.is_open), key=lambda line: line.id):
        allotted[line] = max(0, min(line.quantity, left))
        left -= allotted[line]
    return allotted


def _claimed(item: MarketplaceItem, lines: Sequence[OrderLine]) -> int:
    complete = sum(line.quantity for line in lines if line.sales_order.status == COMPLETE and not line.is_canceled)
    canceled = sum(line.quantity for line in lines if line.is_canceled and line.sales_order.status != DELETED)
    deleted = sum(line.quantity for line in lines if line.sales_order.status == DELETED)
    return max(0, complete - item.quantity_shipped) + max(0, canceled - item.quantity_cancelled) + deleted
