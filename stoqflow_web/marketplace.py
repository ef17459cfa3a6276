"""The only place where bol.com's words meet ours.

Services ask here in our words and get the records of exchange.py back; what bol.com calls things, and how it fails,
stays inside this file and stoqflow_web/bol/.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sized
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, TypeVar

from stoqflow_web import clock
from stoqflow_web.bol import (
    AVERAGE,
    ORDER,
    PROCESS_STATUS,
    TEST,
    AccountNotActive,
    BolClient,
    BolError,
    LimitReached,
    MemoryLimiter,
    MemoryTokenStore,
    NotFoundAtBol,
    ProcessStatus,
    Refused,
    TokenBraked,
    TokenRefused,
    UnexpectedAnswer,
    Verdict,
    WrongCredentials,
    read_message,
    read_signature,
    verify,
)
from stoqflow_web.bol import Address as BolAddress
from stoqflow_web.bol import Offer as BolOffer
from stoqflow_web.bol import Order as BolOrder
from stoqflow_web.bol import OrderItem as BolOrderItem
from stoqflow_web.bol import OrderSummary as BolOrderSummary
from stoqflow_web.bol import PerformanceIndicator as BolIndicator
from stoqflow_web.bol import Return as BolReturn
from stoqflow_web.bol import ReturnItem as BolReturnItem
from stoqflow_web.bol import Subscription as BolSubscription
from stoqflow_web.carriers import carriers
from stoqflow_web.exchange import (
    ABOUT_ORDER,
    ABOUT_OTHER,
    ABOUT_OUTCOME,
    ABOUT_TEST,
    FAILURE,
    FORGED,
    GENUINE,
    STILL_PENDING,
    SUCCESS,
    TIMEOUT,
    UNKNOWN_KEY,
    AccessLost,
    Account,
    AccountInactive,
    Address,
    AnswerNotUnderstood,
    AskedWrongly,
    Busy,
    ContentRecord,
    ExchangeError,
    IndicatorRecord,
    ItemRecord,
    ListedItem,
    ListedOrder,
    NotThere,
    OfferListPage,
    OfferRecord,
    OrderListPage,
    OrderRecord,
    Outcome,
    OutcomeUnknown,
    Pushed,
    Receipt,
    Rejected,
    ReturnItemRecord,
    ReturnListPage,
    ReturnRecord,
    ReturnResult,
    ShipmentRecord,
    Subscription,
    Unreachable,
    WarehouseRecord,
)
from stoqflow_web.settings import Settings
from stoqflow_web.sharing import RedisLimiter, RedisTokenStore

FETCHERS = 24  # threads that fetch orders: 25 a second at bol.com's usual answering time needs a few, a slow day more
ORDERS_ON_A_PAGE = 50
RETURNS_ON_A_PAGE = 50
PRODUCTS_ON_A_PAGE = 50  # of its own warehouse

# More than these is no order of this world, and more than our columns hold.
LONGEST_ID = 50
LONGEST_EAN = 50
MOST_UNITS = 2**31 - 1
MOST_EUROS = Decimal(10**9)

REASONS = {
    "out-of-stock": "OUT_OF_STOCK",
    "requested-by-client": "REQUESTED_BY_CUSTOMER",
    "bad-condition": "BAD_CONDITION",
    "higher-shipping-cost": "HIGHER_SHIPCOST",
    "incorrect-price": "INCORRECT_PRICE",
    "not-available-in-time": "NOT_AVAIL_IN_TIME",
    "no-bol-guarantee": "NO_BOL_GUARANTEE",
    "ordered-twice": "ORDERED_TWICE",
    "retained": "RETAIN_ITEM",
    "technical-issue": "TECH_ISSUE",
    "unfindable": "UNFINDABLE_ITEM",
    "other": "OTHER",
}

INDICATORS = {
    "cancellations": "CANCELLATIONS",
    "on-time": "FULFILMENT",
    "track-and-trace": "TRACK_AND_TRACE",
    "returns": "RETURNS",
    "response-time": "RESPONSE_TIME",
    "phone-availability": "PHONE_AVAILABILITY",
    "case-item-ratio": "CASE_ITEM_RATIO",
    "reviews": "REVIEWS",
}

RETURN_RESULTS = {
    "RETURN_RECEIVED": "received",
    "EXCHANGE_PRODUCT": "exchanged",
    "RETURN_DOES_NOT_MEET_CONDITIONS": "refused",
    "REPAIR_PRODUCT": "repaired",
    "CUSTOMER_KEEPS_PRODUCT_PAID": "kept-by-client",
    "STILL_APPROVED": "approved-after-all",
}
PUSHED = (ORDER, PROCESS_STATUS)
ABOUT = {ORDER: ABOUT_ORDER, PROCESS_STATUS: ABOUT_OUTCOME, TEST: ABOUT_TEST}
VERDICTS = {Verdict.GENUINE: GENUINE, Verdict.FORGED: FORGED, Verdict.UNKNOWN_KEY: UNKNOWN_KEY}

T = TypeVar("T")
R = TypeVar("R", OrderRecord, ItemRecord, Address, ReturnItemRecord)
OnWait = Callable[[float, str], None]


class Marketplace:
    """One seller account at bol.com, asked in our words. Every method raises an ExchangeError and nothing else."""

    def __init__(self, client: BolClient) -> None:
        self._client = client

    def forget_refusal(self) -> None:
        """Use these keys again although they may just have been refused. For keys that a person has proven since."""
        _asked(self._client.forget_refusal)

    def account(self) -> Account:
        """Whose keys these are."""
        retailer = _asked(self._client.current_retailer)
        name = retailer.display_name or retailer.company_name or retailer.retailer_id
        return Account(external_id=retailer.retailer_id, name=name[:200])

    def open_order_ids(self, page: int) -> list[str]:
        """The external ids on one page (from 1) of the orders that have something left for us to ship."""
        return [order.order_id for order in _asked(lambda: self._client.orders(page=page))]

    def is_full_order_page(self, page: Sized) -> bool:
        """Whether there can be a page after this one."""
        return len(page) >= ORDERS_ON_A_PAGE

    def changed_orders(self, page: int, *, minutes: int) -> OrderListPage:
        """A page (from 1) of our orders with a change in the last `minutes` (1 to 60), whatever they are by now."""
        return self._listed(page, change_interval_minute=minutes)

    def orders_changed_on(self, day: date, page: int) -> OrderListPage:
        """A page (from 1) of our orders whose last change was on that day. Up to three months back."""
        return self._listed(page, latest_change_date=day)

    def listed_orders(self, page: int) -> OrderListPage:
        """A page (from 1) of all our orders that are open, or were handled in the last 48 hours, newest first."""
        return self._listed(page)

    def _listed(self, page: int, **filters: Any) -> OrderListPage:
        asked_at, began = clock.now(), time.monotonic()
        orders = _asked(lambda: self._client.orders(page=page, status="ALL", **filters))
        # Their clock is told at the end of the answer; what is in it can be as old as the answer took.
        took = timedelta(seconds=time.monotonic() - began)
        told_at = self._client.answered_at
        return OrderListPage(
            orders=tuple(_listed(order) for order in orders),
            is_last=not self.is_full_order_page(orders),
            told_at=asked_at if told_at is None else told_at - took,
        )

    @property
    def has_answered(self) -> bool:
        """Whether any good answer came so far."""
        return self._client.answered_at is not None

    @property
    def strictness(self) -> float:
        """The smallest share of its usual limits that was allowed so far: 0.5 when they were cut in half."""
        return self._client.strictness

    def order(self, external_id: str) -> OrderRecord:
        """A whole order. Raises NotThere."""
        return _order(_asked(lambda: self._client.order(external_id)))

    def offers(self, cursor: str | None) -> OfferListPage:
        """A page of offers, beginning at `cursor` (None: the first). Raises AskedWrongly for a cursor that expired."""
        page = _asked(lambda: self._client.offers(cursor=cursor))
        return OfferListPage(offers=tuple(_offer(offer) for offer in page.offers), next_cursor=page.next_cursor)

    def warehouse(self, page: int) -> list[WarehouseRecord]:
        """A page (from 1) of what lies in bol.com's own warehouse. A scarce call: bol.com allows 20 a minute."""
        return [
            WarehouseRecord(ean=item.ean, regular=item.regular_stock, graded=item.graded_stock)
            for item in _asked(lambda: self._client.inventory(page=page))
        ]

    def is_full_warehouse_page(self, page: Sized) -> bool:
        """Whether there can be a page after this one."""
        return len(page) >= PRODUCTS_ON_A_PAGE

    def content(self, ean: str) -> ContentRecord:
        """Title and picture of a product by EAN. Raises NotThere when the catalogue does not know it."""
        product = _asked(lambda: self._client.catalog_product(ean))
        try:
            pictures = _asked(lambda: self._client.assets(ean))
        except NotThere:
            pictures = []
        image_url = next((url for picture in pictures if (url := picture.url("medium"))), None)
        return ContentRecord(title=product.title or None, image_url=image_url)

    # What clients send back. Only what was sent by us: what bol.com ships comes back to its own warehouse.

    def returns(self, page: int, *, are_handled: bool) -> ReturnListPage:
        """A page (from 1) of returns: the handled ones newest first, the others oldest first. 20 calls a minute."""
        found = _asked(lambda: self._client.returns(page, handled=are_handled))
        made = tuple(_return(one) for one in found if one.registration_date_time is not None)
        return ReturnListPage(returns=made, is_last=len(found) < RETURNS_ON_A_PAGE)

    def return_(self, external_id: str) -> ReturnRecord:
        """One return, with the title and how it travels. Raises NotThere. 20 calls a minute."""
        return _return(_asked(lambda: self._client.return_(external_id)))

    # How the marketplace measures the seller

    def indicator(self, name: str, *, year: int, week: int) -> IndicatorRecord | None:
        """One of exchange.INDICATORS in an ISO week; None when the marketplace has nothing to say of it."""
        told = _asked(lambda: self._client.performance_indicators(INDICATORS[name], year=year, week=week))
        return next((_indicator(one) for one in told if one.name == INDICATORS[name]), None)

    # What we owe. Each of these messages is only queued over there, and raises Rejected, OutcomeUnknown, or any other
    # ExchangeError when the marketplace surely did not take it in.

    def ship(self, items: Mapping[str, int], *, reference: str, carrier: str, code: str | None) -> Receipt:
        """Tell that these units (per external item id, of one order) left in one parcel under our reference."""
        transporter = carriers()[carrier].bol
        return _sent(
            lambda: self._client.create_shipment(
                items, reference=reference, transporter=transporter, track_and_trace=code
            )
        )

    def cancel_item(self, external_item_id: str, reason: str) -> Receipt:
        """Cancel whatever is still open of an item; `reason` is one of exchange.CANCEL_REASONS."""
        return _sent(lambda: self._client.cancel_order_item(external_item_id, REASONS[reason]))

    def change_transport(self, transport_external_id: str, *, carrier: str, code: str) -> Receipt:
        """Give a shipment that was told before another carrier and code."""
        transporter = carriers()[carrier].bol
        return _sent(
            lambda: self._client.change_transport(transport_external_id, transporter=transporter, track_and_trace=code)
        )

    def tell_stock(self, offer_external_id: str, amount: int) -> None:
        """Set how many units of an offer can be sold. An absolute number: telling it twice is telling it once.

        Our number has the orders taken off that we know of, so bol.com is told not to take them off again: from then on
        it subtracts only what is ordered after this message (docs/decisions).
        """
        _written(lambda: self._client.update_stock(offer_external_id, amount, managed_by_retailer=True))

    def outcomes(self, process_status_ids: Iterable[str]) -> dict[str, Outcome]:
        """How messages fared, by process status id, many in one call. Those that are forgotten there are absent."""
        told = _asked(lambda: self._client.process_statuses(process_status_ids))
        return {status.process_status_id: _outcome(status) for status in told}

    def shipments_of(self, order_external_id: str) -> list[ShipmentRecord]:
        """All shipments of an order, made here or elsewhere. A scarce call: bol.com allows 25 a minute."""
        pages = _asked(lambda: list(self._client.shipment_pages(order_id=order_external_id)))
        return [
            ShipmentRecord(
                external_id=shipment.shipment_id,
                reference=shipment.shipment_reference or None,
                transport_external_id=shipment.transport.transport_id if shipment.transport else None,
            )
            for page in pages
            for shipment in page
        ]

    def code_of(self, shipment_external_id: str) -> str | None:
        """The Track & Trace code that the marketplace has for a shipment. Raises NotThere."""
        shipment = _asked(lambda: self._client.shipment(shipment_external_id))
        return (shipment.transport.track_and_trace or None) if shipment.transport else None

    # What it pushes to us

    def subscriptions(self) -> list[Subscription]:
        """All subscriptions of the account, those of other programs too."""
        return [_subscription(one) for one in _asked(self._client.subscriptions)]

    def subscribe(self, address: str) -> Subscription:
        """Have what happens to orders and to our messages pushed to this https address."""
        return _subscription(_asked(lambda: self._client.create_subscription(PUSHED, address)))

    def renew_subscription(self, external_id: str, address: str) -> None:
        """Switch it on, complete, with this address. Raises NotThere."""
        _asked(lambda: self._client.change_subscription(external_id, PUSHED, address))

    def unsubscribe(self, external_id: str) -> None:
        """Raises NotThere."""
        _asked(lambda: self._client.delete_subscription(external_id))

    def send_test_message(self, external_id: str) -> None:
        """Have a test message pushed. Raises NotThere."""
        _asked(lambda: self._client.send_test_message(external_id))

    def signature_keys(self) -> dict[str, str]:
        """The keys that pushed messages are signed with, by id. A scarce call: bol.com allows 10 an hour."""
        return _asked(self._client.signature_keys)


