"""The list of products, one product, and its stock corrected by hand."""

from typing import Any

from flask import Blueprint, Response, flash, request, url_for
from flask_babel import get_locale

from stoqflow_web.errors import Invalid
from stoqflow_web.forms import show_refusal
from stoqflow_web.forms.stock import CorrectionForm, fresh_correction
from stoqflow_web.models import Product
from stoqflow_web.queries import product_stock, products
from stoqflow_web.queries.stock_to_marketplace import in_warehouses
from stoqflow_web.queries.words import cleaned
from stoqflow_web.services import correcting
from stoqflow_web.views.access import signed_in_user
from stoqflow_web.views.batches import csv_answer
from stoqflow_web.views.respond import redirect_to, respond
from stoqflow_web.wording.stock import corrected_sentence, movement_words

SHORT = "short"

blueprint = Blueprint("products", __name__)

blueprint.add_app_template_global(movement_words)


@blueprint.get("/products")
def index() -> Response:
    words = cleaned(request.args.get("q", ""))
    only_short = request.args.get("stock") == SHORT
    page = products.page(words, request.args.get("page"), only_short=only_short)
    asked: dict[str, Any] = ({"q": words} if words else {}) | ({"stock": SHORT} if only_short else {})
    return respond(
        "products/list.html",
        "products/_list.html",
        words=words,
        only_short=only_short,
        page=page,
        offers=products.offers_of(page.rows),
        next_url=page.next and url_for("products.index", page=page.next, **asked),
        previous_url=page.previous and url_for("products.index", page=page.previous, **asked),
        is_empty=not page.rows and not products.are_there_any(),
    )


@blueprint.get("/products/export.csv")
def export() -> Response:
    """All products with their stock. Imported unchanged it changes nothing."""
    rows = (
        (product.sku, product.ean, product.title, product.on_hand, product.reserved, product.free)
        for product in products.stock_of_all()
    )
    return csv_answer([("sku", "ean", "title", "on_hand", "reserved", "free")], rows, name="stock.csv")


@blueprint.get("/products/<int:product_id>")
def show(product_id: int) -> Response:
    return _show(products.find(product_id))


@blueprint.get("/products/<int:product_id>/corrections")
def correct_on_page(product_id: int) -> Response:
    """The form stands on the product's own page; loading a refused one again leads there."""
    return redirect_to(url_for("products.show", product_id=product_id))


@blueprint.post("/products/<int:product_id>/corrections")
def correct(product_id: int) -> Response:
    form = CorrectionForm()
    if not form.validate():
        return _show(products.find(product_id), form=form, status=422)
    try:
        done = correcting.correct(
            product_id,
            seen=form.seen.data or 0,
            seen_movement_id=form.movement.data,
            on_hand=form.on_hand(),
            change=form.change(),
            reason=form.reason.data,
            note=form.note.data or "",
            token=form.token.data,
            user_id=signed_in_user().id,
        )
    except Invalid as refusal:
        show_refusal(form, refusal)
        return _show(products.find(product_id), form=form, status=422)
    flash(corrected_sentence(done, locale=get_locale() or "en"), "info")
    return redirect_to(url_for("products.show", product_id=product_id))


def _show(product: Product, *, form: CorrectionForm | None = None, status: int = 200) -> Response:
    page = product_stock.movements_of(product, request.args.get("page"))
    newest = product_stock.newest_movement_id(product)
    if form is not None:
        form.shows(product, newest)  # the page that comes with the refusal tells what is there now
    return respond(
        "products/product.html",
        "products/_product.html",
        status=status,
        product=product,
        form=form or fresh_correction(product, newest, request.args.get("reason", "")),
        offers=products.offers_of([product]).get(product.id, []),
        warehouses=in_warehouses(product),
        reserved=product_stock.reserved_by(product),
        waiting=product_stock.waited_for_by(product),
        movements=page.rows,
        here_url=url_for("products.show", product_id=product.id, page=request.args.get("page")),
        next_url=page.next and url_for("products.show", product_id=product.id, page=page.next),
        previous_url=page.previous and url_for("products.show", product_id=product.id, page=page.previous),
    )
