"""Keeps passwords as argon2 hashes. A check takes as long for a user who isn't there as for one who is."""

from functools import cached_property

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from flask import current_app


class Passwords:
    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()

    @cached_property
    def _of_nobody(self) -> str:
        return self._hasher.hash("nobody has this password")

    def hash(self, password: str) -> str:
        return self._hasher.hash(password)

    def is_right(self, password: str, password_hash: str | None) -> bool:
        """Whether the password belongs to the hash; None is the hash of a user who isn't there."""
        of_nobody = self._of_nobody  # made at the first check, whoever that is about
        try:
            self._hasher.verify(password_hash or of_nobody, password)
        except (VerificationError, InvalidHashError):
            return False
        return password_hash is not None

    def is_outdated(self, password_hash: str) -> bool:
        """Whether the hash was made with weaker parameters than today's."""
        return self._hasher.check_needs_rehash(password_hash)


def passwords() -> Passwords:
    """The running app's."""
    return current_app.extensions["passwords"]  # type: ignore[no-any-return]
