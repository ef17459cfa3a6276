"""What a person can do about a writeback that needs attention. Rules only."""

import re

from stoqflow_web.models import Writeback
from stoqflow_web.models.writebacks import (
    CANCELLATION_REQUESTED,
    CANCELLED_THERE,
    CREDENTIALS,
    DELETED_UNITS,
    NOT_OURS,
    REJECTED,
    SHIPMENT,
    SHIPPED_THERE,
    TRANSPORT,
)

TRY_AGAIN = "try-again"
WITHDRAW = "withdraw"
TAKE_OVER = "take-over"
EDIT_CODE = "edit-code"
CANCEL_ALL = "cancel-all"
SHIP_ANYWAY = "ship-anyway"
ACCEPT = "accept"  # the client's wish to cancel

_ONLY_ONCE = re.compile(r"already has a track and trace", re.IGNORECASE)


def is_changed_only_once(row: Writeback) -> bool:
    """Whether bol.com refused a new code because it changes a code only once: no other code helps then."""
    return row.kind == TRANSPORT and row.why == REJECTED and bool(_ONLY_ONCE.search(row.their_sentence or ""))


def possible_steps(row: Writeback) -> tuple[str, ...]:
    """The steps that make sense, the one that mostly helps first.

    A code is only edited when the marketplace surely refused the shipment: else it may have it under the old code.
    """
    if row.why == CREDENTIALS:
        return (TRY_AGAIN, WITHDRAW)
    if is_changed_only_once(row):
        return (WITHDRAW,)
    if row.kind == TRANSPORT:
        return (EDIT_CODE, TRY_AGAIN, WITHDRAW) if row.why == REJECTED else (TRY_AGAIN, WITHDRAW)
    if row.why == DELETED_UNITS:
        return (CANCEL_ALL, WITHDRAW)
    if row.why in (CANCELLED_THERE, SHIPPED_THERE, NOT_OURS):
        return (TAKE_OVER, WITHDRAW)
    if row.why == CANCELLATION_REQUESTED:
        return (ACCEPT, SHIP_ANYWAY, TAKE_OVER, WITHDRAW)
    if row.why == REJECTED and row.kind == SHIPMENT:
        return (TRY_AGAIN, EDIT_CODE, TAKE_OVER, WITHDRAW)
    if row.why == REJECTED:
        return (TAKE_OVER, TRY_AGAIN, WITHDRAW)
    return (TRY_AGAIN, TAKE_OVER, WITHDRAW)
