"""What all records of bol share: frozen, by name, bol's camelCase outside, and moments that always have a zone."""

from datetime import datetime
from typing import Annotated

import msgspec


class Record(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Something bol told us. Keys we don't know are skipped; enumerations are plain text, because bol adds to them."""


Moment = Annotated[datetime, msgspec.Meta(tz=True)]
