"""What clients send back: a list to know the parcel in one's hands by. It is handled in bol.com's seller account."""

from flask import Blueprint, Response, flash, request, url_for
from flask_babel import gettext as _

from stoqflow_web.forms.returns import HANDLED, wanted_returns
from stoqflow_web.models.readings import RETURNS
from stoqflow_web.queries import returns as queries
from stoqflow_web.queries import shop_names
from stoqflow_web.queries.returns import Wanted
from stoqflow_web.services import readings
from stoqflow_web.views.respond import redirect_to, respond
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
        last=queries.last_reading(wanted.shop_id),
        here_url=_address(wanted, request.args.get("page")),
        is_empty=not page.rows and not queries.are_there_any(),
        next_url=page.next and _address(wanted, page.next),
        previous_url=page.previous and _address(wanted, page.previous),
    )


@blueprint.post("/returns/readings")
def read() -> Response:
    """Staff may too: it only looks, and looking again does no harm."""
    if not readings.read_now(RETURNS):
        is_readable = queries.last_reading().next_at is not None
        flash(
            _("Not now: they are being read, were a minute ago, or bol.com asked for a rest.")
            if is_readable
            else _("No shop can be asked now."),
            "info",
        )
    return redirect_to(_address(wanted_returns(request.form, [shop.id for shop in shop_names.all_shops()])))


def _address(wanted: Wanted, page: str | None = None) -> str:
    show = HANDLED if wanted.are_handled else None
    return url_for("returns.index", q=wanted.code or None, shop=wanted.shop_id, show=show, page=page)
