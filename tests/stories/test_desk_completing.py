"""What staff do with orders reaches bol.com: the table of actions, and the subtle cases under it."""

import pytest
from flask import Flask

from stoqflow_web.bol.sandbox import RunningSandbox, SandboxOptions
from tests.support.clocks import MONDAY_MORNING, FrozenClock
from tests.support.desk import Desk


@pytest.fixture
def sandbox_options() -> SandboxOptions:
    return SandboxOptions(orders=0, offers=8, limits=False, standing_clock=MONDAY_MORNING)


@pytest.fixture
def desk(ctx: Flask, sandbox: RunningSandbox, clock: FrozenClock) -> Desk:
    return Desk(sandbox, clock)


def test_a_completed_order_is_a_confirmed_shipment_with_its_code(desk: Desk) -> None:
    order = desk.order(quantity=3)
    code = desk.complete(order)
    desk.deliver()
    assert desk.states() == [("shipment", "submitted")]
    desk.jump(seconds=3)
    desk.follow()
    assert desk.states() == [("shipment", "confirmed")]
    (shipment,) = desk.world.shipments.values()
    assert (shipment.track_and_trace, shipment.transporter_code) == (code, "TNT")
    assert sum(shipment.quantities.values()) == 3
