"""Records for tests to begin with, straight into the database. Say only what the test is about.

They need an app context (fixture `ctx`, or `with app.app_context()`), and give back what can be read without one.
"""

import itertools
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import insert

from stoqflow_web import clock
from stoqflow_web.exchange import FBR, Address
from stoqflow_web.extensions import vault
from stoqflow_web.matching import normalise_ean
from stoqflow_web.models import (
    MarketplaceItem,
    MarketplaceOrder,
    Offer,
    OrderLine,
    OrderWord,
    Product,
    ProductWord,
    SalesOrder,
    Shop,
)
from stoqflow_web.models.marketplace_orders import FAR_AWAY
from stoqflow_web.models.sales_orders import READY_TO_PICK, first_number
from stoqflow_web.search_words import words_of
from stoqflow_web.transaction import Transaction, transaction

_numbers = itertools.count(1)
SOON = timedelta(days=2)


def make_shop(name: str | None = None, **fields: Any) -> Shop:
    """A linked bol.com account with working keys."""
    number = next(_numbers)
    now = clock.now()
    given = {
        "api_key": f"00000000-0000-4000-8000-{number:012}",
        "api_secret_encrypted": vault().lock(f"secret {number}"),
        "account_id": str(1_000_000 + number),
        "account_name": f"Account {number}",
        "created_at": now,
        "keys_checked_at": now,
    }
    with transaction() as tx:
        shop = Shop(name=name or f"Shop {number}", **(given | fields))
        tx.session.add(shop)
        tx.session.flush()
        tx.session.refresh(shop)
    return shop


def make_product(sku: str | None = None, *, stock: int = 100, **fields: Any) -> Product:
    """A product with `stock` units on hand, findable by its words."""
    number = next(_numbers)
    ean = fields.pop("ean", f"87{number:011}")
    given = {"title": f"Product {number}", "ean": ean, "ean_normalised": normalise_ean(ean), "on_hand": stock}
    with transaction() as tx:
        product = Product(sku=sku or f"SKU-{number}", created_at=clock.now(), **(given | fields))
        tx.session.add(product)
        tx.session.flush()
        tx.session.refresh(product)
        words = words_of(product.sku, product.ean, product.ean_normalised, product.title)
        tx.session.execute(insert(ProductWord), [{"word": word, "product_id": product.id} for word in words])
    return product


def make_offer(shop: Shop, product: Product | None = None, **fields: Any) -> Offer:
    """The product for sale in the shop; without a product an offer that nothing is known of."""
    number = next(_numbers)
    ean = fields.pop("ean", product.ean if product else f"87{number:011}")
    given = {
        "external_id": f"offer-{number}",
        "reference": product.sku if product else None,
        "ean": ean,
        "ean_normalised": normalise_ean(ean),
        "price": Decimal("19.95"),
        "fulfilment_method": FBR,
        "stock": 10,
        "condition": "NEW",
        "seen_at": clock.now(),
        "product_id": product.id if product else None,
    }
    with transaction() as tx:
        offer = Offer(shop_id=shop.id, **(given | fields))
        tx.session.add(offer)
        tx.session.flush()
        tx.session.refresh(offer)
    return offer


