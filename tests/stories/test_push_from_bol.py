"""bol.com pushes what happens: whatever way a message comes, the thing that it tells of is here at once, and once."""

import os
import signal
from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import select

from stoqflow_web import extensions
from stoqflow_web.bol.sandbox import RunningSandbox, SandboxOptions, pushing
from stoqflow_web.extensions import db
from stoqflow_web.models import Activity, ImportRun, MarketplaceOrder, PushSubscription
from stoqflow_web.services import deleting, push_subscriptions, shops, signature_keys, syncing, trouble, webhook_work
from stoqflow_web.services.push_subscriptions import NotPushable
from stoqflow_web.settings import Settings
from tests.support.browsing import Browser
from tests.support.clocks import MONDAY_MORNING, FrozenClock
from tests.support.desk import Desk
from tests.support.killing import in_a_process_of_its_own
from tests.support.mortal_redis import MortalRedis
from tests.support.pushes import PUBLIC_URL, Push, Stranger, message
from tests.support.syncs import carried_on, shop_now, sync, tick

RETAILER = SandboxOptions().retailer_id


@pytest.fixture
def sandbox_options() -> SandboxOptions:
    return SandboxOptions(orders=0, offers=8, limits=False, standing_clock=MONDAY_MORNING)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, public_url=PUBLIC_URL)


@pytest.fixture
def desk(ctx: Flask, sandbox: RunningSandbox, clock: FrozenClock) -> Desk:
    sandbox._sender.stop()  # messages are carried over by the tests, one after the other
    desk = Desk(sandbox, clock)
    desk.set(account_id=RETAILER)
    return desk


@pytest.fixture
def push(app: Flask, desk: Desk) -> Push:
    push = Push(app, desk)
    push.switch_on()
    return push


def activities(event: str) -> list[Activity]:
    db.session.rollback()
    return list(db.session.scalars(select(Activity).where(Activity.event == event)))


def in_step(push: Push) -> None:
    """All that is at bol.com is here, and the subscription was seen on some minutes ago."""
    sync(push.desk.shop_id)
    push.desk.jump(minutes=5)


def looks(push: Push) -> int:
    """The looks that are due now, done."""
    due = push_subscriptions.sweep()
    for _ in range(due):
        push_subscriptions.keep(push.desk.shop_id)
    return due


# Switched on, tested, switched off


def test_switched_on_it_is_subscribed_tested_and_seen(push: Push) -> None:
    row = push.row
    (there,) = push.world.subscriptions.values()
    assert (there.subscription_id, there.enabled) == (row.external_id, True)
    assert there.event_destination == f"{PUBLIC_URL}/webhooks/bol/{row.token}"
    assert there.resources == ["ORDER", "PROCESS_STATUS"]
    assert row.is_on
    assert not row.awaits_test
    assert push.outcomes() == ["tested"]
    assert [one.event for one in activities("push_on")] == ["push_on"]


def test_pressed_twice_and_done_twice_it_is_one_subscription(push: Push) -> None:
    push.switch_on()
    push_subscriptions.keep(push.desk.shop_id)
    assert len(push.world.subscriptions) == 1
    assert len(activities("push_on")) == 1


def test_an_answer_that_gets_lost_makes_no_second_subscription(app: Flask, desk: Desk) -> None:
    desk.world.lose_next_answer("POST", "/retailer/subscriptions")
    push = Push(app, desk)
    push_subscriptions.switch_on(desk.shop_id, user_id=None)
    push_subscriptions.keep(desk.shop_id)
    assert push.row.external_id is None
    assert push.row.trouble
    desk.jump(minutes=2)
    push_subscriptions.keep(desk.shop_id)
    assert list(desk.world.subscriptions) == [push.row.external_id]
    assert push.row.trouble is None


def test_switched_off_it_is_gone_there_and_its_address_is_nobodys(push: Push) -> None:
    path = f"/webhooks/bol/{push.row.token}"
    body = message(push.world)
    push_subscriptions.switch_off(push.desk.shop_id, user_id=None)
    push_subscriptions.keep(push.desk.shop_id)
    assert push.world.subscriptions == {}
    assert db.session.scalars(select(PushSubscription)).all() == []
    assert push.post(body, pushing.sign(push.world, body), path=path) == 404
    assert len(activities("push_off")) == 1


def test_switched_off_while_bol_is_down_it_is_done_afterwards(push: Push) -> None:
    push.world.go_down(10)
    push_subscriptions.switch_off(push.desk.shop_id, user_id=None)
    push_subscriptions.keep(push.desk.shop_id)
    assert not push.row.is_wanted
    push.desk.jump(minutes=11)
    assert push_subscriptions.sweep() == 1
    push_subscriptions.keep(push.desk.shop_id)
    assert push.world.subscriptions == {}


