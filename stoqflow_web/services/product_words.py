"""Keeps the words by which products are found."""

from collections.abc import Collection

from sqlalchemy import insert, select

from stoqflow_web.models import Product, ProductWord
from stoqflow_web.search_words import words_of
from stoqflow_web.transaction import Transaction


def add_product_words(tx: Transaction, products: Collection[Product]) -> None:
    """Let these products be found by their SKU, EAN (with and without leading zeros) and title.

    Words are only added: what is known of a product grows and is never replaced.
    """
    if not products:
        return
    tx.session.flush()
    ids = [product.id for product in products]
    here = {
        (word, product_id)
        for word, product_id in tx.session.execute(
            select(ProductWord.word, ProductWord.product_id).where(ProductWord.product_id.in_(ids))
        )
    }
    wanted = {
        (word, product.id)
        for product in products
        for word in words_of(product.sku, product.ean, product.ean_normalised, product.title)
    }
    rows = [{"word": word, "product_id": product_id} for word, product_id in sorted(wanted - here)]
    if rows:
        tx.session.execute(insert(ProductWord), rows)
