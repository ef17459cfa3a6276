"""What is said of many orders handled at once. Nothing here says that bol.com knows: that is told order by order."""

from flask_babel import gettext as _
from flask_babel import ngettext

from stoqflow_web.carriers import carriers
from stoqflow_web.models import Batch, BatchRow, SalesOrder
from stoqflow_web.models.batches import CANCEL, COMPLETE, DELETE, DONE, FINISHED, QUEUED, REFUSED, RUNNING, UNDO
from stoqflow_web.wording.statuses import Pill


def title_of(batch: Batch) -> str:
    """`Complete 500 orders`, or once it is confirmed without some of them `Complete 497 of 500 orders`."""
    number = batch.total
    going = batch.count_waiting + batch.count_done
    if not batch.is_draft and going != number:
        words = {
            COMPLETE: _("Complete %(some)s of %(all)s orders", some=going, all=number),
            CANCEL: _("Cancel %(some)s of %(all)s orders", some=going, all=number),
            DELETE: _("Delete %(some)s of %(all)s orders", some=going, all=number),
            UNDO: _("Undo %(some)s of %(all)s orders", some=going, all=number),
        }
    else:
        words = {
            COMPLETE: ngettext("Complete %(num)s order", "Complete %(num)s orders", number),
            CANCEL: ngettext("Cancel %(num)s order", "Cancel %(num)s orders", number),
            DELETE: ngettext("Delete %(num)s order", "Delete %(num)s orders", number),
            UNDO: ngettext("Undo %(num)s order", "Undo %(num)s orders", number),
        }
    return str(words.get(batch.kind, batch.kind))


def state_of(batch: Batch) -> Pill:
    """How far the batch is. It is about what happens here, so never green."""
    if batch.status == QUEUED:
        return Pill(_("Queued"), "info")
    if batch.status == RUNNING:
        return Pill(_("Running"), "info")
    if batch.status == FINISHED:
        return Pill(_("Finished"), "warn" if batch.count_refused else "neutral")
    return Pill(_("Not confirmed yet"), "warn")


def outcome_of(batch: Batch, row: BatchRow) -> Pill:
    """What came of one order."""
    if row.outcome == DONE:
        return Pill(done_word(batch.kind))
    if row.outcome == REFUSED:
        return Pill(_("Not possible"), "danger")
    if batch.is_draft:
        return Pill(_("To be confirmed"), "warn") if row.is_uncommon else Pill(_("Can be done"), "info")
    return Pill(_("Waiting"), "info")


def done_word(kind: str) -> str:
    words = {COMPLETE: _("Complete"), CANCEL: _("Canceled"), DELETE: _("Deleted"), UNDO: _("Undone")}
    return str(words.get(kind, kind))


def carrier_name(key: str | None) -> str:
    """The carrier as people call it."""
    carrier = carriers().get(key or "")
    return carrier.name if carrier else key or ""


def dry_run_words(batch: Batch, uncommon: int = 0) -> str:
    """`497 can be completed. 2 are to be confirmed. 1 cannot.`; `uncommon` of those that wait are to be confirmed."""
    can, cannot = batch.count_waiting - uncommon, batch.count_refused
    words = {
        COMPLETE: ngettext("%(num)s can be completed.", "%(num)s can be completed.", can),
        CANCEL: ngettext("%(num)s can be canceled.", "%(num)s can be canceled.", can),
        DELETE: ngettext("%(num)s can be deleted.", "%(num)s can be deleted.", can),
    }
    sentence = str(words.get(batch.kind, ""))
    if uncommon:
        sentence += " " + ngettext("%(num)s is to be confirmed.", "%(num)s are to be confirmed.", uncommon)
    if cannot:
        sentence += " " + ngettext("%(num)s cannot.", "%(num)s cannot.", cannot)
    return sentence


def confirm_words(batch: Batch, uncommon: int = 0) -> str:
    """What the button says: exactly what it does, with and without the box for the `uncommon` codes."""
    all_of_them = batch.count_waiting
    can = all_of_them - uncommon or all_of_them
    words = {
        COMPLETE: ngettext("Complete %(num)s order", "Complete %(num)s orders", can),
        CANCEL: ngettext("Cancel %(num)s order", "Cancel %(num)s orders", can),
        DELETE: ngettext("Delete %(num)s order", "Delete %(num)s orders", can),
    }
    button = str(words.get(batch.kind, _("Confirm")))
    if can != all_of_them:
        button += " " + _("(%(number)s with the box ticked)", number=all_of_them)
    return button


def where(row: BatchRow) -> str:
    """`Line 14 · SO-10482`, or only the order."""
    name = row.order_text or "—"
    return _("Line %(line)s · %(order)s", line=row.line_number, order=name) if row.line_number else name


def part_words(order: SalesOrder) -> str:
    """`1 of 2 parts`, of a split order."""
    parts = [part.id for part in order.marketplace_order.living_parts]
    place = parts.index(order.id) + 1 if order.id in parts else len(parts)
    return _("%(number)s of %(all)s parts", number=place, all=len(parts))
