"""Has a shop's marketplace push to us: switched on, tested, watched and switched off. Workers do what a click asks for.

What should be is one row; `keep` makes the marketplace agree with it, and finds by the secret end of the address what
an answer that got lost may have made.
"""

import logging
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from stoqflow_web import background, clock, extensions
from stoqflow_web.errors import NotFound, StoqflowError
from stoqflow_web.exchange import AccessLost, ExchangeError, NotThere, Subscription
from stoqflow_web.marketplace import Marketplace
from stoqflow_web.models import PushSubscription, Shop
from stoqflow_web.models.activities import CONNECTION, TROUBLE
from stoqflow_web.services import shops, signature_keys, syncing
from stoqflow_web.services.activities import record_of_shop
from stoqflow_web.services.marketplaces import connect
from stoqflow_web.services.outbox import may_be_asked
from stoqflow_web.transaction import Transaction, reading, transaction

log = logging.getLogger(__name__)

CHECKED_EVERY = timedelta(hours=1)
PAUSE_AFTER_FAULT = timedelta(minutes=1)
TIMEOUT_SECONDS = 300
PATH = "/webhooks/bol/"  # views/webhooks.py answers there


class NotPushable(StoqflowError):
    """The marketplace can't reach this host, as far as the settings say."""


@dataclass(frozen=True)
class _Plan:
    """What should be over there, and what was when we looked last."""

    shop_id: int
    token: str
    is_wanted: bool
    external_id: str | None
    address: str | None

    def is_ours(self, one: Subscription) -> bool:
        """Also one that was made although its answer got lost, or for another address of this host."""
        return one.external_id == self.external_id or one.address.endswith(PATH + self.token)


def switch_on(shop_id: int, *, user_id: int | None) -> None:
    """Have the marketplace push to us, and prove it with a test message. Pressed twice it is asked for once.

    Raises NotFound, NotPushable.
    """
    if extensions.settings().push_url is None:
        raise NotPushable(_("bol.com can't reach this host: STOQFLOW_PUBLIC_URL holds no https address."))
    try:
        with transaction() as tx:
            if tx.session.get(Shop, shop_id) is None:
                raise NotFound(_("There is no such shop."))
            row = _row(tx, shop_id)
            if row is None:
                row = PushSubscription(
                    shop_id=shop_id, token=secrets.token_urlsafe(32), created_at=clock.now(), created_by_id=user_id
                )
                tx.session.add(row)
            row.is_wanted, row.trouble = True, None
            row.test_wanted_at = row.check_at = clock.now()
            tx.after_commit(lambda: _keep_soon(shop_id))
    except IntegrityError:  # somebody else pressed at the same moment
        _keep_soon(shop_id)


def send_test(shop_id: int) -> None:
    """Have the marketplace send a test message. Raises NotFound when nothing is switched on."""
    with transaction() as tx:
        row = _row(tx, shop_id)
        if row is None or not row.is_wanted:
            raise NotFound(_("Push from bol is not switched on."))
        row.test_wanted_at = row.check_at = clock.now()
        tx.after_commit(lambda: _keep_soon(shop_id))


def switch_off(shop_id: int, *, user_id: int | None) -> None:
    """Have nothing pushed any more. What is off already stays so."""
    with transaction() as tx:
        row = _row(tx, shop_id)
        if row is None or not row.is_wanted:
            return
        row.is_wanted, row.trouble, row.test_wanted_at, row.check_at = False, None, None, clock.now()
        record_of_shop(tx, shop_id, "push_off", user_id=user_id)
        tx.after_commit(lambda: _keep_soon(shop_id))


def keep(shop_id: int) -> None:
    """Make the marketplace's subscription what it should be. For background work; safe to do twice."""
    plan = _plan(shop_id)
    if plan is None:
        return
    began = clock.now()
    try:
        if plan.is_wanted and plan.address is None:
            _note_trouble(shop_id, _("STOQFLOW_PUBLIC_URL holds no https address any more."), CHECKED_EVERY)
            return
        with connect(shop_id) as marketplace:
            if plan.is_wanted:
                _have_it(plan, plan.address or "", marketplace)
            else:
                _end_it(plan, marketplace)
    except AccessLost as lost:
        shops.mark_access_lost(shop_id, lost.sentence, because=lost.because, tried_at=began)
    except ExchangeError as fault:
        pause = max(PAUSE_AFTER_FAULT, timedelta(seconds=fault.retry_after or 0.0))
        _note_trouble(shop_id, fault.sentence, pause if fault.is_temporary else CHECKED_EVERY)
        log.warning("The push subscription of shop %s is looked at later: %s", shop_id, fault.sentence)


