"""Switches on and off whether a shop's marketplace is told our stock, and sets the margin that is held back of it."""

from datetime import timedelta

from flask_babel import gettext as _
from sqlalchemy import delete, select

from stoqflow_web import clock
from stoqflow_web.errors import Invalid, NotFound, StoqflowError
from stoqflow_web.models import ImportRun, OfferStock, Shop
from stoqflow_web.models.imports import FINISHED, STOCK
from stoqflow_web.services.activities import record_of_shop
from stoqflow_web.services.imports import check_startable
from stoqflow_web.services.stock_to_tell import mark, tell_all
from stoqflow_web.transaction import Transaction, transaction

MOST_MARGIN = 999
GOOD_FOR = timedelta(hours=1)  # what a comparison saw at the marketplace


class NotSwitchable(StoqflowError):
    """Nobody has seen what would change; the sentence says what to do first."""


def switch_on(shop_id: int, *, margin: int, user_id: int | None) -> int:
    """From now on the marketplace is told our stock; how many offers that is about.

    Raises NotFound, NotStartable, Invalid with field `margin`, and NotSwitchable without a fresh comparison or before
    the open orders are here.
    """
    _check(margin)
    with transaction() as tx:
        shop = _locked(tx, shop_id)
        check_startable(shop)
        if shop.tells_stock:
            return 0
        if not shop.was_ever_synced:
            raise NotSwitchable(_("The open sales orders must be here first: bol.com would be told their units too."))
        if latest_comparison(tx, shop_id) is None:
            raise NotSwitchable(_("Compare with bol.com first, so that you see what would change."))
        shop.tells_stock, shop.stock_margin = True, margin
        tx.session.flush()
        offers = tell_all(tx, shop_id)
        record_of_shop(tx, shop_id, "stock_switched_on", user_id=user_id, offers=offers, margin=margin)
        return offers


def switch_off(shop_id: int, *, user_id: int | None) -> None:
    """Tell nothing any more. What the marketplace shows stays as it is. Raises NotFound."""
    with transaction() as tx:
        shop = _locked(tx, shop_id)
        if shop.tells_stock:
            shop.tells_stock = False
            tx.session.execute(delete(OfferStock).where(OfferStock.shop_id == shop_id))
            record_of_shop(tx, shop_id, "stock_switched_off", user_id=user_id)


def set_margin(shop_id: int, margin: int, *, user_id: int | None) -> None:
    """Hold back so many units of each product; told at once where stock is told. Raises NotFound, Invalid."""
    _check(margin)
    with transaction() as tx:
        shop = _locked(tx, shop_id)
        before, shop.stock_margin = shop.stock_margin, margin
        if before == margin:
            return
        tx.session.flush()
        mark(tx, select(OfferStock.offer_id).where(OfferStock.shop_id == shop_id))
        record_of_shop(
            tx, shop_id, "setting_changed", user_id=user_id, setting="stock_margin", before=before, after=margin
        )


def latest_comparison(tx: Transaction, shop_id: int) -> ImportRun | None:
    """The newest comparison that is fresh enough to decide by."""
    return tx.session.scalars(
        select(ImportRun)
        .where(
            ImportRun.shop_id == shop_id,
            ImportRun.kind == STOCK,
            ImportRun.status == FINISHED,
            ImportRun.finished_at > clock.now() - GOOD_FOR,
        )
        .order_by(ImportRun.id.desc())
        .limit(1)
    ).one_or_none()


def _check(margin: int) -> None:
    if not 0 <= margin <= MOST_MARGIN:
        raise Invalid("margin", _("Enter 0 to %(most)s units.", most=MOST_MARGIN))


def _locked(tx: Transaction, shop_id: int) -> Shop:
    shop = tx.session.scalar(select(Shop).where(Shop.id == shop_id).with_for_update())
    if shop is None:
        raise NotFound(_("There is no such shop."))
    return shop
