"""E-mail by SMTP.

The password never leaves this machine unencrypted, and stands in no error and no repr.
"""

import re
import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from urllib.parse import unquote, urlsplit

from stoqflow_web.news import Letter, NotDelivered
from stoqflow_web.this_machine import is_this_machine

SECONDS = 20.0  # for each step of the talk
DEFAULT_PORTS = {"smtp": 587, "smtps": 465}
LONGEST_SAID = 300
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")


@dataclass(frozen=True)
class MailServer:
    """Where e-mail is handed over. `is_encrypted` from the first byte; else by STARTTLS where it is offered."""

    host: str
    port: int
    is_encrypted: bool
    user: str = ""
    password: str = field(default="", repr=False)

    @property
    def is_this_machine(self) -> bool:
        return is_this_machine(self.host)


def read_mail_server(url: str) -> MailServer:
    """The server that an address like smtp://user:password@host:587 names. Raises ValueError, without the address."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if host is None or parts.scheme not in DEFAULT_PORTS or parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError(
            "STOQFLOW_SMTP_URL is not an address like smtp://user:password@mail.example.com:587 or smtps://…:465. "
            "Signs such as @ : / in the user or password are written as %40 %3A %2F."
        )
    return MailServer(
        host=host,
        port=port or DEFAULT_PORTS[parts.scheme],
        is_encrypted=parts.scheme == "smtps",
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )


def is_address(text: str) -> bool:
    """Whether this is an e-mail address that every server takes: ASCII, one @, nothing that could end a header."""
    return len(text) <= 254 and bool(_ADDRESS.fullmatch(text))


def read_sender(text: str) -> str:
    """The address or `Name <address>` that e-mail comes from. Raises ValueError with a sentence."""
    _name, address = parseaddr(text)
    if not is_address(address) or not text.isprintable():
        raise ValueError(f"STOQFLOW_MAIL_FROM is {text!r}, which is not an e-mail address.")
    return text


def compose(letter: Letter, *, sender: str, to: str, now: datetime) -> EmailMessage:
    """The e-mail. Nothing in it can begin another header: subject and name are one line each."""
    name, address = parseaddr(sender)
    message = EmailMessage(policy=SMTP)
    message["Subject"] = " ".join(letter.subject.split())
    message["From"] = Address(display_name=" ".join(name.split()), addr_spec=address)
    message["To"] = Address(addr_spec=to)
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{letter.key}@{address.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"  # nobody's out-of-office answers it
    message.set_content(letter.text)
    return message


def send(server: MailServer, letter: Letter, *, sender: str, to: str, now: datetime) -> str:
    """Hand the letter over; what the server said. Raises NotDelivered."""
    try:
        message = compose(letter, sender=sender, to=to, now=now)
    except (ValueError, HeaderParseError):
        raise NotDelivered("This is not an address that e-mail can be sent to.", is_final=True) from None
    try:
        smtp = _connected(server)
        try:
            return _hand_over(smtp, message.as_bytes(), parseaddr(sender)[1], to)
        finally:
            with suppress(smtplib.SMTPException, OSError):  # how it says goodbye changes nothing
                smtp.quit()
            smtp.close()
    except smtplib.SMTPAuthenticationError as error:
        raise NotDelivered(f"The mail server refuses the user or password: {_said(error)}") from None
    except smtplib.SMTPServerDisconnected:
        raise NotDelivered("The mail server ended the connection before it was done.") from None
    except smtplib.SMTPResponseException as error:
        raise NotDelivered(f"The mail server answered: {_said(error)}") from None
    except smtplib.SMTPException as error:
        raise NotDelivered(f"The mail server can't be used: {_one_line(str(error))}") from None
    except TimeoutError:
        raise NotDelivered("The mail server did not answer in time.") from None
    except ssl.SSLError as error:
        raise NotDelivered(f"No safe connection with the mail server: {error.reason or 'TLS failed'}") from None
    except OSError as error:
        raise NotDelivered(
            f"The mail server {server.host}:{server.port} can't be reached: {error.strerror or error}"
        ) from None


def _connected(server: MailServer) -> smtplib.SMTP:
    context = ssl.create_default_context()
    if server.is_encrypted:
        smtp: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=SECONDS, context=context)
    else:
        smtp = smtplib.SMTP(server.host, server.port, timeout=SECONDS)
    try:
        smtp.ehlo_or_helo_if_needed()
        if not server.is_encrypted and smtp.has_extn("starttls"):
            smtp.starttls(context=context)
            smtp.ehlo()
        elif not server.is_encrypted and server.password and not server.is_this_machine:
            raise NotDelivered("The mail server offers no STARTTLS, and the password is not sent unencrypted.")
        if server.user:
            smtp.login(server.user, server.password)
    except BaseException:
        smtp.close()
        raise
    return smtp


def _hand_over(smtp: smtplib.SMTP, message: bytes, sender: str, to: str) -> str:
    """Step by step, because smtplib's own way keeps the server's last answer for itself.

    What is refused for the recipient (5xx after RCPT or DATA) is final; what is wrong with the talk is not.
    """
    _expect(smtp.mail(sender), "sender")
    _expect(smtp.rcpt(to), "recipient")
    return _expect(smtp.data(message), "recipient")


def _expect(answer: tuple[int, bytes], about: str) -> str:
    code, words = answer
    said = _one_line(f"{code} {words.decode('utf-8', 'replace')}")
    if 200 <= code < 300:
        return said
    is_final = about == "recipient" and 500 <= code < 600
    raise NotDelivered(
        f"The mail server refuses it: {said}" if code >= 500 else f"The mail server says not now: {said}",
        is_final=is_final,
    )


def _said(error: smtplib.SMTPResponseException) -> str:
    words = error.smtp_error
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else str(words)
    return _one_line(f"{error.smtp_code} {text}")


def _one_line(text: str) -> str:
    return " ".join(text.split())[:LONGEST_SAID]
