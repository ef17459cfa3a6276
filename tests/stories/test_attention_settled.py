"""What bol.com refuses is settled by a person on the page Needs attention, and bol.com hears the right thing once."""

import pytest
from flask import Flask
from sqlalchemy import select

from stoqflow_web.bol.sandbox import RunningSandbox, SandboxOptions
from stoqflow_web.extensions import db
from stoqflow_web.models import SalesOrder, Shop, Writeback
from stoqflow_web.services.completing import Parcel, complete
from stoqflow_web.services.repairing import repair_code
from stoqflow_web.services.writebacks import deliver
from stoqflow_web.transaction import transaction
from tests.support.jobs import run_jobs
from tests.support.linking import link_shop, transfer


@pytest.fixture
def sandbox_options() -> SandboxOptions:
    return SandboxOptions(orders=0, offers=3, process_delay=0.0, limits=False)


@pytest.fixture
def placed(ctx: Flask, sandbox: RunningSandbox) -> str:
    """bol.com's id of a transferred order of one unit, in a shop that sends without a hold."""
    external_id = sandbox.world.place_order()
    shop_id = link_shop(sandbox)
    for kind in ("products", "orders"):
        transfer(shop_id, kind)
    with transaction() as tx:
        tx.session.get_one(Shop, shop_id).hold_minutes = 0
    return external_id


def order() -> SalesOrder:
    db.session.rollback()
    return db.session.scalars(select(SalesOrder).execution_options(populate_existing=True)).one()


def rows() -> list[Writeback]:
    db.session.rollback()
    return list(db.session.scalars(select(Writeback).order_by(Writeback.id).execution_options(populate_existing=True)))


def completed(code: str = "3SABCD0123456789") -> int:
    complete(order().id, [Parcel(carrier="postnl", track_and_trace=code)], user_id=None, despite_shortage=True)
    deliver(order().shop_id)
    return rows()[0].id


def codes_at_bol(sandbox: RunningSandbox) -> list[str | None]:
    return [shipment.track_and_trace for shipment in sandbox.world.shipments.values()]


def test_a_refused_code_is_edited_and_then_confirmed(placed, sandbox, signed_in):
    sandbox.world.fail_next("CREATE_SHIPMENT", "Unknown transporter code 'X'.")
    row_id = completed()
    sam = signed_in("staff")
    assert "bol.com does not know the carrier" in sam.get("/needs-attention").text
    sam.get(f"/writebacks/{row_id}/code")
    sam.submit(track_and_trace="3SABCD0123456780")
    deliver(order().shop_id)
    assert [row.state for row in rows()] == ["confirmed"]
    assert codes_at_bol(sandbox) == ["3SABCD0123456780"]
    assert "Nothing needs attention" in sam.get("/needs-attention").text


def test_what_bol_cancelled_is_taken_over(placed, sandbox, signed_in, app):
    sandbox.world.cancel(placed)
    row_id = completed()
    sam = signed_in("staff")
    sam.get("/needs-attention")
    sam.get(f"/writebacks/{row_id}/takeover")
    assert "bol.com is being asked" in sam.submit(goods_are_back="yes").text
    run_jobs(app)
    assert order().status == "canceled"
    assert "Nothing needs attention" in sam.get("/needs-attention").text
    assert codes_at_bol(sandbox) == []


def test_ship_anyway_reaches_bol_once(placed, sandbox, signed_in):
    complete(
        order().id,
        [Parcel(carrier="postnl", track_and_trace="3SABCD0123456789")],
        user_id=None,
        despite_shortage=True,
    )
    sandbox.world.ask_to_cancel(placed)
    deliver(order().shop_id)
    (row,) = rows()
    assert (row.state, row.why) == ("needs-attention", "cancellation-requested")
    sam = signed_in("staff")
    sam.get("/needs-attention")
    sam.get(f"/writebacks/{row.id}/shipping-anyway")
    sam.submit(reason="the parcel has left")
    deliver(order().shop_id)
    assert [one.state for one in rows()] == ["confirmed"]
    assert codes_at_bol(sandbox) == ["3SABCD0123456789"]


def test_the_clients_wish_is_granted_at_bol(placed, sandbox, signed_in):
    complete(
        order().id,
        [Parcel(carrier="postnl", track_and_trace="3SABCD0123456789")],
        user_id=None,
        despite_shortage=True,
    )
    sandbox.world.ask_to_cancel(placed)
    deliver(order().shop_id)
    (row,) = rows()
    sam = signed_in("staff")
    sam.get("/needs-attention")
    sam.submit(f"#matter-{row.id} form[action$=acceptance]")
    deliver(order().shop_id)
    assert order().status == "canceled"
    assert [one.state for one in rows()] == ["withdrawn", "confirmed"]
    assert codes_at_bol(sandbox) == []


def test_a_repaired_code_that_bol_keeps_to_itself_puts_no_parcel_at_risk(placed, sandbox, signed_in):
    completed()
    repair_code(order().parcels[0].id, carrier="postnl", code="3SABCD0123456780", user_id=None)
    deliver(order().shop_id)
    page = signed_in("staff").get("/needs-attention")
    assert "a code is changed there only once" in page.text
    assert "The parcel is not at risk" in page.text
    assert order().parcels[0].track_and_trace == "3SABCD0123456789"


def test_a_missing_code_is_added_afterwards_and_both_are_kept(placed, sandbox, signed_in):
    complete(order().id, [Parcel(carrier="letter")], user_id=None, despite_shortage=True)
    deliver(order().shop_id)
    repair_code(order().parcels[0].id, carrier="postnl", code="3SABCD0123456780", user_id=None)
    deliver(order().shop_id)
    assert [row.state for row in rows()] == ["confirmed", "confirmed"]
    assert codes_at_bol(sandbox) == ["3SABCD0123456780"]
    parcel = order().parcels[0]
    assert (parcel.carrier, parcel.track_and_trace, parcel.replaced_code) == ("postnl", "3SABCD0123456780", None)
    assert "Track & Trace changed from none to 3SABCD0123456780" in signed_in().get(f"/orders/{order().id}").text
