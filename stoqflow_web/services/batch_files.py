"""Lists of codes that people paste or upload, read line by line; and lists that they download, safe to open."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from flask_babel import gettext as _

from stoqflow_web.errors import Invalid
from stoqflow_web.search_words import fold

MOST_LINES = 10_000
LOOKED_AT_FOR_SEPARATOR = 50
SEPARATORS = "\t;,"
BOM = "\ufeff"

ORDER, CARRIER, CODE = "order", "carrier", "code"
HEADINGS = {
    ORDER: {"order", "orderid", "ordernumber", "orderno", "salesorder", "bolorder", "bestelling", "bestelnummer", "so"},
    CARRIER: {"carrier", "transporter", "transportercode", "shipper", "vervoerder", "bezorger"},
    CODE: {
        "code", "tracktrace", "trackandtrace", "trackandtracecode", "tracktracecode", "tracking", "trackingcode",
        "trackingnumber", "barcode", "tt",
    },
}  # fmt: skip
# Spreadsheets take a cell that begins with one of these for a formula, also one that came out of a CSV file.
FORMULA_BEGINS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, kw_only=True)
class CodeLine:
    """One line of a list: an order, maybe its carrier, its code. `complaint` is why the line can't be read."""

    line_number: int | None
    order: str
    carrier: str = ""
    code: str = ""
    complaint: str = ""


def decoded(content: bytes) -> str:
    """The text of an uploaded file: UTF-8, or UTF-16 as spreadsheets mark it. Raises Invalid with field `file`."""
    if content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise Invalid("file", _("This is a spreadsheet. Save it as CSV, and upload that."))
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return content.decode("utf-16")
        except UnicodeDecodeError:
            raise Invalid("file", _("This file is damaged: it is not whole. Save it once more as CSV.")) from None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Invalid(
            "file",
            _(
                "Line %(line)s holds signs that are not UTF-8. Save the file as “CSV UTF-8”, and upload that.",
                line=content.count(b"\n", 0, error.start) + 1,
            ),
        ) from None
    return text


def read_codes(text: str, *, field: str = "codes") -> list[CodeLine]:
    """The lines of a list: order, carrier, code, or order, code; separated by commas, semicolons or tabs.

    A line without the list's separator is read by its own, or by blanks. With or without a heading; blank lines are
    passed over. A line that can't be read comes with a complaint. Raises Invalid with `field` when the list as a whole
    can't be used.
    """
    if "\x00" in text:
        line = text.count("\n", 0, text.index("\x00")) + 1
        raise Invalid(field, _("Line %(line)s holds signs that are no text. Save the list as “CSV UTF-8”.", line=line))
    lines = [
        (number, line)
        for number, line in enumerate(text.removeprefix(BOM).replace("\r\n", "\n").replace("\r", "\n").split("\n"), 1)
        if line.strip(" \t;,\"'\xa0")
    ]
    if not lines:
        raise Invalid(field, _("The list is empty. Each line holds an order, a carrier and a code."))
    if len(lines) > MOST_LINES + 1:
        raise Invalid(
            field,
            _("The list has %(number)s lines. At most %(most)s go at once.", number=len(lines), most=MOST_LINES),
        )
    separator = _separator([line for _number, line in lines[:LOOKED_AT_FOR_SEPARATOR]])
    columns = _columns_of_heading(_cells(lines[0][1], separator) or [])
    if columns is not None:
        lines = lines[1:]
    if not lines:
        raise Invalid(field, _("The list holds only its heading."))
    return [_line(number, line, separator, columns) for number, line in lines]


def csv_text(rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """The rows as CSV, a line at a time, with a mark at the beginning by which spreadsheets know that it is UTF-8."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    buffer.write(BOM)
    for row in rows:
        writer.writerow([safe_cell(value) for value in row])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()


def safe_cell(value: object) -> str:
    """The value as text that no spreadsheet takes for a formula; a number is none."""
    if isinstance(value, int):
        return str(value)
    text = "" if value is None else str(value)
    return f"'{text}" if text.lstrip(" \n").startswith(FORMULA_BEGINS) else text


def _separator(lines: Sequence[str]) -> str | None:
    """The sign that stands in most lines; None when there is none, and blanks must do."""
    in_lines = {sign: sum(sign in line for line in lines) for sign in SEPARATORS}
    best = max(SEPARATORS, key=lambda sign: in_lines[sign])
    return best if in_lines[best] else None


def _cells(line: str, separator: str | None) -> list[str] | None:
    """The cells of a line; None when its quotation marks don't close."""
    if separator is None:
        words = [_tidy(cell) for cell in line.split()]
        return words if len(words) < 4 else [words[0], " ".join(words[1:-1]), words[-1]]  # a carrier's name has blanks
    try:
        (cells,) = csv.reader([_without_formulas(line)], delimiter=separator, strict=True, skipinitialspace=True)
    except (csv.Error, ValueError):
        return None
    return [_tidy(cell) for cell in cells]


def _without_formulas(line: str) -> str:
    """Spreadsheets write ="0123" to keep a figure as it is."""
    return re.sub(r'="([^"]*)"', r'"\1"', line)


def _tidy(cell: str) -> str:
    cell = cell.replace("\xa0", " ").replace("\u200b", "").strip()
    return cell.removeprefix("'").strip()


def _columns_of_heading(cells: Sequence[str]) -> dict[str, int] | None:
    """Which column holds what, when these cells are a heading."""
    names = [re.sub(r"[^a-z]", "", fold(cell).replace("&", "")) for cell in cells]
    columns: dict[str, int] = {}
    for place, name in enumerate(names):
        for what, known in HEADINGS.items():
            if name in known and what not in columns:
                columns[what] = place
    return columns if ORDER in columns and len(columns) > 1 else None


def _line(number: int, line: str, separator: str | None, columns: dict[str, int] | None) -> CodeLine:
    own = separator if separator and separator in line else _separator([line])
    cells = _cells(line, own)
    if columns is not None and own != separator and len(cells or []) <= max(columns.values()):
        columns = None  # written otherwise than the heading: read as if there were none
    if cells is None:
        return CodeLine(line_number=number, order=line.strip()[:60], complaint=_("A quotation mark is not closed."))
    if columns is None:
        filled = cells[: max((place for place, cell in enumerate(cells, 1) if cell), default=0)]
        columns = {ORDER: 0, CODE: 1} if len(filled) <= 2 and len(cells) <= 2 else {ORDER: 0, CARRIER: 1, CODE: 2}
    found = {what: cells[place] if place < len(cells) else "" for what, place in columns.items()}
    complaint = "" if found[ORDER] else _("There is no order on this line.")
    return CodeLine(
        line_number=number,
        order=found[ORDER][:60],
        carrier=found.get(CARRIER, ""),
        code=found.get(CODE, ""),
        complaint=complaint,
    )
