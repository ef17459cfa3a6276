"""Choosing the product of an order line that came in without one."""

from typing import Any

from flask import Blueprint, Response, flash, make_response, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from stoqflow_web.errors import Invalid
from stoqflow_web.forms import show_refusal
from stoqflow_web.forms.products import NewProductForm
from stoqflow_web.matching import normalise_ean
from stoqflow_web.models import OrderLine
from stoqflow_web.queries import order_details, products
from stoqflow_web.queries.words import cleaned
from stoqflow_web.services import order_lines
from stoqflow_web.services.order_lines import ChosenProduct
from stoqflow_web.views.access import signed_in_user
from stoqflow_web.views.respond import redirect_to, respond

LONGEST_ID = 18  # digits that every database takes

blueprint = Blueprint("order_lines", __name__)


@blueprint.get("/order-lines/<int:line_id>/product")
def show(line_id: int) -> Response:
    line = order_details.find_line(line_id)
    item = line.item
    form = NewProductForm(formdata=None, sku=item.reference or "", title=item.title or "", ean=item.ean or "")
    return respond("order_lines/product.html", "order_lines/_candidates.html", **_context(line, form))


@blueprint.post("/order-lines/<int:line_id>/product")
def choose(line_id: int) -> Response:
    line, chosen = order_details.find_line(line_id), request.form.get("product_id", "")
    if not (chosen.isascii() and chosen.isdigit() and len(chosen) <= LONGEST_ID):
        flash(_("Choose one of the products."), "warn")
        return redirect_to(url_for(".show", line_id=line.id))
    return _onward(order_lines.choose_product(line.id, int(chosen), signed_in_user().id))


@blueprint.post("/order-lines/<int:line_id>/new-product")
def create(line_id: int) -> Response:
    line, form = order_details.find_line(line_id), NewProductForm()
    if form.validate():
        try:
            return _onward(
                order_lines.create_product(
                    line.id,
                    sku=form.sku.data or "",
                    ean=form.ean.data or "",
                    title=form.title.data or "",
                    user_id=signed_in_user().id,
                )
            )
        except Invalid as refusal:
            show_refusal(form, refusal)
            line = order_details.find_line(line_id)  # the refusal rolled back what was read
    return make_response(render_template("order_lines/product.html", **_context(line, form)), 422)


def _context(line: OrderLine, form: NewProductForm) -> dict[str, Any]:
    words = cleaned(request.args.get("q", ""))
    ean = normalise_ean(line.item.ean)
    found = products.candidates(ean, words)
    return {"line": line, "form": form, "words": words, "candidates": found, "ean_normalised": ean}


def _onward(chosen: ChosenProduct) -> Response:
    if chosen.lines_solved > 1:
        others = chosen.lines_solved - 1
        flash(
            ngettext(
                "%(sku)s is chosen, also for %(num)s other line of the same offer.",
                "%(sku)s is chosen, also for %(num)s other lines of the same offer.",
                others,
                sku=chosen.product.sku,
            ),
            "info",
        )
    else:
        flash(_("%(sku)s is chosen.", sku=chosen.product.sku), "info")
    return redirect_to(url_for("orders.show", order_id=chosen.sales_order_id))
