import pytest

from tests.sandbox.conftest import Asker

V10 = "application/vnd.retailer.v10+json"


def _headers(bol: Asker, **more: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {bol.token().json['access_token']}", **more}


@pytest.mark.parametrize("accept", ["", "*/*", "application/json", "application/vnd.retailer.v9+json"])
def test_an_unknown_accept_is_406(bol: Asker, accept: str) -> None:
    assert bol.raw("GET", "/retailer/orders", _headers(bol, Accept=accept)).status == 406


def test_a_retired_beta_suffix_is_406(bol: Asker) -> None:
    headers = _headers(bol, Accept="application/vnd.retailer.v11-beta+json")
    assert bol.raw("GET", "/retailer/offers", headers).status == 406


def test_a_body_of_another_type_is_415(bol: Asker) -> None:
    headers = _headers(bol, Accept=V10) | {"Content-Type": "application/json"}
    assert bol.raw("POST", "/retailer/shipments", headers, b"{}").status == 415


def test_unknown_paths_and_methods_are_problems(bol: Asker) -> None:
    headers = _headers(bol, Accept=V10)
    assert bol.raw("GET", "/retailer/orderz", headers).json["status"] == 404
    assert bol.raw("DELETE", "/retailer/orders", headers).json["status"] == 405
    assert bol.raw("GET", "/retailer/orderz", {}).status == 401
