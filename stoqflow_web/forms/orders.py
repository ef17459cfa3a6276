"""What a person asks of the list of orders, read from the address. Nonsense is read as not asked."""

from collections.abc import Collection, Mapping

from stoqflow_web.forms import a_shop
from stoqflow_web.queries.orders import CONFIRMED_TODAY, OPEN, SHIP_BY, TABS, Wanted
from stoqflow_web.queries.words import cleaned


def wanted_orders(asked: Mapping[str, str], shop_ids: Collection[int]) -> Wanted:
    """`asked` is the query string: tab, q, shop, due."""
    tab, due = asked.get("tab", ""), asked.get("due", "")
    return Wanted(
        tab=tab if tab in (*TABS, CONFIRMED_TODAY) else OPEN,
        words=cleaned(asked.get("q", "")),
        shop_id=a_shop(asked.get("shop", ""), shop_ids),
        ship_by=due if due in SHIP_BY else "",
    )
