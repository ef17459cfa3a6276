"""News to people: each topic, by e-mail and webhook, retried, never lost, never a flood, and off by default."""

import os
import signal
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from stoqflow_web import clock as clock_module
from stoqflow_web.exchange import KEYS_REFUSED
from stoqflow_web.extensions import db
from stoqflow_web.models import (
    ImportRun,
    NewsItem,
    NewsMessage,
    NewsRecipient,
    OrderCheck,
    SalesOrder,
    Shop,
    StockComparison,
    Writeback,
    WritebackAttempt,
)
from stoqflow_web.models.news import ACCESS, DIFFERENCE, EXPIRING, REFUSED, SUMMARY, TOPICS
from stoqflow_web.models.writebacks import CONFIRMED, NEEDS_ATTENTION, REJECTED
from stoqflow_web.news.mail import read_mail_server
from stoqflow_web.services import news, news_delivery, news_recipients
from stoqflow_web.transaction import transaction
from tests.support.builders import make_order, make_shop
from tests.support.clocks import MONDAY_MORNING, FrozenClock
from tests.support.jobs import run_jobs
from tests.support.killing import dies_after, in_a_process_of_its_own
from tests.support.mail_servers import DROP, Mailbox, running_mail_server
from tests.support.webhook_receivers import Receiver, running_receiver


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with running_mail_server() as box:
        yield box


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with running_receiver() as receiver:
        yield receiver


@pytest.fixture
def desk(ctx: Flask, clock: FrozenClock, mailbox: Mailbox) -> Flask:
    """The app, with a mail server and an address under which its pages are found."""
    point_at(ctx, mailbox)
    return ctx


def point_at(app: Flask, mailbox: Mailbox) -> None:
    app.extensions["settings"] = replace(
        app.extensions["settings"],
        mail_server=read_mail_server(mailbox.url),
        mail_from="Stoqflow <desk@example.com>",
        public_url="https://desk.example.com",
    )


def add_mail(*topics: str, address: str = "mia@example.com", on: bool = True) -> NewsRecipient:
    recipient, _none = news_recipients.add(
        kind="mail", name="Mia", address=address, topics=topics or TOPICS, summary_at=time(7), user_id=None
    )
    if on:
        news_recipients.switch_on(recipient.id)
    return recipient


def add_webhook(url: str, *topics: str) -> tuple[NewsRecipient, str]:
    recipient, secret = news_recipients.add(
        kind="webhook", name="Chat", address=url, topics=topics or TOPICS, summary_at=time(7), user_id=None
    )
    news_recipients.switch_on(recipient.id)
    assert secret
    return recipient, secret


def refuse(number: int = 1, shop: Shop | None = None) -> list[int]:
    """So many messages that bol.com refused just now."""
    shop = shop or make_shop("Home")
    order = make_order(shop=shop, products=[None], status="complete")
    with transaction() as tx:
        rows = [
            Writeback(
                shop_id=shop.id,
                marketplace_order_id=order.marketplace_order_id,
                sales_order_id=order.id,
                kind="shipment",
                state=NEEDS_ATTENTION,
                why=REJECTED,
                their_sentence="Order item is cancelled\r\nBcc: all@example.com",
                sort_day=clock_module.today(),
                created_at=clock_module.now(),
                not_before=clock_module.now(),
            )
            for _ in range(number)
        ]
        tx.session.add_all(rows)
        tx.session.flush()
        ids = [row.id for row in rows]
        refuse_again(*ids)
    return ids


def refuse_again(*writeback_ids: int) -> None:
    with transaction() as tx:
        at = clock_module.now()
        tx.session.add_all(
            WritebackAttempt(writeback_id=one, at=at, outcome=NEEDS_ATTENTION, details={}) for one in writeback_ids
        )


def set_shop(shop: Shop, **columns: object) -> None:
    with transaction() as tx:
        for name, value in columns.items():
            setattr(tx.session.get_one(Shop, shop.id), name, value)


def check_finds(shop: Shop, *different: str) -> None:
    with transaction() as tx:
        now = clock_module.now()
        tx.session.add(
            OrderCheck(
                shop_id=shop.id, began_at=now, finished_at=now, open_there=5, open_here=5, different=[*different]
            )
        )


