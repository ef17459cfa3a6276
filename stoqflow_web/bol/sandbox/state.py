"""All that the pretend bol.com remembers, and the queue of writes that are applied when they are due."""

import threading
from bisect import bisect_left, bisect_right, insort
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from stoqflow_web.bol.sandbox import identifiers, pushing
from stoqflow_web.bol.sandbox.clock import Clock, beginning_of
from stoqflow_web.bol.sandbox.faults import Faults
from stoqflow_web.bol.sandbox.limits import Limits
from stoqflow_web.bol.sandbox.options import SandboxOptions
from stoqflow_web.bol.sandbox.records import (
    EXPIRED,
    Delivery,
    Event,
    Item,
    Offer,
    Order,
    Process,
    Refused,
    Report,
    Return,
    Seen,
    Shipment,
    StockTold,
    Subscription,
)
from stoqflow_web.bol.sandbox.tokens import Tokens

# bol's documentation: a process status is kept about one day after it ended, a report 14 days.
PROCESS_KEPT = timedelta(days=1)
REQUESTS_KEPT = 50_000
STOCK_TOLD_KEPT = 100


@dataclass(slots=True)
class Outcome:
    """What is to become of the next write of an event type (any when None); without a status it ends as it would."""

    status: str | None = None
    event_type: str | None = None
    message: str | None = None
    applied: bool = False
    delay: float | None = None


