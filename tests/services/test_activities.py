"""What is recorded for the page Activity, and for how long."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from stoqflow_web import exchange
from stoqflow_web.bol.sandbox import RunningSandbox, SandboxOptions
from stoqflow_web.extensions import db
from stoqflow_web.models import Activity
from stoqflow_web.services import activities, imports, refreshing, shops
from stoqflow_web.transaction import transaction
from stoqflow_web.wording.activities import tell
from tests.support.builders import make_shop
from tests.support.clocks import MONDAY_MORNING, FrozenClock
from tests.support.desk import Desk
from tests.support.linking import link_shop, transfer
from tests.support.syncs import sync


@pytest.fixture
def sandbox_options() -> SandboxOptions:
    return SandboxOptions(orders=2, offers=8, limits=False, standing_clock=MONDAY_MORNING)


@pytest.fixture
def desk(ctx, sandbox: RunningSandbox, clock: FrozenClock) -> Desk:
    return Desk(sandbox, clock)


def recorded(*, kind: str | None = None) -> list[Activity]:
    db.session.rollback()
    rows = db.session.scalars(select(Activity).order_by(Activity.id).execution_options(populate_existing=True)).all()
    return [row for row in rows if kind in (None, row.kind)]


def sentences(ctx, *, kind: str | None = None) -> list[str]:
    with ctx.test_request_context():
        return [tell(row).sentence for row in recorded(kind=kind)]


def test_each_sync_is_told_and_those_without_news_share_a_row_that_keeps_each_moment(ctx, desk, sandbox):
    sync(desk.shop_id)
    for _ in range(3):
        desk.jump(minutes=1)
        sync(desk.shop_id)
    sandbox.world.place_order()
    for _ in range(2):
        desk.jump(minutes=1)
        sync(desk.shop_id)
    assert sentences(ctx, kind="sync") == [
        "Everything compared with bol.com: 2 new orders, 2 need you",
        "Sync: nothing new · 3 times",
        "Sync: 1 new order, 1 needs you",
        "Sync: nothing new",
    ]
    with ctx.test_request_context():
        together = tell(recorded(kind="sync")[1])
    assert [end.minute for end in together.ends] == [13, 14, 15]


def test_a_sync_names_the_first_orders_that_changed_and_says_what_happened_to_each(ctx, desk, sandbox):
    orders = [desk.order() for _ in range(7)]
    sync(desk.shop_id)
    desk.jump(minutes=1)
    for order in orders:
        sandbox.world.ask_to_cancel(order.marketplace_order.external_id)
    sync(desk.shop_id)
    desk.jump(minutes=1)
    sandbox.world.cancel(orders[0].marketplace_order.external_id)
    sync(desk.shop_id)
    with ctx.test_request_context():
        asked, canceled = [tell(row) for row in recorded(kind="sync")[-2:]]
    assert (asked.sentence, len(asked.orders), asked.more) == ("Sync: 7 changed, 7 need you", 5, 2)
    assert {order.words for order in asked.orders} == {"The client asked bol.com to cancel this order"}
    (named,) = canceled.orders
    assert (named.id, named.number, canceled.more) == (orders[0].id, orders[0].number, 0)
    assert named.words.startswith("Canceled at bol.com: 1 × ")


def test_what_an_open_page_finds_has_a_row_and_what_finds_nothing_has_none(ctx, desk, sandbox):
    order = desk.order()
    desk.jump(minutes=1)
    refreshing.refresh(order.marketplace_order_id)
    assert recorded(kind="sync") == []
    sandbox.world.ask_to_cancel(order.marketplace_order.external_id)
    refreshing.refresh(order.marketplace_order_id)
    with ctx.test_request_context():
        (told,) = [tell(row) for row in recorded(kind="sync")]
    assert told.sentence == "Asked of bol.com for an open page: 1 changed"
    assert [(one.number, one.words) for one in told.orders] == [
        (order.number, "The client asked bol.com to cancel this order")
    ]


def test_an_idle_hour_is_one_row_and_the_next_hour_another(ctx, clock):
    shop = make_shop()
    for _ in range(90):
        with transaction() as tx:
            activities.record(tx, shop.id, "sync", "nothing-new", "synced", began_at=clock.moment)
        clock.jump(minutes=1)
    assert [len(row.details.get("ends", [0])) for row in recorded()] == [60, 30]


def test_a_sync_that_tells_something_else_or_was_asked_for_by_somebody_has_a_row_of_its_own(ctx, clock, make_user):
    shop, mia = make_shop(), make_user().id
    for difference, user_id in ((3, None), (3, None), (2, None), (2, mia)):
        with transaction() as tx:
            activities.record(tx, shop.id, "sync", "trouble", "synced", user_id=user_id, difference=difference)
    assert [(row.details["difference"], len(row.details.get("ends", [0])), row.user_id) for row in recorded()] == [
        (3, 2, None),
        (2, 1, None),
        (2, 1, mia),
    ]


def test_how_a_transfer_ended_is_told_with_its_counts_and_who_began_it(ctx, sandbox, make_user):
    shop_id, mia = link_shop(sandbox), make_user()
    imports.carry_on(imports.start(shop_id, "products", user_id=mia.id).id)
    stopped = imports.start(shop_id, "orders", user_id=mia.id)
    imports.request_stop(stopped.id, user_id=mia.id)
    sandbox.world.revoke_keys()
    sandbox.world.expire_tokens()
    transfer(shop_id, "readiness")
    rows = recorded(kind="transfer")
    assert [(row.event, row.outcome, row.details["what"], row.user_id) for row in rows] == [
        ("transfer_finished", "done", "products", mia.id),
        ("transfer_stopped", "done", "orders", mia.id),
        ("transfer_failed", "trouble", "readiness", None),
    ]
    assert rows[0].details["new"] == 8
    assert "gave no access" in rows[2].details["trouble"]
    assert recorded(kind="connection")[0].event == "access_lost"


def test_a_delivery_is_one_row_with_what_bol_said_of_what_it_refused(ctx, desk):
    for _ in range(3):
        desk.complete(desk.order())
    desk.world.set_process_delay(0)
    problem = '{"title": "Error validating request.", "violations": [{"name": "transport", "reason": "No."}]}'
    desk.world.answer_next(
        400, problem, media="application/vnd.retailer.v10+json", method="POST", path="/retailer/shipments"
    )
    desk.deliver()
    desk.jump(seconds=5)
    desk.follow()
    (row,) = recorded(kind="writebacks")
    assert row.outcome == "trouble"
    with ctx.test_request_context():
        words = tell(row)
    assert words.sentence == "3 messages for bol.com: 2 taken in, outcome to come, 1 needs you"
    assert words.said == "bol.com said “transport: No.”"


def test_what_bol_refuses_only_afterwards_is_told_too(ctx, desk):
    desk.complete(desk.order())
    desk.world.fail_next("CREATE_SHIPMENT", "Bol finds this odd.")
    desk.deliver()
    desk.jump(seconds=30)
    desk.follow()
    assert sentences(ctx, kind="writebacks") == [
        "1 message for bol.com: 1 taken in, outcome to come",
        "1 message sent earlier needs you",
    ]
    assert recorded(kind="writebacks")[-1].details["said"] == "Bol finds this odd."


def test_a_delivery_during_an_outage_is_no_row_of_its_own(ctx, desk):
    desk.complete(desk.order())
    desk.world.go_down(minutes=60)
    for _ in range(5):
        desk.deliver()
        desk.jump(seconds=15)
    assert recorded(kind="writebacks") == []
    assert [row.event for row in recorded()] == ["fell_silent"]


def test_what_is_changed_of_a_shop_stands_in_activity_and_in_its_history(ctx, sandbox, make_user):
    mia = make_user().id
    shop_id = link_shop(sandbox)
    shops.rename(shop_id, name="Kitchen", user_id=mia)
    shops.pause(shop_id, user_id=mia)
    shops.resume(shop_id, user_id=mia)
    assert shops.check_keys(shop_id, user_id=mia).works
    shops.mark_access_lost(shop_id, "no", because=exchange.ACCOUNT_INACTIVE)
    shops.replace_keys(shop_id, api_key=sandbox.client_id, api_secret=sandbox.client_secret, user_id=mia)
    told = sentences(ctx)
    assert told == [
        "Linked to bol.com account Keuken & Buiten",
        "Renamed from “Home & Kitchen NL” to “Kitchen”",
        "Paused: nothing is asked of bol.com for this shop",
        "Resumed",
        "Keys checked: they work",
        "Access to bol.com lost: no",
        "Keys replaced",
    ]
    secrets = (sandbox.client_secret, sandbox.client_id)
    assert not [row for row in recorded() if any(secret in str(row.details) for secret in secrets)]


def test_rows_are_kept_for_90_days_and_forgotten_a_bounded_number_at_a_time(ctx, clock, monkeypatch):
    shop = make_shop()
    monkeypatch.setattr(activities, "FORGOTTEN_AT_ONCE", 2)
    for _ in range(3):
        with transaction() as tx:
            activities.record(tx, shop.id, "settings", "done", "paused")
    clock.jump(days=89)
    with transaction() as tx:
        activities.record(tx, shop.id, "settings", "done", "resumed")
    assert activities.forget_old() == 0
    clock.moment += timedelta(days=2)
    assert [activities.forget_old() for _ in range(3)] == [2, 1, 0]
    assert [row.event for row in recorded()] == ["resumed"]