def test_without_an_https_address_nothing_is_asked(app: Flask, desk: Desk) -> None:
    for address in (None, "http://orders.shop.example"):
        app.extensions["settings"] = replace(app.extensions["settings"], public_url=address)
        with pytest.raises(NotPushable):
            push_subscriptions.switch_on(desk.shop_id, user_id=None)
    assert db.session.scalars(select(PushSubscription)).all() == []


# What comes in


def test_a_new_order_is_here_as_soon_as_its_message(push: Push) -> None:
    order_id = push.world.place_order(quantity=2)
    assert push.arrive() == [204]
    push.work()
    (order,) = push.desk.ours(order_id)
    assert [line.quantity for line in order.lines] == [2]
    assert push.outcomes() == ["tested", "fetched"]
    named = {"id": order.id, "number": order.number, "told": []}
    assert [one.details for one in activities("pushed")] == [{"new": 1, "orders": [named]}]


def test_a_client_who_asks_to_cancel_is_heard_by_the_id_of_the_item(push: Push) -> None:
    order = push.desk.order(lines=2)
    push.arrive()
    push.work()
    push.world.ask_to_cancel(order.marketplace_order.external_id)
    assert push.arrive() == [204, 204]
    push.world.forget_requests()
    push.work()
    assert push.desk.read(order.id).is_cancellation_requested
    assert [seen.path for seen in push.world.requests_seen("GET", "/retailer/orders")] == [
        f"/retailer/orders/{order.marketplace_order.external_id}"
    ]


def test_an_ended_message_of_ours_is_looked_at_now(push: Push) -> None:
    push.desk.complete(push.desk.order())
    push.desk.deliver()
    assert push.desk.states() == [("shipment", "submitted")]
    push.desk.follow()  # it is not ended, so the next look comes later
    push.world.jump(seconds=3)
    push.arrive()
    push.work()
    assert push.desk.states() == [("shipment", "confirmed")]
    assert "looked-at" in push.outcomes()


def test_an_ended_message_that_is_not_ours_is_ignored(push: Push) -> None:
    body = message(push.world, resource="PROCESS_STATUS", kind="SUCCESS", subject="33371690441")
    assert push.post(body, pushing.sign(push.world, body)) == 204
    push.work()
    assert push.outcomes() == ["tested", "ignored"]


def test_sent_twice_it_is_kept_once(push: Push) -> None:
    push.world.next_webhook_twice()
    order_id = push.world.place_order()
    assert push.arrive() == [204, 204]
    push.work()
    assert len(push.messages) == 2  # with the test message
    assert len(push.desk.ours(order_id)) == 1


def test_late_and_out_of_order_it_is_as_it_is_by_now(push: Push) -> None:
    push.world.next_webhook_out_of_order()
    order_id = push.world.place_order()
    assert push.arrive() == []
    push.world.ask_to_cancel(order_id)
    push.arrive()
    assert [one.subject for one in push.messages][2:] == [order_id]  # behind that of the item
    push.world.next_webhook_late(90)
    push.world.ask_to_cancel(order_id)
    push.arrive()
    push.work()
    (order,) = push.desk.ours(order_id)
    assert order.is_cancellation_requested
    push.desk.accept(order)
    push.desk.drain()
    assert push.desk.ours(order_id)[0].status == "canceled"
    push.desk.jump(seconds=90)
    push.arrive()
    push.work()
    assert push.desk.ours(order_id)[0].status == "canceled"
    assert None not in push.outcomes()


def test_many_messages_about_one_order_are_one_question(push: Push) -> None:
    order_id = push.world.place_order(lines=3)
    push.world.ask_to_cancel(order_id)
    push.arrive()
    push.world.forget_requests()
    push.work()
    assert len(push.desk.ours(order_id)) == 1
    asked = [seen.path for seen in push.world.requests_seen("GET", f"/retailer/orders/{order_id}")]
    assert len(asked) == 1


def test_what_comes_in_while_a_worker_is_at_it_is_handled_too(push: Push) -> None:
    orders = [push.world.place_order()]
    push.arrive()

    def comes_in_meanwhile(done: str) -> None:
        if done == "stored" and len(orders) < 3:
            orders.append(push.world.place_order())
            push.arrive()

    webhook_work.handle(push.desk.shop_id, on_step=comes_in_meanwhile)
    assert [len(push.desk.ours(order_id)) for order_id in orders] == [1, 1, 1]
    assert None not in push.outcomes()


