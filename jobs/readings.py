"""What RQ calls for what is read every so often."""

from stoqflow_web.services import readings


def read(shop_id: int, kind: str) -> None:
    """Read a shop's returns, or how it is measured."""
    readings.read(shop_id, kind)
