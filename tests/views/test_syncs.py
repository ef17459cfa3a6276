"""The cards of a shop's page that tell how it keeps in step, and Sync now."""

from collections.abc import Callable

import pytest
from flask import Flask

from stoqflow_web.bol.sandbox import RunningSandbox, SandboxOptions
from stoqflow_web.exchange import ACCOUNT_INACTIVE
from stoqflow_web.extensions import db
from stoqflow_web.models import ImportProblem, ImportRun, OrderCheck
from stoqflow_web.services import checking_orders, shops, syncing
from tests.services.transfers import new_run
from tests.support.browsing import Browser
from tests.support.clocks import FrozenClock
from tests.support.desk import Desk
from tests.support.syncs import carried_on, checks, sync, tick


@pytest.fixture
def sandbox_options(clock: FrozenClock) -> SandboxOptions:
    return SandboxOptions(orders=0, offers=8, process_delay=0.1, limits=False, standing_clock=clock.moment)


@pytest.fixture
def desk(ctx: Flask, sandbox: RunningSandbox, clock: FrozenClock) -> Desk:
    return Desk(sandbox, clock)


def card(browser: Browser, desk: Desk, name: str = "syncs") -> str:
    return browser.htmx_get(f"/shops/{desk.shop_id}/{name}").text


def test_the_card_says_when_the_last_and_the_next_sync_are(desk: Desk, signed_in: Callable[..., Browser]) -> None:
    browser = signed_in()
    assert "New orders every minute Last not yet Next in a moment" in card(browser, desk)
    sync(desk.shop_id)
    desk.world.place_order()
    desk.jump(minutes=1)
    tick()
    desk.jump(seconds=14)
    assert "Last 14 s ago, 1 new Next in 46 s" in card(browser, desk)


def test_a_sync_that_must_wait_says_why_and_until_when(
    desk: Desk, sandbox: RunningSandbox, signed_in: Callable[..., Browser]
) -> None:
    sandbox.world.answer_next(429, "", headers={"Retry-After": "300"}, method="GET", path="/retailer/orders", count=9)
    sync(desk.shop_id)
    told = card(signed_in(), desk)
    assert "tries again in 30" in told  # and some jitter
    assert "limit" in told


@pytest.mark.parametrize(
    ("what_happens", "words"),
    [
        (lambda shop_id: shops.pause(shop_id, user_id=None), "Next not while the shop is paused"),
        (lambda shop_id: shops.mark_access_lost(shop_id, "no"), "Next not before the keys are replaced"),
        (
            lambda shop_id: shops.mark_access_lost(shop_id, "no", because=ACCOUNT_INACTIVE),
            "Next not before bol.com says that the account is active",
        ),
        (lambda shop_id: new_run(shop_id, "orders"), "Next"),
    ],
    ids=["paused", "locked out", "not active", "transferring"],
)
def test_a_shop_that_is_not_synced_says_why(
    desk: Desk, signed_in: Callable[..., Browser], what_happens: Callable[[int], object], words: str
) -> None:
    what_happens(desk.shop_id)
    assert words in card(signed_in(), desk)
    assert tick() == [] or words == "Next"


def test_a_paused_shop_says_that_it_can_not_be_synced_now(desk: Desk, signed_in: Callable[..., Browser]) -> None:
    browser = signed_in()
    browser.get(f"/shops/{desk.shop_id}")
    shops.pause(desk.shop_id, user_id=None)
    assert "This shop is paused" in browser.submit(f"form[action='/shops/{desk.shop_id}/syncs']").text


def test_sync_now_lets_a_waiting_sync_go_on_at_once(desk: Desk, sandbox: RunningSandbox) -> None:
    sandbox.world.answer_next(503, method="GET", path="/retailer/orders", count=3)
    waiting = sync(desk.shop_id)
    assert waiting.not_before is not None
    placed = sandbox.world.place_order()
    assert sync(desk.shop_id).id == waiting.id
    assert desk.ours(placed)


def test_staff_may_sync_all_shops_but_not_see_a_shops_page(desk: Desk, signed_in: Callable[..., Browser]) -> None:
    staff = signed_in(role="staff")
    staff.get("/orders")
    staff.htmx_post("/syncs")
    (run,) = db.session.query(ImportRun).all()
    assert (run.kind, run.started_by_id) == ("sync", staff.user and staff.user.id)
    assert staff.client.get(f"/shops/{desk.shop_id}/syncs").status_code == 403
    assert staff.client.get(f"/shops/{desk.shop_id}/order-checks").status_code == 403