def test_what_can_not_be_fetched_by_its_id_is_left_to_a_sync_at_once(push: Push) -> None:
    syncing.sync_now(push.desk.shop_id, user_id=None)
    tick()
    order_id = push.world.place_order()
    push.world.deliveries.clear()
    body = message(push.world, subject="9200000001", kind="ORDER_ITEM_CANCELLATION_REQUEST")
    assert push.post(body, pushing.sign(push.world, body)) == 204
    push.work()
    assert push.outcomes()[-1] == "left-to-sync"
    (run,) = db.session.scalars(select(ImportRun).where(ImportRun.active_key.is_not(None)))
    carried_on(run.id)
    assert len(push.desk.ours(order_id)) == 1


def test_an_order_deleted_here_stays_deleted_and_one_that_bol_ships_is_not_kept(push: Push) -> None:
    order_id = push.world.place_order()
    push.arrive()
    push.work()
    deleting.delete(push.desk.ours(order_id)[0].id, user_id=None)
    push.world.ask_to_cancel(order_id)
    theirs = push.world.place_order(fulfilment="FBB")
    push.arrive()
    push.work()
    (order,) = push.desk.ours(order_id)
    assert order.marketplace_order.deleted_at is not None
    assert [one.external_id for one in db.session.scalars(select(MarketplaceOrder))] == [order_id]
    assert push.desk.ours(theirs) == []
    assert push.outcomes()[-1] == "ignored"


# What is not from bol.com, or not for us


def test_a_forged_message_is_refused_counted_and_not_kept(push: Push, caplog: pytest.LogCaptureFixture) -> None:
    push.world.next_webhook_forged()
    order_id = push.world.place_order()
    assert push.arrive() == [401]
    body = message(push.world, subject=order_id)
    assert [push.post(body, header) for header in (None, "", "keyId=0", Stranger().sign(body))] == [401] * 4
    good = pushing.sign(push.world, body)
    assert push.post(body + b" ", good) == 401
    assert push.row.refused == 6
    assert len(push.messages) == 1
    assert order_id not in caplog.text


def test_a_message_of_another_account_is_refused(push: Push) -> None:
    body = message(push.world, retailer_id=4711)
    assert push.post(body, pushing.sign(push.world, body)) == 403
    as_text = message(push.world, retailer_id=str(push.world.options.retailer_id))
    assert push.post(as_text, pushing.sign(push.world, as_text)) == 204
    assert push.row.refused == 1


def test_only_json_of_a_decent_size_to_a_known_address_is_read(push: Push) -> None:
    body = message(push.world)
    good = pushing.sign(push.world, body)
    assert push.post(body, good, **{"Content-Type": "text/plain"}) == 415
    assert push.post(b" " * 70_000 + body, good) == 413
    assert push.post(body, good, path="/webhooks/bol/nobody") == 404
    assert len(push.messages) == 1


def test_a_genuine_message_of_an_unknown_form_is_taken_and_left_alone(push: Push) -> None:
    """Refused, it would come ten times, and then nothing more."""
    body = b'{"something": "new"}'
    assert push.post(body, pushing.sign(push.world, body)) == 204
    assert len(push.messages) == 1


# An unknown key


def test_a_message_signed_with_a_new_key_waits_for_the_keys(push: Push) -> None:
    push.desk.jump(minutes=10)
    push.world.rotate_signing_key()
    order_id = push.world.place_order()
    assert push.arrive() == [204]
    push.work()
    assert push.desk.ours(order_id) == []
    assert signature_keys.sweep() == 1
    push.refresh_keys()
    push.work()
    assert len(push.desk.ours(order_id)) == 1


def test_a_stranger_with_a_key_of_his_own_fills_nothing_and_costs_one_question(push: Push) -> None:
    push.desk.jump(minutes=10)
    push.world.forget_requests()
    stranger = Stranger()
    bodies = [message(push.world, subject=f"C0000000{number:02}") for number in range(52)]
    answers = [push.post(body, stranger.sign(body, "7")) for body in bodies]
    assert answers == [204] * 50 + [503] * 2
    for _ in range(3):
        push.refresh_keys()
    assert len(push.world.requests_seen("GET", "/retailer/subscriptions/signature-keys")) == 1
    assert len(push.messages) == 1
    assert push.row.refused == 50


def test_a_stranger_can_not_take_the_place_of_a_message_that_is_to_come(push: Push) -> None:
    order_id = push.world.place_order()
    with push.world.lock:
        push.world.settle()
        real = push.world.deliveries[-1]
    assert push.post(real.body, Stranger().sign(real.body, "7")) == 204
    assert push.arrive() == [204]
    push.work()
    assert len(push.desk.ours(order_id)) == 1


