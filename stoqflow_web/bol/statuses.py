"""Process statuses: how a v10 write is getting on. A 202 only means queued; nothing is true before SUCCESS."""

from typing import Final

from .record import Moment, Record

CREATE_SHIPMENT: Final = "CREATE_SHIPMENT"
CANCEL_ORDER: Final = "CANCEL_ORDER"
CHANGE_TRANSPORT: Final = "CHANGE_TRANSPORT"


class ProcessStatus(Record, frozen=True, kw_only=True):
    """`entity_id` is absent while pending for most writes; `error_message` is bol's own sentence on a failure."""

    process_status_id: str
    entity_id: str | None = None
    event_type: str = ""
    description: str = ""
    status: str
    error_message: str | None = None
    create_timestamp: Moment | None = None

    @property
    def is_pending(self) -> bool:
        return self.status == "PENDING"

    @property
    def is_success(self) -> bool:
        return self.status == "SUCCESS"

    @property
    def is_failure(self) -> bool:
        return self.status == "FAILURE"

    @property
    def is_timeout(self) -> bool:
        return self.status == "TIMEOUT"


class ProcessStatusList(Record, frozen=True, kw_only=True):
    """Answer of the bulk call; ids bol has forgotten are simply missing."""

    process_statuses: tuple[ProcessStatus, ...] = ()
