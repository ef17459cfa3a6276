"""The list of orders, and one order."""

from datetime import date, datetime
from typing import Any

from flask import Blueprint, Response, request, url_for
from flask_babel import get_locale
from flask_babel import gettext as _

from stoqflow_web import clock, stopping
from stoqflow_web.forms.orders import wanted_orders
from stoqflow_web.models import SalesOrder, Writeback
from stoqflow_web.models.sales_orders import CANCELED, COMPLETE, ON_HOLD, READY_TO_PICK
from stoqflow_web.queries import order_details, orders, shop_names
from stoqflow_web.queries.order_details import LineStock
from stoqflow_web.queries.orders import (
    CANCELLATION_REQUESTED,
    CONFIRMED_TODAY,
    COUNTED_UP_TO,
    ELSEWHERE_UP_TO,
    LATE,
    LATE_TODAY,
    NEEDS_ATTENTION,
    OPEN,
    THIS_WEEK,
    TODAY,
    TOMORROW,
    Wanted,
)
from stoqflow_web.services import refreshing
from stoqflow_web.views import answers, many_orders, order_actions, order_guard, order_lines
from stoqflow_web.views.order_page import order_page
from stoqflow_web.views.respond import respond
from stoqflow_web.wording import deadlines, reporting, statuses, times
from stoqflow_web.wording.cancel_reasons import reason_word
from stoqflow_web.wording.clients import client_words
from stoqflow_web.wording.track_and_trace import code_words

blueprint = Blueprint("orders", __name__)
blueprint.register_blueprint(order_lines.blueprint)
blueprint.register_blueprint(order_actions.blueprint)
blueprint.register_blueprint(order_guard.blueprint)
blueprint.register_blueprint(answers.blueprint)

for words in (
    client_words,
    code_words,
    reason_word,
    statuses.fulfilment_words,
    statuses.item_pills,
    statuses.line_pills,
    statuses.line_to_choose,
    statuses.plain_status_pill,
    statuses.status_pill,
    statuses.time_frame_words,
):
    blueprint.add_app_template_global(words)


@blueprint.app_template_global()
def deadline_pill(order: SalesOrder) -> statuses.Pill | None:
    return deadlines.deadline_pill(order, now=clock.now(), locale=get_locale() or "en")


@blueprint.app_template_global()
def deadline_sentence(order: SalesOrder) -> statuses.Pill | None:
    return deadlines.deadline_sentence(order, now=clock.now(), locale=get_locale() or "en")


@blueprint.app_template_global()
def expiry_pill(order: SalesOrder) -> statuses.Pill | None:
    """Needs the order's lines with their items loaded."""
    return deadlines.expiry_pill(order, now=clock.now(), locale=get_locale() or "en")


@blueprint.app_template_global()
def ship_by(order: SalesOrder) -> str:
    return deadlines.ship_by(order, now=clock.now(), locale=get_locale() or "en")


@blueprint.app_template_filter()
def expiry_words(day: date) -> statuses.Pill:
    return deadlines.expiry_words(day, now=clock.now(), locale=get_locale() or "en")


@blueprint.app_template_global()
def report_of(order: SalesOrder) -> reporting.Report:
    """What bol.com knows of the order. Needs its writebacks loaded, and those of its family."""
    return reporting.report_of(order, now=clock.now(), locale=get_locale() or "en")


@blueprint.app_template_global()
def row_pill(row: Writeback) -> statuses.Pill:
    return reporting.row_pill(row, now=clock.now(), locale=get_locale() or "en")


@blueprint.app_template_global()
def stock_pill(stock: LineStock) -> statuses.Pill:
    return statuses.stock_pill(stock, locale=get_locale() or "en")


@blueprint.app_template_filter()
def short_day(day: date) -> str:
    """`24 Nov`"""
    return times.short_date(day, today=clock.today(), locale=get_locale() or "en")


@blueprint.app_template_filter()
def weekday(day: date) -> str:
    """`Tue 24 Nov`"""
    return times.weekday(day, today=clock.today(), locale=get_locale() or "en")


