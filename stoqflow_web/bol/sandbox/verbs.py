"""The scenario verbs as the control page offers them: their path, their fields, what they call."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from inspect import signature
from math import isfinite, nan
from typing import Any

from stoqflow_web.bol.sandbox.returns import HANDLING_RESULTS
from stoqflow_web.bol.sandbox.world import World

Read = Callable[[str], Any]


def _flag(text: str) -> bool:
    return text.lower() in {"1", "true", "on", "yes"}


def _whole(least: int, most: int = 1_000_000) -> Read:
    """Reads a whole number from `least` to `most`."""

    def read(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            raise ValueError("fill in a whole number.") from None
        if number < least:
            raise ValueError(f"fill in {least} or more.")
        if number > most:
            raise ValueError(f"fill in {most} at most.")
        return number

    return read


def _amount(text: str) -> float:
    """Of time, so never less than nothing; "nan" and "inf" are numbers to Python only."""
    try:
        number = float(text)
    except ValueError:
        number = nan
    if not isfinite(number):
        raise ValueError("fill in a number.")
    if number < 0:
        raise ValueError("fill in 0 or more.")
    return number


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a form: how it is read, and what stands in it at first.

    `unit` is the word behind its number in a sentence, for one; `is_rare` hides it until somebody looks for it.
    """

    label: str
    read: Read
    initial: str = ""
    choices: tuple[str, ...] = ()
    unit: str = ""
    is_rare: bool = False

    def value(self, text: str) -> Any:
        """Raises ValueError with a sentence that begins with the label."""
        try:
            return self.read(text)
        except ValueError as error:
            raise ValueError(f"{self.label}: {error}") from None

    def said(self, text: str) -> str:
        """What was given as a sentence says it: `5 minutes`, `1 minute`."""
        if not self.unit:
            return text
        number = f"{float(text):g}"
        return f"{number} {self.unit}" if number == "1" else f"{number} {self.unit}s"


@dataclass(frozen=True, slots=True)
class Verb:
    """`POST /control/<name>` calls the method of the world of that name (dashes for underscores)."""

    label: str
    done: str
    fields: Mapping[str, Field] = field(default_factory=dict)

    def call(self, world: World, name: str, given: Mapping[str, str]) -> Any:
        """Raises ValueError or LookupError with a sentence when it can't be done."""
        arguments = {}
        for key, text in given.items():
            if key not in self.fields:
                raise ValueError(f"{name} has no field {key!r}.")
            if text != "":
                arguments[key] = self.fields[key].value(text)
        verb = getattr(world, name.replace("-", "_"))
        try:
            signature(verb).bind(**arguments)
        except TypeError:
            raise ValueError(f"{name} needs more: fill in all of what it asks for.") from None
        return verb(**arguments)


EVENT_TYPES = ("", "CREATE_SHIPMENT", "CANCEL_ORDER", "CHANGE_TRANSPORT", "UPDATE_OFFER_STOCK", "CREATE_OFFER_EXPORT")
_EVENT_TYPE = Field("Event type", str, choices=EVENT_TYPES)
_ORDER = {"order_id": Field("Order", str), "item_id": Field("Item", str)}
_SOME = {**_ORDER, "quantity": Field("Quantity", _whole(1), is_rare=True)}
_METHOD = Field("Method", str, choices=("", "GET", "POST", "PUT", "PATCH"))
_PATH = Field("Path begins with", str)
_COUNT = Field("How many", _whole(1), "1")

