"""How each shop does against bol.com's service norms, week by week, and the orders that caused it."""

from collections.abc import Mapping

from flask import Blueprint, Response, make_response, render_template, request
from flask_babel import get_locale

from stoqflow_web import clock
from stoqflow_web.forms import a_shop
from stoqflow_web.models import PerformanceIndicator, Shop
from stoqflow_web.queries import service_norms as queries
from stoqflow_web.queries import shop_names
from stoqflow_web.service_norms import Week, weeks_kept
from stoqflow_web.views.access import load_or_404
from stoqflow_web.wording import service_norms as wording

blueprint = Blueprint("service_norms", __name__)
blueprint.add_app_template_global(wording.cause_words)


@blueprint.get("/service-norms")
def index() -> Response:
    """One week of one shop; the running week of the first shop when nothing else is asked."""
    locale, shops = get_locale() or "en", shop_names.all_shops()
    if not shops:
        return make_response(render_template("service_norms/page.html", shops=[]))
    shop_id = a_shop(request.args.get("shop", ""), [shop.id for shop in shops]) or shops[0].id
    weeks = weeks_kept(clock.now())
    asked = Week.read(request.args.get("week", ""))
    week = asked if asked in weeks else weeks[0]
    shop = load_or_404(Shop, shop_id)
    told = queries.week_of(shop, week)
    by_week = queries.weeks_told(shop)
    words_of_weeks = [(one, wording.week_words(one, today=clock.today(), locale=locale)) for one in weeks]
    return make_response(
        render_template(
            "service_norms/page.html",
            shops=shops,
            told=told,
            rows=wording.rows(told, locale=locale),
            is_running=week == weeks[0],
            read_at=queries.read_at(shop),
            weeks=words_of_weeks,
            titles=wording.cause_titles(),
            history=[(one, words, _figures(by_week.get(one, {}))) for one, words in words_of_weeks],
        )
    )


def _figures(told: Mapping[str, PerformanceIndicator]) -> list[tuple[str, wording.Figure | None]]:
    """What bol.com measured of what we count too, with its words; empty when it measured nothing of it."""
    locale, labels = get_locale() or "en", wording.labels()
    figures = [(labels[name], wording.figure_of(told.get(name), locale=locale)) for name in queries.COUNTED_BY_US]
    return figures if any(figure for _label, figure in figures) else []
