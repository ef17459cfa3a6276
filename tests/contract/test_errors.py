"""What bol.com says no to becomes the right error, with a sentence that a person can use."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from stoqflow_web.bol import (
    AccountNotActive,
    BolClient,
    BolError,
    BolUnavailable,
    LimitReached,
    MemoryTokenStore,
    NoAnswer,
    NotFoundAtBol,
    Refused,
    TokenRefused,
    UnexpectedAnswer,
    Unlimited,
    WrongCredentials,
)
from stoqflow_web.bol.connection import Call
from stoqflow_web.bol.sandbox import RunningSandbox, SandboxOptions, World
from tests.contract.conftest import Watched
from tests.contract.recording import Recorder

UNKNOWN_OFFER = "00000000-0000-4000-8000-000000000000"
SHIPMENT: dict[str, Any] = {"reference": "SO-1", "transporter": "TNT", "track_and_trace": None}


@pytest.fixture
def sandbox_options() -> SandboxOptions:
    return SandboxOptions(orders=0, offers=3, limits=False, process_delay=0.0)


@pytest.fixture
def hasty(sandbox: RunningSandbox, recorder: Recorder) -> Iterator[BolClient]:
    """A client that does not really wait."""
    address = {"api_url": sandbox.url, "token_url": sandbox.token_url}
    with BolClient(
        sandbox.client_id,
        sandbox.client_secret,
        **address,
        tokens=MemoryTokenStore(),
        limits=Unlimited(),
        sleep=lambda seconds: None,
    ) as client:
        yield client


@pytest.mark.parametrize(
    ("ask", "sentence"),
    [
        (lambda bol: bol.order("C000000000"), "Order for order id C000000000 not found."),
        (lambda bol: bol.shipment("1"), "Shipment for shipment id 1 not found."),
        (lambda bol: bol.process_status("1"), "Not Found"),
        (lambda bol: bol.offer(UNKNOWN_OFFER), f"Offer with id {UNKNOWN_OFFER} not found."),
        (lambda bol: bol.update_stock(UNKNOWN_OFFER, 1, True), f"Offer with id {UNKNOWN_OFFER} not found."),
        (lambda bol: bol.catalog_product("9999999999994"), "Product for EAN 9999999999994 not found."),
        (lambda bol: bol.assets("9999999999994"), "Product for EAN 9999999999994 not found."),
    ],
)
def test_404_is_not_there(client: Watched, recorder: Recorder, ask: Callable[[Any], Any], sentence: str) -> None:
    error = _error(NotFoundAtBol, lambda: ask(client))
    assert error.sentence == f"bol.com does not have this. It said: {sentence}"
    assert (error.status, error.retryable, error.outcome_unknown) == (404, False, False)
    assert error.problem is not None
    assert error.problem.detail == sentence
    assert error.request_id == recorder.last.answer_headers["x-request-id"]


@pytest.mark.parametrize(
    ("ask", "names", "sentence"),
    [
        (lambda bol: bol.orders(page=0), ["page"], "page: Request contains invalid value(s): '0'."),
        (lambda bol: bol.offer("7"), ["offer-id"], "offer-id: Request contains invalid value(s): '7'."),
        (lambda bol: bol.offers(cursor="over"), ["cursor"], "cursor: Request contains invalid value(s): 'over'."),
        (lambda bol: bol.catalog_product("7"), ["ean"], "ean: Request contains invalid value(s): '7'."),
        (
            lambda bol: bol.cancel_order_item("", "OTHER"),
            ["orderItems[0].orderItemId"],
            "orderItems[0].orderItemId: The supplied value is empty, but is required.",
        ),
        (
            lambda bol: bol.create_shipment({"": 1, "9": 10_000}, **SHIPMENT),
            ["orderItems[0].orderItemId", "orderItems[1].quantity"],
            "orderItems[0].orderItemId: The supplied value is empty, but is required.; "
            "orderItems[1].quantity: Request contains invalid value(s): '10000'.",
        ),
    ],
)
def test_400_names_what_was_wrong(
    client: Watched, recorder: Recorder, ask: Callable[[Any], Any], names: list[str], sentence: str
) -> None:
    recorder.step_aside()
    error = _error(Refused, lambda: ask(client))
    assert error.problem is not None
    assert [violation.name for violation in error.problem.violations] == names
    assert error.sentence == f"bol.com refused the request (status 400). It said: {sentence}"
    assert (error.status, error.retryable, error.outcome_unknown) == (400, False, False)


def test_a_token_that_expired_is_renewed_without_a_word(client: Watched, world: World, recorder: Recorder) -> None:
    client.orders()
    world.expire_tokens()
    assert client.orders() == []
    assert [exchange.status for exchange in recorder.asked()] == [200, 401, 200]
    assert recorder.asked()[1].json["title"] == "Expired JWT"


def test_keys_that_are_revoked_with_a_good_token_in_hand(client: Watched, world: World) -> None:
    client.orders()
    world.revoke_keys()
    error = _error(WrongCredentials, client.orders)
    assert error.sentence == "bol.com does not know this client id and secret."
    assert (error.status, error.retryable) == (401, False)


def test_a_token_refused_twice_is_not_asked_for_for_ever(client: Watched, world: World, recorder: Recorder) -> None:
    problem = b'{"title": "Invalid JWT", "status": 401, "detail": "The JWT could not be verified."}'
    media = "application/vnd.retailer.v10+json"
    world.answer_next(401, problem, media=media, path="/retailer/orders", count=9)
    error = _error(TokenRefused, client.orders)
    assert error.sentence == "bol.com refused our access token. It said: The JWT could not be verified."
    assert len(recorder.asked()) == 2
    recorder.exchanges.clear()
    world.come_back()
    client.orders()


def test_403_says_that_the_account_is_not_active(client: Watched, world: World) -> None:
    world.deactivate_account()
    error = _error(AccountNotActive, client.current_retailer)
    assert error.sentence.startswith("bol.com does not let this seller account use its API. It said: Account is not")
    assert (error.status, error.retryable) == (403, False)
    world.activate_account()
    assert client.current_retailer().retailer_id


@pytest.mark.parametrize(("accept", "content_type", "status"), [("v9", "v9", 406), ("v10", "v11", 415)])
def test_406_and_415_are_refusals(
    client: Watched, recorder: Recorder, accept: str, content_type: str, status: int
) -> None:
    recorder.step_aside()
    accepted, sent = (f"application/vnd.retailer.{version}+json" for version in (accept, content_type))
    # The headers of a call of its own come last, so that `Accept` can differ from the type of the body.
    own = {"Accept": accepted}
    call = Call(method="POST", path="/retailer/shipments", kind=dict, body={}, media_type=sent, headers=own)
    error = _error(Refused, lambda: client._client._connection.request(call))
    assert error.status == status
    assert error.sentence.startswith(f"bol.com refused the request (status {status}). It said: ")
    assert (accepted if status == 406 else sent) in error.sentence


@pytest.mark.parametrize("says_when", [True, False], ids=["with Retry-After", "without"])
def test_429_is_waited_for_within_reason(hasty: BolClient, world: World, recorder: Recorder, says_when: bool) -> None:
    world.enforce_limits(True)
    world.set_limit("GET /retailer/orders", 1)
    if not says_when:
        world.leave_out_retry_after()
    hasty.orders()
    error = _error(LimitReached, hasty.orders)
    assert error.sentence == "bol.com's rate limit is reached."
    assert (error.status, error.retryable, error.outcome_unknown) == (429, True, False)
    refused = recorder.last
    assert refused.answer_headers["x-ratelimit-remaining"] == "0"
    assert error.retry_after == (float(refused.answer_headers["retry-after"]) if says_when else 5.0)
    world.jump(minutes=1)
    assert hasty.orders() == []


def test_a_fault_over_there_is_tried_again_for_reading_and_never_for_writing(
    hasty: BolClient, world: World, recorder: Recorder
) -> None:
    world.answer_next(503, "<html>Busy</html>", path="/retailer/orders", count=2)
    assert hasty.orders() == []
    assert [exchange.status for exchange in recorder.asked()] == [503, 503, 200]
    world.answer_next(503, "<html>Busy</html>", path="/retailer/shipments")
    error = _error(BolUnavailable, lambda: hasty.create_shipment({"9": 1}, **SHIPMENT))
    assert error.sentence == "bol.com has a fault on its side (status 503)."
    assert error.outcome_unknown
    assert len(recorder.asked("/retailer/shipments")) == 1
    _forget_pages(recorder)


def test_an_answer_that_is_lost_leaves_the_outcome_open(hasty: BolClient, world: World) -> None:
    (item,) = world.order(world.place_order(fulfilment="FBR")).items
    world.lose_next_answer("POST", "/retailer/shipments")
    error = _error(NoAnswer, lambda: hasty.create_shipment({item.item_id: 1}, **SHIPMENT))
    assert error.outcome_unknown
    (found,) = hasty.shipments(order_id=item.order_id)
    assert found.shipment_reference == "SO-1"


@pytest.mark.parametrize("body", ["<html>Maintenance</html>", "", '{"orders": [{"orderId"', '{"orders": 7}'])
def test_200_with_something_else_is_not_believed(hasty: BolClient, world: World, recorder: Recorder, body: str) -> None:
    is_page = body.startswith("<")
    media = "text/html" if is_page else "application/vnd.retailer.v10+json"
    world.answer_next(200, body, media=media, path="/retailer/orders", count=5)
    error = _error(UnexpectedAnswer, hasty.orders)
    assert error.sentence.startswith("bol.com sent ")
    assert error.status == 200
    world.come_back()
    recorder.exchanges.clear()
    assert hasty.orders() == []


def test_the_same_offer_in_both_versions_by_media_type(client: Watched, world: World, recorder: Recorder) -> None:
    offer_id = world.add_offer(reference="007", ean="0000000012345")
    connection = client._client._connection
    found = {}
    for version in ("v10", "v11"):
        media = f"application/vnd.retailer.{version}+json"
        call = Call(method="GET", path=f"/retailer/offers/{offer_id}", kind=dict, media_type=media, reads=True)
        found[version] = connection.request(call)
        assert recorder.last.answer_media == media
    assert found["v10"]["offerId"] == found["v11"]["offerId"] == offer_id
    assert (found["v10"]["ean"], found["v11"]["ean"]) == ("0000000012345", "0000000012345")
    assert found["v10"].keys() != found["v11"].keys()


def _error(kind: type[BolError], ask: Callable[[], Any]) -> BolError:
    with pytest.raises(kind) as caught:
        ask()
    assert type(caught.value) is kind
    return caught.value


def _forget_pages(recorder: Recorder) -> None:
    """The pages of a proxy are not bol's answers: its documents have nothing to say about them."""
    recorder.exchanges[:] = [exchange for exchange in recorder.exchanges if exchange.status < 500]
