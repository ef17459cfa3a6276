"""A Track & Trace code that is put right after bol.com has confirmed the shipment."""

import pytest
from sqlalchemy import select

from stoqflow_web.extensions import db
from stoqflow_web.models import Writeback
from stoqflow_web.services.attention import withdraw
from stoqflow_web.services.completing import Parcel, complete
from stoqflow_web.transaction import transaction
from tests.services.test_attention import order, stuck
from tests.support.builders import make_order, make_product

pytestmark = pytest.mark.usefixtures("clock", "ctx")


@pytest.fixture
def sam(signed_in):
    return signed_in("staff")


def shipment(state="confirmed"):
    made = make_order(products=[make_product()], status="on-hold")
    complete(
        made.id, [Parcel(carrier="postnl", track_and_trace="3SABCD0123456789")], user_id=None, despite_shortage=True
    )
    with transaction() as tx:
        tx.session.scalars(select(Writeback)).one().state = state
    return order(made.id).parcels[0]


def repairs():
    db.session.rollback()
    return db.session.scalars(select(Writeback).where(Writeback.kind == "transport")).all()


def test_a_new_code_is_owed_and_the_old_one_stays_until_bol_confirms(sam):
    parcel = shipment()
    sam.get(f"/shipments/{parcel.id}/code")
    page = sam.submit(track_and_trace="3sabcd0123456780")
    assert page.url == f"/orders/{parcel.sales_order_id}"
    assert "on its way to bol.com" in page.text
    (row,) = repairs()
    assert (row.state, row.carrier, row.track_and_trace) == ("pending", "postnl", "3SABCD0123456780")
    assert order(parcel.sales_order_id).parcels[0].track_and_trace == "3SABCD0123456789"


def test_pressed_twice_it_is_owed_once(sam, signed_in):
    parcel = shipment()
    other = signed_in("staff")
    for person in (sam, other):
        person.get(f"/shipments/{parcel.id}/code")
    sam.submit(track_and_trace="3SABCD0123456780")
    page = other.submit(track_and_trace="3SABCD0123456781")
    assert "on its way to bol.com already" in page.text
    assert len(repairs()) == 1


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("3SABCD0123456789", "has already"),
        ("concept", "no Track & Trace code"),
        ("", "Fill in"),
        ("https://postnl.nl/3S", "web address"),
        ("AB12345", "does not look like"),
    ],
)
def test_a_wrong_code_is_refused_with_the_reason(sam, typed, sentence):
    parcel = shipment()
    sam.get(f"/shipments/{parcel.id}/code")
    page = sam.submit(track_and_trace=typed)
    assert page.status == 422
    assert sentence in page.error_beside("track_and_trace")
    assert not repairs()


def test_letter_mail_has_no_code_to_repair_to(sam):
    parcel = shipment()
    sam.get(f"/shipments/{parcel.id}/code")
    page = sam.submit(carrier="letter", track_and_trace="")
    assert page.status == 422
    assert "no empty one" in page.error_beside("track_and_trace")


def test_what_bol_has_not_confirmed_is_not_repaired(sam):
    parcel = shipment("submitted")
    sam.get(f"/shipments/{parcel.id}/code")
    assert "has not confirmed" in sam.submit(track_and_trace="3SABCD0123456780").text
    assert not repairs()


def test_a_shipment_that_is_not_there_is_not_found(sam):
    assert sam.get("/shipments/999/code").status == 404


def test_a_confirmed_parcel_leads_to_its_repair_and_both_codes_are_shown(sam):
    parcel = shipment()
    link = sam.get(f"/orders/{parcel.sales_order_id}").one("#parcels a.button")
    sam.get(link["href"])
    page = sam.submit(track_and_trace="3SABCD0123456780")
    shown = page.texts("#parcels .row")[0]
    assert "3SABCD0123456789" in shown
    assert "New code: 3SABCD0123456780" in shown
    assert not page.all("#parcels a.button")


def test_a_code_that_bol_changes_only_once_is_not_sent_again(sam):
    parcel = shipment()
    sam.get(f"/shipments/{parcel.id}/code")
    sam.submit(track_and_trace="3SABCD0123456780")
    stuck(repairs()[0].id, "rejected", "Transport with id 7 already has a track and trace code.")
    withdraw(repairs()[0].id, user_id=None)
    sam.get(f"/shipments/{parcel.id}/code")
    page = sam.submit(track_and_trace="3SABCD0123456781")
    assert "only once" in page.text
    assert len(repairs()) == 1
