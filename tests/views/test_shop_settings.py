"""How a shop tells bol.com what was done, set by a manager."""

import pytest

from stoqflow_web.extensions import db
from stoqflow_web.models import Shop
from tests.support.builders import make_shop

pytestmark = pytest.mark.usefixtures("clock", "ctx")


@pytest.fixture
def shop():
    return make_shop("Home & Kitchen NL")


def settings_of(shop):
    db.session.rollback()
    kept = db.session.get_one(Shop, shop.id, populate_existing=True)
    return kept.hold_minutes, kept.waits_for_all_parts, kept.default_carrier


def test_a_manager_changes_all_three_and_history_has_before_and_after(signed_in, shop):
    emma = signed_in("manager")
    assert "2 minutes" in emma.get(f"/shops/{shop.id}").text
    emma.get(f"/shops/{shop.id}/settings")
    page = emma.submit(hold_minutes="0", split_orders="each-part", default_carrier="dhl")
    assert (page.status, page.url) == (200, f"/shops/{shop.id}")
    assert settings_of(shop) == (0, False, "dhl")
    told = page.texts("#history li")
    assert any("Minutes before bol.com is told: 2 became 0" in line for line in told)
    assert any("Split orders wait for all parts: yes became no" in line for line in told)
    assert any("Default carrier: PostNL became DHL" in line for line in told)
    assert all(f"by {emma.user.name}" in line for line in told)


def test_the_same_once_more_is_no_history(signed_in, shop):
    emma = signed_in("manager")
    emma.get(f"/shops/{shop.id}/settings")
    page = emma.submit()
    assert page.texts("#history li") == []
    assert settings_of(shop) == (2, True, "postnl")


@pytest.mark.parametrize("minutes", ["16", "-1", "", "two", "2.5", "9" * 30])
def test_minutes_beyond_a_quarter_of_an_hour_are_refused(signed_in, shop, minutes):
    emma = signed_in("manager")
    emma.get(f"/shops/{shop.id}/settings")
    page = emma.submit(hold_minutes=minutes)
    assert page.status == 422
    assert page.error_beside("hold_minutes")
    assert settings_of(shop)[0] == 2


def test_an_unknown_carrier_is_refused(signed_in, shop):
    emma = signed_in("manager")
    emma.get(f"/shops/{shop.id}/settings")
    assert emma.submit(default_carrier="pigeon").status == 422


def test_staff_may_not(signed_in, shop):
    assert signed_in("staff").get(f"/shops/{shop.id}/settings").status == 403


@pytest.mark.parametrize("typed", ["05:30 PM", "25:00", "soon", ""])
def test_a_time_is_written_in_24_hours_everywhere_and_nothing_else_is_taken(signed_in, shop, typed):
    emma = signed_in("manager")
    field = emma.get(f"/shops/{shop.id}/settings").one("[name=collected_at]")
    assert (field["type"], field["value"]) == ("text", "17:30")
    page = emma.submit(collected_at=typed)
    assert page.status == 422
    assert page.error_beside("collected_at") == "Enter a time, for example 17:30."
    emma.get(f"/shops/{shop.id}/settings")
    emma.submit(collected_at="16:05")
    assert emma.get(f"/shops/{shop.id}/settings").one("[name=collected_at]")["value"] == "16:05"
