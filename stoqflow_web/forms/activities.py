"""What a person asks of Activity, read from the address. Nonsense is read as not asked."""

from collections.abc import Collection, Mapping

from stoqflow_web.forms import a_shop
from stoqflow_web.queries.activities import NEWS, OUTCOMES, WantedActivities


def wanted_activities(asked: Mapping[str, str], shop_ids: Collection[int]) -> WantedActivities:
    """`asked` is the query string: shop, outcome."""
    outcome = asked.get("outcome", "")
    return WantedActivities(
        shop_id=a_shop(asked.get("shop", ""), shop_ids), outcome=outcome if outcome in OUTCOMES else NEWS
    )
