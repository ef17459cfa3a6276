"""Makes and changes the people who may sign in."""

import re

from flask_babel import gettext as _
from itsdangerous import BadSignature, URLSafeTimedSerializer
from itsdangerous.timed import TimestampSigner
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError

from stoqflow_web import clock
from stoqflow_web.errors import Invalid, NotFound, StoqflowError
from stoqflow_web.extensions import db, settings
from stoqflow_web.models import User
from stoqflow_web.models.users import MANAGER, ROLES
from stoqflow_web.passwords import passwords
from stoqflow_web.transaction import Transaction, reading, transaction

SHORTEST_PASSWORD = 10
LONGEST_PASSWORD = 1000  # argon2 would take more, but nobody types it
LINK_SECONDS = 24 * 3600
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


class LastManager(StoqflowError):
    """Without a manager nobody could make one."""


class LinkExpired(StoqflowError):
    """The link to make the first manager is too old, not ours, or has done its work."""

    status = 404


def add_user(*, email: str, name: str, role: str, password: str) -> User:
    """Make a user. Raises Invalid, naming the field `email`, `name`, `role` or `password`."""
    user = User(
        email=_checked_email(email),
        name=checked_name(name),
        role=_checked_role(role),
        password_hash=passwords().hash(checked_password(password)),
        created_at=clock.now(),
    )
    try:
        with transaction() as tx:
            tx.session.add(user)
            tx.session.flush()
    except IntegrityError:
        raise _taken() from None
    return user


def checked_new_email(email: str) -> str:
    """The address as it is kept, when nobody has it yet. Raises Invalid."""
    email = _checked_email(email)
    with reading() as session:
        if session.scalar(select(User.id).where(User.email == email)):
            raise _taken()
    return email


def checked_name(name: str) -> str:
    """The name as it is kept. Raises Invalid."""
    name = " ".join(name.split())
    if not name:
        raise Invalid("name", _("Enter a name."))
    if len(name) > 100:
        raise Invalid("name", _("This name is too long: 100 characters at most."))
    return name


def checked_password(password: str) -> str:
    """The password, when it will do. Raises Invalid."""
    if len(password) < SHORTEST_PASSWORD:
        raise Invalid("password", _("Use at least %(number)s characters.", number=SHORTEST_PASSWORD))
    if len(password) > LONGEST_PASSWORD:
        raise Invalid("password", _("Use at most %(number)s characters.", number=LONGEST_PASSWORD))
    return password


def change_password(user_id: int, password: str) -> User:
    """Give the user a new password, which ends all sessions begun with the old one. Raises Invalid, NotFound."""
    password_hash = passwords().hash(checked_password(password))
    with transaction() as tx:
        user = _find(tx, user_id)
        user.password_hash = password_hash
        user.session_epoch += 1
    return user


def set_role(user_id: int, role: str) -> User:
    """Raises Invalid (`role`), NotFound, LastManager."""
    role = _checked_role(role)
    with transaction() as tx:
        user = _find(tx, user_id)
        if role != MANAGER:
            _keep_a_manager(tx, without=user)
        user.role = role
    return user


def disable(user_id: int) -> User:
    """Take the user's access away, at once. Raises NotFound, LastManager."""
    with transaction() as tx:
        user = _find(tx, user_id)
        _keep_a_manager(tx, without=user)
        user.is_enabled = False
        user.session_epoch += 1
    return user


def enable(user_id: int) -> User:
    """Raises NotFound."""
    with transaction() as tx:
        user = _find(tx, user_id)
        user.is_enabled = True
    return user


def first_manager_link(base_url: str) -> str | None:
    """The address of the page that makes the first manager, good for 24 hours; None when there are users already."""
    if _has_users():
        return None
    return f"{base_url.rstrip('/')}/welcome/{_link_signer().dumps('first manager')}"


def check_first_manager_link(token: str) -> None:
    """Raises LinkExpired when the link can't be used (any more)."""
    try:
        _link_signer().loads(token, max_age=LINK_SECONDS)
    except BadSignature:
        raise LinkExpired(
            _("This link is too old or not complete. Start Stoqflow again: it then shows a new one.")
        ) from None
    if _has_users():
        raise LinkExpired(_("This link has done its work: there is a manager. Sign in instead."))


def make_first_manager(token: str, *, email: str, name: str, password: str) -> User:
    """Make the first manager with the link's token. Raises LinkExpired, Invalid."""
    with transaction() as tx:
        if tx.session.get_bind().dialect.name == "postgresql":
            tx.session.execute(text("LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE"))  # of two at once, one is first
        check_first_manager_link(token)
        return add_user(email=email, name=name, role=MANAGER, password=password)


def _find(tx: Transaction, user_id: int) -> User:
    user = tx.session.get(User, user_id)
    if user is None:
        raise NotFound(_("This user is not here."))
    return user


def _keep_a_manager(tx: Transaction, *, without: User) -> None:
    """The rows are locked, so that two managers can't take each other's role at the same time."""
    managers = tx.session.scalars(
        select(User).where(User.role == MANAGER, User.is_enabled).order_by(User.id).with_for_update()
    ).all()
    if all(manager.id == without.id for manager in managers):
        raise LastManager(_("%(name)s is the only manager. Make somebody else a manager first.", name=without.name))


def _has_users() -> bool:
    return bool(db.session.scalar(select(func.count()).select_from(User)))


def _taken() -> Invalid:
    return Invalid("email", _("Somebody with this e-mail address is here already."))


def _checked_email(email: str) -> str:
    email = email.strip().lower()
    if len(email) > 254 or not _EMAIL.fullmatch(email):
        raise Invalid("email", _("This is not an e-mail address."))
    return email


def _checked_role(role: str) -> str:
    if role not in ROLES:
        raise Invalid("role", _("Choose one of the roles: manager or staff."))
    return role


class _OurClock(TimestampSigner):
    def get_timestamp(self) -> int:
        return int(clock.now().timestamp())


def _link_signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(settings().secret_key, salt="first manager", signer=_OurClock)