def read_pushed(body: bytes) -> Pushed | None:
    """What a pushed message says, None when it can't be understood. Asks nobody anything."""
    message = read_message(body)
    if message is None:
        return None
    return Pushed(
        account_id=message.retailer_id,
        about=ABOUT.get(message.resource, ABOUT_OTHER),
        kind=f"{message.resource}/{message.type}",
        subject=message.resource_id,
        sent_at=message.sent_at,
    )


def is_signature(header: str | None) -> bool:
    """Whether the header of a pushed message has the form of a signature."""
    return read_signature(header) is not None


def judge_signature(body: bytes, header: str | None, keys: Mapping[str, str]) -> str:
    """GENUINE, FORGED, or UNKNOWN_KEY when it is signed with a key that is not among `keys` (see signature_keys)."""
    signature = read_signature(header)
    return FORGED if signature is None else VERDICTS[verify(body, signature, keys)]


@contextmanager
def open_marketplace(
    api_key: str,
    api_secret: str,
    settings: Settings,
    *,
    tokens: RedisTokenStore,
    limits: RedisLimiter,
    on_wait: OnWait | None = None,
) -> Iterator[Marketplace]:
    """A marketplace for work in the background: token and limits are shared with all other workers."""
    with _translated(), _client(api_key, api_secret, settings, tokens, limits, on_wait) as client:
        yield Marketplace(client)


