"""How the shops get on with bol.com, on every page: a banner for each that has trouble, and when the last sync was."""

from dataclasses import dataclass

from flask import Blueprint, Response, make_response, render_template, url_for
from flask_login import current_user

from stoqflow_web import clock
from stoqflow_web.queries.shop_health import health_of_shops
from stoqflow_web.views.respond import redirect_to, wants_fragment
from stoqflow_web.wording.shop_health import Banner, LastSync, banners, last_sync

blueprint = Blueprint("shop_health", __name__)


@dataclass(frozen=True)
class HealthWords:
    banners: list[Banner]
    last_sync: LastSync | None


@blueprint.app_template_global()
def health_words() -> HealthWords:
    """For the page around everything; fragments don't pay for it."""
    shops = health_of_shops()
    return HealthWords(banners(shops, is_manager=current_user.is_manager), last_sync(shops, clock.now()))


@blueprint.get("/shop-health")
def show() -> Response:
    """What an open page asks for again and again; somebody who comes here by address is shown a whole page."""
    if not wants_fragment():
        return redirect_to(url_for("home.show"))
    return make_response(render_template("shop_health/_fragment.html", health=health_words()))
