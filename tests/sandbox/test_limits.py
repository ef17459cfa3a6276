from stoqflow_web.bol.sandbox.limits import RULES
from stoqflow_web.bol.sandbox.routes import TABLE
from tests.sandbox.conftest import asker

LISTED = "/retailer/orders"


def test_every_answer_says_how_much_is_left_in_lower_case() -> None:
    bol = asker()
    bol.world.jump(seconds=6)
    headers = bol.get(LISTED).headers
    assert headers["x-ratelimit-limit"] == "25"
    assert headers["x-ratelimit-remaining"] == "24"
    # Half past ten and six seconds: a minute's window ends at the whole minute.
    assert headers["x-ratelimit-reset"] == "54"
    assert len(headers["x-request-id"]) == 32


def test_over_the_limit_is_429_until_the_window_ends() -> None:
    bol = asker()
    bol.world.jump(seconds=56)
    assert {bol.get(LISTED).status for _ in range(25)} == {200}

    refused = bol.get(LISTED)
    assert refused.status == 429
    assert refused.headers["retry-after"] == "4"
    assert refused.headers["x-ratelimit-remaining"] == "0"
    assert refused.json == {
        "title": "Too Many Requests",
        "status": 429,
        "detail": "Too many requests, retry in 4 seconds.",
    }

    bol.world.jump(seconds=4)
    assert bol.get(LISTED).status == 200


def test_a_429_may_come_without_retry_after() -> None:
    bol = asker()
    bol.world.leave_out_retry_after()
    replies = [bol.get(LISTED) for _ in range(26)]
    assert replies[-1].status == 429
    assert "retry-after" not in replies[-1].headers


def test_each_path_and_method_has_its_own_budget() -> None:
    bol = asker()
    order_id = bol.world.place_order()
    for _ in range(26):
        bol.get(LISTED)
    assert bol.get(f"/retailer/orders/{order_id}").headers["x-ratelimit-limit"] == "25"
    bulk = {"processStatusQueries": [{"processStatusId": "1"}]}
    assert [bol.post("/shared/process-status", bulk).status for _ in range(3)] == [200, 200, 429]
    assert bol.get("/shared/process-status/1").status == 404


def test_an_hours_budget_ends_at_the_whole_hour() -> None:
    bol = asker()
    bol.world.jump(minutes=29, seconds=15)
    reply = bol.post("/retailer/offers/export", {"format": "CSV"})
    assert (reply.headers["x-ratelimit-limit"], reply.headers["x-ratelimit-reset"]) == ("9", "45")


def test_limits_can_be_changed_and_switched_off() -> None:
    bol = asker()
    bol.world.set_limit("GET /retailer/orders", 1)
    assert [bol.get(LISTED).status for _ in range(2)] == [200, 429]
    bol.world.enforce_limits(False)
    assert bol.get(LISTED).status == 200


def test_the_public_list_needs_no_token_and_names_every_rule() -> None:
    bol = asker()
    reply = bol.raw("GET", "/retailer/public/ratelimits", {})
    assert reply.status == 200
    assert len(reply.json["rateLimits"]) == len(RULES)
    assert reply.json["rateLimits"][0] == {
        "path": "/retailer/orders",
        "methods": ["GET"],
        "maxCapacity": 25,
        "timeToLive": 1,
        "timeUnit": "MINUTES",
    }


def test_every_endpoint_has_a_rule() -> None:
    ruled = {(method, rule.path) for rule in RULES for method in rule.methods}
    assert ruled == {(method, path) for path, methods in TABLE.items() for method in methods}
