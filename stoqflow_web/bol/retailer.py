"""The seller account that answers, and the limits bol publishes."""

import msgspec

from .limits import HOUR, MINUTE, SECOND
from .record import Record


class Retailer(Record, frozen=True, kw_only=True):
    """Whose account the credentials belong to. `retailer_id` is in every webhook."""

    retailer_id: str
    display_name: str = ""
    company_name: str = ""
    vat_number: str = ""
    kvk_number: str = ""
    registration_date: str = ""


class PublicLimit(Record, frozen=True, kw_only=True):
    """One limit as bol publishes it: `max_capacity` requests per `time_to_live` `time_unit`s."""

    path: str = ""
    methods: tuple[str, ...] = ()
    max_capacity: int = 0
    time_to_live: int = 1
    time_unit: str = "SECONDS"

    @property
    def window(self) -> int:
        """Seconds."""
        return self.time_to_live * {"MINUTES": MINUTE, "HOURS": HOUR}.get(self.time_unit, SECOND)


class PublicLimitList(Record, frozen=True, kw_only=True):
    """The list, when bol wraps it in an object."""

    rate_limits: tuple[PublicLimit, ...] = msgspec.field(default=())
