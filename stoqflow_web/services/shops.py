"""Link a seller account, prove and replace its keys, pause it, and note when the marketplace shuts the door.

A secret comes in as text, is proven and encrypted at once, and never leaves: not in a result, a log or an exception.
"""

import hmac
import logging
from dataclasses import dataclass, field
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from stoqflow_web import clock
from stoqflow_web.errors import Invalid, NotFound
from stoqflow_web.exchange import (
    KEYS_REFUSED,
    KEYS_UNUSABLE,
    AccessLost,
    Account,
    AccountInactive,
    Busy,
    ExchangeError,
    Unreachable,
)
from stoqflow_web.extensions import vault
from stoqflow_web.models import Shop
from stoqflow_web.models.activities import CONNECTION, DONE, SETTINGS, TROUBLE
from stoqflow_web.models.history import MARKETPLACE, SYSTEM
from stoqflow_web.models.shops import FIRST_SYNC_AFTER
from stoqflow_web.services import activities, key_proofs, marketplaces, outbox, trouble
from stoqflow_web.services.activities import record_of_shop
from stoqflow_web.services.push_looks import look_soon
from stoqflow_web.services.shop_rules import tidy_key, tidy_name, tidy_secret
from stoqflow_web.transaction import Transaction, reading, transaction
from stoqflow_web.vault import SecretUnreadable

log = logging.getLogger(__name__)

WORKS = "works"
REFUSED = "refused"
UNANSWERED = "unanswered"


@dataclass(frozen=True)
class Keys:
    """A pair that was tidied but not proven. The secret is not in its repr."""

    key: str
    secret: str = field(repr=False)


@dataclass(frozen=True)
class KeyCheck:
    """What came of asking the marketplace: `outcome` is works, refused or unanswered; `sentence` says why not."""

    outcome: str
    sentence: str = ""

    @property
    def works(self) -> bool:
        return self.outcome == WORKS

    @property
    def is_refused(self) -> bool:
        return self.outcome == REFUSED


def add_shop(*, name: str, api_key: str, api_secret: str, user_id: int | None) -> Shop:
    """Prove the keys at the marketplace, then link the account that answered. The same form sent twice is one shop.

    Raises Invalid, naming the field (`name`, `api_key`, `api_secret`) that its sentence belongs beside.
    """
    name, keys = tidy_name(name), Keys(tidy_key(api_key), tidy_secret(api_secret))
    account = _prove(keys)
    try:
        return _link(name, keys, account, user_id)
    except IntegrityError:  # the same account was linked at this very moment
        return _already_linked(name, keys, account)


def replace_keys(shop_id: int, *, api_key: str, api_secret: str, user_id: int | None) -> Shop:
    """Give a shop a new pair of the same account; lost access is regained. Raises NotFound, Invalid."""
    keys = Keys(tidy_key(api_key), tidy_secret(api_secret))
    shop = _read(shop_id)
    account = _prove(keys)
    if account.external_id != shop.account_id:
        raise Invalid("api_key", _other_account(account, shop))
    with transaction() as tx:
        shop = _found(tx, shop_id)
        shop.api_key = keys.key
        shop.api_secret_encrypted = vault().lock(keys.secret)
        shop.account_name = _fitting(account.name)
        shop.keys_checked_at = clock.now()
        if shop.has_lost_access:
            _regain_access(tx, shop)
        trouble.end_silence(tx, shop)
        outbox.go_on(tx, shop_id)
        look_soon(tx, shop_id)
        record_of_shop(tx, shop_id, "keys_replaced", user_id=user_id, key=shop.key_hint)
        return shop


