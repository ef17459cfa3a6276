"""A real SMTP server for tests: it keeps what it accepts, and refuses, drops or stays silent when told to."""

import email
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import default
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


@dataclass
class Mailbox:
    """`answers` gives what a step (MAIL, RCPT, DATA, END) is answered instead of yes; DROP cuts the line there.

    DROP at END means: the letter was accepted, and the sender never hears it.
    """

    letters: list[EmailMessage] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    tries: int = 0
    url: str = ""
    tls: ssl.SSLContext | None = None  # with it STARTTLS is offered
    heard: list[tuple[str, bool]] = field(default_factory=list)  # each line of the talk, and whether it was encrypted

    @property
    def subjects(self) -> list[str]:
        return [str(letter["Subject"]) for letter in self.letters]

    def text(self, place: int = -1) -> str:
        return str(self.letters[place].get_content())


DROP = "DROP"


class _Talk(socketserver.StreamRequestHandler):
    timeout = 10

    def handle(self) -> None:
        box: Mailbox = self.server.box  # type: ignore[attr-defined]
        box.tries += 1
        self._say("220 pretend mail")
        while line := self.rfile.readline().strip().decode():
            is_encrypted = isinstance(self.connection, ssl.SSLSocket)
            box.heard.append((line, is_encrypted))
            step = line.partition(" ")[0].partition(":")[0].upper()
            if box.answers.get(step) == DROP:
                return
            if step in box.answers:
                self._say(box.answers[step])
            elif step == "EHLO" and box.tls:
                self._say("250-pretend mail\r\n250 " + ("AUTH PLAIN" if is_encrypted else "STARTTLS"))
            elif step == "EHLO":
                self._say("250-pretend mail\r\n250 AUTH PLAIN")
            elif step == "STARTTLS" and box.tls:
                self._say("220 go on")
                self._encrypt(box.tls)
            elif step == "AUTH":
                self._say("235 welcome")
            elif step == "DATA":
                if not self._take_letter(box):
                    return
            elif step == "QUIT":
                self._say("221 goodbye")
                return
            else:
                self._say("250 fine")

    def _take_letter(self, box: Mailbox) -> bool:
        self._say("354 go on")
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        answer = box.answers.get("END", "250 2.0.0 kept")
        if answer == DROP or answer.startswith("2"):
            box.letters.append(email.message_from_bytes(b"".join(lines), policy=default))
        if answer == DROP:
            return False
        self._say(answer)
        return True

    def _encrypt(self, tls: ssl.SSLContext) -> None:
        self.connection = tls.wrap_socket(self.connection, server_side=True)
        self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", 0)

    def _say(self, words: str) -> None:
        self.wfile.write(words.encode() + b"\r\n")


def certificate(folder: Path) -> Path:
    """A file with a certificate for 127.0.0.1 and its key, signed by nobody but itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "mail.pem"
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    box: Mailbox


@contextmanager
def running_mail_server(port: int = 0) -> Iterator[Mailbox]:
    with _Server(("127.0.0.1", port), _Talk) as server:
        server.box = Mailbox(url=f"smtp://127.0.0.1:{server.server_address[1]}")
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        try:
            yield server.box
        finally:
            server.shutdown()
