"""The home page while it stays open, and deadlines that count down."""

from datetime import datetime

from playwright.sync_api import expect

from stoqflow_web.extensions import db
from stoqflow_web.models import Shop
from tests.support.builders import make_order

# A request that is on its way while the clock jumps would be given up as too slow.
NOTHING_IS_ASKED = "() => document.querySelectorAll('[hx-trigger]').forEach((asking) => asking.remove())"
ADD_A_COUNTDOWN = """() => {
  const now = Number(document.querySelector("meta[name=countdown]").dataset.now), at = now + 3 * 3600 + 12 * 60;
  const turns = [[now - 9, "warn", "Tomorrow"], [now + 60, "danger", "Today · {long} left"]];
  turns.push([at, "danger", "Late · {short}"]);
  const pill = document.createElement("span");
  pill.id = "counted";
  pill.className = "pill pill--warn";
  pill.textContent = "Tomorrow";
  pill.dataset.countdown = JSON.stringify({ at, turns });
  document.querySelector("main").append(pill);
}"""

ADD_A_MOMENT = """() => {
  const time = document.createElement("time");
  time.id = "told";
  time.dateTime = new Date().toISOString();
  time.dataset.ago = "";
  document.querySelector("main").append(time);
}"""


def test_a_deadline_counts_on_while_the_page_stays_open_even_where_the_clock_is_wrong(house, page, sign_in):
    sign_in(page)
    page.clock.install(time=datetime(2020, 1, 1))
    page.goto("/orders")
    page.evaluate(NOTHING_IS_ASKED)
    page.evaluate(ADD_A_COUNTDOWN)
    pill = page.locator("#counted")
    page.clock.fast_forward(31_000)
    expect(pill).to_have_text("Tomorrow")
    page.clock.fast_forward(30_000)
    expect(pill).to_have_text("Today · 3 h 10 min left")
    expect(pill).to_have_class("pill pill--danger")
    page.clock.fast_forward("02:00:00")
    expect(pill).to_have_text("Today · 1 h 10 min left")
    page.clock.fast_forward("03:00:00")
    expect(pill).to_have_text("Late · 1 h")
    page.clock.fast_forward("50:00:00")
    expect(pill).to_have_text("Late · 2 days")


def test_how_long_ago_something_was_is_true_hours_later(house, page, sign_in):
    sign_in(page)
    page.clock.install()
    page.goto("/orders")
    page.evaluate(NOTHING_IS_ASKED)
    page.evaluate(ADD_A_MOMENT)
    page.clock.fast_forward("02:10:00")
    expect(page.locator("#told")).to_have_text("2 h ago")


def test_a_new_order_is_counted_on_the_open_page_and_the_focus_stays(filled_house, page, sign_in, shoot):
    sign_in(page)
    page.clock.install()
    page.goto("/")
    tile = page.locator("#tile-ready .tile__value")
    before = int(tile.inner_text())
    page.locator("#tile-ready").focus()
    with filled_house.app.app_context():
        make_order(shop=db.session.get(Shop, 1))
    page.clock.fast_forward(21_000)
    expect(tile).to_have_text(str(before + 1))
    expect(page.locator("#tile-ready")).to_be_focused()
    shoot(page, "today")
    page.keyboard.press("Enter")
    expect(page.locator("#orders tbody tr")).to_have_count(before + 1)