def prove_keys(api_key: str, api_secret: str, settings: Settings) -> Account:
    """Ask bol.com for a fresh token with these keys and whose account they open.

    Nothing cached takes part, or a revoked pair would seem to work for as long as its old token lives. Raises
    AccessLost (wrong keys), AccountInactive, Busy, Unreachable or AnswerNotUnderstood.
    """
    client = _client(api_key, api_secret, settings, MemoryTokenStore(), MemoryLimiter(), None, timeout=(3.05, 10))
    with _translated(), client:
        return Marketplace(client).account()


def _client(
    api_key: str,
    api_secret: str,
    settings: Settings,
    tokens: RedisTokenStore | MemoryTokenStore,
    limits: RedisLimiter | MemoryLimiter,
    on_wait: OnWait | None,
    timeout: tuple[float, float] = (3.05, 30),
) -> BolClient:
    return BolClient(
        api_key,
        api_secret,
        api_url=settings.bol_api_url,
        token_url=settings.bol_token_url,
        tokens=tokens,
        limits=limits,
        on_wait=on_wait,
        pool_size=FETCHERS,
        timeout=timeout,
    )


def _asked(call: Callable[[], T]) -> T:
    with _translated():
        return call()


def _sent(call: Callable[[], ProcessStatus]) -> Receipt:
    """The receipt of a message."""
    return Receipt(process_status_id=_written(call).process_status_id)


