"""What the pages say about how a shop does."""

from collections.abc import Mapping
from datetime import datetime

from flask_babel import gettext as _

from stoqflow_web.models import ImportRun, Shop
from stoqflow_web.models.imports import ORDERS, PRODUCTS
from stoqflow_web.wording.imports import ended_line, kind_name

State = tuple[str, str]
"""A word and the tone of its pill."""


def state_of(shop: Shop) -> State:
    if shop.has_lost_access:
        return _("Access lost"), "danger"
    if shop.is_paused:
        return _("Paused"), "warn"
    return _("Linked"), "ok"


def last_transfers(runs: Mapping[str, ImportRun], at: datetime) -> list[str]:
    """A line for each transfer that a shop's list shows: `Products: running`, `Sales orders: Finished 10:41 · …`."""
    lines = []
    for kind in (PRODUCTS, ORDERS):
        run = runs.get(kind)
        if run is None:
            told = _("not transferred yet")
        elif run.is_active:
            told = _("running now")
        else:
            told = ended_line(run, at)
        lines.append(_("%(kind)s: %(told)s", kind=kind_name(kind), told=told))
    return lines
