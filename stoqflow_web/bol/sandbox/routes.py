"""Which endpoint answers which path. A path pattern has `*` for its one changing segment."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from stoqflow_web.bol.sandbox import (
    catalog,
    insights,
    inventory,
    offers,
    old_offers,
    orders,
    process_statuses,
    retailers,
    returns,
    shipments,
    subscriptions,
)
from stoqflow_web.bol.sandbox.answers import V10, V11, Answer, Call, vendor_media
from stoqflow_web.bol.sandbox.state import State

Endpoint = Callable[[State, Call], Answer]


@dataclass(frozen=True, slots=True)
class Route:
    """An endpoint and the version it speaks; `takes_body` says that a body of that version's type is needed."""

    endpoint: Endpoint
    version: str
    accept: str
    takes_body: bool


@dataclass(frozen=True, slots=True)
class Found:
    """A path that exists: its pattern, its changing part, and per method the routes of each version."""

    pattern: str
    target: str
    methods: Mapping[str, tuple[Route, ...]]


def find(path: str) -> Found | None:
    """The routes of a path, or None when bol has no such path."""
    methods = TABLE.get(path)
    if methods is not None:
        return Found(path, "", methods)
    parts = path.split("/")
    for place in range(len(parts) - 1, 1, -1):
        pattern = "/".join([*parts[:place], "*", *parts[place + 1 :]])
        methods = TABLE.get(pattern)
        if methods is not None and parts[place]:
            return Found(pattern, parts[place], methods)
    return None


def _v10(endpoint: Endpoint, *, takes_body: bool = False, form: str = "json") -> Route:
    return Route(endpoint, V10, vendor_media(V10, form), takes_body)


def _v11(endpoint: Endpoint, *, takes_body: bool = False) -> Route:
    return Route(endpoint, V11, vendor_media(V11), takes_body)


TABLE: dict[str, dict[str, tuple[Route, ...]]] = {
    "/retailer/orders": {"GET": (_v10(orders.list_orders),)},
    "/retailer/orders/cancellation": {"PUT": (_v10(orders.cancel_item, takes_body=True),)},
    "/retailer/orders/*": {"GET": (_v10(orders.get_order),)},
    "/retailer/shipments": {
        "GET": (_v10(shipments.list_shipments),),
        "POST": (_v10(shipments.create_shipment, takes_body=True),),
    },
    "/retailer/shipments/*": {"GET": (_v10(shipments.get_shipment),)},
    "/retailer/transports/*": {"PUT": (_v10(shipments.change_transport, takes_body=True),)},
    "/shared/process-status": {
        "GET": (_v10(process_statuses.find_by_entity),),
        "POST": (_v10(process_statuses.get_many, takes_body=True),),
    },
    "/shared/process-status/*": {"GET": (_v10(process_statuses.get_status),)},
    "/retailer/offers": {
        "GET": (_v11(offers.list_offers),),
        "POST": (_v11(offers.create_offer, takes_body=True),),
    },
    "/retailer/offers/*": {
        "GET": (_v11(offers.get_offer), _v10(old_offers.get_offer)),
        "PATCH": (_v11(offers.change_offer, takes_body=True),),
        "DELETE": (_v11(offers.delete_offer),),
    },
    "/retailer/offers/*/not-for-sale-reasons": {"GET": (_v11(offers.get_reasons),)},
    "/retailer/offers/*/stock": {"PUT": (_v10(old_offers.put_stock, takes_body=True),)},
    "/retailer/offers/export": {"POST": (_v10(old_offers.ask_export, takes_body=True),)},
    "/retailer/offers/export/*": {"GET": (_v10(old_offers.get_export, form="csv"),)},
    "/retailer/content/catalog-products/*": {"GET": (_v10(catalog.get_product),)},
    "/retailer/products/*/assets": {"GET": (_v10(catalog.get_assets),)},
    "/retailer/products/*/product-ids": {"GET": (_v10(catalog.get_product_ids),)},
    "/retailer/inventory": {"GET": (_v10(inventory.list_inventory),)},
    "/retailer/insights/performance/indicator": {"GET": (_v10(insights.get_indicator),)},
    "/retailer/returns": {"GET": (_v10(returns.list_returns),)},
    "/retailer/returns/*": {"GET": (_v10(returns.get_return),)},
    "/retailer/retailers/*": {"GET": (_v10(retailers.get_retailer),)},
    "/retailer/subscriptions": {
        "GET": (_v11(subscriptions.list_subscriptions),),
        "POST": (_v11(subscriptions.create_subscription, takes_body=True),),
    },
    "/retailer/subscriptions/*": {
        "GET": (_v11(subscriptions.get_subscription),),
        "PUT": (_v11(subscriptions.change_subscription, takes_body=True),),
        "DELETE": (_v11(subscriptions.delete_subscription),),
    },
    "/retailer/subscriptions/test/*": {"POST": (_v11(subscriptions.send_test),)},
    "/retailer/subscriptions/signature-keys": {"GET": (_v11(subscriptions.signature_keys),)},
}