# Switched off over there


@pytest.mark.parametrize("how", ["switched off", "gone"])
def test_a_subscription_that_bol_gave_up_is_on_again_and_what_was_missed_is_here(push: Push, how: str) -> None:
    syncing.sync_now(push.desk.shop_id, user_id=None)
    tick()
    if how == "gone":
        push.world.subscriptions.clear()
    else:
        push.world.switch_subscriptions_off()
    missed = push.world.place_order()
    push.arrive()
    push.desk.jump(minutes=61)
    assert push_subscriptions.sweep() == 1
    push_subscriptions.keep(push.desk.shop_id)
    (there,) = push.world.subscriptions.values()
    assert there.enabled
    assert push.row.external_id == there.subscription_id
    assert push.row.mended_at is not None
    (run,) = tick()
    assert (run.is_catch_up, run.status) == (True, "finished")
    assert len(push.desk.ours(missed)) == 1
    assert shop_now(push.desk.shop_id).catch_up_wanted_at is None
    assert len(activities("push_mended")) == 1

    told = push.world.place_order()
    push.arrive()
    push.work()
    assert len(push.desk.ours(told)) == 1


@pytest.mark.both_databases
def test_an_order_that_only_the_sync_tells_of_has_it_looked_at_at_once(
    push: Push, signed_in: Callable[..., Browser]
) -> None:
    in_step(push)
    push.world.switch_subscriptions_off()
    untold = push.world.place_order()
    assert push.arrive() == []
    push.desk.jump(seconds=40)
    sync(push.desk.shop_id)
    assert len(push.desk.ours(untold)) == 1
    assert looks(push) == 1
    (there,) = push.world.subscriptions.values()
    assert there.enabled
    page = signed_in().get(f"/shops/{push.desk.shop_id}")
    assert "bol.com had switched push off" in page.texts("#push-card")[0]
    tick()  # compares everything
    assert looks(push) == 0


@pytest.mark.parametrize("what", ["was told of", "was told of by an item's id", "was placed just now"])
def test_an_order_that_may_well_come_by_a_sync_has_nothing_looked_at(push: Push, what: str) -> None:
    in_step(push)
    order_id = push.world.place_order()
    if what == "was told of":
        assert push.arrive() == [204]
    if what == "was told of by an item's id":
        body = message(push.world, subject=push.world.orders[order_id].items[0].item_id)
        assert push.post(body, pushing.sign(push.world, body)) == 204
    push.desk.jump(seconds=20 if what == "was placed just now" else 40)
    sync(push.desk.shop_id)  # before a worker gets to the message
    assert len(push.desk.ours(order_id)) == 1
    assert looks(push) == 0


def test_an_order_that_a_sync_found_at_once_has_it_looked_at_half_a_minute_later(push: Push) -> None:
    in_step(push)
    push.world.switch_subscriptions_off()
    push.world.place_order()
    push.desk.jump(seconds=5)
    sync(push.desk.shop_id)
    assert looks(push) == 0
    push.desk.jump(seconds=26)
    assert looks(push) == 1
    assert len(activities("push_mended")) == 1


def test_an_order_from_before_it_was_switched_on_has_nothing_looked_at(app: Flask, desk: Desk) -> None:
    order_id = desk.world.place_order()
    push = Push(app, desk)
    desk.jump(minutes=1)
    push.switch_on()
    desk.jump(minutes=10)
    sync(desk.shop_id)
    assert len(desk.ours(order_id)) == 1
    assert looks(push) == 0


def test_messages_that_are_only_late_cost_a_look_every_few_minutes(push: Push) -> None:
    in_step(push)
    counted = []
    for _ in range(10):
        push.world.next_webhook_late(600)
        push.world.place_order()
        push.desk.jump(minutes=1)
        sync(push.desk.shop_id)
        counted.append(looks(push))
    assert counted == [1, 0, 0, 1, 0, 0, 1, 0, 0, 1]
    assert activities("push_mended") == []
    push.desk.jump(minutes=30)
    assert looks(push) == 0


def test_it_is_looked_at_as_soon_as_an_outage_ends(push: Push) -> None:
    assert push_subscriptions.sweep() == 0
    trouble.note_silent(push.desk.shop_id, "no answer")
    push.desk.jump(seconds=30)
    trouble.note_silent(push.desk.shop_id, "no answer")
    assert push_subscriptions.sweep() == 0
    trouble.answered(push.desk.shop_id)
    assert push_subscriptions.sweep() == 1