def make_order(
    lines: int = 1,
    *,
    shop: Shop | None = None,
    products: Sequence[Product | None] | None = None,
    quantity: int = 1,
    status: str = READY_TO_PICK,
    client: str = "Anna de Vries",
    deliver_by: date | str | None = "soon",
    items: dict[str, Any] | None = None,
    **fields: Any,
) -> SalesOrder:
    """An order that came in through a shop.

    `products` gives the product of each line (None: unknown); without it they are made. `deliver_by` is the day after
    tomorrow unless given. `items` are fields of each marketplace item, `fields` those of the marketplace order or
    the sales order (external_id, is_cancellation_requested, which is the items' too, …). Stock is neither checked nor
    reserved.
    """
    with transaction() as tx:
        shop = shop or make_shop()
        known = list(products) if products is not None else [make_product() for _ in range(lines)]
        day = clock.today() + SOON if deliver_by == "soon" else deliver_by
        bol_order = _marketplace_order(shop, client, fields)
        if fields.get("is_cancellation_requested"):
            items = {"is_cancellation_requested": True, "cancellation_requested_at": clock.now()} | (items or {})
        bol_order.items = [_item(shop, product, quantity, day, items or {}) for product in known]
        tx.session.add(bol_order)
        tx.session.flush()
        given = {"number": first_number(bol_order.id), "created_at": clock.now()}
        order = SalesOrder(
            marketplace_order_id=bol_order.id,
            shop_id=shop.id,
            status=status,
            deliver_by=day,
            sort_day=day or FAR_AWAY,
            **(given | fields),
        )
        order.lines = [
            OrderLine(
                marketplace_item_id=item.id,
                product_id=product and product.id,
                quantity=item.quantity,
                position=position,
            )
            for position, (item, product) in enumerate(zip(bol_order.items, known, strict=True), start=1)
        ]
        tx.session.add(order)
        tx.session.flush()
        _add_words(tx, order, bol_order, known)
        tx.session.refresh(order, ["marketplace_order", "shop", "lines"])
    return order


def ask_to_cancel(order_id: int) -> None:
    """The client asks the marketplace to cancel all of an order, and we have just heard it."""
    with transaction() as tx:
        order = tx.session.get_one(SalesOrder, order_id)
        for line in order.lines:
            line.item.is_cancellation_requested, line.item.cancellation_requested_at = True, clock.now()
        order.note_requests()


def _marketplace_order(shop: Shop, client: str, fields: dict[str, Any]) -> MarketplaceOrder:
    """Takes the fields that are the marketplace order's out of `fields`."""
    now, number = clock.now(), next(_numbers)
    first_name, _space, surname = client.partition(" ")
    address = Address(
        first_name=first_name,
        surname=surname,
        street="Dorpstraat",
        house_number="1",
        zip_code="1111ZZ",
        city="Utrecht",
        country_code="NL",
    )
    given = {
        "external_id": f"C{number:09}",
        "placed_at": now - timedelta(hours=1),
        "ship_to": address,
        "invoice_to": address,
        "client_name": client,
        "client_city": "Utrecht",
        "came_in_at": now,
        "checked_at": now,
    }
    for name in (*given, "pickup_point"):
        if name in fields:
            given[name] = fields.pop(name)
    return MarketplaceOrder(shop_id=shop.id, **given)


def _item(
    shop: Shop, product: Product | None, quantity: int, day: date | None, fields: dict[str, Any]
) -> MarketplaceItem:
    number = next(_numbers)
    given = {
        "external_id": f"item-{number}",
        "offer_external_id": f"unknown-{number}",
        "reference": product.sku if product else f"REF-{number}",
        "ean": product.ean if product else f"99{number:011}",
        "title": product.title if product else f"Something {number}",
        "quantity": quantity,
        "quantity_shipped": 0,
        "quantity_cancelled": 0,
        "is_cancellation_requested": False,
        "fulfilment_method": FBR,
        "needs_marketplace_label": False,
        "deliver_by": day,
        "is_delivery_day_exact": False,
        "unit_price": Decimal("19.95"),
        "total_price": Decimal("19.95") * quantity,
    }
    return MarketplaceItem(shop_id=shop.id, **(given | fields))


def _add_words(
    tx: Transaction, order: SalesOrder, bol_order: MarketplaceOrder, products: Sequence[Product | None]
) -> None:
    texts = [order.number, bol_order.external_id, bol_order.client_name, bol_order.client_city]
    for item, product in zip(bol_order.items, products, strict=True):
        texts += [item.reference, item.ean, *([product.sku, product.ean] if product else [])]
    words = words_of(*texts)
    tx.session.execute(insert(OrderWord), [{"word": word, "sales_order_id": order.id} for word in words])