def compare_stock(shop: Shop, *, stayed: int) -> None:
    now = clock_module.now()
    with transaction() as tx:
        run = ImportRun(shop_id=shop.id, kind="stock", status="finished", created_at=now)
        tx.session.add(run)
        tx.session.flush()
        counts = {"compared": 9, "different": stayed, "mended": stayed, "stayed": stayed}
        tx.session.add(StockComparison(shop_id=shop.id, run_id=run.id, finished_at=now, is_nightly=True, **counts))


def work() -> None:
    """One round of the scheduler, and what a worker does of it."""
    news.look()
    for message_id in db.session.scalars(select(NewsMessage.id)).all():
        news_delivery.deliver(message_id)  # leaves what is not due


def pass_time(clock: FrozenClock, minutes: int) -> None:
    """A round each minute."""
    for _ in range(minutes):
        clock.jump(minutes=1)
        work()


# Off by default, and the topics


def test_nothing_is_sent_to_whoever_is_not_switched_on(desk, clock, mailbox):
    refuse(3)
    add_mail(on=False)
    pass_time(clock, 20)
    assert mailbox.tries == 0
    assert db.session.scalar(select(func.count(NewsItem.id))) == 0


def test_orders_about_to_expire_are_told_once_and_in_one_message(desk, clock, mailbox):
    today = clock_module.today()
    soon = {"expires_on": today + timedelta(days=1)}
    later = {"expires_on": today + timedelta(days=2)}
    first = make_order(deliver_by=today - timedelta(days=2), items={"expires_on": today})
    second = make_order(deliver_by=today - timedelta(days=1), items=soon)
    make_order(deliver_by=today, items=later)
    make_order(deliver_by=today, items=soon, status="complete")
    add_mail(EXPIRING)
    pass_time(clock, 40)
    assert mailbox.subjects == ["[Stoqflow] 2 orders are about to expire"]
    text = mailbox.text()
    assert text.index(first.number) < text.index(second.number)
    assert "bol.com cancels it on Monday 23 November" in text
    assert "https://desk.example.com/orders" in text


@pytest.mark.both_databases
def test_five_hundred_refusals_are_one_message_and_each_is_told(desk, clock, mailbox):
    add_mail(REFUSED)
    work()
    refuse(499, shop := make_shop("Home"))
    work()
    refuse(2, shop)
    pass_time(clock, 14)
    assert mailbox.subjects == ["[Stoqflow] 501 messages to bol.com need attention"]
    assert mailbox.text().count("\n- SO-") == 20
    assert "… and 481 more." in mailbox.text()
    refuse(3, shop)
    pass_time(clock, 20)
    assert mailbox.subjects[1:] == ["[Stoqflow] 3 messages to bol.com need attention"]


def test_what_was_settled_before_anybody_was_told_is_not_told(desk, clock, mailbox):
    add_mail(REFUSED, EXPIRING)
    repaired, stays = refuse(2)
    order = make_order(deliver_by=clock_module.today(), items={"expires_on": clock_module.today()})
    work()
    with transaction() as tx:
        tx.session.get_one(Writeback, repaired).state = CONFIRMED
        tx.session.get_one(SalesOrder, order.id).status = "complete"
    pass_time(clock, 2)
    assert mailbox.subjects == ["[Stoqflow] 1 message to bol.com needs attention"]
    with transaction() as tx:
        tx.session.get_one(Writeback, stays).state = CONFIRMED
    pass_time(clock, 30)
    assert len(mailbox.letters) == 1


def test_a_message_refused_a_second_time_is_told_a_second_time(desk, clock, mailbox):
    add_mail(REFUSED)
    (row,) = refuse()
    pass_time(clock, 30)
    assert len(mailbox.letters) == 1
    refuse_again(row)
    pass_time(clock, 20)
    assert len(mailbox.letters) == 2


def test_what_others_wrote_begins_neither_a_header_nor_a_line(desk, clock, mailbox):
    shop = make_shop("Home\r\nBcc: all@example.com")
    set_shop(shop, access_lost_at=clock_module.now(), access_lost_because=KEYS_REFUSED)
    refuse(1, shop)
    add_mail(REFUSED, ACCESS)
    pass_time(clock, 3)
    assert len(mailbox.letters) == 2
    for place, letter in enumerate(mailbox.letters):
        assert letter["Bcc"] is None
        assert "\nBcc" not in mailbox.text(place)
    assert any("Bcc: all@example.com" in subject for subject in mailbox.subjects)


