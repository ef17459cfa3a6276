"""Proves who somebody is, and slows down whoever guesses."""

import logging
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network

from flask_babel import gettext as _
from sqlalchemy import delete, select

from stoqflow_web import clock
from stoqflow_web.errors import StoqflowError
from stoqflow_web.extensions import db
from stoqflow_web.models import FailedSignIn, User
from stoqflow_web.passwords import passwords
from stoqflow_web.transaction import Transaction, transaction

WINDOW = timedelta(minutes=15)
MOST_PER_EMAIL = 5
MOST_PER_ADDRESS = 20

log = logging.getLogger(__name__)


class NotSignedIn(StoqflowError):
    """E-mail address and password don't belong together. Which of the two is wrong stays unsaid."""

    status = 422


class TooManyAttempts(StoqflowError):
    status = 429


def prove(email: str, password: str, *, address: str) -> User:
    """The enabled user with this e-mail address and password; `address` is the network address that asks.

    An attempt counts as failed before the password is looked at, so guessing many at once gains nothing.
    Raises TooManyAttempts, NotSignedIn.
    """
    email = email.strip().lower()
    by_email, by_address = f"e-mail {email}"[:300], f"address {_neighbourhood(address)}"
    with transaction() as tx:
        now = clock.now()
        tx.session.execute(delete(FailedSignIn).where(FailedSignIn.at <= now - WINDOW))
        _refuse_after(MOST_PER_EMAIL, by_email, tx, now)
        _refuse_after(MOST_PER_ADDRESS, by_address, tx, now)
        attempts = [FailedSignIn(counted_for=counted_for, at=now) for counted_for in (by_email, by_address)]
        tx.session.add_all(attempts)
        tx.session.flush()
        attempt_ids = [attempt.id for attempt in attempts]

    user = db.session.scalar(select(User).where(User.email == email, User.is_enabled))
    if not passwords().is_right(password, user.password_hash if user else None) or user is None:
        log.info("sign-in failed from %s", address)
        raise NotSignedIn(_("This e-mail address and password do not belong together."))
    with transaction() as tx:
        tx.session.execute(delete(FailedSignIn).where(FailedSignIn.counted_for == by_email))
        tx.session.execute(delete(FailedSignIn).where(FailedSignIn.id.in_(attempt_ids)))
        if passwords().is_outdated(user.password_hash):
            user.password_hash = passwords().hash(password)
    log.info("user %s signed in from %s", user.id, address)
    return user


def _refuse_after(most: int, counted_for: str, tx: Transaction, now: datetime) -> None:
    moments = tx.session.scalars(
        select(FailedSignIn.at)
        .where(FailedSignIn.counted_for == counted_for)
        .order_by(FailedSignIn.at.desc())
        .limit(most)
    ).all()
    if len(moments) < most:
        return
    minutes = max(1, -(-int((moments[-1] + WINDOW - now).total_seconds()) // 60))
    log.warning("sign-in refused: too many attempts for %s", counted_for)
    raise TooManyAttempts(
        _("There were too many failed attempts. Try again in 1 minute.")
        if minutes == 1
        else _("There were too many failed attempts. Try again in %(minutes)s minutes.", minutes=minutes)
    )


def _neighbourhood(address: str) -> str:
    """One person can ask from all 2^64 addresses of their IPv6 network, so those count as one."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address[:100]
    return str(ip_network(f"{parsed}/64", strict=False)) if isinstance(parsed, IPv6Address) else address
