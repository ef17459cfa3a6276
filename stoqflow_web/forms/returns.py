"""What a person asks of the returns, read from the address. Nonsense is read as not asked."""

from collections.abc import Collection, Mapping

from stoqflow_web.forms import a_shop
from stoqflow_web.queries.returns import Wanted
from stoqflow_web.queries.words import cleaned

LONGEST_CODE = 60
HANDLED = "handled"


def wanted_returns(asked: Mapping[str, str], shop_ids: Collection[int]) -> Wanted:
    """`asked` is the query string: q, shop, show."""
    return Wanted(
        are_handled=asked.get("show") == HANDLED,
        shop_id=a_shop(asked.get("shop", ""), shop_ids),
        code=cleaned(asked.get("q", ""))[:LONGEST_CODE],
    )
