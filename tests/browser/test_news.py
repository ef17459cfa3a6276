"""Somebody is added to the news, tested, mended and switched on, as a browser shows it and with the keyboard."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import PHONE
from tests.browser.test_people import tab_to
from tests.support.webhook_receivers import running_receiver

PATIENCE = 45_000  # a worker does it, in its turn


def test_a_webhook_is_added_and_tested_with_the_keyboard_and_the_answer_appears(house, page, sign_in, shoot):
    with running_receiver() as receiver:
        receiver.status = 404
        sign_in(page)
        page.goto("/news")
        shoot(page, "news-empty")
        tab_to(page, page.get_by_role("link", name="Add", exact=True))
        page.keyboard.press("Enter")
        tab_to(page, page.get_by_label("E-mail", exact=True))
        page.keyboard.press("ArrowDown")
        tab_to(page, page.get_by_label("Name"))
        page.keyboard.type("Chat of the warehouse")
        tab_to(page, page.get_by_label("Address"))
        page.keyboard.type("http://chat.example/hook")
        page.keyboard.press("Enter")
        expect(page.locator("[aria-invalid=true]")).to_be_focused()
        shoot(page, "news-refused")
        page.get_by_label("Address").fill(receiver.url)
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("Copy the secret now")
        secret = page.locator("#secret").inner_text()
        shoot(page, "news-secret")
        tab_to(page, page.get_by_role("link", name="I have copied it"))
        page.keyboard.press("Enter")

        tab_to(page, page.get_by_role("button", name="Send a test"))
        page.keyboard.press("Enter")
        status = page.get_by_role("status").filter(has_text="test")
        expect(status).to_contain_text("The test did not arrive: The receiver answered 404", timeout=PATIENCE)
        assert receiver.received[0].is_signed_with(secret)
        shoot(page, "news-404")

        receiver.status = 200
        page.get_by_role("button", name="Send a test").click()
        expect(status).to_contain_text("The test arrived: 200 OK", timeout=PATIENCE)
        page.get_by_role("button", name="Switch on").click()
        expect(page.locator(".page-head .pill")).to_have_text("On")
        shoot(page, "news-recipient")
        page.goto("/news")
        expect(page.locator("tbody tr")).to_contain_text(re.compile("Chat of the warehouse.*On", re.S))
        shoot(page, "news-list")
        page.set_viewport_size(PHONE)
        shoot(page, "news-list-phone")
        page.locator(".table__link").click()
        shoot(page, "news-recipient-phone")
        page.emulate_media(color_scheme="dark")
        page.set_viewport_size({"width": 1440, "height": 900})
        shoot(page, "news-recipient-dark")


def test_removing_asks_first(house, page, sign_in):
    sign_in(page)
    page.goto("/news/new")
    page.get_by_label("Name").fill("Mia")
    page.get_by_label("Address").fill("mia@example.com")
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Mia")
    page.get_by_role("button", name="Remove").first.click()
    expect(page.get_by_role("dialog")).to_contain_text("what waits is not sent")
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(page.locator("main")).to_contain_text("Nobody hears news yet")
