"""Keeps the shops' secrets encrypted at rest. The newest key encrypts; every key given decrypts."""

from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet


class SecretUnreadable(Exception):
    """A stored secret was encrypted with a key that is no longer given."""


class Vault:
    def __init__(self, keys: Sequence[str]) -> None:
        self._fernet = MultiFernet([Fernet(key) for key in keys])

    def lock(self, secret: str) -> bytes:
        return self._fernet.encrypt(secret.encode())

    def unlock(self, locked: bytes) -> str:
        """The secret in clear. Raises SecretUnreadable."""
        try:
            return self._fernet.decrypt(locked).decode()
        except InvalidToken:
            raise SecretUnreadable from None

    def relock(self, locked: bytes) -> bytes:
        """The same secret under the newest key. Raises SecretUnreadable."""
        try:
            return self._fernet.rotate(locked)
        except InvalidToken:
            raise SecretUnreadable from None