def _written(call: Callable[[], T]) -> T:
    """What bol answers to a message means something else than the same to a question."""
    try:
        return call()
    except BolError as error:
        if error.outcome_unknown:
            raise OutcomeUnknown(error.sentence, retry_after=error.retry_after) from error
        if isinstance(error, Refused | NotFoundAtBol):
            said = str(error.problem) if error.problem else None
            raise Rejected("bol.com refuses this message.", said=said or None) from error
        raise _in_our_words(error) from error


def _outcome(status: ProcessStatus) -> Outcome:
    """A status that bol may invent one day counts as pending: it is asked again, and ends when bol forgets it."""
    if status.is_success:
        return Outcome(state=SUCCESS)
    if status.is_failure:
        return Outcome(state=FAILURE, sentence=status.error_message)
    return Outcome(state=TIMEOUT if status.is_timeout else STILL_PENDING, sentence=status.error_message)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except BolError as error:
        raise _in_our_words(error) from error


def _in_our_words(error: BolError) -> ExchangeError:
    match error:
        case WrongCredentials():
            return AccessLost("bol.com does not accept this key and secret.")
        case TokenRefused():
            return AccessLost("bol.com gives a token for these keys and then refuses it. Make new keys at bol.com.")
        case AccountNotActive():
            return AccountInactive(
                "bol.com knows these keys, but says that the seller account is not active. "
                "Ask bol.com's partner service why."
            )
        case NotFoundAtBol():
            return NotThere(error.sentence)
        case Refused():
            return AskedWrongly(f"bol.com refuses the question: {error.problem or error.sentence}")
        case LimitReached() | TokenBraked():
            return Busy("bol.com's limit is used up for the moment.", retry_after=error.retry_after)
        case UnexpectedAnswer():
            return AnswerNotUnderstood(error.sentence, retry_after=error.retry_after)
        case _ if error.retryable:
            return Unreachable(error.sentence, retry_after=error.retry_after)
        case _:
            return AskedWrongly(error.sentence)