def test_lost_access_is_told_when_it_begins_and_when_it_ends(desk, clock, mailbox):
    shop = make_shop("Home")
    add_mail(ACCESS)
    set_shop(shop, access_lost_at=clock_module.now(), access_lost_because=KEYS_REFUSED)
    pass_time(clock, 60)
    set_shop(shop, access_lost_at=None, access_lost_because=None)
    pass_time(clock, 60)
    assert mailbox.subjects == [
        "[Stoqflow] Home: bol.com refuses the keys since today 09:12",
        "[Stoqflow] Home: bol.com refuses the keys is over after 1 h",
    ]


def test_a_silence_is_told_after_ten_minutes_and_a_short_one_is_not(desk, clock, mailbox):
    shop = make_shop("Home")
    add_mail(ACCESS)
    set_shop(shop, trouble="silent", trouble_since=clock_module.now())
    pass_time(clock, 9)
    set_shop(shop, trouble=None, trouble_since=None)
    pass_time(clock, 2)
    assert mailbox.letters == []
    set_shop(shop, trouble="silent", trouble_since=clock_module.now())
    pass_time(clock, 12)
    assert [subject[:43] for subject in mailbox.subjects] == ["[Stoqflow] Home: bol.com does not answer si"]


def test_a_difference_is_told_with_its_end(desk, clock, mailbox):
    shop = make_shop("Home")
    add_mail(DIFFERENCE)
    check_finds(shop, "C1", "C2")
    pass_time(clock, 5)
    check_finds(shop, "C1")  # the next check finds less of the same trouble: no news
    pass_time(clock, 30)
    check_finds(shop)
    pass_time(clock, 5)
    assert [subject.removeprefix("[Stoqflow] ") for subject in mailbox.subjects] == [
        "Home: a difference of 2 orders since today 09:12",
        "Home: a difference of 2 orders is over after 36 min",
    ]


def test_stock_that_stays_different_is_told_once(desk, clock, mailbox):
    shop = make_shop("Home")
    add_mail(DIFFERENCE)
    compare_stock(shop, stayed=0)
    pass_time(clock, 3)
    assert mailbox.letters == []
    for stayed in (3, 2, 0):
        compare_stock(shop, stayed=stayed)
        pass_time(clock, 20)
    what = "[Stoqflow] Home: the stock of 3 offers stays different at bol.com"
    assert mailbox.subjects == [f"{what} since today 09:15", f"{what} is over after 41 min"]


# The daily summary


