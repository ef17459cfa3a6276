"""The list of products, and one product."""

from typing import Any

from flask import Blueprint, Response, make_response, render_template, request, url_for

from stoqflow_web.queries import products
from stoqflow_web.queries.words import cleaned
from stoqflow_web.views.respond import respond

blueprint = Blueprint("products", __name__)


@blueprint.get("/products")
def index() -> Response:
    words = cleaned(request.args.get("q", ""))
    page = products.page(words, request.args.get("page"))
    asked: dict[str, Any] = {"q": words} if words else {}
    return respond(
        "products/list.html",
        "products/_list.html",
        words=words,
        page=page,
        offers=products.offers_of(page.rows),
        next_url=page.next and url_for("products.index", page=page.next, **asked),
        previous_url=page.previous and url_for("products.index", page=page.previous, **asked),
        is_empty=not page.rows and not products.are_there_any(),
    )


@blueprint.get("/products/<int:product_id>")
def show(product_id: int) -> Response:
    product = products.find(product_id)
    return make_response(
        render_template(
            "products/product.html",
            product=product,
            offers=products.offers_of([product]).get(product.id, []),
            movements=products.movements_of(product),
            open_lines=products.open_lines_of(product),
        )
    )
