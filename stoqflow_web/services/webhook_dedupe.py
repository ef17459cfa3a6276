"""By what two pushed messages are known to be one: bol.com promises at least once, not once."""

import hashlib

from stoqflow_web.exchange import Pushed


def dedupe_key(pushed: Pushed) -> str:
    """The same for a message that is sent again: of what, what happened, whose, and when."""
    return _digest("|".join((pushed.kind, pushed.subject, pushed.sent_at)).encode())


def unverified_key(body: bytes, signature: str) -> str:
    """Of a message that may be anybody's: it must not take the place of a real one."""
    return _digest(b"unverified|" + signature.encode() + b"|" + body)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
