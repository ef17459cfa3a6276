"""Activity: what Stoqflow did for its shops, newest first."""

import pytest
from sqlalchemy import insert, text

from stoqflow_web.clock import now
from stoqflow_web.extensions import db
from stoqflow_web.models import Activity
from stoqflow_web.queries import activities as queries
from stoqflow_web.queries.activities import OUTCOMES, WantedActivities
from stoqflow_web.queries.paging import Position
from stoqflow_web.services import activities
from stoqflow_web.transaction import transaction
from tests.support.builders import make_shop
from tests.support.counting import counted_queries

pytestmark = pytest.mark.usefixtures("clock", "ctx")


@pytest.fixture
def sam(signed_in):
    return signed_in("staff")


def record(shop, kind="transfer", outcome="done", event="transfer_finished", **what) -> None:
    with transaction() as tx:
        activities.record(tx, shop.id, kind, outcome, event, **({"what": "orders"} | what))


def many(shop, how_many: int, outcome: str = "done") -> None:
    row = {"at": now(), "shop_id": shop.id, "kind": "transfer", "outcome": outcome, "event": "transfer_finished"}
    with transaction() as tx:
        tx.session.execute(insert(Activity), [row | {"details": {"new": number}} for number in range(how_many)])


def whats(page) -> list[str]:
    return page.texts(".activities__what")


def test_a_row_says_when_which_shop_what_came_of_it_how_long_and_who(sam, clock, make_user):
    shop, mia = make_shop("Home & Kitchen NL"), make_user(name="Mia")
    began = clock.moment
    clock.jump(seconds=41)
    record(shop, what="products", new=1180, matched=12, problems=3, began_at=began, user_id=mia.id)
    row = sam.get("/activity").texts(".activities tbody td")
    assert row == [
        "today 09:12",
        "Home & Kitchen NL",
        "Transfer of products finished: 1,180 new, 12 matched, 3 need you",
        "Done",
        "41 s",
        "Mia",
    ]


def test_orders_that_a_row_is_about_are_links_and_what_happened_is_said(sam):
    told = [["canceled_at_marketplace", {"what": "2 × Pan"}]]
    named = [{"id": 7, "number": "SO-10007", "told": told}, {"id": 8, "number": "SO-10008", "told": []}]
    record(make_shop(), "sync", "done", "synced", changed=4, orders=named)
    page = sam.get("/activity")
    assert whats(page) == ["Sync: 4 changed SO-10007 : Canceled at bol.com: 2 × Pan · SO-10008 · and 2 more"]
    assert [link["href"] for link in page.all(".activities__what a")] == ["/orders/7", "/orders/8"]


def test_a_sync_without_news_is_not_in_the_way_but_can_be_asked_for(sam, clock):
    shop = make_shop()
    record(shop)
    for _ in range(3):
        record(shop, "sync", "nothing-new", "synced")
        clock.jump(minutes=1)
    record(shop, "connection", "trouble", "fell_silent", said="bol.com does not answer.")
    assert whats(sam.get("/activity")) == [
        "bol.com is out of reach: bol.com does not answer.",
        "Transfer of sales orders finished",
    ]
    page = sam.get("/activity?outcome=all")
    assert len(whats(page)) == 3
    assert whats(page)[1].startswith("Sync: nothing new · 3 times")
    assert page.texts("details time") == ["09:12:00", "09:13:00", "09:14:00"]
    assert len(whats(sam.get("/activity?outcome=trouble"))) == 1


def test_it_is_filtered_by_shop_and_outcome_together_and_nonsense_is_not_asked(sam):
    home, outdoor = make_shop("Home"), make_shop("Outdoor")
    record(home)
    record(outdoor)
    record(outdoor, outcome="trouble", event="transfer_failed", trouble="bol.com went away.")
    assert whats(sam.get(f"/activity?shop={outdoor.id}&outcome=trouble")) == [
        "Transfer of sales orders failed bol.com went away."
    ]
    assert len(whats(sam.get(f"/activity?shop={home.id}"))) == 1
    for nonsense in ("shop=99", "shop=x", "outcome=x", "page=x", "shop=" + "9" * 40):
        assert len(whats(sam.get(f"/activity?{nonsense}"))) == 3
    fragment = sam.htmx_get(f"/activity?shop={home.id}")
    assert len(whats(fragment)) == 1
    assert not fragment.all("h1")


@pytest.mark.both_databases
@pytest.mark.parametrize("outcome", list(OUTCOMES))
def test_paging_leads_through_every_row_once_and_back(sam, outcome):
    shop, other = make_shop(), make_shop()
    for _ in range(3):
        many(shop, 25)
        many(other, 10)
        many(shop, 25, "trouble")
        many(shop, 10, "nothing-new")
    expected = {"news": 150, "trouble": 75, "all": 180}[outcome]
    page, seen = sam.get(f"/activity?outcome={outcome}&shop={shop.id}"), 0
    while True:
        seen += len(whats(page))
        if not page.all("[rel=next]"):
            break
        page = sam.get(page.one("[rel=next]")["href"])
    assert seen == expected
    while page.all("[rel=prev]"):
        page = sam.get(page.one("[rel=prev]")["href"])
    assert whats(page) == whats(sam.get(f"/activity?outcome={outcome}&shop={shop.id}"))


def test_more_rows_cost_as_many_queries(app, sam):
    shop = make_shop()
    many(shop, 2)
    sam.get("/activity")
    with counted_queries(app) as few:
        sam.get("/activity")
    many(shop, 100)
    with counted_queries(app) as many_rows:
        sam.get("/activity")
    assert len(few) == len(many_rows)


@pytest.mark.parametrize("outcome", list(OUTCOMES))
@pytest.mark.parametrize("shop_id", [None, 7], ids=["all shops", "one shop"])
@pytest.mark.parametrize("position", [None, Position((500_000,)), Position((500_000,), is_backwards=True)])
def test_no_filter_makes_the_database_go_through_all_rows(outcome, shop_id, position):
    wanted = queries._ids(WantedActivities(shop_id=shop_id, outcome=outcome), position, 51)
    asked = str(wanted.compile(db.engine, compile_kwargs={"literal_binds": True}))
    plan = [row.detail for row in db.session.execute(text(f"EXPLAIN QUERY PLAN {asked}"))]
    walks = [step for step in plan if "activities" in step]
    # Each walks along an index, or along the rows themselves, in the order wanted, and ends after one page.
    assert all("USING" in step or (outcome == "all" and shop_id is None) for step in walks), plan
    assert not [step for step in plan if "TEMP B-TREE" in step], plan


def test_no_rows_is_told_kindly(sam):
    assert "Nothing yet" in sam.get("/activity").text
    assert "Nothing went wrong in the last 90 days." in sam.get("/activity?outcome=trouble").text


def test_strangers_see_nothing_of_it(browser):
    assert browser.get("/activity").url.startswith("/sign-in")
