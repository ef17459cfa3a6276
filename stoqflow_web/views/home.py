"""Today: what must leave the warehouse, what needs somebody, and whether the shops are in step."""

from flask import Blueprint, Response, url_for
from flask_babel import get_locale

from stoqflow_web import clock
from stoqflow_web.models.sales_orders import READY_TO_PICK
from stoqflow_web.queries import attention, service_norms, syncs, today
from stoqflow_web.queries.orders import CONFIRMED_TODAY, LATE_TODAY
from stoqflow_web.views.attention import besides, matters_of
from stoqflow_web.views.respond import respond
from stoqflow_web.wording import times
from stoqflow_web.wording import today as wording
from stoqflow_web.wording.hourly_chart import hourly_chart
from stoqflow_web.wording.service_norms import measures
from stoqflow_web.wording.syncs import asked_words

MATTERS_SHOWN = 4
LINES_SHOWN = 3

blueprint = Blueprint("home", __name__)


@blueprint.get("/")
def show() -> Response:
    """The page; a page that is open asks for what changes on it again and again."""
    now, day, locale = clock.now(), clock.today(), get_locale() or "en"
    figures, shops = today.figures(), today.shops()
    return respond(
        "home/today.html",
        "home/_today.html",
        day=times.long_day(day, locale=locale),
        tiles=[(tile, _addresses()[tile.name]) for tile in wording.tiles(figures, now=now, locale=locale)],
        chart=hourly_chart(today.orders_by_hour(day), locale=locale),
        matters=matters_of(attention.first(MATTERS_SHOWN)),
        besides=besides(figures.attention, [shop.health for shop in shops], LINES_SHOWN),
        measures=measures(service_norms.of_shops(), locale=locale),
        asked_sync=asked_words(syncs.asked_for(), locale=locale),
        bare_shops=[one.health.shop for one in shops if one.needs_products],
        shops=[wording.shop_line(shop, now=now, locale=locale) for shop in shops],
    )


def _addresses() -> dict[str, str]:
    """Where each tile leads: to the orders that it counted."""
    return {
        "ready": url_for("orders.index", tab=READY_TO_PICK),
        "late_today": url_for("orders.index", tab=LATE_TODAY),
        "requests": "/cancellation-requests",
        "attention": url_for("attention.index"),
        "confirmed": url_for("orders.index", tab=CONFIRMED_TODAY),
    }
