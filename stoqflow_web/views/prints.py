"""Orders on paper and in a file: the pick list, packing slips, and the list as CSV."""

from collections.abc import Iterator, Sequence
from typing import Any

from flask import Blueprint, Response, make_response, render_template, request, url_for
from flask_babel import get_locale
from flask_babel import gettext as _

from stoqflow_web import clock
from stoqflow_web.errors import Invalid, NotFound
from stoqflow_web.extensions import db
from stoqflow_web.forms.orders import wanted_orders
from stoqflow_web.models import SalesOrder
from stoqflow_web.pick_list import can_be_picked, needs_marketplace_label, picks
from stoqflow_web.queries import orders, shop_names
from stoqflow_web.services import printing
from stoqflow_web.views.access import signed_in_user
from stoqflow_web.views.batches import csv_answer, orders_asked_for
from stoqflow_web.views.respond import redirect_to
from stoqflow_web.wording import statuses
from stoqflow_web.wording.clients import client_words
from stoqflow_web.wording.reporting import report_of

MOST_PRINTED = 500
MOST_IN_A_FILE = 200_000
READ_AT_ONCE = 500
FILTERS = ("tab", "q", "shop", "due")

blueprint = Blueprint("prints", __name__)


@blueprint.post("/orders/prints")
def choose() -> Response:
    """From the ticked boxes to an address that can be loaded again. What is asked for here goes onto paper."""
    what = request.form.get("print", "")
    if what not in (printing.PICK_LIST, printing.PACKING_SLIPS):
        raise NotFound(_("There is nothing like that to print."))
    ids = _few_enough(orders_asked_for())
    if not ids and not request.form.get("all"):
        raise Invalid("orders", _("Choose at least one order first."))
    on_paper = orders.load_all(ids)
    if what == printing.PICK_LIST:
        on_paper = [order for order in on_paper if can_be_picked(order)]
    printing.note_printed([order.id for order in on_paper], what, user_id=signed_in_user().id)
    if request.form.get("all"):
        asked: dict[str, Any] = {name: request.args[name] for name in FILTERS if request.args.get(name)}
        return redirect_to(url_for(f"prints.{what}", all=1, **asked))
    return redirect_to(url_for(f"prints.{what}", orders=".".join(str(order_id) for order_id in ids)))


@blueprint.get("/orders/pick-list")
def pick_list() -> Response:
    found = _printed()
    ready = [order for order in found if can_be_picked(order)]
    left_out = [order for order in found if not can_be_picked(order)]
    return make_response(
        render_template(
            "orders/print_pick_list.html",
            orders=ready,
            left_out=left_out,
            picks=picks(ready),
            needs_label=needs_marketplace_label,
        )
    )


@blueprint.get("/orders/packing-slips")
def packing_slips() -> Response:
    return make_response(
        render_template("orders/print_packing_slips.html", orders=_printed(), needs_label=needs_marketplace_label)
    )


@blueprint.get("/orders/export.csv")
def export() -> Response:
    wanted = wanted_orders(request.args, [shop.id for shop in shop_names.all_shops()])
    ids = orders.matching_ids(wanted, MOST_IN_A_FILE + 1)
    if len(ids) > MOST_IN_A_FILE:
        raise Invalid(
            "orders", _("At most %(most)s orders go into one file. Choose a shop or days.", most=MOST_IN_A_FILE)
        )
    heading = (
        _("Order"), _("bol.com order"), _("Shop"), _("Status"), _("bol.com"), _("Deliver by"), _("Client"),
        _("SKU"), _("EAN"), _("Product"), _("Quantity"), _("Unit price"), _("Canceled"),
    )  # fmt: skip
    return csv_answer([heading], _lines(ids), name=f"orders-{wanted.tab}-{clock.today().isoformat()}.csv")


def _printed() -> list[SalesOrder]:
    """The orders asked for in the address."""
    if request.args.get("all"):
        ids = orders_asked_for()
    else:
        texts = request.args.get("orders", "").split(".")
        ids = [int(text) for text in texts if text.isascii() and text.isdigit() and len(text) < 19]
    return orders.load_all(_few_enough(ids))


def _few_enough(ids: Sequence[int]) -> list[int]:
    if len(ids) > MOST_PRINTED:
        raise Invalid("orders", _("At most %(most)s orders are printed at once. Choose fewer.", most=MOST_PRINTED))
    return list(dict.fromkeys(ids))


def _lines(ids: Sequence[int]) -> Iterator[tuple[object, ...]]:
    """A row per order line, read in parts: what a part held is let go of before the next."""
    for start in range(0, len(ids), READ_AT_ONCE):
        for order in orders.load_all(ids[start : start + READ_AT_ONCE]):
            yield from _lines_of(order)
        db.session.rollback()
        db.session.expunge_all()


def _lines_of(order: SalesOrder) -> Iterator[tuple[object, ...]]:
    told = report_of(order, now=clock.now(), locale=get_locale() or "en").pill
    for line in order.lines:
        yield (
            order.number,
            order.marketplace_order.external_id,
            order.shop.name,
            statuses.status_pill(order).words,
            told.words if told else "",
            order.deliver_by and order.deliver_by.isoformat(),
            client_words(order.marketplace_order),
            line.product.sku if line.product else line.item.reference,
            (line.product and line.product.ean) or line.item.ean,
            line.name,
            line.quantity,
            line.item.unit_price,
            _("yes") if line.is_canceled else "",
        )
