"""What a file with stock would do or has done, in words."""

from flask_babel import gettext as _
from flask_babel import ngettext

from stoqflow_web.models import StockImport, StockImportRow
from stoqflow_web.models.stock_imports import DONE, REFUSED, SAME
from stoqflow_web.wording.statuses import Pill


def stock_import_words(found: StockImport) -> str:
    """The heading of its card: what would happen, what happens, what happened."""
    if found.is_draft:
        return ngettext("%(num)s product would change", "%(num)s products would change", found.count_waiting)
    if found.is_active:
        return _("Being applied")
    return ngettext("%(num)s product changed", "%(num)s products changed", found.count_done)


def stock_row_pill(found: StockImport, row: StockImportRow) -> Pill:
    """What became of a line, or would become of it."""
    if row.outcome == REFUSED:
        return Pill(_("Refused"), "danger")
    if row.outcome == SAME:
        return Pill(_("As it is"))
    if row.outcome == DONE:
        return Pill(_("Changed"))
    return Pill(_("Would change"), "info") if found.is_draft else Pill(_("Waiting"), "info")