def moment(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


@pytest.mark.parametrize(
    ("before", "due"),
    [
        (moment(2026, 3, 28, 5, 59), moment(2026, 3, 28, 6, 0)),  # winter time
        (moment(2026, 3, 29, 4, 59), moment(2026, 3, 29, 5, 0)),  # the clocks went ahead this night
        (moment(2026, 10, 25, 5, 59), moment(2026, 10, 25, 6, 0)),  # and back
    ],
)
def test_the_summary_comes_at_seven_by_the_clock_on_the_wall_and_once(desk, clock, mailbox, before, due):
    clock.set(before - timedelta(days=1))
    add_mail(SUMMARY)
    clock.set(before)
    work()
    assert mailbox.letters == []
    clock.set(due)
    for _ in range(5):
        work()
        clock.jump(hours=1)
    assert len(mailbox.letters) == 1


def test_a_week_of_summaries_over_a_change_of_the_clocks_is_seven(desk, clock, mailbox):
    clock.set(moment(2026, 10, 21, 12))
    add_mail(SUMMARY)
    for _ in range(7 * 24):
        clock.jump(hours=1)
        work()
    assert mailbox.subjects == [
        f"[Stoqflow] Summary of {day} October"
        for day in (
            "Thursday 22",
            "Friday 23",
            "Saturday 24",
            "Sunday 25",
            "Monday 26",
            "Tuesday 27",
            "Wednesday 28",
        )
    ]


def test_a_summary_missed_while_all_was_down_comes_late_once_or_not_at_all(desk, clock, mailbox):
    clock.set(moment(2026, 11, 22, 12))
    add_mail(SUMMARY)
    clock.set(moment(2026, 11, 23, 11, 59))  # 12:59 here: six hours have not passed
    work()
    work()
    assert mailbox.subjects == ["[Stoqflow] Summary of Monday 23 November"]
    clock.set(moment(2026, 11, 24, 12, 0))
    work()
    assert len(mailbox.letters) == 1


def test_the_summary_counts_what_happened_yesterday(desk, clock, mailbox):
    clock.set(MONDAY_MORNING - timedelta(days=1))
    shop = make_shop("Home", synced_at=clock_module.now())
    add_mail(SUMMARY)
    for status in ("complete", "complete", "canceled"):
        make_order(shop=shop, status=status, ended_at=clock_module.now(), placed_at=clock_module.now())
    make_order(shop=shop, deliver_by=clock_module.today() + timedelta(days=2), placed_at=clock_module.now())
    refuse(1, shop)
    clock.set(MONDAY_MORNING)
    work()
    lines = {line.strip() for line in mailbox.text().splitlines()}
    assert {
        "2  complete",
        "1  canceled",
        "0  confirmed by bol.com",
        "1  must leave today",
        "1  need attention",
    } <= lines
    assert any(line.startswith("Home: healthy, synced yesterday") for line in lines)


# Webhooks


def test_a_webhook_is_signed_and_says_what_an_email_says(desk, clock, receiver):
    _recipient, secret = add_webhook(receiver.url, REFUSED)
    refuse(2)
    pass_time(clock, 2)
    (call,) = receiver.received
    assert call.is_signed_with(secret)
    assert not call.is_signed_with("whsec_" + "A" * 32)
    assert call.json["type"] == "stoqflow.refused"
    assert call.json["data"]["number"] == len(call.json["data"]["items"]) == 2
    assert call.json["data"]["link"] == "https://desk.example.com/needs-attention"
    assert abs(int(call.headers["webhook-timestamp"]) - clock_module.now().timestamp()) < 1


def test_a_webhook_repeats_with_the_same_id_and_obeys_retry_after(desk, clock, receiver):
    add_webhook(receiver.url, REFUSED)
    refuse()
    receiver.status, receiver.headers = 503, {"Retry-After": "1200"}
    pass_time(clock, 19)
    assert len(receiver.received) == 1
    receiver.status, receiver.headers = 200, {}
    pass_time(clock, 5)
    first, second = receiver.received
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body


@pytest.mark.parametrize("address", [None, "https://stoqflow.example"])
def test_without_an_address_of_the_pages_and_in_the_demo_there_is_no_link(desk, clock, receiver, address):
    desk.extensions["settings"] = replace(desk.extensions["settings"], public_url=address)
    add_webhook(receiver.url, REFUSED)
    refuse()
    pass_time(clock, 2)
    assert receiver.received[0].json["data"]["link"] is None


def test_redirects_are_not_followed(desk, clock, receiver):
    with running_receiver() as elsewhere:
        receiver.status, receiver.headers = 307, {"Location": elsewhere.url}
        recipient, _secret = add_webhook(receiver.url, REFUSED)
        refuse()
        pass_time(clock, 3)
        assert (len(receiver.received), elsewhere.received) == (1, [])
    assert "Redirects are not followed" in db.session.get_one(NewsRecipient, recipient.id).said


# Retried, never lost


def test_an_outage_of_a_day_ends_with_one_message_of_each_topic(desk, clock, mailbox):
    shop = make_shop("Home")
    add_mail(REFUSED)
    mailbox.answers["MAIL"] = "451 not now"
    for _ in range(24):
        refuse(1, shop)
        clock.jump(hours=1)
        work()
    assert 10 < mailbox.tries <= 25
    assert mailbox.letters == []
    mailbox.answers.clear()
    pass_time(clock, 100)
    assert mailbox.subjects == [
        "[Stoqflow] 2 messages to bol.com need attention",  # what there was when it began
        "[Stoqflow] 22 messages to bol.com need attention",
    ]


def test_an_address_that_is_refused_shows_so_and_gets_all_of_it_once_it_is_mended(desk, clock, mailbox):
    recipient = add_mail(REFUSED)
    mailbox.answers["RCPT"] = "550 no such user"
    refuse()
    pass_time(clock, 120)
    assert mailbox.tries == 1  # knocking again would not help
    listed = db.session.get_one(NewsRecipient, recipient.id)
    assert listed.is_failing
    assert listed.said == "The mail server refuses it: 550 no such user"
    mailbox.answers.clear()
    news_recipients.change(
        recipient.id, name="Mia", address="mia@elsewhere.example", topics=[REFUSED], summary_at=time(7)
    )
    work()
    assert mailbox.letters[0]["To"] == "mia@elsewhere.example"
    assert not db.session.get_one(NewsRecipient, recipient.id).is_failing


def test_a_good_test_sends_what_waits_at_once(desk, clock, mailbox):
    recipient = add_mail(REFUSED)
    mailbox.answers["RCPT"] = "550 no such user"
    refuse()
    pass_time(clock, 5)
    mailbox.answers.clear()
    news_recipients.send_test(recipient.id)
    run_jobs(desk)
    news_delivery.sweep()
    run_jobs(desk)
    assert mailbox.subjects == [
        "[Stoqflow] A test: news from Stoqflow arrives here",
        "[Stoqflow] 1 message to bol.com needs attention",
    ]


def test_a_line_cut_after_the_letter_repeats_it_under_the_same_message_id(desk, clock, mailbox):
    add_mail(REFUSED)
    mailbox.answers["END"] = DROP
    refuse()
    pass_time(clock, 2)
    assert len(mailbox.letters) == 1
    mailbox.answers.clear()
    pass_time(clock, 3)
    first, second = (letter["Message-ID"] for letter in mailbox.letters)
    assert first == second


@pytest.mark.both_databases
@pytest.mark.parametrize("step", ["claimed", "sent"])
def test_a_worker_killed_after_this_step_loses_nothing(desk, clock, mailbox, step):
    add_mail(REFUSED)
    refuse()
    news.look()
    clock.jump(minutes=1)
    news.look()
    message_id = db.session.scalars(select(NewsMessage.id)).one()

    pid = in_a_process_of_its_own(lambda: news_delivery.deliver(message_id, on_step=dies_after(step)))
    assert os.WTERMSIG(os.waitpid(pid, 0)[1]) == signal.SIGKILL
    work()  # restarted at once: the dead worker's lease still holds
    assert len(mailbox.letters) == (1 if step == "sent" else 0)
    pass_time(clock, 6)
    ids = [letter["Message-ID"] for letter in mailbox.letters]
    assert (len(ids), len(set(ids))) == ((2, 1) if step == "sent" else (1, 1))
    assert db.session.scalars(select(NewsMessage.state)).all() == ["sent"]


@pytest.mark.both_databases
def test_two_schedulers_and_two_workers_at_once_send_one_message(app, desk, clock, mailbox):
    clock.set(moment(2026, 11, 22, 12))
    add_mail(SUMMARY, REFUSED)
    refuse(5)
    news.look()
    clock.set(moment(2026, 11, 23, 7))
    db.session.rollback()
    together = threading.Barrier(2)
    faults: list[BaseException] = []

    def round_of_work() -> None:
        try:
            with app.app_context():
                together.wait()
                news.look()
                together.wait()
                for message_id in db.session.scalars(select(NewsMessage.id)).all():
                    news_delivery.deliver(message_id)
        except BaseException as fault:
            faults.append(fault)

    threads = [threading.Thread(target=round_of_work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert sorted(mailbox.subjects) == [
        "[Stoqflow] 5 messages to bol.com need attention",
        "[Stoqflow] Summary of Monday 23 November",
    ]


def test_what_was_not_told_when_it_was_switched_off_is_told_when_it_still_matters(desk, clock, mailbox):
    recipient = add_mail(REFUSED)
    mailbox.answers["MAIL"] = "451 not now"
    refuse()
    pass_time(clock, 3)
    news_recipients.switch_off(recipient.id)
    mailbox.answers.clear()
    pass_time(clock, 60)
    assert mailbox.letters == []
    news_recipients.switch_on(recipient.id)
    pass_time(clock, 30)
    assert len(mailbox.letters) == 1


def test_what_was_told_long_ago_is_forgotten(desk, clock, mailbox):
    add_mail(REFUSED)
    ids = refuse()
    pass_time(clock, 3)
    with transaction() as tx:
        tx.session.get_one(Writeback, ids[0]).state = "withdrawn"
    clock.jump(days=91)
    assert news.forget_old() == 1
    assert news.forget_old() == 1
    assert news.forget_old() == 0
