"""What RQ calls for single orders."""

from stoqflow_web.services import checking_orders, refreshing, taking_over


def refresh(marketplace_order_id: int) -> None:
    """Read the order at the marketplace and follow what it says."""
    refreshing.refresh(marketplace_order_id)


def take_over(writeback_id: int, goods_are_back: bool, user_id: int | None) -> None:
    """Make the order of a writeback say what the marketplace says."""
    taking_over.take_over(writeback_id, goods_are_back=goods_are_back, user_id=user_id)


def fetch_difference(check_id: int) -> None:
    """Fetch the orders that a check found different."""
    checking_orders.fetch_difference(check_id)
