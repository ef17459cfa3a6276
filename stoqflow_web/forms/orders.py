"""What a person asks of the list of orders, read from the address. Nonsense is read as not asked."""

from collections.abc import Collection, Mapping

from stoqflow_web.queries.orders import CONFIRMED_TODAY, OPEN, SHIP_BY, TABS, Wanted
from stoqflow_web.queries.words import cleaned


def wanted_orders(asked: Mapping[str, str], shop_ids: Collection[int]) -> Wanted:
    """`asked` is the query string: tab, q, shop, due."""
    tab, due, shop = asked.get("tab", ""), asked.get("due", ""), asked.get("shop", "")
    shop_id = int(shop) if shop.isascii() and shop.isdigit() and len(shop) < 19 else None
    return Wanted(
        tab=tab if tab in (*TABS, CONFIRMED_TODAY) else OPEN,
        words=cleaned(asked.get("q", "")),
        shop_id=shop_id if shop_id in shop_ids else None,
        ship_by=due if due in SHIP_BY else "",
    )
