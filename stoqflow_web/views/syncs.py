"""Syncs of a shop, and the proof that nothing was missed."""

from flask import Blueprint, Response, flash, make_response, render_template, url_for
from flask_babel import get_locale
from flask_babel import gettext as _

from stoqflow_web import background, clock
from stoqflow_web.models import OrderCheck, Shop
from stoqflow_web.queries import syncs as queries
from stoqflow_web.services import syncing
from stoqflow_web.services.imports import NotStartable
from stoqflow_web.views.access import load_or_404, managers_only, signed_in_user
from stoqflow_web.views.respond import redirect_to
from stoqflow_web.wording import syncs as wording

blueprint = Blueprint("syncs", __name__)


@blueprint.post("/syncs")
def start_all() -> Response:
    """Sync every shop now; the home page tells how far it is and what came of it.

    Staff may too: it only looks, and looking again does no harm.
    """
    if not syncing.sync_all_now(user_id=signed_in_user().id):
        flash(_("There is no shop that may be asked now."), "warn")
    return redirect_to(url_for("home.show"))


@blueprint.post("/shops/<int:shop_id>/syncs")
@managers_only
def start(shop_id: int) -> Response:
    try:
        syncing.sync_now(shop_id, user_id=signed_in_user().id)
    except NotStartable as refusal:
        flash(refusal.sentence, "warn")
    else:
        flash(_("bol.com is being asked now."), "info")
    return redirect_to(url_for("shops.show", shop_id=shop_id))


@blueprint.get("/shops/<int:shop_id>/syncs")
@managers_only
def show(shop_id: int) -> Response:
    """The card of the shop's page."""
    return make_response(render_template("syncs/_card.html", shop=load_or_404(Shop, shop_id), sync=sync_of(shop_id)))


@blueprint.get("/shops/<int:shop_id>/order-checks")
@managers_only
def show_check(shop_id: int) -> Response:
    """The card of the shop's page."""
    return make_response(render_template("syncs/_check.html", shop=load_or_404(Shop, shop_id), check=check_of(shop_id)))


@blueprint.post("/order-checks/<int:check_id>/fetches")
@managers_only
def fetch_difference(check_id: int) -> Response:
    check = load_or_404(OrderCheck, check_id)
    if background.enqueue(
        "jobs.orders.fetch_difference", check_id, queue="urgent", job_id=f"difference-{check_id}", timeout=600
    ):
        flash(_("The orders that differ are being fetched."), "info")
    else:
        flash(_("Nothing was started: the queue of work can't be reached. Try again in a minute."), "danger")
    return redirect_to(url_for("shops.show", shop_id=check.shop_id))


def sync_of(shop_id: int) -> dict[str, object]:
    """What the card *Synchronisation* shows."""
    shop, state, now = load_or_404(Shop, shop_id), queries.state_of(shop_id), clock.now()
    return {
        "how_often": wording.how_often(shop.sync_minutes),
        "last": wording.last_words(shop, state, now),
        "next": wording.next_words(shop, state, now),
        "trouble": wording.trouble_words(state),
        "unsolved": state.unsolved,
        "unsolved_run_id": state.unsolved_run_id,
    }


def check_of(shop_id: int) -> dict[str, object]:
    """What the card *Nothing missed* shows."""
    found = queries.latest_check(shop_id)
    return {
        "found": found,
        "checked": wording.checked_words(found, clock.now()) if found else "",
        "notes": wording.check_notes(found) if found else [],
        "bars": wording.bars(queries.days_of_checks(shop_id), locale=get_locale() or "en"),
    }
