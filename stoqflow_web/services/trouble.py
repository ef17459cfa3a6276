"""Notes when a shop's marketplace can't be asked as usual, and when it can again: once each, however many find out.

Whoever asks a marketplace tells here how that went (services/marketplaces.py does so for all work in the background).
Lost access is noted in services/shops.py.
"""

import logging
from datetime import timedelta

from sqlalchemy import select

from stoqflow_web import clock
from stoqflow_web.exchange import AnswerNotUnderstood, ExchangeError, OutcomeUnknown, Unreachable
from stoqflow_web.models import ImportRun, Shop
from stoqflow_web.models.activities import CONNECTION, DONE, TROUBLE
from stoqflow_web.models.shops import LIMITED, SILENT
from stoqflow_web.services import activities, outbox, stock_to_tell
from stoqflow_web.services.push_looks import look_soon
from stoqflow_web.transaction import Transaction, reading, transaction

log = logging.getLogger(__name__)

SILENT_AFTER = timedelta(seconds=20)  # of faults without one good answer: what goes well at the next try is no trouble
LIMITED_FROM = 0.5  # this share of the usual calls, or less
LIMITED_AT_LEAST = timedelta(minutes=10)  # a pass that asks other things sees other limits: it must not come and go

SILENCES = (Unreachable, AnswerNotUnderstood, OutcomeUnknown)


def note_fault(shop_id: int, fault: ExchangeError) -> None:
    """A call ended so. Only what tells of a marketplace that is out of order counts."""
    if isinstance(fault, SILENCES):
        note_silent(shop_id, fault.sentence)


def note_silent(shop_id: int, said: str) -> None:
    """The marketplace gave no answer, or only a fault. Once that has gone on for a while without a good answer, the
    shop is in trouble, since the first of these faults."""
    with reading() as session:
        if session.scalar(select(Shop.trouble).where(Shop.id == shop_id)) == SILENT:
            return
    now = clock.now()
    with transaction() as tx:
        shop = _locked(tx, shop_id)
        if shop is None or shop.trouble == SILENT:
            return
        if shop.unanswered_since is None or shop.unanswered_since > now:
            shop.unanswered_since = now
        if now - shop.unanswered_since < SILENT_AFTER:
            return
        shop.trouble, shop.trouble_since, shop.trouble_said = SILENT, shop.unanswered_since, said
        activities.record_of_shop(tx, shop_id, "fell_silent", kind=CONNECTION, outcome=TROUBLE, said=said)
        name = shop.name
    log.warning("Shop %s “%s”: the marketplace does not answer: %s", shop_id, name, said)


def answered(shop_id: int) -> None:
    """A good answer came: whatever silence there was is over, and what it postponed is due at once."""
    if not _is_doubted(shop_id):
        return
    with transaction() as tx:
        shop = _locked(tx, shop_id)
        if shop is not None:
            end_silence(tx, shop)


def note_answer(tx: Transaction, run: ImportRun) -> None:
    """Inside a step of a run: a good answer came. Its faults in a row begin anew, and no silence outlasts it."""
    run.faults, run.trouble = 0, None
    if run.shop.trouble == SILENT or run.shop.unanswered_since is not None:
        shop = _locked(tx, run.shop_id)
        if shop is not None:
            end_silence(tx, shop)


def went_well(shop_id: int, *, strictness: float) -> None:
    """A whole pass went well, with at least this share of the usual calls allowed (marketplace.strictness)."""
    is_limited = strictness <= LIMITED_FROM
    if not is_limited and not _is_doubted(shop_id):
        return
    with transaction() as tx:
        shop = _locked(tx, shop_id)
        if shop is None:
            return
        end_silence(tx, shop)
        if is_limited:
            _note_limited(tx, shop, strictness)
        else:
            _end_limits(tx, shop)


def end_silence(tx: Transaction, shop: Shop) -> None:
    """Inside a transaction that holds the shop: the marketplace has answered, be it with a refusal."""
    shop.unanswered_since = None
    if shop.trouble != SILENT:
        return
    seconds = _forget(shop)
    outbox.go_on(tx, shop.id)
    stock_to_tell.go_on(tx, shop.id)
    look_soon(tx, shop.id)  # the marketplace may have given up pushing to us meanwhile
    activities.record_of_shop(tx, shop.id, "answers_again", kind=CONNECTION, outcome=DONE, seconds=seconds)
    log.info("Shop %s “%s”: the marketplace answers again after %s seconds", shop.id, shop.name, seconds)


def _note_limited(tx: Transaction, shop: Shop, strictness: float) -> None:
    if shop.trouble is not None:
        return
    shop.trouble, shop.trouble_since, shop.trouble_said = LIMITED, clock.now(), None
    share = round(strictness * 100)
    activities.record_of_shop(tx, shop.id, "limits_cut", kind=CONNECTION, outcome=TROUBLE, share=share)


def _end_limits(tx: Transaction, shop: Shop) -> None:
    if shop.trouble != LIMITED or shop.trouble_since is None:
        return
    if clock.now() - shop.trouble_since >= LIMITED_AT_LEAST:
        activities.record_of_shop(tx, shop.id, "limits_back", kind=CONNECTION, outcome=DONE, seconds=_forget(shop))


def _forget(shop: Shop) -> int:
    """How many seconds it lasted."""
    lasted = clock.now() - (shop.trouble_since or clock.now())
    shop.trouble = shop.trouble_since = shop.trouble_said = None
    return max(int(lasted.total_seconds()), 0)


def _is_doubted(shop_id: int) -> bool:
    """Whether there is anything to take back. Read only: when all is well, nobody waits for the database."""
    with reading() as session:
        trouble, unanswered_since = session.execute(
            select(Shop.trouble, Shop.unanswered_since).where(Shop.id == shop_id)
        ).one_or_none() or (None, None)
    return trouble is not None or unanswered_since is not None


def _locked(tx: Transaction, shop_id: int) -> Shop | None:
    """Held against others who note something, not against rows that refer to the shop."""
    return tx.session.get(Shop, shop_id, with_for_update={"key_share": True}, populate_existing=True)
