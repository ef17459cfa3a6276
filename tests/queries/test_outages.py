"""The one line that says that a shop's messages can't leave."""

import pytest

from stoqflow_web.clock import now
from stoqflow_web.models import Shop, Writeback, WritebackAttempt
from stoqflow_web.services import shops
from stoqflow_web.services.completing import Parcel, complete
from stoqflow_web.transaction import transaction
from tests.support.builders import make_order, make_product, make_shop
from tests.support.counting import counted_queries

pytestmark = [pytest.mark.usefixtures("clock", "ctx"), pytest.mark.both_databases]


@pytest.fixture
def sam(signed_in):
    return signed_in("staff")


def waiting(shop: Shop, *, tries: int = 0) -> int:
    made = make_order(products=[make_product()], status="on-hold", shop=shop)
    complete(
        made.id,
        [Parcel(carrier="postnl", track_and_trace="3SABCD0123456789", is_confirmed=True)],
        user_id=None,
        despite_shortage=True,
    )
    with transaction() as tx:
        row = tx.session.query(Writeback).filter_by(sales_order_id=made.id).one()
        row.tries = tries
        if tries:
            tx.session.add(WritebackAttempt(writeback_id=row.id, at=now(), outcome="not-sent", details={}))
    return made.id


def test_while_all_is_well_no_line_is_shown(sam):
    waiting(make_shop("Home"))
    assert not sam.get("/orders").all(".notice--warn:not([data-connection-lost])")


def test_a_shop_that_bol_does_not_answer_for_has_one_line(sam):
    shop = make_shop("Outdoor BE")
    waiting(make_shop("Home"))
    waiting(shop, tries=2)
    waiting(shop)
    lines = sam.get("/orders").texts(".notice--warn:not([data-connection-lost])")
    assert lines == ["bol.com does not answer for Outdoor BE since 09:12 · 2 safe in the queue"]


@pytest.mark.parametrize("answer", ["the keys work", "another message was taken"])
def test_the_line_goes_when_bol_has_answered_since(sam, clock, answer):
    shop = make_shop("Outdoor BE")
    waiting(shop, tries=2)
    other = waiting(shop)
    clock.jump(minutes=1)
    with transaction() as tx:
        if answer == "the keys work":
            tx.session.get_one(Shop, shop.id).keys_checked_at = now()
        else:
            row = tx.session.query(Writeback).filter_by(sales_order_id=other).one()
            tx.session.add(WritebackAttempt(writeback_id=row.id, at=now(), outcome="submitted", details={}))
    assert "bol.com does not answer" not in sam.get("/orders").text


def test_lost_access_is_said_and_a_manager_is_led_to_the_keys(signed_in):
    shop = make_shop("Outdoor BE")
    waiting(shop)
    shops.mark_access_lost(shop.id, "no")
    page = signed_in("manager").get("/orders")
    line = page.one(".notice--danger")
    assert "bol.com refuses the keys of Outdoor BE" in line.get_text()
    assert line.a["href"] == f"/shops/{shop.id}"
    told = signed_in("staff").get("/orders").one(".notice--danger")
    assert not told.a
    assert "tell a manager" in told.get_text()


def test_a_paused_shop_is_named_only_when_something_waits(sam):
    shop = make_shop("Outdoor BE")
    shops.pause(shop.id, user_id=None)
    assert "paused" not in sam.get("/orders").text
    waiting(shop)
    assert "Outdoor BE is paused since 09:12 · 1 safe in the queue" in sam.get("/orders").text


def test_a_fragment_does_not_pay_for_it(app, sam):
    waiting(make_shop(), tries=1)
    sam.get("/orders")
    with counted_queries(app) as asked:
        sam.htmx_get("/orders")
    assert not [statement for statement in asked if "writeback_attempts" in statement]
    assert not [statement for statement in asked if "access_lost_at" in statement and "GROUP BY" in statement]
