"""What a typed Track & Trace code looks like, in words. Never green: that bol.com takes it is not known yet."""

from collections.abc import Collection
from dataclasses import dataclass

from flask_babel import gettext as _

from stoqflow_web.carriers import carriers, judge, tidied


@dataclass(frozen=True)
class CodeWords:
    """`is_refused`: it can't be sent. `is_uncommon`: it can, once a person says that it is right."""

    sentence: str = ""
    is_refused: bool = False
    is_uncommon: bool = False


def code_words(carrier_key: str, code: str | None, *, own_numbers: Collection[str] = ()) -> CodeWords:
    """Words for a code as far as it was typed; none while the field is empty or the carrier unknown."""
    carrier = carriers().get(carrier_key)
    if carrier is None:
        return CodeWords()
    if not tidied(code):
        return CodeWords() if carrier.code_needed else CodeWords(_("Travels without Track & Trace."))
    verdict = judge(carrier, code, own_numbers=own_numbers)
    if verdict.refusal:
        return CodeWords(verdict.refusal, is_refused=True)
    if verdict.is_uncommon:
        return CodeWords(_("This does not look like a %(name)s code. Check it.", name=carrier.name), is_uncommon=True)
    return CodeWords(_("Looks like a %(name)s code", name=carrier.name)) if carrier.patterns else CodeWords()
