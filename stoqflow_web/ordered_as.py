"""Compares what the client ordered at the marketplace with the product of ours that stands for it. Pure rules."""

from stoqflow_web.matching import normalise_ean
from stoqflow_web.models import MarketplaceItem, Product


def has_another_ean(item: MarketplaceItem, product: Product) -> bool:
    """Whether both have an EAN and these are not the same one; leading zeros do not matter."""
    ordered = normalise_ean(item.ean)
    return ordered is not None and product.ean_normalised is not None and ordered != product.ean_normalised


def is_ordered_differently(item: MarketplaceItem, product: Product) -> bool:
    """Whether a page must say what was ordered: the seller's reference or the EAN is not our product's.

    A product without EAN is surely the same thing only when the reference is its SKU.
    """
    reference = (item.reference or "").strip()
    if reference and reference != product.sku:
        return True
    if product.ean_normalised is None:
        return bool(item.ean) and not reference
    return has_another_ean(item, product)
