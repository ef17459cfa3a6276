"""Stock to bol.com: see what would change, switch it on and off, watch how it goes."""

from typing import Any

from flask import Blueprint, Response, flash, make_response, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.datastructures import MultiDict

from stoqflow_web import clock
from stoqflow_web.errors import Invalid
from stoqflow_web.forms import show_refusal
from stoqflow_web.forms.stock_to_marketplace import MarginForm
from stoqflow_web.models import Shop
from stoqflow_web.models.imports import STOCK
from stoqflow_web.queries import imports as import_queries
from stoqflow_web.queries import stock_to_marketplace as queries
from stoqflow_web.services import stock_nights, stock_switch
from stoqflow_web.services.imports import NotStartable
from stoqflow_web.services.stock_switch import MOST_MARGIN, NotSwitchable
from stoqflow_web.views.access import load_or_404, managers_only, signed_in_user
from stoqflow_web.views.imports import TransferRow, row_of
from stoqflow_web.views.respond import redirect_to, wants_fragment

blueprint = managers_only(Blueprint("stock_to_marketplace", __name__))

PAGE = "stock_to_marketplace/page.html"
PREVIEW = "stock_to_marketplace/_preview.html"
TELLING = "stock_to_marketplace/_telling.html"


@blueprint.get("/shops/<int:shop_id>/stock")
def show(shop_id: int) -> Response:
    """Before it is switched on: what would change with a margin (`?margin=2`). Afterwards: how it goes."""
    shop = load_or_404(Shop, shop_id)
    typed = request.args.get("margin")
    form = MarginForm(MultiDict({"margin": str(shop.stock_margin) if typed is None else typed}), meta={"csrf": False})
    return _page(shop, form, 200 if form.validate() else 422)


@blueprint.post("/shops/<int:shop_id>/stock-telling")
def switch_on(shop_id: int) -> Response:
    shop, form = load_or_404(Shop, shop_id), MarginForm()
    if not form.validate():
        return _page(shop, form, 422)
    try:
        offers = stock_switch.switch_on(shop_id, margin=form.margin.data, user_id=signed_in_user().id)
    except (NotSwitchable, NotStartable) as refusal:
        flash(refusal.sentence, "warn")
    else:
        if offers:
            flash(
                ngettext(
                    "Switched on. bol.com is told the stock of %(num)s offer from now on.",
                    "Switched on. bol.com is told the stock of %(num)s offers from now on.",
                    offers,
                ),
                "info",
            )
    return _to(shop_id)


@blueprint.post("/shops/<int:shop_id>/stock-silence")
def switch_off(shop_id: int) -> Response:
    stock_switch.switch_off(shop_id, user_id=signed_in_user().id)
    flash(_("Switched off. What bol.com shows now stays as it is, and is yours to keep right."), "info")
    return _to(shop_id)


@blueprint.get("/shops/<int:shop_id>/stock-margin")
def margin_effect(shop_id: int) -> Response:
    """What the margin that is being typed (`?margin=2`) would change: a line below its field."""
    shop, form = load_or_404(Shop, shop_id), MarginForm(request.args, meta={"csrf": False})
    effect = queries.margin_effect(shop, form.margin.data) if shop.tells_stock and form.validate() else None
    return make_response(render_template("stock_to_marketplace/_margin_effect.html", effect=effect))


@blueprint.post("/shops/<int:shop_id>/stock-margin")
def set_margin(shop_id: int) -> Response:
    shop, form = load_or_404(Shop, shop_id), MarginForm()
    if not form.validate():
        return _page(shop, form, 422)
    try:
        stock_switch.set_margin(shop_id, form.margin.data, user_id=signed_in_user().id)
    except Invalid as refusal:
        show_refusal(form, refusal)
        return _page(load_or_404(Shop, shop_id), form, 422)
    flash(_("The margin is saved. What changes by it is told now."), "info")
    return _to(shop_id)


def _page(shop: Shop, form: MarginForm, status: int) -> Response:
    context = _telling(shop, form) if shop.tells_stock else _preview(shop, form)
    if wants_fragment():
        return make_response(render_template(TELLING if shop.tells_stock else PREVIEW, **context), status)
    watched = import_queries.latest_watched(shop.id).get(STOCK)
    row = row_of(watched) if watched else TransferRow(shop, STOCK, is_next=True)
    return make_response(render_template(PAGE, row=row, **context), status)


def _preview(shop: Shop, form: MarginForm) -> dict[str, Any]:
    run = queries.latest_comparison(shop.id)
    margin = shop.stock_margin if form.errors else form.margin.data
    page = queries.differences(run, margin, request.args.get("page")) if run else None
    address: dict[str, Any] = {"shop_id": shop.id, "margin": margin}
    return {
        "shop": shop,
        "form": form,
        "margin": margin,
        "most_margin": MOST_MARGIN,
        "preview": queries.preview(run, margin) if run else None,
        "is_stale": run is not None
        and run.finished_at is not None
        and run.finished_at <= clock.now() - stock_switch.GOOD_FOR,
        "page": page,
        "next_url": page and page.next and url_for("stock_to_marketplace.show", page=page.next, **address),
        "previous_url": page and page.previous and url_for("stock_to_marketplace.show", page=page.previous, **address),
    }


def _telling(shop: Shop, form: MarginForm) -> dict[str, Any]:
    return {
        "shop": shop,
        "form": form,
        "most_margin": MOST_MARGIN,
        "telling": queries.telling(shop.id),
        "refused": queries.refused(shop.id),
        "stayed": queries.stayed(shop.id),
        "comparisons": queries.comparisons(shop.id),
        "next_night": stock_nights.next_night(clock.now()),
    }


def _to(shop_id: int) -> Response:
    return redirect_to(url_for("stock_to_marketplace.show", shop_id=shop_id))
