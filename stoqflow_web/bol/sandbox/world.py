"""The world of one pretend bol.com and what may happen in it: the same verbs for tests and the control page."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from stoqflow_web.bol.sandbox import identifiers, pushing
from stoqflow_web.bol.sandbox.faults import LostAnswer, OddAnswer, Slowness
from stoqflow_web.bol.sandbox.generate import fill, make_offer, make_return
from stoqflow_web.bol.sandbox.options import SandboxOptions
from stoqflow_web.bol.sandbox.placing import Client, Line, delivery_day, make_order
from stoqflow_web.bol.sandbox.records import EXPIRED, Item, Offer, Order, Seen
from stoqflow_web.bol.sandbox.returns import HANDLING_RESULTS
from stoqflow_web.bol.sandbox.shipments import ship
from stoqflow_web.bol.sandbox.state import Outcome, State

TOO_LONG = 31_000_000.0


class World(State):
    """A new world is filled as its options say; every verb below may be called from any thread."""

    def __init__(self, options: SandboxOptions) -> None:
        super().__init__(options)
        fill(self)

    # Orders

    def place_order(
        self,
        *,
        lines: int | Sequence[Mapping[str, Any]] = 1,
        quantity: int = 1,
        offer_id: str | None = None,
        reference: str | None = None,
        ean: str | None = None,
        fulfilment: str | None = None,
        cancellation_request: bool = False,
        pickup_point: bool = False,
        country: str | None = None,
        billing: bool | None = None,
        awkward: bool = False,
        details: Mapping[str, Any] | None = None,
        placed_at: datetime | None = None,
        deliver_in_days: int | None = None,
        exact_date: bool = False,
        time_frame: str = "REGULAR",
        order_id: str | None = None,
        appears_after: float | None = None,
    ) -> str:
        """A client orders something; gives the order id.

        For `appears_after` seconds (the world's `appearing_delay` when None) bol knows it and the seller does not.

        `lines` is a number of lines of random offers, or one mapping per line with any of `offer_id`, `reference`,
        `ean`, `quantity`, `fulfilment` (FBR, VVB, FBB), `title`, `unit_price`, `cancellation_request`; the arguments
        of those names are for every line that does not say otherwise. A reference or EAN that no offer has is fine:
        then the order shows an item whose offer is gone. `details` overrides fields of the delivery address.
        """
        usual = {
            "quantity": quantity,
            "offer_id": offer_id,
            "reference": reference,
            "ean": ean,
            "fulfilment": fulfilment,
            "cancellation_request": cancellation_request,
        }
        asked: Sequence[Mapping[str, Any]] = [{}] * lines if isinstance(lines, int) else lines
        with self.lock:
            self.settle()
            client = Client(
                country=country, pickup_point=pickup_point, billing=billing, awkward=awkward, details=details or {}
            )
            today = self.clock.today()
            delay = self.appearing_delay if appears_after is None else appears_after
            placed_at = placed_at or self.clock.now()
            order = make_order(
                self,
                [self._line({**usual, **line}) for line in asked],
                client,
                placed_at=placed_at,
                deliver_by=delivery_day(self.random, placed_at, today)
                if deliver_in_days is None
                else today + timedelta(days=deliver_in_days),
                exact_date=exact_date,
                time_frame=time_frame,
                order_id=order_id,
                appears_after=delay,
            )
            self.keep_order(order)
            self.appear_later(order.order_id, delay)
            pushing.announce(self, pushing.ORDER, "ORDER_CREATED", order.order_id, after=delay)
            return order.order_id

    def ask_to_cancel(self, order_id: str, item_id: str | None = None) -> None:
        """The client would rather not have it: `cancellationRequest` becomes true on what is still open."""
        with self.lock:
            for item in self._open_items(order_id, item_id):
                item.cancellation_request = True
                item.changed_at = self.clock.now()
                pushing.announce(self, pushing.ORDER, "ORDER_ITEM_CANCELLATION_REQUEST", item.item_id)

    def cancel(self, order_id: str, item_id: str | None = None, quantity: int | None = None) -> None:
        """bol cancels what is still open, or `quantity` of each item; without a reason, and the offer's stock stays."""
        with self.lock:
            for item in self._open_items(order_id, item_id):
                item.cancel(self.clock.now(), quantity)

    def expire(self, order_id: str) -> None:
        """The order was not handled in time, and bol cancels it."""
        with self.lock:
            items = [item for item in self._open_items(order_id, None) if item.method == "FBR"]
            if not items:
                raise LookupError(f"Order {order_id} has nothing that can expire.")
            for item in items:
                item.expiry_date = self.clock.today()
                item.cancel(self.clock.now(), reason=EXPIRED)

    def ship_by_hand(
        self,
        order_id: str,
        item_id: str | None = None,
        quantity: int | None = None,
        *,
        transporter: str = "TNT",
        track_and_trace: str = "3SHAND0000001",
    ) -> str:
        """The seller ships it in bol's own seller account, or `quantity` of each item; gives the shipment id."""
        with self.lock:
            items = [item for item in self._open_items(order_id, item_id) if item.method == "FBR"]
            if not items:
                raise LookupError(f"Order {order_id} has nothing that the seller can ship.")
            by_label = [item.item_id for item in items if item.is_vvb]
            label_id = self.buy_label(by_label[0]) if by_label else None
            transport = None if by_label else {"transporterCode": transporter, "trackAndTrace": track_and_trace}
            parts = [(item.item_id, None if quantity is None else min(quantity, item.open)) for item in items]
            return ship(parts, None, label_id, transport, self)

    def send_back(self, order_id: str) -> str:
        """The client returns the first shipped item; gives the return id."""
        with self.lock:
            item = next(item for item in self.orders[order_id].items if item.shipped)
            made = make_return(self, item, self.clock.now())
            self.returns[made.return_id] = made
            return made.return_id

    def handle_return(self, return_id: str, result: str = "RETURN_RECEIVED") -> None:
        """The seller handles a return in bol's own seller account; bol tells what came of it."""
        if result not in HANDLING_RESULTS:
            raise ValueError(f"{result} is not a way to handle a return.")
        with self.lock:
            made = self.returns[return_id]
            made.handled_at, made.handling_result = self.clock.now(), result

    def buy_label(self, item_id: str) -> str:
        """A bol label for a VVB item; gives the shipping label id."""
        with self.lock:
            label_id = identifiers.offer_id(self.random)
            self.labels[label_id] = self.items[item_id].item_id
            return label_id

    def order(self, order_id: str) -> Order:
        """What bol knows of an order, after everything that is due was done."""
        with self.lock:
            self.settle()
            return self.orders[order_id]

    def open_order_ids(self, fulfilment_method: str = "FBR") -> list[str]:
        """The orders that `GET /retailer/orders` lists without parameters, newest first."""
        with self.lock:
            self.settle()
            return [
                order.order_id
                for order in self.newest_orders()
                if any(item.is_open and item.method == fulfilment_method for item in order.items)
            ]

    # Offers

    def add_offer(self, **what: Any) -> str:
        """The seller has a new offer; any field of an Offer may be given. Gives the offer id."""
        with self.lock:
            offer = make_offer(self)
            for name, value in what.items():
                if not hasattr(offer, name):
                    raise TypeError(f"An offer has no {name!r}.")
                setattr(offer, name, value)
            self.keep_offer(offer)
            return offer.offer_id

    def change_stock(self, offer_id: str, amount: int) -> None:
        """The seller changes the stock in bol's own seller account."""
        with self.lock:
            self.offers[offer_id].stock = amount
            self.offers[offer_id].modified_at = self.clock.now()

    # Writes that end otherwise

    def fail_next(self, event_type: str | None = None, message: str = "The request could not be processed.") -> None:
        """The next write of that event type (any when None) ends in FAILURE."""
        self._plan(Outcome("FAILURE", event_type, message))

    def time_out_next(self, event_type: str | None = None, *, applied: bool = False) -> None:
        """The next write ends in TIMEOUT; with `applied` it was done all the same."""
        self._plan(Outcome("TIMEOUT", event_type, "The request timed out.", applied=applied))

    def hold_next(self, seconds: float = TOO_LONG, event_type: str | None = None) -> None:
        """The next write stays PENDING for so long; those behind it in the queue wait too."""
        self._plan(Outcome(None, event_type, delay=seconds))

    def set_appearing_delay(self, seconds: float) -> None:
        """Orders that clients place from now on are told to the seller so much later."""
        with self.lock:
            self.appearing_delay = seconds

    def set_process_delay(self, seconds: float) -> None:
        with self.lock:
            self.process_delay = seconds

    # Answers that go wrong

    def lose_next_answer(self, method: str | None = None, path: str = "", *, count: int = 1) -> None:
        """The next request is processed, then the connection is cut before the answer."""
        with self.lock:
            self.faults.add(LostAnswer(method, path, count))

    def cut_next_answer(self, method: str | None = None, path: str = "", *, count: int = 1) -> None:
        """The next answer breaks off in the middle of its body."""
        with self.lock:
            self.faults.add(LostAnswer(method, path, count, halfway=True))

    def answer_next(
        self,
        status: int = 503,
        body: str | bytes = "",
        *,
        headers: Mapping[str, str] | None = None,
        media: str = "text/html",
        method: str | None = None,
        path: str = "",
        count: int = 1,
    ) -> None:
        """The next requests of `method` whose path starts with `path` get this answer and are not processed."""
        content = body.encode() if isinstance(body, str) else body
        with self.lock:
            self.faults.add(OddAnswer(method, path, count, status, content, media, dict(headers or {})))

    def slow_down(self, seconds: float, method: str | None = None, path: str = "", *, count: int = 1_000_000) -> None:
        """The next answers take so much longer."""
        with self.lock:
            self.faults.add(Slowness(method, path, count, seconds))

    def go_down(self, minutes: float = 10.0) -> None:
        """Everything answers 503 with a page of HTML until the time is over."""
        with self.lock:
            self.faults.down_until = self.clock.now() + timedelta(minutes=minutes)

    def come_back(self) -> None:
        """No outage, no slowness, no odd answers any more."""
        with self.lock:
            self.faults.clear()

    # Webhooks that go wrong

    def next_webhook_twice(self) -> None:
        """The next message is sent two times: bol promises at least once."""
        self._ask_of_next_webhook(pushing.TWICE)

    def next_webhook_late(self, seconds: float = 60.0) -> None:
        """The next message is sent so much later."""
        self._ask_of_next_webhook(pushing.LATE, seconds)

    def next_webhook_out_of_order(self) -> None:
        """The next message is sent after the one behind it."""
        self._ask_of_next_webhook(pushing.OUT_OF_ORDER)

    def next_webhook_forged(self) -> None:
        """The next message is not bol's: it is signed with another key under the name of bol's, and sent once."""
        self._ask_of_next_webhook(pushing.FORGED)

    def rotate_signing_key(self) -> None:
        """From now on messages are signed with a new key, which is published beside the older ones."""
        with self.lock:
            pushing.current_key_id(self)
            pushing.add_key(self)

    def switch_subscriptions_off(self) -> None:
        """As bol does when ten attempts have failed: what was not taken by then is never sent."""
        with self.lock:
            for subscription_id in self.subscriptions:
                pushing.switch_off(self, subscription_id)

    def stop_pushing(self) -> None:
        """What happens from now on is told to nobody, and not later either; subscriptions stay as they are."""
        with self.lock:
            self.settle()
            self.is_pushing = False

    def resume_pushing(self) -> None:
        with self.lock:
            self.settle()
            self.is_pushing = True

    def _ask_of_next_webhook(self, oddity: str, seconds: float = 0.0) -> None:
        with self.lock:
            self.settle()
            self.oddities.append((oddity, seconds))

    # Keys, limits and time

    def revoke_keys(self) -> None:
        with self.lock:
            self.tokens.keys_revoked = True

    def restore_keys(self) -> None:
        with self.lock:
            self.tokens.keys_revoked = False

    def deactivate_account(self) -> None:
        with self.lock:
            self.account_active = False

    def activate_account(self) -> None:
        with self.lock:
            self.account_active = True

    def expire_tokens(self) -> None:
        """Every token given out until now has expired."""
        with self.lock:
            self.tokens.expire_all(self.clock.now())

    def set_token_lifetime(self, seconds: int) -> None:
        with self.lock:
            self.tokens.lifetime = seconds

    def set_limit(self, rule: str, capacity: int) -> None:
        """Changes one limit, named like `GET /retailer/orders/*`."""
        with self.lock:
            self.limits.set(rule, capacity)

    def enforce_limits(self, enforced: bool) -> None:
        with self.lock:
            self.limits.enforced = enforced

    def leave_out_retry_after(self) -> None:
        """From now on a 429 comes without `Retry-After`, as bol sometimes does."""
        with self.lock:
            self.send_retry_after = False

    def jump(self, seconds: float = 0, *, minutes: float = 0, hours: float = 0, days: float = 0) -> None:
        """Time passes at once: writes become due, tokens and orders expire."""
        with self.lock:
            self.clock.jump(timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds))
            self.settle()

    def empty(self) -> None:
        """A seller who has nothing yet: no offers, no orders and nothing that came of them."""
        with self.lock:
            self.forget_everything()

    # What bol was asked

    def requests_seen(self, method: str | None = None, path: str = "", *, status: int | None = None) -> list[Seen]:
        """The requests so far, oldest first, whose path starts with `path`."""
        with self.lock:
            return [
                seen
                for seen in self.requests
                if method in (None, seen.method) and seen.path.startswith(path) and status in (None, seen.status)
            ]

    def forget_requests(self) -> None:
        with self.lock:
            self.requests.clear()

    def _plan(self, outcome: Outcome) -> None:
        with self.lock:
            self.outcomes.append(outcome)

    def _open_items(self, order_id: str, item_id: str | None) -> list[Item]:
        self.settle()
        items = [item for item in self.orders[order_id].items if item.is_open and item_id in (None, item.item_id)]
        if not items:
            raise LookupError(f"Order {order_id} has nothing open that fits.")
        return items

    def _line(self, what: Mapping[str, Any]) -> Line:
        offer = self._offer_for(what)
        price = what.get("unit_price")
        return Line(
            offer=offer,
            quantity=int(what["quantity"]),
            fulfilment=what.get("fulfilment") or None if offer else what.get("fulfilment") or "FBR",
            ean=what.get("ean"),
            title=what.get("title"),
            reference=what.get("reference"),
            unit_price=None if price is None else Decimal(str(price)),
            cancellation_request=bool(what.get("cancellation_request")),
        )

    def _offer_for(self, what: Mapping[str, Any]) -> Offer | None:
        if what.get("offer_id"):
            return self.offers[what["offer_id"]]
        if what.get("reference"):
            return next((offer for offer in self.offers.values() if offer.reference == what["reference"]), None)
        if what.get("ean"):
            return self.offer_by_ean(what["ean"])
        wanted = "FBB" if what.get("fulfilment") == "FBB" else "FBR"
        fitting = [offer for offer in self.offers.values() if offer.method == wanted]
        if what.get("fulfilment") is None:
            # Without a wish it is the ordinary case: shipped by the seller with a carrier of his own.
            fitting = [offer for offer in fitting if offer.schedule != "SHIPPING_VIA_BOL"]
        return self.random.choice(fitting) if fitting else None
