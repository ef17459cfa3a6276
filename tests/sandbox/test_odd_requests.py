"""Whatever is sent, an answer comes that bol's documents allow."""

import pytest

from stoqflow_web.bol.sandbox.routes import TABLE
from tests.sandbox.conftest import Asker

WRITES = [
    (method, path, route.version)
    for path, methods in TABLE.items()
    for method, routes in methods.items()
    for route in routes
    if route.takes_body
]
READS = [
    (path, route.version)
    for path, methods in TABLE.items()
    for route in methods.get("GET", ())
    if route.accept.endswith("json")
]
ODD_ITEMS = [None, 1, "x", [], {}, {"orderItemId": None}, {"orderItemId": 9}, {"orderItemId": [], "reasonCode": {}}]
ODD_BODIES = [
    [],
    {},
    "text",
    7,
    *({"orderItems": [item]} for item in ODD_ITEMS),
    {"orderItems": {"0": 1}},
    {"orderItems": [{"orderItemId": "9", "quantity": 10**30}]},
    {"orderItems": [{"orderItemId": "9", "quantity": True}], "transport": "TNT"},
    {"processStatusQueries": ["x", {"processStatusId": {}}]},
    {"amount": 1.5, "managedByRetailer": "true", "trackAndTrace": 3, "transporterCode": []},
    {"stock": [], "pricing": {"bundlePrices": [{"quantity": 2, "unitPrice": "9"}]}, "onHoldByRetailer": 1},
    {"ean": "x", "condition": [], "fulfilment": {"method": []}, "pricing": {"bundlePrices": [None]}},
    {"resources": [{}], "eventDestination": 1, "subscriptionType": "MAIL", "format": ["CSV"]},
]


@pytest.mark.parametrize(("method", "path", "version"), WRITES)
def test_a_body_of_any_shape_is_judged(bol: Asker, method: str, path: str, version: str) -> None:
    target = path.replace("*", next(iter(bol.world.offers)))
    for body in ODD_BODIES:
        reply = bol.ask(method, target, body, version=version, checked=False)
        assert reply.status in {202, 204, 400, 404}, body


@pytest.mark.parametrize(("path", "version"), READS)
def test_parameters_of_any_shape_are_judged(bol: Asker, path: str, version: str) -> None:
    names = ("page", "status", "fulfilment-method", "latest-change-date", "page-size", "cursor", "for-sale", "handled")
    for value in ("", "-1", "0", "1e9", "99999999999", "%00", "é", "2026-02-30", "²"):
        query = "&".join(f"{name}={value}" for name in names)
        assert bol.get(f"{path.replace('*', 'x')}?{query}", version=version).status in {200, 400, 404}
        assert bol.get(path.replace("*", value), version=version).status in {200, 400, 404, 405}
