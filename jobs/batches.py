"""What RQ calls for batches."""

from stoqflow_web.services import batch_work


def carry_on(batch_id: int) -> None:
    """Go on with a confirmed batch."""
    batch_work.carry_on(batch_id)
