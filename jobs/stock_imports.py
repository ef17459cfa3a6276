"""What RQ calls for files with stock."""

from stoqflow_web.services import stock_import_work


def carry_on(stock_import_id: int) -> None:
    """Go on with a file that is to be applied."""
    stock_import_work.carry_on(stock_import_id)