def check_keys(shop_id: int, *, user_id: int | None = None) -> KeyCheck:
    """Prove the stored pair now, and note the answer on the shop. No answer changes nothing. Raises NotFound."""
    shop = _read(shop_id)
    checked, locked = shop.account_id, shop.api_secret_encrypted
    try:
        keys = Keys(shop.api_key, vault().unlock(locked))
        account = key_proofs.prove(keys.key, keys.secret)
    except SecretUnreadable:
        mark_access_lost(shop_id, _unreadable(), because=KEYS_UNUSABLE, who=SYSTEM)
        return KeyCheck(REFUSED, _unreadable())
    except AccessLost as refusal:
        return _noted_refusal(shop_id, locked, refusal.sentence, refusal.because)
    except ExchangeError as fault:
        return KeyCheck(UNANSWERED, _sentence_of(fault))
    if account.external_id != checked:
        return _noted_refusal(shop_id, locked, _other_account(account, shop), KEYS_UNUSABLE)
    with transaction() as tx:
        shop = _found(tx, shop_id)
        shop.keys_checked_at = clock.now()
        trouble.end_silence(tx, shop)
        if shop.has_lost_access:
            _regain_access(tx, shop)
            record_of_shop(tx, shop_id, "access_regained", kind=CONNECTION, who=MARKETPLACE, user_id=user_id)
        else:
            activities.record(tx, shop_id, SETTINGS, DONE, "keys_checked", user_id=user_id)
        outbox.go_on(tx, shop_id)
        look_soon(tx, shop_id)
    return KeyCheck(WORKS)


def mark_access_lost(
    shop_id: int,
    why: str,
    *,
    because: str = KEYS_REFUSED,
    who: str = MARKETPLACE,
    tried_at: datetime | None = None,
) -> bool:
    """Ask the marketplace nothing more for this shop. Noted once, however many workers find out. Raises NotFound.

    `why` is the sentence of it and `because` the sort; an AccessLost has both. `tried_at` is when the work that was
    refused took up the shop's keys. Keys that were proven or replaced since are not blamed: then nothing is noted.
    Returns whether the shop is without access.
    """
    with transaction() as tx:
        shop = _found(tx, shop_id)
        if shop.has_lost_access:
            return True
        if tried_at is not None and shop.keys_checked_at > tried_at:
            log.info("Shop %s “%s” has newly proven keys by now; the refusal is not theirs", shop_id, shop.name)
            return False
        shop.access_lost_at, shop.access_lost_because, shop.access_lost_why = clock.now(), because, why
        trouble.end_silence(tx, shop)
        record_of_shop(tx, shop_id, "access_lost", kind=CONNECTION, outcome=TROUBLE, who=who, why=why)
        name = shop.name
    log.warning(
        "Shop %s “%s” lost its access: nothing is asked of the marketplace until its keys are replaced", shop_id, name
    )
    return True


def rename(shop_id: int, *, name: str, user_id: int | None) -> Shop:
    """Raises NotFound, Invalid("name")."""
    name = tidy_name(name)
    with transaction() as tx:
        shop = _found(tx, shop_id)
        if shop.name != name:
            record_of_shop(tx, shop_id, "renamed", user_id=user_id, before=shop.name, after=name)
            shop.name = name
        return shop


def pause(shop_id: int, *, user_id: int | None) -> Shop:
    """Ask the marketplace nothing for this shop until it is resumed; a running transfer stops. Raises NotFound."""
    with transaction() as tx:
        shop = _found(tx, shop_id)
        if not shop.is_paused:
            shop.paused_at = clock.now()
            record_of_shop(tx, shop_id, "paused", user_id=user_id)
        return shop


def resume(shop_id: int, *, user_id: int | None) -> Shop:
    """Raises NotFound."""
    with transaction() as tx:
        shop = _found(tx, shop_id)
        if shop.is_paused:
            shop.paused_at = shop.unanswered_since = None
            outbox.go_on(tx, shop_id)
            look_soon(tx, shop_id)
            record_of_shop(tx, shop_id, "resumed", user_id=user_id)
        return shop


def rotate_secrets() -> int:
    """Encrypt every shop's secret with the newest key; how many that were.

    A secret that no given key opens stays as it is, and its shop says that its keys must be replaced.
    """
    rotated, unreadable = 0, []
    with transaction() as tx:
        for shop in tx.session.scalars(select(Shop).order_by(Shop.id)):
            try:
                shop.api_secret_encrypted = vault().relock(shop.api_secret_encrypted)
                rotated += 1
            except SecretUnreadable:
                unreadable.append(shop.id)
    for shop_id in unreadable:
        mark_access_lost(shop_id, _unreadable(), because=KEYS_UNUSABLE, who=SYSTEM)
    return rotated


def _regain_access(tx: Transaction, shop: Shop) -> None:
    """The keys work again, and workers may use them at once."""
    shop.access_lost_at = shop.access_lost_because = shop.access_lost_why = None
    tx.after_commit(lambda: marketplaces.forget_refusal(shop.id))


