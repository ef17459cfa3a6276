"""What may be typed as the name and the keys of a shop. Pure: text in, tidied text out, or Invalid beside its field."""

import unicodedata

from flask_babel import gettext as _

from stoqflow_web.errors import Invalid

LONGEST_NAME = 100
LONGEST_KEY = 200
# They turn the reading order of the text around them, so a name could pretend to be another.
TURNING_MARKS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def tidy_name(text: str | None) -> str:
    """The name without spaces around it and with single ones inside. Raises Invalid("name")."""
    name = " ".join(part for part in (text or "").strip().split(" ") if part)
    if not name:
        raise Invalid("name", _("Give the shop a name, for example the name you use at bol.com."))
    if len(name) > LONGEST_NAME:
        raise Invalid("name", _("The name is too long: at most %(most)s characters.", most=LONGEST_NAME))
    if any(_is_invisible(character) for character in name):
        raise Invalid("name", _("The name holds a character that can't be shown, such as a line break or a tab."))
    return name


def tidy_key(text: str | None) -> str:
    """The key (bol.com's client id) as pasted, without spaces around it. Raises Invalid("api_key")."""
    key = (text or "").strip()
    if not key:
        raise Invalid("api_key", _("Paste the key here. bol.com calls it client ID."))
    if len(key) > LONGEST_KEY:
        raise Invalid("api_key", _("This is too long for a key of bol.com. Copy only the client ID."))
    if not _is_plain(key):
        raise Invalid("api_key", _("A key of bol.com holds no spaces and no accented letters. Copy it once more."))
    return key


def tidy_secret(text: str | None) -> str:
    """The secret as pasted, without spaces around it. Raises Invalid("api_secret"), never with the secret in it."""
    secret = (text or "").strip()
    if not secret:
        raise Invalid("api_secret", _("Paste the secret here. At bol.com it appears after “Show secret”."))
    if len(secret) > LONGEST_KEY:
        raise Invalid("api_secret", _("This is too long for a secret of bol.com. Copy only the secret."))
    if not _is_plain(secret):
        raise Invalid(
            "api_secret", _("A secret of bol.com holds no spaces and no accented letters. Copy it once more.")
        )
    return secret


def _is_plain(text: str) -> bool:
    """Printable ASCII without spaces: all that an HTTP Basic header can carry unharmed."""
    return text.isascii() and all("!" <= character <= "~" for character in text)


def _is_invisible(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") or character in TURNING_MARKS
