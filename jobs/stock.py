"""What RQ calls for stock: a shop's id in, one service call."""

from stoqflow_web.services import telling_stock


def tell(shop_id: int) -> None:
    """Tell a shop's marketplace how much can be sold."""
    telling_stock.tell(shop_id)