VERBS: dict[str, Verb] = {
    "place-order": Verb(
        "Place an order",
        "Order {} was placed.",
        {
            "lines": Field("Lines", _whole(1, 100), "1"),
            "quantity": Field("Quantity", _whole(1, 10_000), "1"),
            "fulfilment": Field("Fulfilment", str, choices=("", "FBR", "VVB", "FBB"), is_rare=True),
            "reference": Field("Reference", str, is_rare=True),
            "ean": Field("EAN", str, is_rare=True),
            "offer_id": Field("Offer id", str, is_rare=True),
            "country": Field("Country", str, choices=("", "NL", "BE"), is_rare=True),
            "pickup_point": Field("Pick-up point", _flag, choices=("", "yes"), is_rare=True),
            "awkward": Field("Awkward name", _flag, choices=("", "yes"), is_rare=True),
            "appears_after": Field("Told to the seller after (seconds)", _amount, is_rare=True),
        },
    ),
    "ask-to-cancel": Verb("Client asks to cancel", "The client asked to cancel {order_id}.", _ORDER),
    "cancel": Verb("bol cancels", "bol cancelled {order_id}.", _SOME),
    "expire": Verb("Let it expire", "{order_id} has expired.", {"order_id": Field("Order", str)}),
    "ship-by-hand": Verb("Ship in the seller account", "Shipment {} was made.", _SOME),
    "send-back": Verb("Client sends it back", "Return {} was registered.", {"order_id": Field("Order", str)}),
    "handle-return": Verb(
        "Handle a return in the seller account",
        "Return {return_id} is handled.",
        {"return_id": Field("Return", str), "result": Field("Result", str, choices=HANDLING_RESULTS)},
    ),
    "change-stock": Verb(
        "Change the stock of an offer",
        "The stock is {amount}.",
        {"offer_id": Field("Offer id", str), "amount": Field("Stock", _whole(0), "0")},
    ),
    "fail-next": Verb(
        "Refuse the next write",
        "The next write will end in FAILURE.",
        {"event_type": _EVENT_TYPE, "message": Field("Message", str)},
    ),
    "time-out-next": Verb(
        "Time out the next write",
        "The next write will end in TIMEOUT.",
        {"event_type": _EVENT_TYPE, "applied": Field("Done all the same", _flag, choices=("", "yes"))},
    ),
    "hold-next": Verb(
        "Keep the next write pending",
        "The next write will stay PENDING.",
        {"seconds": Field("Seconds", _amount, "600"), "event_type": _EVENT_TYPE},
    ),
    "set-process-delay": Verb(
        "Delay of processes", "Processes take {seconds}.", {"seconds": Field("Seconds", _amount, "2", unit="second")}
    ),
    "set-appearing-delay": Verb(
        "Delay of new orders",
        "New orders are told to the seller after {seconds}.",
        {"seconds": Field("Seconds", _amount, "30", unit="second")},
    ),
    "lose-next-answer": Verb(
        "Lose the next answer",
        "The next answer will be lost after it was processed.",
        {"method": _METHOD, "path": _PATH, "count": _COUNT},
    ),
    "cut-next-answer": Verb(
        "Cut the next answer", "The next answer will break off.", {"method": _METHOD, "path": _PATH, "count": _COUNT}
    ),
    "answer-next": Verb(
        "Answer something odd",
        "The next answers are set.",
        {
            "status": Field("Status", _whole(200, 599), "503"),
            "body": Field("Body", str, "<html><body>Bad gateway</body></html>"),
            "method": _METHOD,
            "path": _PATH,
            "count": _COUNT,
        },
    ),
    "slow-down": Verb("Slow down", "bol is slow now.", {"seconds": Field("Seconds", _amount, "3"), "path": _PATH}),
    "go-down": Verb(
        "Go down", "bol is down for {minutes}.", {"minutes": Field("Minutes", _amount, "10", unit="minute")}
    ),
    "come-back": Verb("Come back", "bol is up, quick and well."),
    "next-webhook-twice": Verb("Send the next webhook twice", "The next webhook will be sent twice."),
    "next-webhook-late": Verb(
        "Send the next webhook late",
        "The next webhook will be sent {seconds} late.",
        {"seconds": Field("Seconds", _amount, "60", unit="second")},
    ),
    "next-webhook-out-of-order": Verb(
        "Send the next webhook after the one behind it", "The next two webhooks will change places."
    ),
    "next-webhook-forged": Verb("Forge the next webhook", "The next webhook will have a bad signature."),
    "rotate-signing-key": Verb("Sign with a new key", "Webhooks are signed with a new key now."),
    "switch-subscriptions-off": Verb("Switch the subscriptions off", "All subscriptions are switched off."),
    "stop-pushing": Verb("Send no webhooks", "Nothing is pushed any more."),
    "resume-pushing": Verb("Send webhooks again", "Webhooks are sent again."),
    "revoke-keys": Verb("Revoke the keys", "The keys are revoked."),
    "restore-keys": Verb("Restore the keys", "The keys work again."),
    "deactivate-account": Verb("Deactivate the account", "The account is not active any more."),
    "activate-account": Verb("Activate the account", "The account is active again."),
    "expire-tokens": Verb("Expire the tokens", "All tokens have expired."),
    "set-limit": Verb(
        "Change a limit",
        "{rule} is now {capacity}.",
        {"rule": Field("Rule", str, "GET /retailer/orders/*"), "capacity": Field("Requests", _whole(1), "25")},
    ),
    "enforce-limits": Verb(
        "Limits on or off", "The limits are set.", {"enforced": Field("On", _flag, choices=("yes", "no"))}
    ),
    "leave-out-retry-after": Verb("429 without Retry-After", "A 429 now comes without Retry-After."),
    "jump": Verb(
        "Jump in time",
        "Time has passed.",
        {
            "days": Field("Days", _amount),
            "hours": Field("Hours", _amount),
            "minutes": Field("Minutes", _amount),
            "seconds": Field("Seconds", _amount),
        },
    ),
}