def test_another_public_address_is_told_to_bol(app: Flask, push: Push) -> None:
    app.extensions["settings"] = replace(app.extensions["settings"], public_url="https://new.shop.example")
    push.desk.jump(minutes=61)
    push_subscriptions.keep(push.desk.shop_id)
    (there,) = push.world.subscriptions.values()
    assert there.event_destination == f"https://new.shop.example/webhooks/bol/{push.row.token}"


# When things are away


def test_bol_down_the_message_waits_and_the_order_comes(push: Push) -> None:
    order_id = push.world.place_order()
    push.arrive()
    push.world.answer_next(503, count=3, path="/retailer/orders/")
    push.work()
    assert push.desk.ours(order_id) == []
    assert webhook_work.sweep() == 0  # not at once: it has just failed
    push.desk.jump(seconds=20)
    assert webhook_work.sweep() == 1
    push.work()
    assert len(push.desk.ours(order_id)) == 1


def test_a_paused_shop_keeps_its_messages_until_it_is_resumed(push: Push) -> None:
    shops.pause(push.desk.shop_id, user_id=None)
    order_id = push.world.place_order()
    assert push.arrive() == [204]
    push.work()
    assert webhook_work.sweep() == 0
    shops.resume(push.desk.shop_id, user_id=None)
    assert webhook_work.sweep() == 1
    push.work()
    assert len(push.desk.ours(order_id)) == 1


def test_with_redis_away_it_is_stored_and_answered_and_the_sweep_finds_it(app: Flask, push: Push) -> None:
    settings = app.extensions["settings"]
    order_id = push.world.place_order()
    with MortalRedis(keeps=False) as redis:
        app.extensions["settings"] = replace(settings, redis_url=redis.address)
        redis.kill()
        assert push.arrive() == [204]
        redis.start()
        assert extensions.impatient_redis_client(app.extensions["settings"]).keys("rq:job:*") == []
        app.extensions["settings"] = settings
    assert webhook_work.sweep() == 1
    push.work()
    assert len(push.desk.ours(order_id)) == 1


def test_with_the_database_away_bol_is_told_to_try_again(push: Push, monkeypatch: pytest.MonkeyPatch) -> None:
    body = message(push.world)
    path, signature = f"/webhooks/bol/{push.row.token}", pushing.sign(push.world, body)
    db.session.remove()
    db.engine.dispose()
    monkeypatch.setattr(db.engine, "connect", _refused)
    monkeypatch.setattr(db.engine.pool, "connect", _refused)
    assert push.post(body, signature, path=path) == 503


def _refused(*_: object, **__: object) -> None:
    from sqlalchemy.exc import OperationalError

    raise OperationalError("SELECT 1", {}, Exception("away"))


@pytest.mark.both_databases
@pytest.mark.parametrize("step", ["claimed", "fetched", "stored"])
def test_a_worker_killed_after_this_step_leaves_the_message_to_the_next(push: Push, step: str) -> None:
    order_id = push.world.place_order()
    push.arrive()
    pid = in_a_process_of_its_own(lambda: webhook_work.handle(push.desk.shop_id, on_step=dies_after(step)))
    assert os.WTERMSIG(os.waitpid(pid, 0)[1]) == signal.SIGKILL
    push.desk.jump(minutes=3)
    webhook_work.sweep()
    push.work()
    assert len(push.desk.ours(order_id)) == 1
    assert None not in push.outcomes()


def dies_after(step: str) -> Callable[[str], None]:
    return lambda done: os.kill(os.getpid(), signal.SIGKILL) if done == step else None


@pytest.mark.both_databases
def test_the_same_message_at_the_same_moment_is_kept_once(app: Flask, push: Push) -> None:
    from concurrent.futures import ThreadPoolExecutor

    body = message(push.world)
    path, signature = f"/webhooks/bol/{push.row.token}", pushing.sign(push.world, body)
    with ThreadPoolExecutor(6) as pool:
        statuses = list(pool.map(lambda _: push.post(body, signature, path=path), range(6)))
    assert statuses == [204] * 6
    assert len(push.messages) == 2


def test_old_messages_are_forgotten(push: Push) -> None:
    stranger, body = Stranger(), message(push.world)
    push.post(body, stranger.sign(body, "7"))
    push.desk.clock.jump(days=2)
    assert webhook_work.forget_old() == 1
    assert len(push.messages) == 1
    push.desk.clock.jump(days=29)
    assert webhook_work.forget_old() == 1
    assert webhook_work.forget_old() == 0
