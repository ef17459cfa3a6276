"""What clients send back: a list to know the parcel in one's hands by. It is handled in bol.com's seller account."""

from flask import Blueprint, Response, request, url_for

from stoqflow_web.forms.returns import HANDLED, wanted_returns
from stoqflow_web.queries import returns as queries
from stoqflow_web.queries import shop_names
from stoqflow_web.queries.returns import Wanted
from stoqflow_web.views.respond import respond
from stoqflow_web.wording.returns import tell

blueprint = Blueprint("returns", __name__)
blueprint.add_app_template_global(tell, "return_words")


@blueprint.get("/returns")
def index() -> Response:
    shops = shop_names.all_shops()
    wanted = wanted_returns(request.args, [shop.id for shop in shops])
    page = queries.page(wanted, request.args.get("page"))
    return respond(
        "returns/list.html",
        "returns/_list.html",
        wanted=wanted,
        rows=page.rows,
        shops=shops,
        read_at=queries.read_at(),
        is_empty=not page.rows and not queries.are_there_any(),
        next_url=page.next and _address(wanted, page.next),
        previous_url=page.previous and _address(wanted, page.previous),
    )


def _address(wanted: Wanted, page: str) -> str:
    show = HANDLED if wanted.are_handled else None
    return url_for("returns.index", q=wanted.code or None, shop=wanted.shop_id, show=show, page=page)
