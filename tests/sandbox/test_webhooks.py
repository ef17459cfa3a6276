"""The pretend bol.com pushes what happens, as bol does: signed, tried ten times, and then never again."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import load_der_public_key

from stoqflow_web.bol.sandbox import RunningSandbox, SandboxOptions, World, make_sandbox, pushing
from stoqflow_web.bol.sandbox.keeping import Keeper, load
from stoqflow_web.bol.sandbox.records import Subscription
from stoqflow_web.bol.sandbox.shipments import ship
from tests.sandbox.conftest import NOON
from tests.support.clocks import wait_until
from tests.support.receivers import Received, Receiver


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def world(receiver: Receiver) -> Iterator[World]:
    """Subscribed to orders and process statuses; its clock stands still."""
    options = SandboxOptions(orders=0, offers=5, standing_clock=NOON, webhooks_to=receiver.url)
    with RunningSandbox(make_sandbox(options), "127.0.0.1", 0) as running:
        subscribe(running.world)
        yield running.world


def subscribe(world: World) -> None:
    with world.lock:
        world.subscriptions["1"] = Subscription(
            "1", ["ORDER", "PROCESS_STATUS"], "https://shop.example/hooks/abc?x=1", "WEBHOOK"
        )


def events(receiver: Receiver, how_many: int) -> list[tuple[str, str, str]]:
    """Of so many messages, once they are here: resource, type and id."""
    wait_until(lambda: len(receiver.received) >= how_many, 20)
    told = [json.loads(message.body)["event"] for message in receiver.received]
    return [(event["resource"], event["type"], event["resourceId"]) for event in told]


def is_signed(world: World, message: Received) -> bool:
    key_id, _, signature = message.signature.split(", ")
    keys = {key["id"]: key["publicKey"] for key in pushing.public_keys(world)}
    public = load_der_public_key(base64.b64decode(keys[key_id.removeprefix("keyId=")]))
    try:
        public.verify(base64.b64decode(signature.partition("=")[2]), message.body, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True


def settled(world: World) -> list[str | None]:
    """What became of the messages, once nothing is under way."""

    def ended() -> list[str | None] | None:
        with world.lock:
            is_quiet = not world.events and not any(one.is_under_way for one in world.deliveries)
            return [one.ended for one in world.deliveries] if is_quiet else None

    return wait_until(ended, 20)


def test_orders_requests_and_ended_writes_are_pushed_to_the_path_of_the_destination(world, receiver):
    order_id = world.place_order(appears_after=30)
    assert world.order(order_id)
    assert world.deliveries == []
    world.jump(31)
    assert events(receiver, 1) == [("ORDER", "ORDER_CREATED", order_id)]
    (message,) = receiver.received
    assert message.path == "/hooks/abc?x=1"
    assert is_signed(world, message)
    assert json.loads(message.body)["retailerId"] == int(world.options.retailer_id)

    item_id = world.order(order_id).items[0].item_id
    world.ask_to_cancel(order_id)
    assert events(receiver, 2)[1] == ("ORDER", "ORDER_ITEM_CANCELLATION_REQUEST", item_id)

    with world.lock:
        process = world.enqueue(
            "CREATE_SHIPMENT",
            "Create shipment.",
            lambda state: ship(
                [(item_id, None)], None, None, {"transporterCode": "TNT", "trackAndTrace": "3S1"}, state
            ),
        )
    world.jump(5)
    assert events(receiver, 3)[2] == ("PROCESS_STATUS", "SUCCESS", process.process_id)


def test_what_is_not_taken_is_tried_ten_times_in_ten_minutes_then_the_subscription_is_off(world, receiver):
    receiver.status = 500
    began = world.clock.now()
    world.place_order()
    for tried in range(1, 11):
        wait_until(lambda tried=tried: len(receiver.received) == tried, 20)
        wait_until(lambda tried=tried: world.deliveries[0].attempts == tried, 20)
        if tried < 10:
            world.jump(pushing.INTERVALS[tried - 1])
    assert 500 < (world.clock.now() - began).total_seconds() <= 600
    assert not world.subscriptions["1"].enabled
    assert settled(world) == ["given up"]

    receiver.status = 200
    world.place_order()
    world.jump(hours=1)
    assert settled(world) == ["given up"]
    assert len(receiver.received) == 10


def test_an_answer_that_comes_too_late_is_none(world, receiver, monkeypatch):
    from stoqflow_web.bol.sandbox import sending

    monkeypatch.setattr(sending, "ANSWER_SECONDS", 0.2)
    receiver.seconds = 0.5
    world.place_order()
    wait_until(lambda: world.deliveries and world.deliveries[0].attempts == 1, 20)
    assert world.deliveries[0].last_status is None


def test_the_next_message_can_come_twice_late_out_of_order_or_forged(world, receiver):
    world.next_webhook_twice()
    first = world.place_order()
    assert [event[2] for event in events(receiver, 2)] == [first, first]
    assert receiver.received[0] == receiver.received[1]

    world.next_webhook_late(60)
    late, prompt = world.place_order(), world.place_order()
    assert [event[2] for event in events(receiver, 3)][2:] == [prompt]
    world.jump(60)
    assert [event[2] for event in events(receiver, 4)][3:] == [late]

    world.next_webhook_out_of_order()
    before = world.place_order()
    settled(world)
    behind = world.place_order()
    assert [event[2] for event in events(receiver, 6)][4:] == [behind, before]

    world.next_webhook_forged()
    receiver.status = 401
    world.place_order()
    events(receiver, 7)
    assert [is_signed(world, message) for message in receiver.received] == [True] * 6 + [False]
    assert settled(world)[-1] == "given up"
    assert world.subscriptions["1"].enabled


def test_a_new_key_signs_and_both_are_published(world, receiver):
    world.place_order()
    events(receiver, 1)
    world.rotate_signing_key()
    world.place_order()
    events(receiver, 2)
    assert [message.signature.split(",")[0] for message in receiver.received] == ["keyId=0", "keyId=1"]
    assert all(is_signed(world, message) for message in receiver.received)


def test_nothing_is_pushed_meanwhile_and_never_afterwards(world, receiver):
    world.stop_pushing()
    world.place_order()
    world.resume_pushing()
    told = world.place_order()
    assert [event[2] for event in events(receiver, 1)] == [told]
    world.switch_subscriptions_off()
    world.place_order()
    assert settled(world) == ["taken"]


def test_messages_on_their_way_outlive_a_restart(tmp_path: Path, receiver):
    options = SandboxOptions(orders=0, offers=5, standing_clock=NOON, webhooks_to=receiver.url)
    world = World(options)
    subscribe(world)
    order_id = world.place_order()
    with world.lock:
        world.settle()
        world.deliveries[0].is_under_way = True
    Keeper(world, tmp_path / "world").stop()

    again = load(tmp_path / "world", options)
    with RunningSandbox(make_sandbox(options), "127.0.0.1", 0) as running:
        running.sandbox.world = again
        assert [event[2] for event in events(receiver, 1)] == [order_id]
    assert is_signed(world, receiver.received[0])
