"""The scenario verbs as the control page offers them: their path, their fields, what they call."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from inspect import signature
from typing import Any

from stoqflow_web.bol.sandbox.world import World

Read = Callable[[str], Any]


def _flag(text: str) -> bool:
    return text.lower() in {"1", "true", "on", "yes"}


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a form: how it is read, and what stands in it at first."""

    label: str
    read: Read
    initial: str = ""
    choices: tuple[str, ...] = ()


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
                arguments[key] = self.fields[key].read(text)
        verb = getattr(world, name.replace("-", "_"))
        try:
            signature(verb).bind(**arguments)
        except TypeError:
            raise ValueError(f"{name} needs more: fill in all of what it asks for.") from None
        return verb(**arguments)


EVENT_TYPES = ("", "CREATE_SHIPMENT", "CANCEL_ORDER", "CHANGE_TRANSPORT", "UPDATE_OFFER_STOCK", "CREATE_OFFER_EXPORT")
_EVENT_TYPE = Field("Event type", str, choices=EVENT_TYPES)
_ORDER = {"order_id": Field("Order", str), "item_id": Field("Item", str)}
_METHOD = Field("Method", str, choices=("", "GET", "POST", "PUT", "PATCH"))
_PATH = Field("Path begins with", str)
_COUNT = Field("How many", int, "1")

VERBS: dict[str, Verb] = {
    "place-order": Verb(
        "Place an order",
        "Order {} was placed.",
        {
            "lines": Field("Lines", int, "1"),
            "quantity": Field("Quantity", int, "1"),
            "fulfilment": Field("Fulfilment", str, choices=("", "FBR", "VVB", "FBB")),
            "reference": Field("Reference", str),
            "ean": Field("EAN", str),
            "offer_id": Field("Offer id", str),
            "country": Field("Country", str, choices=("", "NL", "BE")),
            "pickup_point": Field("Pick-up point", _flag, choices=("", "yes")),
            "awkward": Field("Awkward name", _flag, choices=("", "yes")),
        },
    ),
    "ask-to-cancel": Verb("Client asks to cancel", "The client asked to cancel {order_id}.", _ORDER),
    "cancel": Verb("bol cancels", "bol cancelled {order_id}.", _ORDER),
    "expire": Verb("Let it expire", "{order_id} has expired.", {"order_id": Field("Order", str)}),
    "ship-by-hand": Verb("Ship in the seller account", "Shipment {} was made.", {"order_id": Field("Order", str)}),
    "send-back": Verb("Client sends it back", "Return {} was registered.", {"order_id": Field("Order", str)}),
    "change-stock": Verb(
        "Change the stock of an offer",
        "The stock is {amount}.",
        {"offer_id": Field("Offer id", str), "amount": Field("Stock", int, "0")},
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
        {"seconds": Field("Seconds", float, "600"), "event_type": _EVENT_TYPE},
    ),
    "set-process-delay": Verb(
        "Delay of processes", "Processes take {seconds} seconds.", {"seconds": Field("Seconds", float, "2")}
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
            "status": Field("Status", int, "503"),
            "body": Field("Body", str, "<html><body>Bad gateway</body></html>"),
            "method": _METHOD,
            "path": _PATH,
            "count": _COUNT,
        },
    ),
    "slow-down": Verb("Slow down", "bol is slow now.", {"seconds": Field("Seconds", float, "3"), "path": _PATH}),
    "go-down": Verb("Go down", "bol is down for {minutes} minutes.", {"minutes": Field("Minutes", float, "5")}),
    "come-back": Verb("Come back", "bol is up, quick and well."),
    "revoke-keys": Verb("Revoke the keys", "The keys are revoked."),
    "restore-keys": Verb("Restore the keys", "The keys work again."),
    "deactivate-account": Verb("Deactivate the account", "The account is not active any more."),
    "activate-account": Verb("Activate the account", "The account is active again."),
    "expire-tokens": Verb("Expire the tokens", "All tokens have expired."),
    "set-limit": Verb(
        "Change a limit",
        "{rule} is now {capacity}.",
        {"rule": Field("Rule", str, "GET /retailer/orders/*"), "capacity": Field("Requests", int, "25")},
    ),
    "enforce-limits": Verb(
        "Limits on or off", "The limits are set.", {"enforced": Field("On", _flag, choices=("yes", "no"))}
    ),
    "leave-out-retry-after": Verb("429 without Retry-After", "A 429 now comes without Retry-After."),
    "jump": Verb(
        "Jump in time",
        "Time has passed.",
        {
            "days": Field("Days", float),
            "hours": Field("Hours", float),
            "minutes": Field("Minutes", float),
            "seconds": Field("Seconds", float),
        },
    ),
}
