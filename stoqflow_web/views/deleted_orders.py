"""Deleted orders: a manager finds one and imports it again."""

from typing import Any

from flask import Blueprint, Response, flash, request, url_for
from flask_babel import gettext as _

from stoqflow_web import background
from stoqflow_web.queries import deleted_orders
from stoqflow_web.queries.words import cleaned
from stoqflow_web.services.deleting import NotDeletable, import_again
from stoqflow_web.views.access import managers_only, signed_in_user
from stoqflow_web.views.respond import redirect_to, respond

blueprint = managers_only(Blueprint("deleted_orders", __name__))


@blueprint.get("/deleted-orders")
def index() -> Response:
    words = cleaned(request.args.get("q", ""))
    page = deleted_orders.page(words, request.args.get("page"))
    asked: dict[str, Any] = {"q": words} if words else {}
    return respond(
        "deleted_orders/list.html",
        "deleted_orders/_list.html",
        words=words,
        page=page,
        deleted_by=deleted_orders.deleted_by(page.rows),
        next_url=page.next and url_for("deleted_orders.index", page=page.next, **asked),
        previous_url=page.previous and url_for("deleted_orders.index", page=page.previous, **asked),
    )


@blueprint.post("/deleted-orders/<int:marketplace_order_id>/import")
def bring_back(marketplace_order_id: int) -> Response:
    try:
        order = import_again(marketplace_order_id, user_id=signed_in_user().id)
    except NotDeletable as refusal:
        flash(refusal.sentence, "warn")
        return redirect_to(url_for("deleted_orders.index"))
    background.enqueue("jobs.orders.refresh", marketplace_order_id, queue="urgent", timeout=300)
    flash(_("%(number)s is back, as bol.com last told it. bol.com is asked again now.", number=order.number), "info")
    return redirect_to(url_for("orders.show", order_id=order.id))
