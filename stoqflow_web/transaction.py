"""The only door to writing: `with transaction() as tx:`. It commits when the block ends well, else nothing happened."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Protocol, TypeVar

from sqlalchemy import event
from sqlalchemy.orm import Session

WRITING: ContextVar[bool] = ContextVar("stoqflow_writing", default=False)


class Part(Protocol):
    """Something that belongs to one transaction and has a last word before the commit."""

    def __init__(self, tx: "Transaction") -> None: ...

    def before_commit(self) -> None: ...


AnyPart = TypeVar("AnyPart", bound=Part)
T = TypeVar("T")


class Transaction:
    """What belongs to one commit."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._parts: dict[type[Part], Part] = {}
        self._afterwards: list[Callable[[], object]] = []
        self._at_the_end: dict[Callable[[Transaction, set[Any]], object], set[Any]] = {}

    def part(self, kind: type[AnyPart]) -> AnyPart:
        """The one part of this kind, made when it is first asked for. Its `before_commit` is called once, inside."""
        found = self._parts.get(kind)
        if found is None:
            found = self._parts[kind] = kind(self)
        return found  # type: ignore[return-value]

    def after_commit(self, action: Callable[[], object]) -> None:
        """Do `action` once the commit has succeeded, and not at all otherwise. For work that may be lost (a queue)."""
        self._afterwards.append(action)

    def at_the_end(self, action: "Callable[[Transaction, set[T]], object]", things: Iterable[T]) -> None:
        """Do `action` once, when all parts are through, with all that it was given in this transaction."""
        self._at_the_end.setdefault(action, set()).update(things)

    def finish(self) -> None:
        """Let the parts have their last word; one may ask for another."""
        done: set[type[Part]] = set()
        while left := [kind for kind in self._parts if kind not in done]:
            for kind in left:
                done.add(kind)
                self._parts[kind].before_commit()
        for action, things in self._at_the_end.items():
            action(self, things)


_current: ContextVar[Transaction | None] = ContextVar("stoqflow_transaction", default=None)


@contextmanager
def transaction() -> Iterator[Transaction]:
    """Open a writing transaction, or join the one that is open.

    Whatever was only read before is forgotten and read again inside, so that what is decided is decided on what
    is in the database now.
    """
    open_one = _current.get()
    if open_one is not None:
        yield open_one
        return
    from stoqflow_web.extensions import db

    _forget(db.session())
    tx = Transaction(db.session())
    writing, current = WRITING.set(True), _current.set(tx)
    try:
        yield tx
        tx.finish()
        db.session.commit()
    except BaseException:
        db.session.rollback()
        raise
    finally:
        _current.reset(current)
        WRITING.reset(writing)
    for action in tx._afterwards:
        action()


@contextmanager
def reading() -> Iterator[Session]:
    """Read a consistent picture and let go of it: no transaction may stay open while a marketplace is called."""
    from stoqflow_web.extensions import db

    is_alone = _current.get() is None
    if is_alone:
        _forget(db.session())
    try:
        yield db.session()
    finally:
        if is_alone:
            db.session.rollback()


def _forget(session: Session) -> None:
    """Let go of what was read: by ending the transaction, and for what was committed by reading it anew when asked."""
    session.rollback()
    session.expire_all()


def refuse_stray_writes(session_factory: Any) -> None:
    """Make a write outside `transaction()` an error at once: it would be lost, or lock SQLite from a reading page."""

    @event.listens_for(session_factory, "before_flush")
    def check(session: Session, context: Any, instances: Any) -> None:
        if not WRITING.get():
            raise RuntimeError("A write outside transaction(): only services write, and only inside it.")
