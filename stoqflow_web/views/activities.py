"""Activity: what Stoqflow did for its shops."""

from datetime import datetime

from flask import Blueprint, Response, request, url_for
from flask_babel import get_locale
from flask_babel import gettext as _

from stoqflow_web.forms.activities import wanted_activities
from stoqflow_web.models.activities import TROUBLE
from stoqflow_web.queries import activities as queries
from stoqflow_web.queries import shop_names
from stoqflow_web.queries.activities import EVERYTHING, NEWS, WantedActivities
from stoqflow_web.views.respond import respond
from stoqflow_web.wording import times
from stoqflow_web.wording.activities import tell

blueprint = Blueprint("activities", __name__)


@blueprint.app_template_filter()
def time_to_second(moment: datetime) -> str:
    return times.to_the_second(moment, locale=get_locale() or "en")


@blueprint.get("/activity")
def index() -> Response:
    shops = shop_names.all_shops()
    wanted = wanted_activities(request.args, [shop.id for shop in shops])
    page = queries.page(wanted, request.args.get("page"))
    return respond(
        "activities/list.html",
        "activities/_list.html",
        wanted=wanted,
        rows=[(activity, tell(activity)) for activity in page.rows],
        shops=shops,
        outcomes=[
            (NEWS, _("What happened")),
            (TROUBLE, _("Trouble")),
            (EVERYTHING, _("Everything")),
        ],
        next_url=page.next and _address(wanted, page.next),
        previous_url=page.previous and _address(wanted, page.previous),
    )


def _address(wanted: WantedActivities, page: str) -> str:
    outcome = None if wanted.outcome == NEWS else wanted.outcome
    return url_for("activities.index", shop=wanted.shop_id, outcome=outcome, page=page)
