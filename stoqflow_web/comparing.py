"""Whether the marketplace's list of orders and what we keep of them tell the same. Rules only, no database."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta

from stoqflow_web.clock import AMSTERDAM
from stoqflow_web.exchange import FBB, ListedItem, ListedOrder
from stoqflow_web.models import MarketplaceItem

OVERLAP = timedelta(minutes=2)  # a change can show in the list later than its own moment says
LONGEST_INTERVAL = 60  # minutes: what the list of changed orders goes back at the most
LONGEST_GAP = timedelta(minutes=55)  # beyond that a list of changes might miss some
HANDLED_LISTED = timedelta(hours=48)  # as long as handled orders stay in the whole list
LONGEST_HISTORY = timedelta(days=88)  # bol.com says three months, and the shortest three are 89 days

State = tuple[int, int, int, bool]
"""Of an item: ordered, shipped, cancelled, and whether the client asked to cancel."""


def minutes_since(moment: datetime, now: datetime) -> int:
    """How many minutes the list of changes must go back to tell all that happened since `moment`, with an overlap."""
    gap = max(now - moment, timedelta()) + OVERLAP
    return -(-gap // timedelta(minutes=1))


def missed_days(since: datetime, now: datetime) -> list[date]:
    """The Amsterdam days of a gap of which the whole list does not tell any more, oldest first.

    bol.com does not say where its days begin, so the day before the gap is asked for too.
    """
    first = max(since, now - LONGEST_HISTORY).astimezone(AMSTERDAM).date() - timedelta(days=1)
    last = (now - HANDLED_LISTED).astimezone(AMSTERDAM).date() + timedelta(days=1)
    if now - since < HANDLED_LISTED - OVERLAP:
        return []
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def states_of_list(items: Iterable[ListedItem]) -> dict[str, State]:
    """What a list tells of the items that we ship, by external id."""
    return {item.external_id: _state(item) for item in items if item.fulfilment_method != FBB}


def states_here(items: Iterable[MarketplaceItem]) -> dict[str, State]:
    """The same of what we keep."""
    return {item.external_id: _state(item) for item in items}


def tells_otherwise(listed: Mapping[str, State], here: Mapping[str, State]) -> bool:
    """Whether an item in the list is not here, or is another here. The list may leave items out: it is filtered."""
    return any(here.get(external_id) != state for external_id, state in listed.items())


def is_news(listed: ListedOrder, here: Iterable[MarketplaceItem]) -> bool:
    """Whether the list tells of something that we do not know: another state, or a later change (a new address, say).

    Moments are compared by the second: the list and the whole order need not tell them equally exactly.
    """
    items = {item.external_id: item for item in here}
    if tells_otherwise(states_of_list(listed.items), states_here(items.values())):
        return True
    return any(
        _is_later(item.changed_at, items[item.external_id].changed_at)
        for item in listed.items
        if item.external_id in items
    )


def _is_later(there: datetime | None, here: datetime | None) -> bool:
    if there is None or here is None:
        return there is not None
    return there.replace(microsecond=0) > here.replace(microsecond=0)


def _state(item: ListedItem | MarketplaceItem) -> State:
    return item.quantity, item.quantity_shipped, item.quantity_cancelled, item.is_cancellation_requested