class State:
    """The data behind the endpoints. Whoever reads or changes it holds `lock`."""

    def __init__(self, options: SandboxOptions) -> None:
        self.options = options
        self.lock = threading.RLock()
        self.clock = Clock(options.standing_clock)
        self.random = Random(options.seed)  # noqa: S311 - realistic data, no secrets
        self.tokens = Tokens(options, Random(options.seed + 1))  # noqa: S311
        self.limits = Limits(enforced=options.limits)
        self.faults = Faults()
        self.process_delay = options.process_delay
        self.appearing_delay = options.appearing_delay
        self.send_retry_after = options.send_retry_after
        self.account_active = True
        self.outcomes: list[Outcome] = []
        self.requests: deque[Seen] = deque(maxlen=REQUESTS_KEPT)
        self.signing_keys: dict[str, bytes] = {}
        self.is_pushing = True
        self.oddities: list[tuple[str, float]] = []
        self._last_offer_number = 0
        self._expired_up_to: date | None = None
        self.forget_everything()

    def forget_everything(self) -> None:
        """Back to a seller without offers and orders; the keys, the clock and the faults stay."""
        self.orders: dict[str, Order] = {}
        self.items: dict[str, Item] = {}
        self.offers: dict[str, Offer] = {}
        self.shipments: dict[str, Shipment] = {}
        self.transports: dict[str, Shipment] = {}
        self.processes: dict[str, Process] = {}
        self.returns: dict[str, Return] = {}
        self.reports: dict[str, Report] = {}
        self.subscriptions: dict[str, Subscription] = {}
        self.labels: dict[str, str] = {}
        self.stock_told: deque[StockTold] = deque(maxlen=STOCK_TOLD_KEPT)
        self.events: list[Event] = []
        self.deliveries: list[Delivery] = []
        self._appears_at: dict[str, datetime] = {}
        self._queue: deque[Process] = deque()
        self._timeline: list[tuple[datetime, str]] = []
        self._offers_by_ean: dict[str, Offer] = {}
        self._offer_numbers: list[int] = []
        self._offer_ids: list[str] = []

    def __getstate__(self) -> dict[str, Any]:
        """Everything but the lock and the log of requests, to be kept in a file."""
        with self.lock:
            return {name: value for name, value in self.__dict__.items() if name not in {"lock", "requests"}}

    def __setstate__(self, kept: dict[str, Any]) -> None:
        later: dict[str, Any] = {"appearing_delay": 0.0, "_appears_at": {}, "stock_told": deque(maxlen=STOCK_TOLD_KEPT)}
        self.__dict__.update(later | kept)  # a world of before there were these
        if "events" not in kept:  # and of before anything was pushed
            self.signing_keys, self.is_pushing, self.oddities, self.events, self.deliveries = {}, True, [], [], []
        for delivery in self.deliveries:
            delivery.is_under_way = False
        self.lock = threading.RLock()
        self.requests = deque(maxlen=REQUESTS_KEPT)

    def is_filled_as(self, options: SandboxOptions) -> bool:
        """Whether a new world of these options would begin as this one began."""
        begun = self.options
        return (begun.orders, begun.offers, begun.seed) == (options.orders, options.offers, options.seed)

    def follow(self, options: SandboxOptions) -> None:
        """Takes over the keys, speed and strictness of `options`; what is remembered stays."""
        self.options = options
        self.tokens.follow(options)
        self.limits.enforced = options.limits
        self.process_delay = options.process_delay
        self.appearing_delay = options.appearing_delay
        self.send_retry_after = options.send_retry_after

    @property
    def nulls(self) -> bool:
        return self.options.send_nulls

    # Orders and offers

    def keep_order(self, order: Order) -> None:
        self.orders[order.order_id] = order
        for item in order.items:
            self.items[item.item_id] = item
        insort(self._timeline, (order.placed_at, order.order_id))

    def appear_later(self, order_id: str, seconds: float) -> None:
        """The client has placed it, and bol does not tell the seller yet."""
        if seconds > 0:
            self._appears_at[order_id] = self.clock.now() + timedelta(seconds=seconds)

    def has_appeared(self, order_id: str) -> bool:
        """Whether the seller can know of an order by now."""
        return order_id not in self._appears_at or self._appears_at[order_id] <= self.clock.now()

    def newest_orders(self) -> Iterator[Order]:
        """Those that the seller can know of, newest first, as bol pages."""
        return (self.orders[order_id] for _, order_id in reversed(self._timeline) if self.has_appeared(order_id))

    def offer_by_ean(self, ean: str) -> Offer | None:
        return self._offers_by_ean.get(ean)

    def next_offer_number(self) -> int:
        self._last_offer_number += 1
        return self._last_offer_number

    def keep_offer(self, offer: Offer) -> None:
        self.offers[offer.offer_id] = offer
        self._offers_by_ean.setdefault(offer.ean, offer)
        self._offer_numbers.append(offer.number)
        self._offer_ids.append(offer.offer_id)

    def remove_offer(self, offer_id: str) -> None:
        offer = self.offers.pop(offer_id)
        if self._offers_by_ean.get(offer.ean) is offer:
            del self._offers_by_ean[offer.ean]
        place = bisect_left(self._offer_numbers, offer.number)
        del self._offer_numbers[place], self._offer_ids[place]

    def offers_after(self, number: int) -> Iterator[Offer]:
        """In the order they were made, those with a higher number."""
        start = bisect_right(self._offer_numbers, number)
        return (self.offers[self._offer_ids[place]] for place in range(start, len(self._offer_ids)))

    def open_quantities(self) -> dict[str, list[tuple[datetime, int]]]:
        """Per offer id what is ordered and still open, with the moments of ordering."""
        found: dict[str, list[tuple[datetime, int]]] = {}
        for item in self.items.values():
            if item.is_open and item.offer_id:
                placed_at = self.orders[item.order_id].placed_at
                found.setdefault(item.offer_id, []).append((placed_at, item.open))
        return found

    # Writes

    def enqueue(
        self,
        event_type: str,
        description: str,
        work: Callable[["State"], str],
        *,
        entity_id: str | None = None,
    ) -> Process:
        """Queues a write and gives its process status. `entity_id` is what is known while it is pending."""
        now = self.clock.now()
        outcome = self._planned_outcome(event_type)
        delay = self.process_delay if outcome is None or outcome.delay is None else outcome.delay
        process = Process(
            process_id=identifiers.process_id(self.random, now),
            event_type=event_type,
            description=description,
            created_at=now,
            due_at=now + timedelta(seconds=delay),
            work=work,
            entity_id=entity_id,
            outcome=outcome.status if outcome else None,
            error_message=outcome.message if outcome else None,
            applied_anyway=outcome.applied if outcome else False,
        )
        self.processes[process.process_id] = process
        self._queue.append(process)
        return process

    def settle(self) -> None:
        """Does what is due: queued writes in their order, orders that expire, messages. Called before every answer."""
        now = self.clock.now()
        while self._queue and self._queue[0].due_at <= now:
            self._finish(self._queue.popleft())
        today = self.clock.today()
        if self._expired_up_to != today:
            self._expired_up_to = today
            self._forget_old_processes(now)
            self.expire_due(today)
        pushing.make_due(self)

    def process(self, process_id: str) -> Process | None:
        """None when it never was, or ended more than a day ago."""
        process = self.processes.get(process_id)
        if process is None or (process.finished_at and self.clock.now() > process.finished_at + PROCESS_KEPT):
            return None
        return process

    def expire_due(self, today: date) -> None:
        """bol cancels what the seller did not handle, as soon as the day of its expiry begins."""
        for item in self.items.values():
            if item.is_open and item.method == "FBR" and item.expiry_date and item.expiry_date <= today:
                item.cancel(max(beginning_of(item.expiry_date), item.changed_at), reason=EXPIRED)

    def _finish(self, process: Process) -> None:
        self._do(process)
        pushing.announce(self, pushing.PROCESS_STATUS, process.status, process.process_id)

    def _do(self, process: Process) -> None:
        process.finished_at = process.due_at
        process.status = process.outcome or "SUCCESS"
        if process.outcome and not process.applied_anyway:
            return
        try:
            entity_id = process.work(self)
        except Refused as refusal:
            process.status, process.error_message = "FAILURE", str(refusal)
        else:
            if not process.outcome:
                process.entity_id = entity_id

    def _planned_outcome(self, event_type: str) -> Outcome | None:
        for outcome in self.outcomes:
            if outcome.event_type in {None, event_type}:
                self.outcomes.remove(outcome)
                return outcome
        return None

    def _forget_old_processes(self, now: datetime) -> None:
        self.processes = {
            process_id: process
            for process_id, process in self.processes.items()
            if process.finished_at is None or now <= process.finished_at + PROCESS_KEPT
        }
