"""Which addresses a secret may be sent to."""

from ipaddress import ip_address
from urllib.parse import urlsplit


def check_address(url: str) -> str:
    """The address without a slash at its end. Only https, or http to this very machine (for rehearsals), is accepted.

    Raises ValueError with a sentence for everything else.
    """
    if any(character.isspace() or character == "\\" or not character.isprintable() for character in url):
        raise ValueError("The address of bol.com contains blanks or other characters that don't belong in one.")
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError("The address of bol.com can't be read as a web address.") from None
    if parts.username is not None or parts.query or parts.fragment:
        raise ValueError("The address of bol.com must not hold a name, a password, a question mark or a hash sign.")
    if not host:
        raise ValueError("The address of bol.com names no machine.")
    if parts.scheme == "https" or (parts.scheme == "http" and _is_this_machine(host)):
        return url.rstrip("/")
    raise ValueError("The address of bol.com must begin with https:// (http:// only for this machine itself).")


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
