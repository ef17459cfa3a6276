import pytest

from tests.sandbox.conftest import Asker, Reply, asker


def _orders(bol: Asker, token: str) -> Reply:
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/vnd.retailer.v10+json"}
    return bol.raw("GET", "/retailer/orders", headers)


def test_right_keys_give_a_token_that_looks_like_a_jwt(bol: Asker) -> None:
    reply = bol.token()
    assert reply.status == 200
    assert reply.headers["content-type"] == "application/json;charset=UTF-8"
    assert "x-ratelimit-limit" not in reply.headers
    content = reply.json
    assert content["access_token"].count(".") == 2
    assert (content["token_type"], content["expires_in"], content["scope"]) == ("Bearer", 599, "retailer")
    assert _orders(bol, content["access_token"]).status == 200


def test_wrong_keys_are_an_invalid_client(bol: Asker) -> None:
    reply = bol.token(secret="wrong")
    assert reply.status == 401
    assert reply.json["error"] == "invalid_client"


def test_the_grant_type_may_stand_in_the_query(bol: Asker) -> None:
    headers = {"Authorization": "Basic eDp5"}
    assert bol.raw("POST", "/token?grant_type=client_credentials", headers).json["error"] == "invalid_client"
    assert bol.raw("POST", "/token", headers).json["error"] == "unsupported_grant_type"


def test_a_token_expires_one_second_after_its_time(bol: Asker) -> None:
    token = bol.token().json["access_token"]
    bol.world.jump(seconds=600)
    assert _orders(bol, token).status == 200

    bol.world.jump(seconds=1)
    reply = _orders(bol, token)
    assert reply.status == 401
    assert reply.json == {
        "title": "Expired JWT",
        "status": 401,
        "detail": "JWT expired at 2026-09-15T10:39:59Z. Current time: 2026-09-15T10:40:01Z, a difference of 2000 "
        "milliseconds.  Allowed clock skew: 1000 milliseconds.",
    }


def test_the_life_of_a_token_is_an_option() -> None:
    assert asker(token_lifetime=299).token().json["expires_in"] == 299


def test_all_tokens_can_be_made_to_expire(bol: Asker) -> None:
    token = bol.token().json["access_token"]
    bol.world.expire_tokens()
    assert _orders(bol, token).json["title"] == "Expired JWT"


@pytest.mark.parametrize("token", ["", "nonsense"])
def test_without_a_good_token_nothing_is_answered(bol: Asker, token: str) -> None:
    assert _orders(bol, token).status == 401


def test_revoked_keys_work_nowhere_until_they_are_restored(bol: Asker) -> None:
    token = bol.token().json["access_token"]
    bol.world.revoke_keys()
    assert bol.token().status == 401
    assert _orders(bol, token).status == 401

    bol.world.restore_keys()
    assert _orders(bol, bol.token().json["access_token"]).status == 200


def test_an_account_that_is_not_active_gets_a_token_but_no_data(bol: Asker) -> None:
    bol.world.deactivate_account()
    reply = bol.get("/retailer/orders")
    assert reply.status == 403
    assert reply.json["detail"].startswith("Account is not active, access denied.")


def test_whoever_hammers_the_token_host_is_shut_out_for_a_while() -> None:
    bol = asker(token_hammer_limit=3)
    assert [bol.token().status for _ in range(4)] == [200, 200, 200, 403]
    assert b"<html>" in bol.token().body
    bol.world.jump(minutes=11)
    assert bol.token().status == 200
