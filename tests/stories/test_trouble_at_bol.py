"""bol.com down, keys revoked, account inactive, limits cut in half: told on every page, nothing lost, others go on."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from sqlalchemy import select

from stoqflow_web.bol.sandbox import RunningSandbox, World
from stoqflow_web.extensions import db
from stoqflow_web.models import Activity, MarketplaceOrder
from stoqflow_web.services import outbox, shops
from tests.support.browsing import Browser
from tests.support.clocks import MONDAY_MORNING, FrozenClock
from tests.support.desk import Desk
from tests.support.sellers import start_sellers
from tests.support.syncs import shop_now, tick

OUTDOOR, HOME = "Outdoor BE", "Home & Kitchen NL"


class OneOfThem:
    """One seller of several, as a desk wants it."""

    def __init__(self, world: World) -> None:
        self.world = world


class TwoShops:
    """The desks of two sellers of one bol.com; `unlucky` is the one that trouble comes to."""

    def __init__(self, sandbox: RunningSandbox, clock: FrozenClock) -> None:
        self.clock, self.worlds = clock, sandbox.sandbox.worlds  # type: ignore[attr-defined]
        self.unlucky, self.lucky = (
            Desk(OneOfThem(world), clock, name=name)  # type: ignore[arg-type]
            for world, name in zip(self.worlds, (OUTDOOR, HOME), strict=True)
        )
        for desk, world in zip((self.unlucky, self.lucky), self.worlds, strict=True):
            desk.set(account_id=world.options.retailer_id)
        tick()

    def jump(self, **span: float) -> None:
        self.unlucky.jump(**span)
        self.lucky.world.jump(**span)

    def work(self) -> None:
        """What scheduler and workers do at this moment, for both."""
        tick()
        self.unlucky.work()
        self.lucky.work()

    def lucky_goes_on(self) -> None:
        """An order comes in at the other shop, is completed, and confirmed by bol.com."""
        external_id = self.lucky.world.place_order()
        self.jump(minutes=1)
        tick()
        (order,) = self.lucky.ours(external_id)
        self.lucky.complete(order)
        self.lucky.deliver()
        self.jump(seconds=30)
        self.lucky.follow()
        assert {state for _, state in self.lucky.states()} == {"confirmed"}


@pytest.fixture
def sandbox() -> Iterator[RunningSandbox]:
    running = start_sellers(2, orders=0, offers=8, limits=False, process_delay=0.1, standing_clock=MONDAY_MORNING)
    yield running
    running.stop()


@pytest.fixture
def two(ctx: Flask, sandbox: RunningSandbox, clock: FrozenClock) -> TwoShops:
    return TwoShops(sandbox, clock)


@pytest.fixture
def mia(signed_in: Callable[..., Browser]) -> Browser:
    return signed_in("manager")


def banners(browser: Browser) -> list[str]:
    return browser.get("/orders").texts(".banners .notice")


def events(desk: Desk, kind: str = "connection") -> list[str]:
    db.session.rollback()
    wanted = select(Activity.event).where(Activity.shop_id == desk.shop_id, Activity.kind == kind)
    return list(db.session.scalars(wanted.order_by(Activity.id)))


def test_bol_down_for_three_hours(two: TwoShops, mia: Browser) -> None:
    desk = two.unlucky
    orders = [desk.order() for _ in range(6)]
    desk.world.go_down(minutes=180)
    for order in orders:
        desk.complete(order)
    two.work()
    assert banners(mia) == [], "a single fault is no trouble"

    for _ in range(2):
        two.jump(minutes=80)
        two.work()
    assert banners(mia) == [
        "bol.com does not answer for Outdoor BE since 09:12 · 6 messages about orders are safe in the queue "
        "Nothing to do: it goes on by itself."
    ]
    assert mia.get("/account").texts("#last-sync") == ["Outdoor BE: no sync for 2 h"]
    two.lucky_goes_on()
    missed = desk.world.place_order()

    two.jump(minutes=25)
    two.work()
    desk.drain()
    assert {state for _, state in desk.states()} == {"confirmed"}
    assert len(desk.shipped()) == len(orders)
    assert desk.ours(missed), "what was ordered meanwhile is here"
    assert banners(mia) == []
    assert events(desk) == ["fell_silent", "answers_again"]
    assert "sync_waits" in events(desk, "sync")
    page = mia.get("/activity?outcome=trouble")
    assert any("out of reach" in what for what in page.texts(".activities__what"))


def test_the_most_urgent_are_claimed_first_of_what_waited_for_one_moment(two: TwoShops) -> None:
    desk = two.unlucky
    for order in [desk.order(deliver_in_days=day) for day in (3, 1, 2, 3, 1, 2)]:
        desk.complete(order)
    desk.world.go_down(minutes=60)
    desk.deliver()
    two.jump(minutes=6)
    desk.deliver()
    assert len({row.not_before for row in desk.rows()}) == 1
    desk.world.come_back()
    tick()  # the sync finds bol.com back, and what an outage postponed is due at once
    due = {row.id: row.sort_day for row in desk.rows()}
    claimed = [message.id for _ in range(3) for message in outbox.claim(desk.shop_id, 2)]
    assert [due[id] for id in claimed] == sorted(due.values())


def test_keys_revoked(two: TwoShops, mia: Browser) -> None:
    desk = two.unlucky
    desk.complete(desk.order())
    desk.world.revoke_keys()
    desk.world.expire_tokens()
    two.jump(minutes=1)
    two.work()
    assert banners(mia) == [
        "bol.com refuses the keys of Outdoor BE since 09:13 · 1 message about an order is safe in the queue "
        "Replace the keys. Other shops go on. Replace keys"
    ]
    two.lucky_goes_on()
    asked = len(desk.world.requests_seen())
    two.jump(hours=3)
    two.work()
    assert len(desk.world.requests_seen()) == asked, "bol.com is not asked with keys that it refused"

    desk.world.restore_keys()
    options = desk.world.options
    shops.replace_keys(desk.shop_id, api_key=options.client_id, api_secret=options.client_secret, user_id=None)
    two.work()
    desk.drain()
    assert desk.states() == [("shipment", "confirmed")]
    assert banners(mia) == []


def test_account_inactive(two: TwoShops, mia: Browser) -> None:
    desk = two.unlucky
    desk.complete(desk.order())
    desk.world.deactivate_account()
    two.jump(minutes=1)
    two.work()
    assert banners(mia) == [
        "bol.com says that the account of Outdoor BE is not active since 09:13 · "
        "1 message about an order is safe in the queue "
        "Ask bol.com's partner service, then check the keys. Other shops go on. Check keys"
    ]
    two.lucky_goes_on()
    desk.world.activate_account()
    mia.get("/orders")
    page = mia.submit(".banners form")
    assert page.texts(".banners .notice") == []
    two.work()
    desk.drain()
    assert desk.states() == [("shipment", "confirmed")]
    assert events(desk) == ["access_lost", "access_regained"]


def test_limits_cut_in_half(two: TwoShops, mia: Browser) -> None:
    desk = two.unlucky
    desk.world.enforce_limits(True)
    for rule, capacity in (("GET /retailer/orders", 12), ("GET /retailer/orders/*", 12)):
        desk.world.set_limit(rule, capacity)
    two.jump(minutes=1)
    two.work()
    assert banners(mia) == [
        "bol.com allows half of the usual calls, or fewer, for Outdoor BE since 09:13 · "
        "no message about an order waits "
        "Nothing to do: syncs and transfers take longer."
    ]
    late = desk.world.place_order()
    two.lucky_goes_on()
    two.jump(minutes=1)
    tick()
    assert desk.ours(late), "it goes on, half as often"
    for rule, capacity in (("GET /retailer/orders", 25), ("GET /retailer/orders/*", 25)):
        desk.world.set_limit(rule, capacity)
    two.jump(minutes=11)
    two.work()
    assert banners(mia) == []
    assert shop_now(desk.shop_id).trouble is None
    assert events(desk) == ["limits_cut", "limits_back"]
    assert db.session.query(MarketplaceOrder).filter_by(external_id=late).count() == 1
