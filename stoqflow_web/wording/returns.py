"""What pages say of what clients send back."""

from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _

from stoqflow_web.models import ReturnItem
from stoqflow_web.wording.statuses import Pill


@dataclass(frozen=True)
class ReturnWords:
    """Whether it is handled, why it comes back, and what came of it; texts of the marketplace are given as they are."""

    pill: Pill
    reason: str
    comments: str
    results: list[str]


def tell(item: ReturnItem) -> ReturnWords:
    reasons = [text for text in (item.main_reason, item.detailed_reason) if text and text != "-"]
    return ReturnWords(
        pill=Pill(_("Handled")) if item.is_handled else Pill(_("To be handled"), "warn"),
        reason=" · ".join(dict.fromkeys(reasons)) or _("No reason given"),
        comments=item.comments.strip(),
        results=[_result(result) for result in item.results],
    )


def _result(result: dict[str, Any]) -> str:
    words = _("%(number)s × %(what)s", number=result["quantity"], what=_done(str(result["asked"])))
    if result["made_of_it"] in ("", "accepted"):
        return words
    return _("%(words)s (bol.com: %(word)s)", words=words, word=result["made_of_it"])


def _done(asked: str) -> str:
    words = {
        "received": _("received back"),
        "exchanged": _("exchanged"),
        "refused": _("refused: does not meet the conditions"),
        "repaired": _("repaired"),
        "kept-by-client": _("kept by the client, who pays"),
        "approved-after-all": _("approved after all"),
    }
    return words.get(asked, asked)
