"""The pages of news: for managers, with a test that tells what the other side said."""

from dataclasses import replace
from datetime import time

import pytest

from stoqflow_web import clock as clock_module
from stoqflow_web.extensions import db, vault
from stoqflow_web.models import NewsItem, NewsMessage, NewsRecipient
from stoqflow_web.models.news import SUMMARY
from stoqflow_web.news.mail import read_mail_server
from stoqflow_web.services import news_delivery, news_recipients
from stoqflow_web.transaction import transaction
from tests.support.jobs import run_jobs
from tests.support.mail_servers import running_mail_server
from tests.support.webhook_receivers import running_receiver

ADDRESS = "mia@example.com"


def add_by_hand(browser, **fields):
    browser.get("/news/new")
    return browser.submit("#recipient-form", **({"name": "Mia", "address": ADDRESS} | fields))


def only():
    return db.session.query(NewsRecipient).one()


def test_staff_have_nothing_to_do_with_it(ctx, signed_in):
    staff = signed_in("staff")
    assert staff.get("/news").status == 403
    assert "News" not in staff.get("/orders").texts(".nav__label")


def test_who_is_added_is_off_until_somebody_switches_it_on(ctx, signed_in):
    browser = signed_in()
    page = add_by_hand(browser, summary=None)
    assert "off" in page.text
    assert not only().is_on
    assert "summary" not in only().topics
    browser.submit("form[action$='/activation']")
    assert only().is_on
    browser.submit("form[action$='/deactivation']")
    assert not only().is_on


def test_the_answer_to_a_test_is_shown_also_to_one_that_is_off(ctx, signed_in):
    with running_mail_server() as box:
        ctx.extensions["settings"] = replace(
            ctx.extensions["settings"], mail_server=read_mail_server(box.url), mail_from="desk@example.com"
        )
        browser = signed_in()
        add_by_hand(browser)
        page = browser.submit("form[action$='/tests']")
        assert "The test is being sent…" in page.text
        assert page.one("#delivery")["hx-trigger"] == "every 1s"
        browser.submit("form[action$='/tests']")  # twice in a row is one
        run_jobs(ctx)
        part = browser.htmx_get(f"/news/{only().id}/tests")
        assert "The test arrived: 250 2.0.0 kept" in part.text
        assert not part.one("#delivery").has_attr("hx-trigger")
        assert len(box.letters) == 1


def test_without_a_mail_server_the_test_says_which_settings_are_missing(ctx, signed_in):
    browser = signed_in()
    page = add_by_hand(browser)
    assert "STOQFLOW_SMTP_URL" in page.text
    browser.submit("form[action$='/tests']")
    run_jobs(ctx)
    assert "The test did not arrive: No mail server is set" in browser.get(f"/news/{only().id}").text


def test_a_test_that_did_not_arrive_is_no_delivery_and_is_forgotten_once_something_arrives(ctx, signed_in, clock):
    with running_receiver() as receiver:
        browser = signed_in()
        add_by_hand(browser, kind="webhook", address=receiver.url)
        for status in (200, 500):
            receiver.status = status
            clock.jump(minutes=1)
            news_recipients.send_test(only().id)
            run_jobs(ctx)
        said = "The test did not arrive: The receiver answered 500"
        assert said in browser.get(f"/news/{only().id}").text
        cell = browser.get("/news").one("td[data-label='Last delivered']").get_text(" ", strip=True)
        assert cell.startswith("1 min ago, 200 OK")
        assert said in cell
        receiver.status = 200
        deliver_something(only())
        run_jobs(ctx)
        assert "did not arrive" not in browser.get(f"/news/{only().id}").text
        assert "did not arrive" not in browser.get("/news").text


def deliver_something(recipient: NewsRecipient) -> None:
    """News that is no test."""
    with transaction() as tx:
        tx.session.merge(recipient).on_since = clock_module.now()
        now = clock_module.now()
        tx.session.add(NewsMessage(recipient_id=recipient.id, topic=SUMMARY, key="one", created_at=now, not_before=now))
    assert news_delivery.sweep() == 1


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"address": "nobody"}, "address"),
        ({"address": "a@b.nl\r\nBcc: c@d.nl"}, "address"),
        ({"kind": "webhook", "address": "http://a.example/"}, "address"),
        ({"name": ""}, "name"),
    ],
)
def test_what_can_not_be_used_is_said_beside_its_field(ctx, signed_in, fields, field):
    page = add_by_hand(signed_in(), **fields)
    assert page.status == 422
    assert page.error_beside(field)
    assert db.session.query(NewsRecipient).count() == 0


def test_without_a_topic_it_is_refused(ctx, signed_in):
    page = add_by_hand(signed_in(), expiring=None, refused=None, access=None, difference=None, summary=None)
    assert (page.status, "Choose at least one." in page.text) == (422, True)


def test_a_webhooks_secret_is_shown_once_and_kept_encrypted(ctx, signed_in):
    browser = signed_in()
    page = add_by_hand(browser, kind="webhook", address="https://a.example/hook")
    secret = page.one("#secret").get_text(strip=True)
    assert secret.startswith("whsec_")
    recipient = only()
    assert vault().unlock(recipient.secret_encrypted) == secret
    assert secret.encode() not in recipient.secret_encrypted
    assert secret not in browser.get(f"/news/{recipient.id}").html
    newer = browser.submit("form[action$='/secrets']").one("#secret").get_text(strip=True)
    assert newer != secret
    again = add_by_hand(browser, kind="webhook", address="https://a.example/hook")
    assert "here already" in again.error_beside("address")


def test_who_gets_nothing_is_counted_in_the_menu_and_says_why(ctx, signed_in, clock):
    browser = signed_in()
    add_by_hand(browser)
    with transaction() as tx:
        one = tx.session.query(NewsRecipient).one()
        one.on_since = one.failing_since = clock()
        one.said = "The mail server refuses it: 550 no such user"
    page = browser.get("/news")
    assert page.texts(".nav__count--urgent") == ["1"]
    assert "Nothing arrives since today 09:12" in page.text
    assert "550 no such user" in page.text


def test_who_is_removed_is_gone_with_what_waited(ctx, signed_in):
    browser = signed_in()
    add_by_hand(browser)
    news_recipients.send_test(only().id)
    page = browser.submit("form[action$='/removal']")
    assert page.heading == "News"
    assert db.session.query(NewsRecipient).count() == db.session.query(NewsMessage).count() == 0


def test_the_secrets_of_webhooks_are_encrypted_with_the_newest_key(ctx):
    recipient, secret = news_recipients.add(
        kind="webhook", name="Chat", address="https://a.example", topics=["access"], summary_at=time(7), user_id=None
    )
    before = recipient.secret_encrypted
    assert news_recipients.rotate_secrets() == 1
    after = only().secret_encrypted
    assert after != before
    assert vault().unlock(after) == secret


def test_what_is_kept_for_the_next_message_is_counted(ctx, signed_in):
    browser = signed_in()
    add_by_hand(browser)
    browser.submit("form[action$='/activation']")
    assert "For the next message" not in browser.get(browser.page.url).text
    with transaction() as tx:
        item = {"topic": "access", "subject": "access-1", "facts": {}, "is_open": True, "noted_at": clock_module.now()}
        tx.session.add(NewsItem(recipient_id=only().id, key="access-1-1", **item))
    page = browser.get(browser.page.url)
    assert "For the next message 1" in page.text
    assert "It goes within two minutes" in page.text
