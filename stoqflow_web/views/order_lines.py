"""Choosing the product of an order line that came in without one, or changing it on an open order."""

from typing import Any

from flask import Blueprint, Response, flash, make_response, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from stoqflow_web.errors import Invalid
from stoqflow_web.extensions import db
from stoqflow_web.forms import show_refusal
from stoqflow_web.forms.products import NewProductForm
from stoqflow_web.matching import normalise_ean
from stoqflow_web.models import OrderLine, Product
from stoqflow_web.ordered_as import has_another_ean, is_ordered_differently
from stoqflow_web.queries import order_details, products
from stoqflow_web.queries.words import cleaned
from stoqflow_web.services import order_lines
from stoqflow_web.services.order_lines import AnotherEan, ChosenProduct
from stoqflow_web.views.access import signed_in_user
from stoqflow_web.views.respond import redirect_to, respond

LONGEST_ID = 18  # digits that every database takes

blueprint = Blueprint("order_lines", __name__)
blueprint.add_app_template_global(is_ordered_differently)


@blueprint.get("/order-lines/<int:line_id>/product")
def show(line_id: int) -> Response:
    """With `?doubted=` the page asks whether that product is meant although its EAN is not the ordered one."""
    line = order_details.find_line(line_id)
    item = line.item
    form = NewProductForm(formdata=None, sku=item.reference or "", title=item.title or "", ean=item.ean or "")
    return respond("order_lines/product.html", "order_lines/_candidates.html", **_context(line, form))


@blueprint.post("/order-lines/<int:line_id>/product")
def choose(line_id: int) -> Response:
    line, product_id = order_details.find_line(line_id), _id_in(request.form.get("product_id", ""))
    if product_id is None:
        flash(_("Choose one of the products."), "warn")
        return redirect_to(url_for(".show", line_id=line.id))
    try:
        return _onward(
            order_lines.choose_product(
                line.id,
                product_id,
                signed_in_user().id,
                instead_of=_id_in(request.form.get("instead_of", "")),
                despite_ean="despite_ean" in request.form,
            )
        )
    except AnotherEan:
        return redirect_to(url_for(".show", line_id=line_id, doubted=product_id))


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
                    units=form.units.data or 0,
                    user_id=signed_in_user().id,
                    instead_of=_id_in(request.form.get("instead_of", "")),
                )
            )
        except Invalid as refusal:
            show_refusal(form, refusal)
            line = order_details.find_line(line_id)  # the refusal rolled back what was read
    return make_response(render_template("order_lines/product.html", **_context(line, form)), 422)


def _context(line: OrderLine, form: NewProductForm) -> dict[str, Any]:
    words = cleaned(request.args.get("q", ""))
    ean = normalise_ean(line.item.ean)
    found = [product for product in products.candidates(ean, words) if product.id != line.product_id]
    return {
        "line": line,
        "form": form,
        "words": words,
        "candidates": found,
        "ean_normalised": ean,
        "doubted": _doubted_product(line),
        "can_choose": line.sales_order.is_open and not line.is_canceled,
    }


def _doubted_product(line: OrderLine) -> Product | None:
    """The product that was chosen although its EAN is not the ordered one, while that is being asked about."""
    product_id = _id_in(request.args.get("doubted", ""))
    product = None if product_id is None else db.session.get(Product, product_id)
    return product if product is not None and has_another_ean(line.item, product) else None


def _id_in(typed: str) -> int | None:
    """A record's id as a form or an address gives it, None for anything else."""
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) <= LONGEST_ID else None


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