def sweep() -> int:
    """Queue a look for every shop whose time for one has come; how many. Called every few seconds."""
    with reading() as session:
        due = session.scalars(
            select(PushSubscription.shop_id)
            .join(PushSubscription.shop)
            .where(may_be_asked(), PushSubscription.check_at <= clock.now())
        ).all()
    return sum(_keep_soon(shop_id) for shop_id in due)


def _have_it(plan: _Plan, address: str, marketplace: Marketplace) -> None:
    mine = [one for one in marketplace.subscriptions() if plan.is_ours(one)]
    there = mine[0] if mine else None
    _remove(marketplace, mine[1:])
    was_lost = plan.external_id is not None and (there is None or not there.is_enabled)
    if there is None:
        there = marketplace.subscribe(address)
    elif not (there.is_enabled and there.is_complete and there.address == address):
        marketplace.renew_subscription(there.external_id, address)
    if not signature_keys.keys_of(plan.shop_id):
        keys = marketplace.signature_keys()
        with transaction() as tx:
            signature_keys.keep_keys(tx, plan.shop_id, keys)
    if _note_kept(plan, there.external_id, was_lost=was_lost):
        asked_at = clock.now()
        marketplace.send_test_message(there.external_id)
        _note_test_sent(plan.shop_id, asked_at)


def _note_kept(plan: _Plan, external_id: str, *, was_lost: bool) -> bool:
    """Write down that it is as it should be; whether a test message is to be sent now."""
    now = clock.now()
    with transaction() as tx:
        row = _row(tx, plan.shop_id)
        if row is None or not row.is_wanted:  # switched off meanwhile: that look is due already
            return False
        if row.external_id is None:
            row.subscribed_at = now
            record_of_shop(tx, plan.shop_id, "push_on", user_id=row.created_by_id)
        row.external_id, row.trouble = external_id, None
        row.checked_at, row.check_at = now, now + CHECKED_EVERY
        if was_lost:
            row.mended_at = now
            record_of_shop(tx, plan.shop_id, "push_mended", kind=CONNECTION, outcome=TROUBLE)
            syncing.want_catch_up(tx, plan.shop_id)
            log.warning("The marketplace had switched off its push to shop %s; it is on again", plan.shop_id)
        return row.test_wanted_at is not None and not row.is_test_sent


def _note_test_sent(shop_id: int, at: datetime) -> None:
    with transaction() as tx:
        row = _row(tx, shop_id)
        if row is not None:
            row.test_sent_at = at


def _end_it(plan: _Plan, marketplace: Marketplace) -> None:
    _remove(marketplace, [one for one in marketplace.subscriptions() if plan.is_ours(one)])
    with transaction() as tx:
        row = _row(tx, plan.shop_id)
        if row is not None and not row.is_wanted:
            tx.session.delete(row)


def _remove(marketplace: Marketplace, those: Sequence[Subscription]) -> None:
    for one in those:
        try:
            marketplace.unsubscribe(one.external_id)
        except NotThere:
            log.debug("Subscription %s was gone already", one.external_id)


def _note_trouble(shop_id: int, why: str, pause: timedelta) -> None:
    with transaction() as tx:
        row = _row(tx, shop_id)
        if row is not None:
            row.trouble, row.check_at = why, clock.now() + pause


def _plan(shop_id: int) -> _Plan | None:
    """None when there is nothing to do, or nothing may be asked."""
    with reading() as session:
        row = session.scalars(select(PushSubscription).where(PushSubscription.shop_id == shop_id)).one_or_none()
        if row is None or not row.shop.may_ask_marketplace:
            return None
        return _Plan(shop_id, row.token, row.is_wanted, row.external_id, address_of(row))


def address_of(row: PushSubscription) -> str | None:
    """Where the marketplace pushes to, None when it can't reach us."""
    base = extensions.settings().push_url
    return f"{base}{PATH}{row.token}" if base else None


def _row(tx: Transaction, shop_id: int) -> PushSubscription | None:
    return tx.session.scalars(
        select(PushSubscription).where(PushSubscription.shop_id == shop_id).with_for_update(of=PushSubscription)
    ).one_or_none()


def _keep_soon(shop_id: int) -> bool:
    return background.enqueue(
        "jobs.webhooks.keep_subscription",
        shop_id,
        queue="urgent",
        job_id=f"push-{shop_id}",
        timeout=TIMEOUT_SECONDS,
    )