def _prove(keys: Keys) -> Account:
    """The account that answers to these keys. No transaction is open meanwhile. Raises Invalid("api_key")."""
    with reading():
        pass  # lets go of what the request read so far
    try:
        return key_proofs.prove(keys.key, keys.secret)
    except ExchangeError as fault:
        # `from None`: whatever the client keeps of the request stays out of logs and error reports.
        raise Invalid("api_key", _sentence_of(fault)) from None


def _sentence_of(fault: ExchangeError) -> str:
    match fault:
        case AccountInactive():
            return _(
                "The keys are right, but bol.com says this seller account is not active. "
                "Ask bol.com's partner service about it."
            )
        case AccessLost():
            return _(
                "bol.com does not know this key and secret together. Copy both once more from your seller account; "
                "the secret may have been replaced there."
            )
        case Unreachable():
            return _("bol.com does not answer at the moment, so the keys could not be tried. Try again in a minute.")
        case Busy():
            return _("Keys were tried often in a short time, and bol.com minds that. Wait a minute, then try again.")
        case _:
            return fault.sentence


def _link(name: str, keys: Keys, account: Account, user_id: int | None) -> Shop:
    with transaction() as tx:
        if _shop_of(tx, account) is not None:
            return _already_linked(name, keys, account)
        now = clock.now()
        shop = Shop(
            name=name,
            api_key=keys.key,
            api_secret_encrypted=vault().lock(keys.secret),
            account_id=account.external_id,
            account_name=_fitting(account.name),
            created_at=now,
            created_by_id=user_id,
            keys_checked_at=now,
            next_sync_at=now + FIRST_SYNC_AFTER,
        )
        tx.session.add(shop)
        tx.session.flush()
        record_of_shop(tx, shop.id, "linked", user_id=user_id, account=shop.account_name, key=shop.key_hint)
        return shop


def _already_linked(name: str, keys: Keys, account: Account) -> Shop:
    """The shop that has this account, if just that was asked for (a double click); else the refusal that names it."""
    with transaction() as tx:
        shop = _shop_of(tx, account)
        if shop is None:
            raise Invalid("api_key", _("The account was being linked at this moment. Try again."))
        if (shop.name, shop.api_key) == (name, keys.key) and _has_secret(shop, keys.secret):
            return shop
        raise Invalid(
            "api_key",
            _(
                "These keys belong to %(account)s (%(id)s), which is already linked as the shop “%(shop)s”.",
                account=shop.account_name,
                id=shop.account_id,
                shop=shop.name,
            ),
        )


def _has_secret(shop: Shop, secret: str) -> bool:
    try:
        return hmac.compare_digest(vault().unlock(shop.api_secret_encrypted), secret)
    except SecretUnreadable:
        return False


def _noted_refusal(shop_id: int, locked: bytes, sentence: str, because: str) -> KeyCheck:
    """Access is lost, unless the keys were replaced while the old ones were being tried."""
    with transaction() as tx:
        shop = _found(tx, shop_id)
        if shop.api_secret_encrypted == locked:
            shop.keys_checked_at = clock.now()
            mark_access_lost(shop_id, sentence, because=because)
    return KeyCheck(REFUSED, sentence)


def _other_account(account: Account, shop: Shop) -> str:
    return _(
        "These keys belong to another account: %(other)s (%(other_id)s). "
        "This shop is linked to %(ours)s (%(our_id)s). To link the other account, add a shop.",
        other=account.name,
        other_id=account.external_id,
        ours=shop.account_name,
        our_id=shop.account_id,
    )


def _unreadable() -> str:
    return _(
        "The stored secret can't be read with the keys this process was started with. "
        "If keys were changed, restart Stoqflow; else enter the keys again."
    )


def _fitting(account_name: str) -> str:
    return account_name[:200]


def _shop_of(tx: Transaction, account: Account) -> Shop | None:
    return tx.session.scalars(select(Shop).where(Shop.account_id == account.external_id)).one_or_none()


def _found(tx: Transaction, shop_id: int) -> Shop:
    shop = tx.session.get(Shop, shop_id)
    if shop is None:
        raise NotFound(_("There is no such shop."))
    return shop


def _read(shop_id: int) -> Shop:
    """The shop as it is now, with no transaction left open. Raises NotFound."""
    with reading() as session:
        shop = session.get(Shop, shop_id)
        if shop is None:
            raise NotFound(_("There is no such shop."))
        session.refresh(shop)
        session.expunge(shop)
        return shop