@blueprint.app_template_filter()
def placed(moment: datetime) -> str:
    """`09:12` of today, `22 Nov 09:12` of another day."""
    return times.brief(moment, now=clock.now(), locale=get_locale() or "en")


@blueprint.get("/orders")
def index() -> Response:
    shops = shop_names.all_shops()
    wanted = wanted_orders(request.args, [shop.id for shop in shops])
    page, tabs = orders.page(wanted, request.args.get("page")), _tabs(wanted)
    return respond(
        "orders/list.html",
        "orders/_list.html",
        wanted=wanted,
        page=page,
        shops=shops,
        tabs=tabs,
        matching=many_orders.matching(wanted, page, tabs),
        days=_days(),
        here_url=_address(wanted, page=request.args["page"]) if request.args.get("page") else _address(wanted),
        next_url=page.next and _address(wanted, page=page.next),
        previous_url=page.previous and _address(wanted, page=page.previous),
        asked=_asked(wanted),
        elsewhere=_elsewhere(wanted, tabs) if wanted.words and not page.rows else [],
        is_empty=not page.rows and not orders.are_there_any(),
    )


@blueprint.get("/orders/<int:order_id>")
def show(order_id: int) -> Response:
    order = order_details.find(order_id)
    if stopping.is_watched(order):
        refreshing.ask_soon(order.marketplace_order, unless_newer_than=refreshing.FRESH)
    return order_page(order)


def _tabs(wanted: Wanted) -> list[dict[str, Any]]:
    counts = orders.counts(wanted.shop_id)
    if wanted.tab == CONFIRMED_TODAY:
        counts[CONFIRMED_TODAY] = orders.count_matching(
            Wanted(tab=CONFIRMED_TODAY, shop_id=wanted.shop_id), COUNTED_UP_TO
        )
    labels = {
        OPEN: (_("Open"), ""),
        READY_TO_PICK: (_("Ready to pick"), ""),
        ON_HOLD: (_("On hold"), "warn"),
        LATE_TODAY: (_("Late today"), "danger"),
        CANCELLATION_REQUESTED: (_("Cancellation requested"), "danger"),
        NEEDS_ATTENTION: (_("Needs attention"), "danger"),
        COMPLETE: (_("Complete"), ""),
        CANCELED: (_("Canceled"), ""),
        CONFIRMED_TODAY: (_("Confirmed by bol today"), "ok"),
    }
    return [
        {
            "name": tab,
            "label": label,
            "tone": tone,
            "count": counts[tab],
            "is_capped": counts[tab] >= COUNTED_UP_TO,
            "is_current": tab == wanted.tab,
            "url": _address(wanted, tab=tab),
        }
        for tab, (label, tone) in labels.items()
        if tab in counts
    ]


def _elsewhere(wanted: Wanted, tabs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The tabs on which a search finds something that found nothing here."""
    numbers = orders.elsewhere(wanted)
    return [
        tab | {"count": numbers[tab["name"]], "is_capped": numbers[tab["name"]] >= ELSEWHERE_UP_TO, "tone": ""}
        for tab in tabs
        if tab["name"] in numbers
    ]


def _days() -> list[tuple[str, str]]:
    return [
        ("", _("Ship by: any day")),
        (LATE, _("Before today")),
        (TODAY, _("Today")),
        (TOMORROW, _("Tomorrow")),
        (THIS_WEEK, _("This week")),
    ]


def _address(wanted: Wanted, **changed: str) -> str:
    """The address of the list as it is, but for what changes. What is not asked is left out."""
    asked = _asked(wanted) | changed
    if asked["tab"] == OPEN:
        del asked["tab"]
    return url_for("orders.index", **asked)


def _asked(wanted: Wanted) -> dict[str, Any]:
    """What the list was asked for, as addresses and forms carry it."""
    asked = {"tab": wanted.tab, "q": wanted.words, "shop": wanted.shop_id, "due": wanted.ship_by}
    return {name: value for name, value in asked.items() if value}
