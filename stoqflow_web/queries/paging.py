"""Keyset paging: a page begins after a row, not after a number of rows, so page 1,000 costs what page 1 costs."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Generic, TypeVar

Row = TypeVar("Row")

PAGE_SIZE = 50
LONGEST_CURSOR = 1_000
HIGHEST_ID = 2**63 - 1

Reader = Callable[[Any], Any]
"""Turns one part of a cursor into a value for the database, or raises ValueError or TypeError."""


@dataclass(frozen=True)
class Page(Generic[Row]):
    """Rows in the order of the list, with the cursors of the pages beside it (None where the list ends)."""

    rows: Sequence[Row]
    next: str | None = None
    previous: str | None = None


@dataclass(frozen=True)
class Position:
    """Where a page begins: just after the row with `key`, or just before it when walking backwards."""

    key: tuple[Any, ...]
    is_backwards: bool = False


@dataclass(frozen=True)
class Keyset(Generic[Row]):
    """What a list is sorted by: how to tell it of a row, and how to read each part of it back from a cursor."""

    key_of: Callable[[Row], tuple[Any, ...]]
    readers: tuple[Reader, ...]


def turn_to(
    keyset: Keyset[Row],
    cursor: str | None,
    fetch: Callable[[Position | None, int], Sequence[Row]],
    *,
    size: int = PAGE_SIZE,
) -> Page[Row]:
    """The page that `cursor` asks for; the first one when it is absent, nonsense, or leads past an end of the list.

    `fetch(position, limit)` gives at most `limit` rows from there, in walking order (so reversed when backwards).
    """
    position = read_cursor(cursor, keyset.readers)
    rows = list(fetch(position, size + 1))
    has_more, rows = len(rows) > size, rows[:size]
    if position is not None and (not rows or (position.is_backwards and not has_more)):
        position = None  # back at the beginning, where rows may have come in since: a whole first page
        rows = list(fetch(None, size + 1))
        has_more, rows = len(rows) > size, rows[:size]
    is_backwards = position is not None and position.is_backwards
    if is_backwards:
        rows.reverse()
    return Page(
        rows,
        next=write_cursor(Position(keyset.key_of(rows[-1]))) if has_more or is_backwards else None,
        previous=write_cursor(Position(keyset.key_of(rows[0]), is_backwards=True)) if position is not None else None,
    )


def write_cursor(position: Position) -> str:
    """Text for an address: opaque, because nobody should build one."""
    parts = ["before" if position.is_backwards else "after", *(_written(value) for value in position.key)]
    return base64.urlsafe_b64encode(json.dumps(parts, separators=(",", ":")).encode()).decode().rstrip("=")


def read_cursor(text: str | None, readers: tuple[Reader, ...]) -> Position | None:
    """The position in a cursor, or None for one that was not made by `write_cursor` for this list."""
    if not text or len(text) > LONGEST_CURSOR:
        return None
    try:
        parts = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        direction, *key = parts
        if direction not in ("before", "after") or len(key) != len(readers):
            return None
        return Position(
            tuple(read(part) for read, part in zip(readers, key, strict=True)), is_backwards=direction == "before"
        )
    except (binascii.Error, ValueError, TypeError, RecursionError):
        return None


def a_day(part: Any) -> date:
    return date.fromisoformat(part)


def an_id(part: Any) -> int:
    if type(part) is not int or not 0 <= part <= HIGHEST_ID:
        raise ValueError(part)
    return part


def a_number(part: Any) -> int:
    if type(part) is not int or abs(part) > HIGHEST_ID:
        raise ValueError(part)
    return part


def a_text(part: Any) -> str:
    if not isinstance(part, str) or "\x00" in part:  # PostgreSQL refuses a NUL in a text
        raise ValueError(part)
    part.encode()  # half a surrogate pair raises UnicodeEncodeError, a ValueError
    return part


def _written(value: Any) -> str | int:
    return value.isoformat() if isinstance(value, date) else value
