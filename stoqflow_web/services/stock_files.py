"""Files with stock, read line by line: which product, and how many there are or how many more or fewer."""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass

from flask_babel import gettext as _

from stoqflow_web.errors import Invalid
from stoqflow_web.search_words import fold
from stoqflow_web.services.batch_files import BOM, decoded

MOST_LINES = 10_000
LONGEST_NUMBER = 11
LONGEST_PRODUCT = 100  # no SKU is longer
UTF_16 = (b"\xff\xfe", b"\xfe\xff")
SEPARATORS = ";,\t"

SKU, EAN, ON_HAND, CHANGE = "sku", "ean", "on_hand", "change"
HEADINGS = {
    SKU: {"sku", "reference", "referentie", "artikelnummer"},
    EAN: {"ean", "gtin", "barcode"},
    ON_HAND: {"onhand", "stock", "voorraad", "aantal", "quantity"},
    CHANGE: {"change", "difference", "verschil", "mutatie"},
}


@dataclass(frozen=True, kw_only=True)
class StockLine:
    """One line of a file. `number` is how many there are, or with `is_change` how many more or fewer.

    `complaint` is why the line can't be read.
    """

    line_number: int
    sku: str = ""
    ean: str = ""
    asked: str = ""
    number: int | None = None
    is_change: bool = False
    complaint: str = ""

    @property
    def product_text(self) -> str:
        return self.sku or self.ean


def whole_number(typed: str) -> int | None:
    """What was typed as a number, also with a plus, a real minus sign or blanks; None when it is none."""
    typed = typed.replace("\u2212", "-").replace("\xa0", "").replace(" ", "")
    if len(typed) > LONGEST_NUMBER or not re.fullmatch(r"[+-]?[0-9]+", typed):
        return None
    return int(typed)


def text_of(content: bytes) -> str:
    """The text of an uploaded file: UTF-8, UTF-16 with its mark, or cp1252 as older spreadsheets write it.

    Raises Invalid with field `file`.
    """
    if not content.startswith(UTF_16):
        try:
            content.decode()
        except UnicodeDecodeError:
            if not content.startswith((b"PK", b"\xd0\xcf")):  # a spreadsheet: `decoded` says so
                content = _from_cp1252(content)
    return decoded(content)


def read_stock(text: str) -> list[StockLine]:
    """The lines of a file with a heading that names `sku` or `ean`, and `on_hand` or `change`; other columns may stand
    beside them. Separated by commas, semicolons or tabs; blank lines are passed over. Raises Invalid with field `file`.
    """
    if "\x00" in text:
        raise Invalid("file", _("This file holds signs that are no text. Save it as CSV."))
    rows = _rows(text.removeprefix(BOM))
    if not rows:
        raise Invalid("file", _("The file is empty."))
    columns = _columns(rows[0][1])
    lines = rows[1:]
    if not lines:
        raise Invalid("file", _("The file holds only its heading."))
    if len(lines) > MOST_LINES:
        raise Invalid(
            "file", _("The file has %(number)s lines. At most %(most)s go at once.", number=len(lines), most=MOST_LINES)
        )
    return [_line(number, cells, columns) for number, cells in lines]


def _from_cp1252(content: bytes) -> bytes:
    try:
        return content.decode("cp1252").encode()
    except UnicodeDecodeError:
        raise Invalid("file", _("This file can't be read as text. Save it as “CSV UTF-8”.")) from None


def _rows(text: str) -> list[tuple[int, list[str]]]:
    """The cells of each line that is not blank, with its number in the file."""
    separator = _separator(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True, skipinitialspace=True)
    rows: list[tuple[int, list[str]]] = []
    try:
        for cells in reader:
            tidy = [_tidy(cell) for cell in cells]
            if any(tidy) and not (not rows and tidy[0].lower().startswith("sep=")):
                rows.append((reader.line_num, tidy))
    except csv.Error:
        raise Invalid("file", _("A quotation mark on line %(line)s is not closed.", line=reader.line_num)) from None
    return rows


def _separator(text: str) -> str:
    """The sign that stands most often in the heading."""
    heading = next((line for line in text.splitlines() if line.strip() and not line.lower().startswith("sep=")), "")
    return max(SEPARATORS, key=heading.count)


def _tidy(cell: str) -> str:
    return cell.replace("\xa0", " ").replace("\u200b", "").strip()


def _columns(cells: Sequence[str]) -> dict[str, int]:
    """Which column holds what. Raises Invalid when there is no product or no number among them."""
    names = [re.sub(r"[^a-z]", "", fold(cell)) for cell in cells]
    columns: dict[str, int] = {}
    for place, name in enumerate(names):
        for what, known in HEADINGS.items():
            if name in known and what not in columns:
                columns[what] = place
    if not columns.keys() & {SKU, EAN}:
        raise Invalid("file", _("The first line must name a column “sku” or “ean”."))
    if not columns.keys() & {ON_HAND, CHANGE}:
        raise Invalid("file", _("The first line must name a column “on_hand” or “change”."))
    return columns


def _line(line_number: int, cells: Sequence[str], columns: dict[str, int]) -> StockLine:
    found = {what: cells[place] if place < len(cells) else "" for what, place in columns.items()}
    sku, ean = found.get(SKU, ""), found.get(EAN, "")
    on_hand, change = _without_mark(found.get(ON_HAND, "")), _without_mark(found.get(CHANGE, ""))
    asked = on_hand or change
    number = whole_number(asked)
    return StockLine(
        line_number=line_number,
        sku=sku,
        ean=ean,
        asked=asked,
        number=number,
        is_change=not on_hand,
        complaint=_complaint(sku or ean, on_hand, change, number),
    )


def _without_mark(cell: str) -> str:
    """A spreadsheet's mark for text, which our own files carry where a cell could be taken for a formula."""
    return cell.removeprefix("'")


def _complaint(product: str, on_hand: str, change: str, number: int | None) -> str:
    if not product:
        return _("There is no product on this line.")
    if len(product) > LONGEST_PRODUCT:
        return _("No SKU is as long as this.")
    if on_hand and change:
        return _("It says both how many there are and how many more or fewer. Leave one of them empty.")
    if not on_hand and not change:
        return _("There is no number on this line.")
    if number is None:
        return _("This is not a whole number.")
    return ""
