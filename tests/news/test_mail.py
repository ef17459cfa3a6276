"""E-mail: what settings may say, and what the server may do."""

import ssl
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from stoqflow_web.news import Letter, NotDelivered
from stoqflow_web.news.mail import MailServer, compose, is_address, read_mail_server, read_sender, send
from stoqflow_web.settings import read_settings
from tests.support.mail_servers import DROP, certificate, running_mail_server

NOW = datetime(2026, 11, 23, 8, 12, tzinfo=UTC)
LETTER = Letter("msg_1", "Two\r\nBcc: all@example.com", "Zoë\n.\n.dot\n")
SENDER = "Stoqflow <desk@example.com>"


def test_an_address_of_a_mail_server_is_read_with_its_signs():
    assert read_mail_server("smtp://us%40er:p%3Aw@mail.example.com") == MailServer(
        "mail.example.com", 587, False, "us@er", "p:w"
    )
    assert read_mail_server("smtps://mail.example.com").port == 465


@pytest.mark.parametrize("url", ["mail.example.com:25", "https://x", "smtp://", "smtp://h:port", "smtp://u:se/cret@h"])
def test_what_is_no_mail_server_is_refused_without_repeating_it(url):
    with pytest.raises(ValueError, match="STOQFLOW_SMTP_URL") as refusal:
        read_mail_server(url)
    assert "cret" not in str(refusal.value)


def test_the_password_stands_in_no_repr(tmp_path):
    environ = {"STOQFLOW_SMTP_URL": "smtp://me:hush-hush@mail.example.com", "STOQFLOW_MAIL_FROM": SENDER}
    assert "hush" not in repr(read_settings(environ, data=tmp_path))


@pytest.mark.parametrize("sender", ["nobody", "a@b\r\nBcc: c@d", "Name <not an address>"])
def test_what_is_no_sender_is_refused(sender):
    with pytest.raises(ValueError, match="STOQFLOW_MAIL_FROM"):
        read_sender(sender)


@pytest.mark.parametrize("text", ["a@b\nBcc: c@d", "a b@c", "a@b@c", "<a@b>", "a@b,c@d", "ä@b.nl", "a@"])
def test_what_could_be_more_than_one_address_is_none(text):
    assert not is_address(text)


def test_a_letter_arrives_as_it_was_written_under_its_key():
    with running_mail_server() as box:
        said = send(read_mail_server(box.url), LETTER, sender=SENDER, to="mia@example.com", now=NOW)
        (letter,) = box.letters
    assert said == "250 2.0.0 kept"
    assert letter["Subject"] == "Two Bcc: all@example.com"
    assert letter["Bcc"] is None
    assert letter["Message-ID"] == "<msg_1@example.com>"
    assert box.text().replace("\r\n", "\n") == LETTER.text


@pytest.mark.parametrize(
    ("answers", "is_final", "words"),
    [
        ({"RCPT": "550 no such user"}, True, "550 no such user"),
        ({"RCPT": "450 mailbox busy"}, False, "450 mailbox busy"),
        ({"END": "554 looks like spam"}, True, "554 looks like spam"),
        ({"MAIL": "530 sign in first"}, False, "530 sign in first"),
        ({"RCPT": DROP}, False, "ended the connection"),
        ({"EHLO": DROP}, False, "ended the connection"),
    ],
)
def test_it_is_told_apart_whether_trying_again_helps(answers, is_final, words):
    with running_mail_server() as box:
        box.answers.update(answers)
        with pytest.raises(NotDelivered, match=words) as refusal:
            send(read_mail_server(box.url), LETTER, sender=SENDER, to="mia@example.com", now=NOW)
    assert refusal.value.is_final is is_final


def test_how_the_server_says_goodbye_changes_nothing():
    with running_mail_server() as box:
        box.answers["QUIT"] = "500 what?"
        send(read_mail_server(box.url), LETTER, sender=SENDER, to="mia@example.com", now=NOW)
    assert len(box.letters) == 1


def test_where_nobody_listens_the_sentence_names_the_server_and_no_password():
    with pytest.raises(NotDelivered, match=r"127\.0\.0\.1:9") as refusal:
        send(read_mail_server("smtp://me:hush@127.0.0.1:9"), LETTER, sender=SENDER, to="mia@example.com", now=NOW)
    assert "hush" not in refusal.value.sentence


def test_a_header_can_not_be_begun_by_a_recipient():
    with pytest.raises(ValueError, match=r"[\s\S]*"):
        compose(LETTER, sender=SENDER, to="a@b.nl\r\nBcc: c@d.nl", now=NOW)


@contextmanager
def server_with_tls(file):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    with running_mail_server() as box:
        box.tls = context
        yield box, read_mail_server(box.url.replace("smtp://", "smtp://me:hush@"))


def test_the_password_travels_encrypted_where_that_is_offered(tmp_path, monkeypatch):
    file = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))  # this machine trusts it
    with server_with_tls(file) as (box, server):
        send(server, LETTER, sender=SENDER, to="mia@example.com", now=NOW)
    assert [line for line, is_encrypted in box.heard if not is_encrypted][1:] == ["STARTTLS"]
    assert any(line.startswith("AUTH PLAIN") for line, _is_encrypted in box.heard)
    assert len(box.letters) == 1


def test_to_a_server_that_nobody_vouches_for_neither_password_nor_letter_goes(tmp_path):
    with (
        server_with_tls(certificate(tmp_path)) as (box, server),
        pytest.raises(NotDelivered, match="No safe connection"),
    ):
        send(server, LETTER, sender=SENDER, to="mia@example.com", now=NOW)
    assert not any(line.startswith(("AUTH", "MAIL")) for line, _is_encrypted in box.heard)


def test_where_no_encryption_is_offered_the_password_stays_here():
    with running_mail_server() as box:
        elsewhere = read_mail_server(box.url.replace("smtp://127.0.0.1", "smtp://me:hush@0.0.0.0"))
        with pytest.raises(NotDelivered, match="no STARTTLS"):
            send(elsewhere, LETTER, sender=SENDER, to="mia@example.com", now=NOW)
    assert not any(line.startswith("AUTH") for line, _is_encrypted in box.heard)


def test_a_refused_password_is_told_without_it():
    with running_mail_server() as box:
        box.answers["AUTH"] = "535 wrong"
        server = read_mail_server(box.url.replace("smtp://", "smtp://me:hush@"))
        with pytest.raises(NotDelivered, match="refuses the user or password: 535 wrong") as refusal:
            send(server, LETTER, sender=SENDER, to="mia@example.com", now=NOW)
    assert "hush" not in refusal.value.sentence
    assert not refusal.value.is_final
