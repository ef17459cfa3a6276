"""Every setting, read once from the environment. `.env.example` explains each to the person who runs it."""

import hashlib
import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.fernet import Fernet

from stoqflow_web.news.mail import MailServer, read_mail_server, read_sender

BOL_API_URL = "https://api.bol.com"
BOL_TOKEN_URL = "https://login.bol.com/token"  # noqa: S105 - an address, not a secret
SOCKET_PATH_LIMIT = 100  # a unix socket's path may take about 107 bytes (stack measurements)


@dataclass(frozen=True)
class Settings:
    """What one installation of Stoqflow is told.

    `secret_key` signs sessions; `keys` (newest first) encrypt the shops' secrets. Neither appears in a repr.
    `redis_url` is None when the bundled Redis of the data folder is to be used, `public_url` when nobody outside is
    said to reach this host, `mail_server` when no e-mail is sent.
    """

    data: Path
    database_url: str
    redis_url: str | None
    bol_api_url: str
    bol_token_url: str
    port: int
    secret_key: str = field(repr=False)
    keys: tuple[str, ...] = field(repr=False)
    public_url: str | None = None
    mail_server: MailServer | None = None
    mail_from: str = ""

    @property
    def push_url(self) -> str | None:
        """Where bol.com can push to, None when it can't: it takes only https."""
        parts = urlsplit(self.public_url or "")
        return self.public_url if parts.scheme == "https" and parts.hostname else None

    @property
    def pages_url(self) -> str | None:
        """Where people find the pages, None where nobody said. A name of the demo's kind leads nowhere, by RFC 2606."""
        host = urlsplit(self.public_url or "").hostname or ""
        return None if host.endswith(".example") else self.public_url

    @property
    def redis_socket(self) -> Path:
        """Where the bundled Redis listens. A too long path can't be a socket, so that moves to a temporary folder."""
        socket = self.data / "redis" / "redis.sock"
        if len(str(socket).encode()) <= SOCKET_PATH_LIMIT:
            return socket
        return Path("/tmp") / f"stoqflow-{_digest(self.data)}" / "redis.sock"  # noqa: S108 - made with mode 700

    @property
    def redis_address(self) -> str:
        """The address redis-py connects to: REDIS_URL, else the bundled server's socket."""
        return self.redis_url or f"unix://{self.redis_socket}"


def read_settings(environ: Mapping[str, str] | None = None, *, data: Path | None = None, make: bool = True) -> Settings:
    """Settings from `environ` (default: the process's own). Makes the data folder and the two key files when absent.

    With `make` False it only looks: keys that are not there are empty, which does for nothing but looking.
    Raises ValueError with a sentence when a setting can't be used.
    """
    env = os.environ if environ is None else environ
    folder = (data or Path(env.get("STOQFLOW_DATA") or "var")).resolve()
    if make:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    keep = kept if make else _found
    keys = env.get("STOQFLOW_KEYS") or keep(folder / "secrets.key", Fernet.generate_key().decode())
    return Settings(
        data=folder,
        database_url=_database_url(env.get("DATABASE_URL") or f"sqlite:///{folder / 'stoqflow.db'}"),
        redis_url=env.get("REDIS_URL") or None,
        bol_api_url=(env.get("STOQFLOW_BOL_API_URL") or BOL_API_URL).rstrip("/"),
        bol_token_url=env.get("STOQFLOW_BOL_TOKEN_URL") or BOL_TOKEN_URL,
        port=_port(env.get("PORT") or "8000"),
        secret_key=env.get("STOQFLOW_SECRET_KEY") or keep(folder / "session.key", secrets.token_urlsafe(48)),
        keys=_keys(keys) if keys or make else (),
        public_url=(env.get("STOQFLOW_PUBLIC_URL") or "").strip().rstrip("/") or None,
        mail_server=read_mail_server(env["STOQFLOW_SMTP_URL"]) if env.get("STOQFLOW_SMTP_URL") else None,
        mail_from=read_sender(env["STOQFLOW_MAIL_FROM"]) if env.get("STOQFLOW_MAIL_FROM") else "",
    )


def _database_url(url: str) -> str:
    """PostgreSQL's usual address forms all mean the psycopg 3 driver."""
    for prefix in ("postgres://", "postgresql://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    return url


def _port(text: str) -> int:
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise ValueError(f"PORT is {text!r}, which is not a port number from 1 to 65535.")
    return int(text)


def _keys(text: str) -> tuple[str, ...]:
    keys = tuple(key.strip() for key in text.replace(",", "\n").split("\n") if key.strip())
    for key in keys:
        try:
            Fernet(key)
        except ValueError:
            raise ValueError(
                "STOQFLOW_KEYS (or secrets.key in the data folder) holds a key that is not a Fernet key."
            ) from None
    if not keys:
        raise ValueError("STOQFLOW_KEYS holds no key.")
    return keys


def kept(path: Path, fresh: str) -> str:
    """The text in `path`; on the first run `fresh` is written there, readable by its owner only.

    Two processes starting at once agree: the file appears whole or not at all, and whoever is first decides.
    """
    if not path.exists():
        own = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        with os.fdopen(os.open(own, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.write(fresh + "\n")
        with suppress(FileExistsError):
            os.link(own, path)
        own.unlink()
    return path.read_text().strip()


def _found(path: Path, _fresh: str) -> str:
    """The text in `path`; nothing when it is not there or not ours to read."""
    with suppress(OSError):
        return path.read_text().strip()
    return ""


def add_key(settings: Settings) -> Path:
    """Put a newly made key first in the data folder's key file; the file is replaced whole or not at all."""
    path = settings.data / "secrets.key"
    own = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(own, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
        file.write("\n".join([Fernet.generate_key().decode(), *settings.keys]) + "\n")
    own.replace(path)
    return path


def _digest(path: Path) -> str:
    return hashlib.sha256(str(path).encode()).hexdigest()[:12]
