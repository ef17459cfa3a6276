"""What was ordered beside what it is here."""

import pytest

from stoqflow_web.models import MarketplaceItem, Product
from stoqflow_web.ordered_as import has_another_ean, is_ordered_differently


@pytest.mark.parametrize(
    ("reference", "ean", "is_different", "is_another_ean"),
    [
        ("HK-1", "0012345678905", False, False),
        (" HK-1 ", "12345678905", False, False),
        (None, "12345678905", False, False),
        ("HK-1", None, False, False),
        (None, None, False, False),
        ("OLD-1", "12345678905", True, False),
        ("HK-1", "4006381333931", True, True),
    ],
)
def test_reference_and_ean_say_whether_it_is_the_same(reference, ean, is_different, is_another_ean):
    item = MarketplaceItem(reference=reference, ean=ean)
    product = Product(sku="HK-1", ean="12345678905", ean_normalised="0012345678905")
    assert (is_ordered_differently(item, product), has_another_ean(item, product)) == (is_different, is_another_ean)


@pytest.mark.parametrize(("reference", "is_different"), [("HK-1", False), (None, True), ("OLD-1", True)])
def test_a_product_without_ean_is_the_same_only_by_its_sku(reference, is_different):
    item = MarketplaceItem(reference=reference, ean="4006381333931")
    assert is_ordered_differently(item, Product(sku="HK-1")) is is_different
    assert not has_another_ean(item, Product(sku="HK-1"))
