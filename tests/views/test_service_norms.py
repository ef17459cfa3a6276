"""The page of the service norms, and its card on the home page."""

from datetime import timedelta
from decimal import Decimal

import pytest

from stoqflow_web import clock as clock_module
from stoqflow_web.models import MarketplaceItem, PerformanceIndicator, Reading
from stoqflow_web.models.readings import NORMS
from stoqflow_web.models.sales_orders import COMPLETE, DELETED
from stoqflow_web.transaction import transaction
from tests.support.builders import make_order, make_shop

pytestmark = pytest.mark.usefixtures("clock", "ctx")


@pytest.fixture
def sam(signed_in):
    return signed_in("staff")


def tell(shop, name, norm, *, condition="<=", week=48, score=None, of=None, conforms=None) -> None:
    """bol.com says how it measured the shop."""
    part, whole = of or (None, None)
    with transaction() as tx:
        tx.session.add(
            PerformanceIndicator(
                shop_id=shop.id, name=name, year=2026, week=week, norm_condition=condition, norm_value=Decimal(norm),
                score=score and Decimal(score), numerator=part, denominator=whole, conforms=conforms,
                fetched_at=clock_module.now(), is_share=name != "reviews",
            )
        )  # fmt: skip
        tx.session.merge(Reading(shop_id=shop.id, kind=NORMS, next_at=clock_module.now(), read_at=clock_module.now()))


def items(shop, shipped: int, cancelled: int = 0) -> list:
    """Orders whose only item was shipped or cancelled at bol.com an hour ago."""
    at = clock_module.now() - timedelta(hours=1)
    made = [make_order(shop=shop, status=COMPLETE, ended_at=at) for _ in range(shipped)]
    gone = [make_order(shop=shop, status="canceled", ended_at=at) for _ in range(cancelled)]
    with transaction() as tx:
        for order in [*made, *gone]:
            for item in tx.session.query(MarketplaceItem).filter_by(order_id=order.marketplace_order_id):
                item.changed_at = at
                item.quantity_shipped, item.quantity_cancelled = (1, 0) if order in made else (0, 1)
    return gone


def card(page) -> list[str]:
    return page.texts("section[aria-labelledby=norms-title] .card__body > *")


def test_the_home_page_has_no_figure_before_there_is_something_to_count(sam):
    make_shop()
    page = sam.get("/")
    assert card(page) == ["Nothing was shipped or canceled this week yet."]
    assert page.one("#norms-title a")["href"] == "/service-norms"


def test_the_card_tells_our_count_beside_the_norm_and_in_red_and_words_what_is_beyond_it(sam):
    shop = make_shop()
    items(shop, shipped=118, cancelled=1)
    page = sam.get("/")
    assert page.texts("#norm-cancellations dd") == ["0.8 %"]  # no norm is known before bol.com told it
    tell(shop, "cancellations", "0.02")
    tell(shop, "on-time", "0.93", condition=">=")
    page = sam.get("/")
    assert page.texts("#norm-cancellations") == ["Cancellations 0.8 % · norm 2 %"]
    assert page.texts("#norm-on-time") == ["On time 100 % · norm 93 %"]
    assert page.texts("#norm-track-and-trace") == ["Track & Trace nothing yet"]
    assert not page.all("section[aria-labelledby=norms-title] .danger-text")
    items(shop, shipped=0, cancelled=2)
    page = sam.get("/")
    assert page.texts("#norm-cancellations") == ["Cancellations 2.5 % · norm 2 % · too high"]
    assert page.texts("#norm-cancellations .danger-text") == ["2.5 %", "· norm 2 % · too high"]


def test_of_several_shops_the_one_that_does_worst_is_named(sam):
    good, bad = make_shop("Keuken"), make_shop("Tuin")
    items(good, shipped=10)
    items(bad, shipped=9, cancelled=1)
    assert sam.get("/").texts("#norm-cancellations") == ["Cancellations Tuin 10 %"]


def test_all_but_one_of_many_is_never_rounded_to_all(sam):
    items(make_shop(), shipped=0, cancelled=0)
    shop = make_shop()
    tell(shop, "track-and-trace", "1", condition=">=", score="0.9999", of=(9999, 10000), conforms=False)
    row = sam.get(f"/service-norms?shop={shop.id}").texts("#norm-track-and-trace td")
    assert row[:3] == ["Track & Trace", "at least 100 %", "99.9 % · too low 9,999 of 10,000"]


def test_the_page_holds_both_counts_against_the_norm_with_the_orders_that_caused_it(sam):
    shop = make_shop("Keuken")
    (gone,) = items(shop, shipped=9, cancelled=1)
    tell(shop, "cancellations", "0.02", score="0.0909", of=(1, 11), conforms=False)
    tell(shop, "reviews", "8", condition=">=")
    page = sam.get("/service-norms")
    assert page.texts("#norm-cancellations td") == [
        "Cancellations", "at most 2 %", "9.1 % · too high 1 of 11", "10 % · too high 1 of 10",
    ]  # fmt: skip
    assert page.texts("#norm-on-time td")[2:] == ["no score", "100 % 9 of 9"]
    assert page.texts("#norm-reviews td")[1] == "at least 8"
    (link,) = page.all("#causes-cancellations a")
    assert (link["href"], link.get_text()) == (f"/orders/{gone.id}", gone.number)
    assert page.texts("#causes-track-and-trace .card__body") == ["None."]
    assert "bol.com judges you by its own score" in page.one(".card__foot").get_text()
    assert "until Sunday night" in page.one(".card__foot").get_text()


def test_a_cancellation_of_an_order_that_is_not_here_is_named_by_bols_number(sam):
    shop = make_shop("Keuken")
    (gone,) = items(shop, shipped=0, cancelled=1)
    external_id = gone.marketplace_order.external_id
    with transaction() as tx:
        tx.session.merge(gone).status = DELETED
    page = sam.get("/service-norms")
    (title,) = page.texts("#causes-cancellations .matter__what .row__title")
    assert title == external_id
    assert "not here" in page.texts("#causes-cancellations .row")[0]


def test_the_weeks_before_are_a_link_away_and_nonsense_is_the_running_week(sam):
    shop = make_shop("Keuken")
    tell(shop, "cancellations", "0.02", week=47, score="0.01", of=(2, 200), conforms=True)
    page = sam.get("/service-norms")
    assert len(page.all("[id^=week-2026]")) == 8
    assert page.texts("#norm-cancellations td")[2] == "no score"
    old = sam.get(page.one("#week-2026-W47 a")["href"])
    assert old.texts("#norm-cancellations td")[2] == "1 % 2 of 200"
    assert old.texts("#week-title") == ["Week 47"]
    for nonsense in ("week=2026-W99&shop=x", "week=2020-W01", "shop=99"):
        assert sam.get(f"/service-norms?{nonsense}").texts("#week-title") == ["This week"]


def test_without_shops_and_before_bol_was_asked_the_page_says_so(sam):
    assert sam.get("/service-norms").texts(".empty__title") == ["No shops yet"]
    make_shop()
    page = sam.get("/service-norms")
    assert page.texts(".filters__note") == ["bol.com's scores were not read yet"]
    assert page.texts("#norm-cancellations td")[2:] == ["not read yet", "nothing yet"]