def _offer(offer: BolOffer) -> OfferRecord:
    return OfferRecord(
        external_id=offer.offer_id,
        reference=offer.reference or None,
        ean=offer.ean or None,
        title=offer.unknown_product_title or None,
        price=offer.unit_price,
        fulfilment_method=offer.fulfilment.method,
        stock=offer.stock.amount if offer.stock else None,
        sellable=_sellable(offer),
        is_corrected_there=_is_corrected(offer),
        is_on_hold=offer.on_hold_by_retailer,
        condition=offer.condition.category,
        modified_at=offer.last_modified_date_time,
    )


def _subscription(one: BolSubscription) -> Subscription:
    return Subscription(
        external_id=one.id,
        address=one.event_destination,
        is_enabled=one.enabled,
        is_complete=set(PUSHED) <= set(one.resources),
    )


def _sellable(offer: BolOffer) -> int | None:
    if offer.stock is None:
        return None
    return offer.stock.amount if offer.stock.corrected_stock is None else offer.stock.corrected_stock


def _is_corrected(offer: BolOffer) -> bool | None:
    if offer.stock is None or offer.stock.managed_by_retailer is None:
        return None
    return not offer.stock.managed_by_retailer


def _listed(order: BolOrderSummary) -> ListedOrder:
    return ListedOrder(
        external_id=order.order_id,
        placed_at=order.order_placed_date_time,
        items=tuple(
            ListedItem(
                external_id=item.order_item_id,
                fulfilment_method=item.fulfilment_method,
                quantity=item.quantity,
                quantity_shipped=item.quantity_shipped,
                quantity_cancelled=item.quantity_cancelled,
                is_cancellation_requested=item.cancellation_request,
                changed_at=item.latest_changed_date_time,
            )
            for item in order.order_items
        ),
    )


def _order(order: BolOrder) -> OrderRecord:
    """Raises AnswerNotUnderstood for what can't be kept, so that one impossible order stops no other."""
    pickup_point = order.shipment_details.pickup_point_name[:200] if order.pickup_point else None
    record = OrderRecord(
        external_id=order.order_id,
        placed_at=order.order_placed_date_time,
        ship_to=_address(order.shipment_details),
        invoice_to=_address(order.billing_details) if order.billing_details else None,
        pickup_point=pickup_point,
        items=tuple(_possible(_item(item)) for item in order.order_items),
    )
    return _storable(record)


