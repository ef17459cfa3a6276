"""Push from bol.com on a shop's page: switched on, tested, switched off."""

from flask import Blueprint, Response, flash, make_response, render_template, url_for
from flask_babel import gettext as _

from stoqflow_web import clock, extensions
from stoqflow_web.models import Shop
from stoqflow_web.queries import push_subscriptions as queries
from stoqflow_web.services import push_subscriptions
from stoqflow_web.services.push_subscriptions import NotPushable
from stoqflow_web.views.access import load_or_404, managers_only, signed_in_user
from stoqflow_web.views.respond import redirect_to
from stoqflow_web.wording.push import push_words
from stoqflow_web.wording.syncs import how_often

blueprint = managers_only(Blueprint("push_subscriptions", __name__))


@blueprint.get("/shops/<int:shop_id>/push-subscription")
def show(shop_id: int) -> Response:
    """The card of the shop's page."""
    return make_response(
        render_template("push_subscriptions/_card.html", shop=load_or_404(Shop, shop_id), push=push_of(shop_id))
    )


@blueprint.post("/shops/<int:shop_id>/push-subscription")
def switch_on(shop_id: int) -> Response:
    load_or_404(Shop, shop_id)
    try:
        push_subscriptions.switch_on(shop_id, user_id=signed_in_user().id)
    except NotPushable as refusal:
        flash(refusal.sentence, "warn")
    return _to(shop_id)


@blueprint.post("/shops/<int:shop_id>/push-subscription/tests")
def test(shop_id: int) -> Response:
    load_or_404(Shop, shop_id)
    push_subscriptions.send_test(shop_id)
    return _to(shop_id)


@blueprint.post("/shops/<int:shop_id>/push-subscription/end")
def switch_off(shop_id: int) -> Response:
    load_or_404(Shop, shop_id)
    push_subscriptions.switch_off(shop_id, user_id=signed_in_user().id)
    flash(_("bol.com is asked to push nothing any more. Orders come in by the sync."), "info")
    return _to(shop_id)


def push_of(shop_id: int) -> dict[str, object]:
    """What the card *Push from bol* shows."""
    shop, state, settings = load_or_404(Shop, shop_id), queries.state_of(shop_id), extensions.settings()
    return {
        "how_often": how_often(shop.sync_minutes),
        "words": push_words(state, clock.now()),
        "subscription": state.subscription,
        "is_possible": settings.push_url is not None,
        "is_address_not_https": settings.public_url is not None and settings.push_url is None,
        "address": settings.push_url,
    }


def _to(shop_id: int) -> Response:
    return redirect_to(url_for("shops.show", shop_id=shop_id))
