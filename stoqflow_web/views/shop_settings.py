"""Settings of a shop: how it keeps in step with bol.com, and how bol.com is told what was done with its orders."""

from flask import Blueprint, Response, flash, make_response, render_template, url_for
from flask_babel import gettext as _

from stoqflow_web.errors import Invalid
from stoqflow_web.forms import show_refusal
from stoqflow_web.forms.shop_settings import ACCEPT, ALL_PARTS, ASK, EACH_PART, ShopSettingsForm
from stoqflow_web.models import Shop
from stoqflow_web.services.shop_settings import LONGEST_HOLD, LONGEST_SYNC, change_settings
from stoqflow_web.views.access import load_or_404, managers_only, signed_in_user
from stoqflow_web.views.respond import redirect_to

blueprint = managers_only(Blueprint("shop_settings", __name__))


@blueprint.get("/shops/<int:shop_id>/settings")
def edit(shop_id: int) -> Response:
    shop = load_or_404(Shop, shop_id)
    form = ShopSettingsForm(
        hold_minutes=shop.hold_minutes,
        split_orders=ALL_PARTS if shop.waits_for_all_parts else EACH_PART,
        default_carrier=shop.default_carrier,
        sync_minutes=shop.sync_minutes,
        requests=ACCEPT if shop.accepts_requests else ASK,
        collected_at=shop.collected_at,
    )
    return _page(shop, form)


@blueprint.post("/shops/<int:shop_id>/settings")
def save(shop_id: int) -> Response:
    shop, form = load_or_404(Shop, shop_id), ShopSettingsForm()
    if not form.validate():
        return _page(shop, form, 422)
    try:
        change_settings(
            shop_id,
            hold_minutes=form.hold_minutes.data,
            waits_for_all_parts=form.split_orders.data == ALL_PARTS,
            default_carrier=form.default_carrier.data,
            sync_minutes=form.sync_minutes.data,
            accepts_requests=form.requests.data == ACCEPT,
            collected_at=form.collected_at.data,
            user_id=signed_in_user().id,
        )
    except Invalid as refusal:
        show_refusal(form, refusal)
        return _page(load_or_404(Shop, shop_id), form, 422)
    flash(_("The settings are saved. They count for what is done from now on."), "info")
    return redirect_to(url_for("shops.show", shop_id=shop_id))


def _page(shop: Shop, form: ShopSettingsForm, status: int = 200) -> Response:
    return make_response(
        render_template(
            "shop_settings/settings.html", shop=shop, form=form, longest_hold=LONGEST_HOLD, longest_sync=LONGEST_SYNC
        ),
        status,
    )
