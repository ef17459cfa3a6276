"""The carriers, and whether a Track & Trace code can be theirs. Rules only; the data is in carriers.toml."""

import re
import tomllib
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from flask_babel import gettext as _

SHORTEST_CODE = 6
LONGEST_CODE = 50
# What people type to get past a form that wants a code. bol.com counts such codes as missing.
PLACEHOLDERS = frozenset(
    {
        "CONCEPT", "TEST", "TESTTEST", "NVT", "N/A", "NA", "GEEN", "NONE", "NULL", "ONBEKEND", "UNKNOWN", "TRACKTRACE",
        "TRACKANDTRACE", "T&T", "BRIEFPOST", "BRIEF", "AFHALEN", "VERZONDEN", "SHIPPED", "PENDING",
        "123456", "1234567", "12345678", "123456789", "1234567890",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Carrier:
    """`key` is ours, `bol` is bol.com's transporter code, `patterns` match whole codes."""

    key: str
    name: str
    bol: str
    patterns: tuple[re.Pattern[str], ...] = ()
    code_needed: bool = True
    tells_carrier: bool = False

    def fits(self, code: str) -> bool:
        """Whether a tidied code looks like one of this carrier; true for a carrier whose codes have no known form."""
        return not self.patterns or any(pattern.fullmatch(code) for pattern in self.patterns)


@dataclass(frozen=True)
class Verdict:
    """About a code that was typed: tidied, refused with a sentence, or uncommon (to be confirmed deliberately)."""

    code: str | None
    refusal: str | None = None
    is_uncommon: bool = False


@cache
def carriers() -> dict[str, Carrier]:
    """All carriers by key, in the order of the list on the page."""
    data = tomllib.loads(Path(__file__).with_name("carriers.toml").read_text(encoding="utf-8"))
    return {
        key: Carrier(
            key=key,
            name=entry["name"],
            bol=entry["bol"],
            patterns=tuple(re.compile(pattern) for pattern in entry.get("patterns", ())),
            code_needed=entry.get("code_needed", True),
            tells_carrier=entry.get("tells_carrier", False),
        )
        for key, entry in data.items()
    }


def tidied(code: str | None) -> str:
    """A code as it is printed on the label: capitals, no blanks around it."""
    return (code or "").strip().upper()


def guess(code: str | None) -> Carrier | None:
    """The one carrier whose codes look like this; None when none or several do."""
    text = tidied(code)
    found = [carrier for carrier in carriers().values() if carrier.tells_carrier and text and carrier.fits(text)]
    return found[0] if len(found) == 1 else None


def judge(carrier: Carrier, code: str | None, *, own_numbers: Collection[str] = ()) -> Verdict:
    """Whether a code may be sent. `own_numbers` are the order's own (ours and the marketplace's): never a code."""
    text = tidied(code)
    if not text:
        if carrier.code_needed:
            return Verdict(
                None, _("Fill in the Track & Trace code: bol.com wants one for %(name)s.", name=carrier.name)
            )
        return Verdict(None)
    if refusal := _refusal(text, own_numbers):
        return Verdict(text, refusal)
    return Verdict(text, is_uncommon=not carrier.fits(text))


def _refusal(text: str, own_numbers: Collection[str]) -> str | None:
    if "://" in text or text.startswith("WWW.") or "/" in text:
        return _("This is a web address. Fill in only the code itself.")
    if any(character.isspace() for character in text):
        return _("A code has no spaces. Is there more than one code in the field?")
    if text in PLACEHOLDERS or len(set(text)) == 1:
        return _("“%(code)s” is no Track & Trace code. bol.com counts it as missing.", code=text)
    if text in {number.upper() for number in own_numbers}:
        return _("This is the number of the order, not the Track & Trace code.")
    if not SHORTEST_CODE <= len(text) <= LONGEST_CODE:
        return _("A code has %(least)s to %(most)s characters.", least=SHORTEST_CODE, most=LONGEST_CODE)
    if not re.fullmatch(r"[A-Z0-9-]+", text):
        return _("A code holds only letters, digits and hyphens.")
    if not any(character.isdigit() for character in text):
        return _("A code holds at least one digit.")
    return None
