"""Shops: link a seller account, see how it does, replace its keys, pause it."""

from itertools import chain

from flask import Blueprint, Response, flash, make_response, render_template, url_for
from flask_babel import gettext as _

from stoqflow_web import clock
from stoqflow_web.errors import Invalid
from stoqflow_web.forms import show_refusal
from stoqflow_web.forms.shops import KeysForm, NameForm, ShopForm
from stoqflow_web.models import ImportRun, Shop
from stoqflow_web.models.imports import CONTENT, FINISHED, ORDERS, PRODUCTS, READINESS
from stoqflow_web.queries import imports as import_queries
from stoqflow_web.queries import shops as queries
from stoqflow_web.services import shops
from stoqflow_web.views.access import load_or_404, managers_only, signed_in_user
from stoqflow_web.views.imports import TransferRow, row_of
from stoqflow_web.views.push_subscriptions import push_of
from stoqflow_web.views.respond import redirect_to
from stoqflow_web.views.syncs import check_of, sync_of
from stoqflow_web.wording.history import tell
from stoqflow_web.wording.problems import CHECKS
from stoqflow_web.wording.problems import describe as describe_problem
from stoqflow_web.wording.problems import kind_of as problem_kind
from stoqflow_web.wording.shops import last_transfers, state_of

blueprint = managers_only(Blueprint("shops", __name__))

EVENTS_AT_ONCE = 8  # of the history; the older ones are folded away
TRANSFERS = (PRODUCTS, ORDERS, CONTENT)  # in the order in which they make sense


@blueprint.get("/shops")
def index() -> Response:
    now = clock.now()
    listed = [(one.shop, state_of(one.shop), last_transfers(one.runs, now)) for one in queries.every_shop()]
    return make_response(render_template("shops/list.html", listed=listed))


@blueprint.get("/shops/new")
def new() -> Response:
    return _new_page(ShopForm())


@blueprint.post("/shops")
def add() -> Response:
    form = ShopForm()
    if not form.validate():
        return _new_page(form, 422)
    try:
        shop = shops.add_shop(
            name=form.name.data,
            api_key=form.api_key.data,
            api_secret=form.api_secret.data,
            user_id=signed_in_user().id,
        )
    except Invalid as refusal:
        show_refusal(form, refusal)
        return _new_page(form, 422)
    flash(_("bol.com answered: this is the account of %(name)s (%(id)s).", name=shop.account_name, id=shop.account_id))
    return _to(shop.id)


@blueprint.get("/shops/<int:shop_id>")
def show(shop_id: int) -> Response:
    shop = load_or_404(Shop, shop_id)
    watched = import_queries.latest_watched(shop_id)
    next_kind = next((kind for kind in TRANSFERS if kind not in watched), None)
    rows = [
        row_of(watched[kind]) if kind in watched else TransferRow(shop, kind, is_next=kind == next_kind)
        for kind in TRANSFERS
    ]
    told = [(entry, tell(entry)) for entry in queries.history_of(shop_id)]
    history = {"newest": told[:EVENTS_AT_ONCE], "older": told[EVENTS_AT_ONCE:]}
    return make_response(
        render_template(
            "shops/shop.html",
            shop=shop,
            state=state_of(shop),
            rows=rows,
            history=history,
            sync=sync_of(shop_id),
            check=check_of(shop_id),
            push=push_of(shop_id),
        )
    )


@blueprint.get("/shops/<int:shop_id>/name")
def edit_name(shop_id: int) -> Response:
    shop = load_or_404(Shop, shop_id)
    return _name_page(shop, NameForm(name=shop.name))


@blueprint.post("/shops/<int:shop_id>/name")
def rename(shop_id: int) -> Response:
    shop, form = load_or_404(Shop, shop_id), NameForm()
    if not form.validate():
        return _name_page(shop, form, 422)
    shops.rename(shop_id, name=form.name.data, user_id=signed_in_user().id)
    return _to(shop_id)


@blueprint.get("/shops/<int:shop_id>/keys")
def edit_keys(shop_id: int) -> Response:
    return _keys_page(load_or_404(Shop, shop_id), KeysForm())


@blueprint.post("/shops/<int:shop_id>/keys")
def replace_keys(shop_id: int) -> Response:
    shop, form = load_or_404(Shop, shop_id), KeysForm()
    if not form.validate():
        return _keys_page(shop, form, 422)
    try:
        shop = shops.replace_keys(
            shop_id, api_key=form.api_key.data, api_secret=form.api_secret.data, user_id=signed_in_user().id
        )
    except Invalid as refusal:
        show_refusal(form, refusal)
        return _keys_page(load_or_404(Shop, shop_id), form, 422)
    flash(_("The keys are replaced. %(name)s (%(id)s) answered to them.", name=shop.account_name, id=shop.account_id))
    return _to(shop_id)


@blueprint.post("/shops/<int:shop_id>/key-check")
def check_keys(shop_id: int) -> Response:
    check = shops.check_keys(shop_id, user_id=signed_in_user().id)
    if check.works:
        flash(_("The keys work: bol.com answered just now."), "info")
    elif check.is_refused:
        flash(_("The keys were tried just now."), "info")  # the page itself says in red what came of it
    else:
        flash(check.sentence, "warn")
    return _to(shop_id)


@blueprint.post("/shops/<int:shop_id>/pause")
def pause(shop_id: int) -> Response:
    shops.pause(shop_id, user_id=signed_in_user().id)
    return _to(shop_id)


@blueprint.post("/shops/<int:shop_id>/resumption")
def resume(shop_id: int) -> Response:
    shops.resume(shop_id, user_id=signed_in_user().id)
    return _to(shop_id)


@blueprint.get("/shops/<int:shop_id>/readiness")
def readiness(shop_id: int) -> Response:
    shop = load_or_404(Shop, shop_id)
    watched = import_queries.latest_watched(shop_id).get(READINESS)
    row = row_of(watched) if watched else TransferRow(shop, READINESS, is_next=True)
    report = _report(row.run) if row.run and row.run.status == FINISHED else None
    return make_response(
        render_template("shops/readiness.html", shop=shop, row=row, report=report, nothing_yet=_nothing_yet(row))
    )


def _nothing_yet(row: TransferRow) -> str:
    """What stands in the place of the report while there is none."""
    if row.run is None:
        return _("No check has been made yet.")
    if row.is_active:
        return _("The report appears here when the check has finished.")
    return _("The last check did not finish, so there is no report.")


def _report(run: ImportRun) -> list[dict[str, object]]:
    """One row per check, also for those that found nothing, and for any finding this page does not know."""
    counts, examples = import_queries.problem_counts(run.id), import_queries.problem_examples(run.id)
    titles = import_queries.known_titles(run.shop_id, chain.from_iterable(examples.values()))
    codes = [*CHECKS, *(code for code in counts if code not in CHECKS)]
    return [
        {
            "code": code,
            "kind": problem_kind(code),
            "number": counts[code].found if code in counts else 0,
            "examples": [describe_problem(one, titles.get(one.id)) for one in examples.get(code, ())],
        }
        for code in codes
    ]


def _to(shop_id: int) -> Response:
    return redirect_to(url_for("shops.show", shop_id=shop_id))


def _new_page(form: ShopForm, status: int = 200) -> Response:
    return make_response(render_template("shops/new.html", form=form), status)


def _name_page(shop: Shop, form: NameForm, status: int = 200) -> Response:
    return make_response(render_template("shops/name.html", shop=shop, form=form), status)


def _keys_page(shop: Shop, form: KeysForm, status: int = 200) -> Response:
    return make_response(render_template("shops/keys.html", shop=shop, form=form), status)