def _item(item: BolOrderItem) -> ItemRecord:
    fulfilment = item.fulfilment
    record = ItemRecord(
        external_id=item.order_item_id,
        offer_external_id=item.offer_id or None,
        reference=item.reference or None,
        ean=item.ean[:LONGEST_EAN] or None,
        title=item.title or None,
        quantity=item.quantity,
        quantity_shipped=item.quantity_shipped,
        quantity_cancelled=item.quantity_cancelled,
        is_cancellation_requested=item.cancellation_request,
        fulfilment_method=fulfilment.method if fulfilment else "FBR",
        needs_marketplace_label=item.is_vvb,
        deliver_by=fulfilment.deliver_by if fulfilment else None,
        is_delivery_day_exact=bool(fulfilment and fulfilment.exact_delivery_date),
        time_frame=(fulfilment.time_frame_type or None) if fulfilment else None,
        expires_on=fulfilment.expiry_date if fulfilment else None,
        unit_price=item.unit_price,
        total_price=item.total_price,
        changed_at=item.latest_changed_date_time,
    )
    return _storable(record)


def _return(made: BolReturn) -> ReturnRecord:
    if made.registration_date_time is None:
        raise AnswerNotUnderstood("bol.com sent a return that does not say since when.")
    return ReturnRecord(
        external_id=made.return_id,
        registered_at=made.registration_date_time,
        items=tuple(_storable(_return_item(item)) for item in made.return_items),
    )


def _return_item(item: BolReturnItem) -> ReturnItemRecord:
    return ReturnItemRecord(
        rma_id=item.rma_id,
        order_external_id=item.order_id,
        ean=item.ean[:LONGEST_EAN],
        title=item.title[:500] or None,
        expected_quantity=item.expected_quantity,
        main_reason=item.return_reason.main_reason,
        detailed_reason=item.return_reason.detailed_reason,
        comments=item.return_reason.customer_comments,
        is_handled=item.handled,
        results=tuple(
            ReturnResult(
                quantity=result.quantity,
                asked=RETURN_RESULTS.get(result.handling_result, _word(result.handling_result)),
                made_of_it=_word(result.processing_result),
                at=result.processing_date_time,
            )
            for result in item.processing_results
        ),
        track_and_trace=(item.track_and_trace or "")[:60] or None,
        carrier_name=(item.transporter_name or "")[:100] or None,
    )


def _word(code: str) -> str:
    """A code of bol.com that has no word of ours: `STILL_APPROVED` is still-approved."""
    return code.lower().replace("_", "-")


def _indicator(told: BolIndicator) -> IndicatorRecord:
    norm, score = told.details.norm, told.details.score
    return IndicatorRecord(
        is_share=told.type != AVERAGE,
        condition=">=" if norm.condition == ">=" else "<=",
        norm=norm.value,
        score=score.value if score else None,
        numerator=score.numerator if score else None,
        denominator=score.denominator if score else None,
        conforms=score.conforms if score else None,
    )


def _possible(item: ItemRecord) -> ItemRecord:
    units = (item.quantity, item.quantity_shipped, item.quantity_cancelled)
    euros = [amount for amount in (item.unit_price, item.total_price) if amount is not None]
    if any(not 0 <= number <= MOST_UNITS for number in units) or any(abs(amount) > MOST_EUROS for amount in euros):
        raise AnswerNotUnderstood("bol.com sent an order with an impossible quantity or price.")
    if max(len(item.external_id), len(item.offer_external_id or "")) > LONGEST_ID:
        raise AnswerNotUnderstood("bol.com sent an order with an id that is far too long.")
    return item


def _storable(record: R) -> R:
    """The record without the NUL character, which PostgreSQL refuses to keep."""
    texts: dict[str, Any] = {
        name: value.replace("\0", "")
        for name, value in vars(record).items()
        if isinstance(value, str) and "\0" in value
    }
    return replace(record, **texts) if texts else record


def _address(address: BolAddress) -> Address | None:
    """An address that bol.com has blanked is none at all."""
    ours = Address(
        first_name=address.first_name,
        surname=address.surname,
        company=address.company,
        street=address.street_name,
        house_number=address.house_number,
        house_number_extension=address.house_number_extension,
        extra=address.extra_address_information,
        zip_code=address.zip_code,
        city=address.city,
        country_code=address.country_code,
        phone=address.delivery_phone_number,
        email=address.email,
        language=address.language,
        vat_number=address.vat_number,
        client_reference=address.order_reference,
    )
    return None if ours == Address(country_code=ours.country_code, language=ours.language) else _storable(ours)
