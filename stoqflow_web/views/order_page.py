"""The page of one order, as it is shown and as it comes back when an action is refused."""

from typing import Any

from flask import Response, make_response, render_template
from flask_babel import get_locale

from stoqflow_web import clock, stopping
from stoqflow_web.carriers import tidied
from stoqflow_web.extensions import db
from stoqflow_web.forms.order_actions import (
    CancellationForm,
    CompletionForm,
    SplitForm,
    cancellation_form,
    completion_form,
    split_form,
)
from stoqflow_web.models import SalesOrder
from stoqflow_web.models.writebacks import NEEDS_ATTENTION
from stoqflow_web.queries import order_details, returns
from stoqflow_web.services import undoing
from stoqflow_web.services.codes_in_use import codes_in_use, who_has_it
from stoqflow_web.services.completing import NotCompletable, check_completable
from stoqflow_web.views.order_guard import guard_context
from stoqflow_web.wording import reporting
from stoqflow_web.wording.history import tell


def order_page(order: SalesOrder, status: int = 200, *, completion: CompletionForm | None = None) -> Response:
    """The whole page; `completion` is the form that was refused, if one was."""
    stock = order_details.stock_for_lines(order) if order.is_open else {}
    return make_response(
        render_template(
            "orders/order.html",
            order=order,
            stock=stock,
            total=order_details.total_of(order),
            fulfilments=order_details.fulfilments_of(order.marketplace_order),
            returns=returns.of_order(order.marketplace_order),
            delivery_item=order_details.most_urgent_item(order.marketplace_order),
            **_actions(order),
            **completion_context(order, completion),
            **reporting_context(order),
            **guard_context(order, mark=stopping.mark_of(order), opened_at=clock.now()),
        ),
        status,
    )


def completion_context(order: SalesOrder, form: CompletionForm | None = None) -> dict[str, Any]:
    """What the card *Complete this order* shows. No form where the order can't be completed, or not yet."""
    if not order.is_open:
        return {"completion": None, "cannot_complete": ""}
    try:
        check_completable(order, despite_shortage=True)
    except NotCompletable as refusal:
        return {"completion": None, "cannot_complete": refusal.sentence}
    form = form or completion_form(order, is_typed=False)
    return {
        "completion": form,
        "cannot_complete": "",
        "waits_for_others": order.shop.waits_for_all_parts and any(part.is_open for part in order.related),
        "clashes": _clashes(form),
        "own_numbers": (order.number, order.marketplace_order.external_id),
    }


def _clashes(form: CompletionForm) -> list[str]:
    """For each parcel who has its code already, as a sentence; empty when nobody does."""
    codes = [tidied(form.parcel(number, "track_and_trace").data) or None for number in range(form.count.data)]
    in_use = codes_in_use(db.session(), codes)
    return [who_has_it(codes, number, in_use) for number in range(len(codes))]


def reporting_context(order: SalesOrder) -> dict[str, Any]:
    """What bol.com knows of the order and what can still be done about it; the poll of the page asks for the same."""
    now, locale = clock.now(), get_locale() or "en"
    report = reporting.report_of(order, now=now, locale=locale)
    rows = reporting.rows_of(order)
    can_undo = undoing.can_be_undone(order)
    look_again = reporting.look_again_in(rows, now=now)
    return {
        "report": report,
        "steps": reporting.steps_of(order, report),
        "rows_by_shipment": {row.shipment_id: row for row in rows if row.shipment_id},
        "complaints": [row for row in rows if row.state == NEEDS_ATTENTION],
        "can_undo": can_undo,
        "undo_until": reporting.hold_ends_at(undoing.rows_to_withdraw(order), now=now) if can_undo else None,
        "look_again_in": look_again and round(look_again.total_seconds()),
        "mark": mark_of(order),
        "history": [(entry, tell(entry)) for entry in order_details.history_of(order)],
    }


def mark_of(order: SalesOrder) -> str:
    """Changes whenever the page has something new to say about what bol.com knows."""
    rows = undoing.rows_to_withdraw(order)
    now = clock.now()
    told = [f"{row.id}{row.state[0]}{row.state[-1]}{row.tries}{int(row.not_before > now)}" for row in rows]
    return "-".join([order.status[0], *told])


def cancellation_of(order: SalesOrder, *, is_typed: bool = False) -> CancellationForm:
    return cancellation_form(order, is_typed=is_typed)


def split_of(order: SalesOrder, *, is_typed: bool = False) -> SplitForm:
    return split_form(order, order_details.units_to_split_off(order), is_typed=is_typed)


def deletion_context(order: SalesOrder) -> dict[str, bool]:
    """What deleting would do to the other parts."""
    others = order.related
    return {
        "others_are_final": bool(others) and not any(part.is_open for part in others),
        "others_are_open": any(part.is_open for part in others),
    }


def _actions(order: SalesOrder) -> dict[str, Any]:
    """The forms in the dialogs; each only where it makes sense."""
    can_cancel = bool(order.is_open and order.lines_to_ship)
    can_split = can_cancel and sum(line.quantity for line in order.lines_to_ship) > 1
    return {
        "cancellation": cancellation_of(order) if can_cancel else None,
        "split": split_of(order) if can_split else None,
        **deletion_context(order),
    }
