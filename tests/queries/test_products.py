"""The list of products."""

import pytest

from stoqflow_web.errors import NotFound
from stoqflow_web.queries import paging, products
from tests.support.builders import make_offer, make_product, make_shop

pytestmark = pytest.mark.usefixtures("clock", "ctx")


def skus(page):
    return [product.sku for product in page.rows]


@pytest.mark.both_databases
def test_products_are_paged_by_sku_both_ways(monkeypatch):
    monkeypatch.setattr(paging.turn_to, "__kwdefaults__", {"size": 2})
    for sku in ("B-2", "A-1", "C-3", "D_4", "E'5"):
        make_product(sku)
    first = products.page()
    second = products.page(cursor=first.next)
    third = products.page(cursor=second.next)
    assert [skus(page) for page in (first, second, third)] == [["A-1", "B-2"], ["C-3", "D_4"], ["E'5"]]
    assert third.next is None
    assert skus(products.page(cursor=third.previous)) == ["C-3", "D_4"]
    assert skus(products.page(cursor="nonsense")) == ["A-1", "B-2"]


@pytest.mark.both_databases
def test_a_product_is_found_by_sku_ean_and_title():
    make_product("HK-1", ean="0000007740404", title="Gietijzeren braadpan")
    make_product("HK-2", title="Theepot")
    for question in ("hk-1", "7740404", "0000007740404", "braad giet", "BRAADPAN hk"):
        found = skus(products.page(question))
        assert found == ([] if question == "7740404" else ["HK-1"]), question
    assert skus(products.page("hk")) == ["HK-1", "HK-2"]
    assert skus(products.page("%")) == []
    assert skus(products.page("x" * 40_000)) == []


def test_candidates_with_the_same_ean_come_first_and_only_once():
    same = make_product("Z-1", ean="8712345678906", title="Pan")
    other = make_product("A-1", title="Pan")
    found = products.candidates("8712345678906", "pan")
    assert [product.sku for product in found] == [same.sku, other.sku]
    assert [product.sku for product in products.candidates("8712345678906")] == [same.sku]
    assert products.candidates(None) == []


def test_offers_stand_with_their_product():
    shop, one, two = make_shop("A shop"), make_product(), make_product()
    offer = make_offer(shop, one)
    make_offer(shop)
    by_product = products.offers_of([one, two])
    assert [found.id for found in by_product[one.id]] == [offer.id]
    assert two.id not in by_product


@pytest.mark.parametrize("product_id", [0, 7, 2**63, 10**30])
def test_a_product_that_is_not_here_is_not_found(product_id):
    with pytest.raises(NotFound):
        products.find(product_id)
