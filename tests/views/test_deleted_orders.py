"""Deleted orders, as a manager sees them."""

import pytest

from stoqflow_web.services.deleting import delete
from tests.services.test_attention import order
from tests.support.builders import make_order

pytestmark = [pytest.mark.usefixtures("clock", "ctx"), pytest.mark.both_databases]


@pytest.fixture
def emma(signed_in):
    return signed_in("manager")


def deleted(user_id=None, **given):
    made = make_order(**given)
    delete(made.id, user_id=user_id)
    return made


def test_a_deleted_order_is_listed_with_who_deleted_it(emma):
    made = deleted(emma.user.id, client="Linh Nguyen", external_id="C000AB12CD")
    page = emma.get("/deleted-orders")
    (row,) = page.texts("tbody tr")
    assert row.startswith(f"{made.number} C000AB12CD")
    assert "Nguyen, Utrecht" in row
    assert f"by {emma.user.name}" in row
    assert "Still open" in row


def test_it_is_searched_by_number_and_by_bols_number(emma):
    first, second = deleted(external_id="C000AB12CD"), deleted(external_id="C000XX99ZZ")
    make_order(external_id="C000AB12CE")
    emma.get("/deleted-orders")
    assert [row.split()[0] for row in emma.submit(".filters", q="c000ab").texts("tbody tr")] == [first.number]
    assert [row.split()[0] for row in emma.submit(".filters", q=second.number).texts("tbody tr")] == [second.number]
    assert "No deleted order matches" in emma.submit(".filters", q="nobody").text


def test_import_again_brings_it_back_and_asks_bol(emma):
    made = deleted()
    emma.get("/deleted-orders")
    page = emma.submit("tbody form")
    assert (page.heading, page.url) == (made.number, f"/orders/{made.id}")
    assert "bol.com is asked again" in page.text
    assert order(made.id).is_open
    assert "No deleted orders" in emma.get("/deleted-orders").text


def test_who_imports_it_second_is_told(emma, signed_in):
    deleted()
    other = signed_in("manager")
    for person in (emma, other):
        person.get("/deleted-orders")
    emma.submit("tbody form")
    assert other.submit("tbody form").status == 404


def test_what_is_handled_at_bol_is_not_offered(emma):
    deleted(items={"quantity_shipped": 1})
    page = emma.get("/deleted-orders")
    assert "Handled" in page.text
    assert not page.all("tbody form")


def test_staff_does_not_see_deleted_orders(signed_in):
    made = deleted()
    sam = signed_in("staff")
    assert sam.get("/deleted-orders").status == 403
    page = sam.get("/orders")
    token = page.one("form[action='/sign-out'] [name=csrf_token]")["value"]
    refused = sam.client.post(
        f"/deleted-orders/{made.marketplace_order_id}/import", data={"csrf_token": token}, follow_redirects=True
    )
    assert refused.status_code == 403
    assert order(made.id).is_deleted


def test_a_long_list_has_pages(emma):
    for _number in range(51):
        deleted()
    page = emma.get("/deleted-orders")
    assert len(page.all("tbody tr")) == 50
    far = emma.get(page.one("a[rel=next]")["href"])
    assert len(far.all("tbody tr")) == 1
    assert len(emma.get(far.one("a[rel=prev]")["href"]).all("tbody tr")) == 50


def test_managers_find_it_in_the_navigation(emma, signed_in):
    assert "Deleted orders" in emma.get("/orders").text
    assert "Deleted orders" not in signed_in("staff").get("/orders").text