def test_sync_now_on_the_home_page_shows_that_it_runs_and_what_came_of_it(
    desk: Desk, signed_in: Callable[..., Browser]
) -> None:
    sync(desk.shop_id)
    staff = signed_in(role="staff")
    assert not staff.get("/").all("#asked-sync")
    desk.world.place_order()
    page = staff.submit("form[action='/syncs']")
    assert page.texts("#asked-sync") == ["bol.com is being asked for 1 shop…"]
    assert page.one("#today [hx-trigger='every 2s']")
    (run,) = [run for run in db.session.query(ImportRun).all() if run.is_active]
    carried_on(run.id)
    page = staff.get("/")
    assert page.texts("#asked-sync") == ["Sync finished at 09:12: 1 new."]
    assert not page.all("#today [hx-trigger='every 2s']")
    desk.jump(minutes=3)
    assert not staff.get("/").all("#asked-sync")


def test_sync_now_that_bol_does_not_answer_says_so(
    desk: Desk, sandbox: RunningSandbox, signed_in: Callable[..., Browser]
) -> None:
    staff = signed_in(role="staff")
    staff.get("/")
    sandbox.world.answer_next(503, method="GET", path="/retailer/orders", count=9)
    staff.submit("form[action='/syncs']")
    (run,) = db.session.query(ImportRun).all()
    carried_on(run.id)
    told = staff.get("/").one("#asked-sync.notice--warn").get_text()
    assert told.startswith("bol.com is being asked for 1 shop… Desk: ")


def test_what_can_not_be_fetched_is_named_and_can_be_fetched_later(
    desk: Desk, sandbox: RunningSandbox, signed_in: Callable[..., Browser]
) -> None:
    sync(desk.shop_id)
    strange = sandbox.world.place_order()
    sandbox.world.answer_next(
        200, "{}", media="application/vnd.retailer.v10+json", method="GET", path=f"/retailer/orders/{strange}", count=99
    )
    desk.jump(minutes=2)
    sync(desk.shop_id)
    latest = checks(desk.shop_id)[0]
    assert (latest.open_there, latest.open_here, latest.different) == (1, 0, [strange])
    browser = signed_in()
    told = card(browser, desk, "order-checks")
    assert f"Different, and not to be fetched until now: {strange}" in told

    sandbox.world.come_back()
    browser.get(f"/shops/{desk.shop_id}")
    assert "are being fetched" in browser.submit(f"form[action='/order-checks/{latest.id}/fetches']").text
    checking_orders.fetch_difference(latest.id)
    assert "Open orders 1 1 0" in card(browser, desk, "order-checks")
    assert desk.ours(strange)


def test_checks_of_an_hour_that_found_nothing_are_one_row_and_old_ones_go(desk: Desk) -> None:
    sync(desk.shop_id)  # the first of the day is the night's own
    for _ in range(4):
        desk.jump(minutes=5)
        sync(desk.shop_id)
    assert [found.times for found in checks(desk.shop_id)] == [4, 1]
    desk.jump(days=31)
    checking_orders.forget_old()
    assert checks(desk.shop_id) == []


def test_what_syncs_left_to_solve_is_on_one_page(desk: Desk, signed_in: Callable[..., Browser]) -> None:
    for reference in ("NEW-1", "NEW-2"):
        desk.world.place_order(lines=[{"reference": reference, "ean": "", "title": reference}])
        desk.jump(minutes=1)
        tick()
    browser = signed_in()
    browser.get(f"/shops/{desk.shop_id}")
    assert browser.page is not None
    link = browser.page.one("#sync-card a.danger-text")
    assert link.get_text() == "2 lines"
    assert len(browser.get(str(link["href"])).all("[id^=problem-]")) == 2


def test_ended_syncs_are_forgotten_after_a_day_unless_something_is_to_solve(desk: Desk) -> None:
    desk.world.place_order(lines=[{"reference": "NEW", "ean": "", "title": "New"}])
    sync(desk.shop_id)
    sync(desk.shop_id)
    desk.jump(days=1, minutes=1)
    assert syncing.forget_old() == 1
    db.session.rollback()
    assert db.session.query(ImportProblem).count() == 1
    assert db.session.query(OrderCheck).count() > 0
