"""Everything Stoqflow asks of bol.com, one method per call."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any, TypeVar
from urllib.parse import quote

from .catalog import Asset, AssetList, CatalogProduct
from .connection import V10, V11, Call, Connection, OnWait
from .errors import UnexpectedAnswer
from .insights import INDICATORS, PerformanceIndicator, PerformanceIndicatorList
from .limiter import RateLimiter
from .offers import Offer, OfferList, OfferPage
from .orders import CANCEL_REASONS, FBR, Order, OrderList, OrderSummary
from .retailer import PublicLimit, PublicLimitList, Retailer
from .returns import InventoryItem, InventoryList, Return, ReturnList
from .shipments import Shipment, ShipmentList, ShipmentSummary
from .statuses import ProcessStatus, ProcessStatusList
from .subscriptions import WEBHOOK, SignatureKeyList, Subscription, SubscriptionList
from .tokens import TokenStore
from .transport import Transport

PAGE = 50  # orders, shipments, returns and inventory on one page, by bol's documentation
OFFERS_PER_PAGE = 100
STATUSES_PER_CALL = 1000
ITEMS_PER_SHIPMENT = 100
LONGEST_REFERENCE = 90
MOST_STOCK = 999
MOST_PAGES = 2_000
USER_AGENT = "Stoqflow/0.1 (self-hosted order desk)"

T = TypeVar("T")

# bol documents the objects of this list, not whether something is wrapped around them.
_PUBLIC_LIMITS: Any = PublicLimitList | tuple[PublicLimit, ...]


class BolClient:
    """One seller account at bol.com.

    `api_url` and `token_url` must be https (or loopback). `tokens` and `limits` are shared by all workers of an
    installation. `timeout` is (connect, read) in seconds. `on_wait(seconds, why)` is called before and, once a second,
    during each wait for a rate limit; raising from it ends the call. One client may be used by many threads at once, as
    many as `pool_size` without waiting for a connection. `close()` it, or use it as a context manager.

    Every method raises BolError (see errors.py); ValueError when its arguments can't be meant.
    """

    def __init__(
        self,
        client_id: str,
        client_secret: str,
        *,
        api_url: str,
        token_url: str,
        tokens: TokenStore,
        limits: RateLimiter,
        timeout: tuple[float, float] = (3.05, 30),
        user_agent: str = USER_AGENT,
        pool_size: int = 16,
        on_wait: OnWait | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._transport = Transport(timeout=timeout, pool_size=pool_size)
        self._connection = Connection(
            client_id,
            client_secret,
            api_url=api_url,
            token_url=token_url,
            tokens=tokens,
            limits=limits,
            transport=self._transport,
            user_agent=user_agent,
            on_wait=on_wait,
            sleep=sleep,
        )

    def __repr__(self) -> str:
        return f"BolClient({self._connection.api_url})"

    def __enter__(self) -> "BolClient":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the pooled connections."""
        self._transport.close()

    # The account

    def forget_refusal(self) -> None:
        """Ask bol again even if it just refused these keys: for a person who pressed "check", never for a schedule.

        WrongCredentials is otherwise remembered for half a minute, and longer after several failures in a row.
        """
        self._connection.forget_refusal()

    @property
    def answered_at(self) -> datetime | None:
        """What time it was at bol (aware UTC, whole seconds) at its latest good answer; None if it did not say.

        For somebody who asks one thing after another: with several threads it is the answer to any of them.
        """
        return self._connection.answered_at

    @property
    def strictness(self) -> float:
        """The smallest share of its usual limits that bol allowed so far: 0.5 when they were cut in half."""
        return self._connection.strictness

    def current_retailer(self) -> Retailer:
        """Whose credentials these are."""
        return self._get("/retailer/retailers/current", Retailer)

    def public_rate_limits(self) -> list[PublicLimit]:
        """The limits as bol publishes them; the headers of each answer are more certain."""
        told: PublicLimitList | tuple[PublicLimit, ...] = self._get("/retailer/public/ratelimits", _PUBLIC_LIMITS)
        return list(told.rate_limits if isinstance(told, PublicLimitList) else told)

    # Orders

    def orders(
        self,
        *,
        page: int = 1,
        status: str = "OPEN",
        fulfilment_method: str = FBR,
        change_interval_minute: int | None = None,
        latest_change_date: date | None = None,
    ) -> list[OrderSummary]:
        """One page of at most 50 orders, newest first, each with only the items that fit the filter.

        `status` is OPEN, SHIPPED or ALL; `fulfilment_method` FBR, FBB or ALL. `change_interval_minute` (1 to 60) keeps
        items changed in the last minutes, `latest_change_date` those last changed on that day.
        """
        if change_interval_minute is not None and not 1 <= change_interval_minute <= 60:
            raise ValueError("change_interval_minute must be from 1 to 60")
        params = {
            "page": page,
            "status": status,
            "fulfilment-method": fulfilment_method,
            "change-interval-minute": change_interval_minute,
            "latest-change-date": latest_change_date,
        }
        return list(self._get("/retailer/orders", OrderList, params).orders)

    def order_pages(
        self,
        *,
        status: str = "OPEN",
        fulfilment_method: str = FBR,
        change_interval_minute: int | None = None,
        latest_change_date: date | None = None,
    ) -> Iterator[list[OrderSummary]]:
        """All pages. New orders shift them while you read, so the same item can turn up twice."""
        return _pages(
            lambda page: self.orders(
                page=page,
                status=status,
                fulfilment_method=fulfilment_method,
                change_interval_minute=change_interval_minute,
                latest_change_date=latest_change_date,
            )
        )

    def order(self, order_id: str) -> Order:
        """A whole order. Raises NotFoundAtBol."""
        return self._get(f"/retailer/orders/{_segment(order_id)}", Order)

    def cancel_order_item(self, order_item_id: str, reason: str) -> ProcessStatus:
        """Ask bol to cancel whatever is still open of an item. `reason` is one of CANCEL_REASONS.

        bol takes exactly one item per call, and no quantity.
        """
        if reason not in CANCEL_REASONS:
            raise ValueError(f"{reason!r} is not a reason bol knows")
        body = {"orderItems": [{"orderItemId": order_item_id, "reasonCode": reason}]}
        return self._send("PUT", "/retailer/orders/cancellation", body, ProcessStatus)

    # Shipments

    def create_shipment(
        self,
        items: Mapping[str, int],
        *,
        reference: str | None,
        transporter: str,
        track_and_trace: str | None,
    ) -> ProcessStatus:
        """Tell bol that units left. `items` is order item id to quantity: bol reads silence as "everything open".

        All items must be of one order. `reference` (at most 90 characters) comes back in the list of shipments.
        """
        if not 1 <= len(items) <= ITEMS_PER_SHIPMENT or any(quantity < 1 for quantity in items.values()):
            raise ValueError("a shipment has 1 to 100 items, each with a quantity of at least 1")
        if reference is not None and not 1 <= len(reference) <= LONGEST_REFERENCE:
            raise ValueError("a shipment reference has 1 to 90 characters")
        transport = {"transporterCode": transporter}
        if track_and_trace:
            transport["trackAndTrace"] = track_and_trace
        body: dict[str, Any] = {
            "orderItems": [{"orderItemId": item_id, "quantity": quantity} for item_id, quantity in items.items()],
            "transport": transport,
        }
        if reference is not None:
            body["shipmentReference"] = reference
        return self._send("POST", "/retailer/shipments", body, ProcessStatus)

    def change_transport(self, transport_id: str, *, transporter: str, track_and_trace: str) -> ProcessStatus:
        """Give a shipment another carrier and code. bol is likely to refuse a second change."""
        if not track_and_trace:
            raise ValueError("bol takes no change of transport without a Track & Trace code")
        body = {"transporterCode": transporter, "trackAndTrace": track_and_trace}
        return self._send("PUT", f"/retailer/transports/{_segment(transport_id)}", body, ProcessStatus)

    def shipments(
        self, *, order_id: str | None = None, fulfilment_method: str | None = None, page: int = 1
    ) -> list[ShipmentSummary]:
        """One page of at most 50 shipments, newest first: of one order, or of a fulfilment method (default FBR)."""
        if order_id is not None and fulfilment_method is not None:
            raise ValueError("bol takes an order id or a fulfilment method, not both")
        params = {"page": page, "order-id": order_id, "fulfilment-method": fulfilment_method}
        return list(self._get("/retailer/shipments", ShipmentList, params).shipments)

    def shipment_pages(self, *, order_id: str) -> Iterator[list[ShipmentSummary]]:
        """All shipments of one order."""
        return _pages(lambda page: self.shipments(order_id=order_id, page=page))

    def shipment(self, shipment_id: str) -> Shipment:
        """A whole shipment. Raises NotFoundAtBol."""
        return self._get(f"/retailer/shipments/{_segment(shipment_id)}", Shipment)

    # Process statuses

    def process_status(self, process_status_id: str) -> ProcessStatus:
        """How a write is getting on. Raises NotFoundAtBol, also when bol has forgotten it (after about a day)."""
        return self._get(f"/shared/process-status/{_segment(process_status_id)}", ProcessStatus)

    def process_statuses(self, process_status_ids: Iterable[str]) -> list[ProcessStatus]:
        """Many at once. Those that bol has forgotten are missing from the answer."""
        ids = list(dict.fromkeys(process_status_ids))
        found: list[ProcessStatus] = []
        for start in range(0, len(ids), STATUSES_PER_CALL):
            part = ids[start : start + STATUSES_PER_CALL]
            call = Call(
                method="POST",
                path="/shared/process-status",
                kind=ProcessStatusList,
                body={"processStatusQueries": [{"processStatusId": status_id} for status_id in part]},
                reads=True,
            )
            found.extend(self._connection.request(call).process_statuses)
        return found

    def process_statuses_of(self, entity_id: str, event_type: str, *, page: int = 1) -> list[ProcessStatus]:
        """The writes about one entity, newest first, at most 50."""
        params = {"entity-id": entity_id, "event-type": event_type, "page": page}
        return list(self._get("/shared/process-status", ProcessStatusList, params).process_statuses)

    # Offers

    def offers(self, *, cursor: str | None = None, page_size: int = OFFERS_PER_PAGE) -> OfferPage:
        """The page of offers at `cursor`, the first without one."""
        params = {"page-size": page_size, "cursor": cursor}
        page = self._get("/retailer/offers", OfferList, params, media_type=V11)
        return OfferPage(offers=page.offers, next_cursor=page.page.next_cursor or None)

    def offer_pages(self, cursor: str | None = None) -> Iterator[OfferPage]:
        """All pages from `cursor` on."""
        while True:
            page = self.offers(cursor=cursor)
            yield page
            if page.next_cursor is None:
                return
            if page.next_cursor == cursor:
                raise UnexpectedAnswer("bol.com's list of offers goes round in a circle.")
            cursor = page.next_cursor

    def offer(self, offer_id: str) -> Offer:
        """One offer. Raises NotFoundAtBol."""
        return self._get(f"/retailer/offers/{_segment(offer_id)}", Offer, media_type=V11)

    def update_stock(self, offer_id: str, amount: int, managed_by_retailer: bool) -> None:
        """Set the stock of an offer (0 to 999). `managed_by_retailer` means the number has open orders taken off."""
        if not 0 <= amount <= MOST_STOCK:
            raise ValueError("bol takes a stock from 0 to 999")
        body = {"stock": {"amount": amount, "managedByRetailer": managed_by_retailer}}
        self._send("PATCH", f"/retailer/offers/{_segment(offer_id)}", body, type(None), media_type=V11)

    # Products

    def catalog_product(self, ean: str) -> CatalogProduct:
        """What bol's catalog knows of an EAN. Raises NotFoundAtBol."""
        return self._get(f"/retailer/content/catalog-products/{_segment(ean)}", CatalogProduct)

    def assets(self, ean: str, usage: str | None = "PRIMARY") -> list[Asset]:
        """The pictures of a product: PRIMARY, ADDITIONAL, IMAGE, or None for all. Raises NotFoundAtBol."""
        return list(self._get(f"/retailer/products/{_segment(ean)}/assets", AssetList, {"usage": usage}).assets)

    # Stock at bol, and returns

    def inventory(self, page: int = 1) -> list[InventoryItem]:
        """One page of at most 50 products in bol's own warehouse."""
        return list(self._get("/retailer/inventory", InventoryList, {"page": page}).inventory)

    def returns(self, page: int = 1, *, handled: bool = False, fulfilment_method: str = FBR) -> list[Return]:
        """One page of at most 50 returns."""
        params = {"page": page, "handled": handled, "fulfilment-method": fulfilment_method}
        return list(self._get("/retailer/returns", ReturnList, params).returns)

    def return_(self, return_id: str) -> Return:
        """One return: it also tells the title and how the parcel travels. Raises NotFoundAtBol."""
        return self._get(f"/retailer/returns/{_segment(return_id)}", Return)

    # How bol measures the seller

    def performance_indicators(self, name: str, *, year: int, week: int) -> list[PerformanceIndicator]:
        """What bol measured of one of INDICATORS in an ISO week; the running week's can change until it is over."""
        if name not in INDICATORS:
            raise ValueError(f"{name!r} is not an indicator bol knows")
        if not 1 <= week <= 53:
            raise ValueError("a week is from 1 to 53")
        params = {"name": name, "year": f"{year:04}", "week": f"{week:02}"}
        path = "/retailer/insights/performance/indicator"
        return list(self._get(path, PerformanceIndicatorList, params).performance_indicators)

    # Subscriptions

    def subscriptions(self) -> list[Subscription]:
        """All subscriptions of the account, other parties' too."""
        return list(self._get("/retailer/subscriptions", SubscriptionList, media_type=V11).subscriptions)

    def subscription(self, subscription_id: str) -> Subscription:
        """One of them. Raises NotFoundAtBol."""
        return self._get(f"/retailer/subscriptions/{_segment(subscription_id)}", Subscription, media_type=V11)

    def create_subscription(self, resources: Iterable[str], destination: str) -> Subscription:
        """Have messages about these resources posted to `destination`, an https address, from now on.

        bol's documents disagree about what a good answer holds, so the list tells what was made.
        """
        self._send("POST", "/retailer/subscriptions", _webhook(resources, destination), type(None), media_type=V11)
        made = next((one for one in self.subscriptions() if one.event_destination == destination), None)
        if made is None:
            raise UnexpectedAnswer("bol.com made a subscription and does not list it.", retryable=True)
        return made

    def change_subscription(self, subscription_id: str, resources: Iterable[str], destination: str) -> None:
        """Give a subscription these resources and this destination, and switch it on. Raises NotFoundAtBol."""
        body = _webhook(resources, destination) | {"enabled": True}
        self._send("PUT", f"/retailer/subscriptions/{_segment(subscription_id)}", body, type(None), media_type=V11)

    def delete_subscription(self, subscription_id: str) -> None:
        """Raises NotFoundAtBol."""
        path = f"/retailer/subscriptions/{_segment(subscription_id)}"
        self._send("DELETE", path, None, type(None), media_type=V11)

    def send_test_message(self, subscription_id: str) -> None:
        """Have bol post a test message to the subscription's destination. Raises NotFoundAtBol."""
        path = f"/retailer/subscriptions/test/{_segment(subscription_id)}"
        self._send("POST", path, None, type(None), media_type=V11)

    def signature_keys(self) -> dict[str, str]:
        """The keys that messages are signed with, by id. A scarce call: 10 an hour. See subscriptions.verify."""
        told = self._get("/retailer/subscriptions/signature-keys", SignatureKeyList, media_type=V11)
        return {key.id: key.public_key for key in told.signature_keys}

    def _get(self, path: str, kind: type[T], params: Mapping[str, object] | None = None, *, media_type: str = V10) -> T:
        given = {name: _text(value) for name, value in (params or {}).items() if value is not None}
        call = Call(method="GET", path=path, kind=kind, params=given, media_type=media_type, reads=True)
        return self._connection.request(call)

    def _send(self, method: str, path: str, body: Any, kind: type[T], *, media_type: str = V10) -> T:
        return self._connection.request(Call(method=method, path=path, kind=kind, body=body, media_type=media_type))


def _webhook(resources: Iterable[str], destination: str) -> dict[str, Any]:
    return {"resources": list(resources), "eventDestination": destination, "subscriptionType": WEBHOOK}


def _pages(page_at: Callable[[int], list[T]]) -> Iterator[list[T]]:
    """Pages until one is not full: bol gives no total and no "next"."""
    for number in range(1, MOST_PAGES + 1):
        page = page_at(number)
        yield page
        if len(page) < PAGE:
            return
    raise UnexpectedAnswer("bol.com's list has no end.")


def _segment(text: str) -> str:
    """An id as one segment of a path, so that it can't lead to another path."""
    if not text or text in (".", ".."):
        raise ValueError("bol's ids are not empty")
    return quote(text, safe="")


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, date) else str(value)
