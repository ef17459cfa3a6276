"""Returns and the stock in bol's own warehouse: reading only."""

import msgspec

from .orders import FBR
from .record import Moment, Record


class ReturnReason(Record, frozen=True, kw_only=True):
    """Why, in Dutch texts."""

    main_reason: str = ""
    detailed_reason: str = ""
    customer_comments: str = ""


class ReturnResult(Record, frozen=True, kw_only=True):
    """What became of so many units: what the seller asked for, and what bol made of it."""

    quantity: int = 0
    processing_result: str = ""
    handling_result: str = ""
    processing_date_time: Moment | None = None


class ReturnItem(Record, frozen=True, kw_only=True):
    """One returned item; `order_id` and `ean` are its only link to an order.

    Only a single return tells `title` and how the parcel travels. Who sent it is never read: the order knows.
    """

    rma_id: str
    order_id: str = ""
    ean: str = ""
    expected_quantity: int = 0
    return_reason: ReturnReason = msgspec.field(default_factory=ReturnReason)
    handled: bool = False
    processing_results: tuple[ReturnResult, ...] = ()
    title: str = ""
    track_and_trace: str | None = None
    transporter_name: str | None = None


class Return(Record, frozen=True, kw_only=True):
    """A return announced by a customer."""

    return_id: str
    registration_date_time: Moment | None = None
    fulfilment_method: str = FBR
    return_items: tuple[ReturnItem, ...] = ()


class ReturnList(Record, frozen=True, kw_only=True):
    """One page; bol leaves `returns` out when there are none."""

    returns: tuple[Return, ...] = ()


class InventoryItem(Record, frozen=True, kw_only=True):
    """Stock at bol (FBB): regular can be sold, graded no longer."""

    ean: str
    bsku: str = ""
    title: str = ""
    regular_stock: int = 0
    graded_stock: int = 0


class InventoryList(Record, frozen=True, kw_only=True):
    """One page; bol leaves `inventory` out when there is none."""

    inventory: tuple[InventoryItem, ...] = ()
