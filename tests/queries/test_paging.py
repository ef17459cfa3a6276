"""Turning pages by where the last one ended."""

import base64
import json
from datetime import date

import pytest

from stoqflow_web.queries.paging import Keyset, Position, a_day, a_text, an_id, read_cursor, turn_to, write_cursor

BY_DAY = Keyset(key_of=lambda row: row, readers=(a_day, an_id))
MONDAY, TUESDAY = date(2026, 11, 23), date(2026, 11, 24)
ROWS = [(MONDAY, number) for number in range(1, 8)] + [(TUESDAY, number) for number in range(1, 4)]


def fetch_from(rows):
    def fetch(position, limit):
        if position is None:
            return rows[:limit]
        if position.is_backwards:
            return [row for row in reversed(rows) if row < position.key][:limit]
        return [row for row in rows if row > position.key][:limit]

    return fetch


def forwards(rows, size=3):
    pages, cursor = [], None
    while True:
        page = turn_to(BY_DAY, cursor, fetch_from(rows), size=size)
        pages.append(page)
        if page.next is None:
            return pages
        cursor = page.next


@pytest.mark.parametrize("size", [1, 3, 5, 9, 10, 11])
def test_every_row_is_seen_once_although_days_are_equal(size):
    assert [row for page in forwards(ROWS, size) for row in page.rows] == ROWS


def test_walking_back_shows_the_same_pages():
    there = forwards(ROWS)
    cursor, back = there[-1].previous, [there[-1].rows]
    while cursor:
        page = turn_to(BY_DAY, cursor, fetch_from(ROWS), size=3)
        back.append(page.rows)
        cursor = page.previous
    assert back[::-1] == [page.rows for page in there]


def test_the_first_page_leads_nowhere_back_and_the_last_nowhere_on():
    pages = forwards(ROWS)
    assert pages[0].previous is None
    assert pages[-1].next is None
    assert turn_to(BY_DAY, None, fetch_from([])).rows == []


def test_a_page_whose_rows_have_gone_is_the_first_page():
    behind_everything = write_cursor(Position((TUESDAY, 99)))
    assert turn_to(BY_DAY, behind_everything, fetch_from(ROWS), size=3).rows == ROWS[:3]


def test_walking_back_to_the_beginning_shows_a_whole_page_with_what_came_in_since():
    second = turn_to(BY_DAY, forwards(ROWS)[0].next, fetch_from(ROWS), size=3)
    more = [(MONDAY, 0), *ROWS]
    first = turn_to(
        BY_DAY, turn_to(BY_DAY, second.previous, fetch_from(more), size=3).previous, fetch_from(more), size=3
    )
    assert first.rows == more[:3]
    assert first.previous is None


def cursor_of(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode()


@pytest.mark.parametrize(
    "nonsense",
    [
        "",
        "x",
        "%%%",
        "é",
        "A" * 40_000,
        cursor_of(None),
        cursor_of(7),
        cursor_of([]),
        cursor_of({"after": 1}),
        cursor_of(["after"]),
        cursor_of(["sideways", "2026-11-23", 1]),
        cursor_of(["after", "2026-11-23"]),
        cursor_of(["after", "2026-13-41", 1]),
        cursor_of(["after", 5, 1]),
        cursor_of(["after", "2026-11-23", "1"]),
        cursor_of(["after", "2026-11-23", True]),
        cursor_of(["after", "2026-11-23", -1]),
        cursor_of(["after", "2026-11-23", 2**63]),
        cursor_of(["after", "2026-11-23", 1, 2]),
        cursor_of(["after", ["2026-11-23"], {}]),
    ],
)
def test_a_nonsense_cursor_is_the_first_page(nonsense):
    assert read_cursor(nonsense, BY_DAY.readers) is None
    assert turn_to(BY_DAY, nonsense, fetch_from(ROWS), size=3).rows == ROWS[:3]


@pytest.mark.parametrize("text", ["a\x00b", "half \ud800", 7, None])
def test_a_text_that_no_database_takes_is_nonsense(text):
    assert read_cursor(cursor_of(["after", text]), (a_text,)) is None


def test_a_text_of_any_script_comes_back_as_it_was():
    position = Position(("SKU-é-王-%_'\"",), is_backwards=True)
    assert read_cursor(write_cursor(position), (a_text,)) == position
