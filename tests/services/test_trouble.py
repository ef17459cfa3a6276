"""When a shop's marketplace counts as silent or as strict, and when no longer."""

import pytest
from sqlalchemy import select

from stoqflow_web.exchange import AskedWrongly, Busy, Unreachable
from stoqflow_web.extensions import db
from stoqflow_web.models import Activity, HistoryEntry, Shop
from stoqflow_web.services import shops, trouble
from stoqflow_web.services.marketplaces import connect
from stoqflow_web.services.orders_transfer import transfer_orders
from tests.services.transfers import claimed, new_run
from tests.support.builders import make_shop
from tests.support.counting import counted_queries
from tests.support.linking import link_shop
from tests.support.syncs import shop_now

pytestmark = [pytest.mark.usefixtures("clock", "ctx"), pytest.mark.both_databases]
SAID = "bol.com does not answer."


@pytest.fixture
def shop(ctx, clock) -> Shop:
    return make_shop("Outdoor BE")


def told(shop: Shop) -> list[str]:
    """What Activity has of the shop, which is what its history has too."""
    db.session.rollback()
    events = list(db.session.scalars(select(Activity.event).where(Activity.shop_id == shop.id).order_by(Activity.id)))
    history = select(HistoryEntry.event).where(HistoryEntry.shop_id == shop.id).order_by(HistoryEntry.id)
    assert list(db.session.scalars(history)) == events
    return events


def test_a_fault_that_goes_well_at_the_next_try_is_no_trouble(shop, clock):
    for _ in range(30):
        trouble.note_silent(shop.id, SAID)
        clock.jump(seconds=15)
        trouble.answered(shop.id)
        clock.jump(seconds=15)
    assert shop_now(shop.id).trouble is None
    assert told(shop) == []


def test_many_faults_at_one_moment_are_no_trouble_yet(shop):
    for _ in range(50):
        trouble.note_silent(shop.id, SAID)
    assert shop_now(shop.id).trouble is None


def test_faults_that_go_on_are_trouble_since_the_first_of_them_told_once(shop, clock):
    first = clock.moment
    for _ in range(20):
        trouble.note_silent(shop.id, SAID)
        clock.jump(seconds=12)
    now = shop_now(shop.id)
    assert (now.trouble, now.trouble_since, now.trouble_said) == ("silent", first, SAID)
    assert told(shop) == ["fell_silent"]


def test_one_good_answer_ends_it_and_says_how_long_it_lasted(shop, clock):
    trouble.note_silent(shop.id, SAID)
    clock.jump(minutes=12)
    trouble.note_silent(shop.id, SAID)
    trouble.answered(shop.id)
    trouble.answered(shop.id)
    now = shop_now(shop.id)
    assert (now.trouble, now.trouble_since, now.trouble_said, now.unanswered_since) == (None, None, None, None)
    assert told(shop) == ["fell_silent", "answers_again"]
    assert db.session.scalars(select(Activity).order_by(Activity.id.desc())).first().details == {"seconds": 720}


@pytest.mark.parametrize(
    ("fault", "counts"),
    [
        (Unreachable("bol.com does not answer."), True),
        (Busy("bol.com's limit is used up."), False),
        (AskedWrongly("bol.com refuses the question."), False),
    ],
    ids=lambda value: type(value).__name__,
)
def test_only_what_tells_of_a_marketplace_out_of_order_counts(shop, clock, fault, counts):
    trouble.note_fault(shop.id, fault)
    clock.jump(minutes=1)
    trouble.note_fault(shop.id, fault)
    assert (shop_now(shop.id).trouble == "silent") is counts


def test_a_refusal_is_an_answer(shop, clock):
    trouble.note_silent(shop.id, SAID)
    clock.jump(minutes=1)
    trouble.note_silent(shop.id, SAID)
    shops.mark_access_lost(shop.id, "The keys are refused.")
    assert shop_now(shop.id).trouble is None
    assert told(shop) == ["fell_silent", "answers_again", "access_lost"]


def test_a_long_transfer_ends_it_with_its_first_good_answer_and_not_with_its_end(sandbox, clock):
    shop_id = link_shop(sandbox)
    trouble.note_silent(shop_id, SAID)
    clock.jump(minutes=1)
    trouble.note_silent(shop_id, SAID)
    work = claimed(new_run(shop_id, "orders"))
    with connect(shop_id) as marketplace:
        transfer_orders(work, marketplace)
        assert shop_now(shop_id).trouble is None
    assert db.session.scalars(select(Activity.event).order_by(Activity.id)).all()[-1] == "answers_again"


def test_a_pause_leaves_no_doubt_behind(shop, clock):
    trouble.note_silent(shop.id, SAID)
    shops.pause(shop.id, user_id=None)
    clock.jump(days=3)
    shops.resume(shop.id, user_id=None)
    trouble.note_silent(shop.id, SAID)
    assert shop_now(shop.id).trouble is None


def test_limits_cut_in_half_are_told_once_and_do_not_come_and_go(shop, clock):
    for _ in range(5):
        trouble.went_well(shop.id, strictness=0.5)
        clock.jump(minutes=1)
        trouble.went_well(shop.id, strictness=1.0)  # this pass asked for other things
        clock.jump(minutes=1)
    assert told(shop)[:1] == ["limits_cut"]
    clock.jump(minutes=10)
    trouble.went_well(shop.id, strictness=0.6)
    assert shop_now(shop.id).trouble is None
    assert told(shop) == ["limits_cut", "limits_back"]


def test_silence_weighs_more_than_strictness(shop, clock):
    trouble.went_well(shop.id, strictness=0.25)
    trouble.note_silent(shop.id, SAID)
    clock.jump(minutes=1)
    trouble.note_silent(shop.id, SAID)
    assert shop_now(shop.id).trouble == "silent"
    trouble.went_well(shop.id, strictness=0.25)
    assert shop_now(shop.id).trouble == "limited"


def test_while_all_is_well_nothing_is_written(app, shop):
    with counted_queries(app) as asked:
        trouble.went_well(shop.id, strictness=1.0)
    assert len(asked) == 1
    assert asked[0].startswith("SELECT")
