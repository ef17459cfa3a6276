"""bol's rate limits: fixed windows aligned to the clock, one count per client id and rule."""

from dataclasses import dataclass
from datetime import datetime

SECONDS, MINUTES, HOURS = "SECONDS", "MINUTES", "HOURS"
LENGTH = {SECONDS: 1, MINUTES: 60, HOURS: 3600}
UNLIMITED = 1_000_000


@dataclass(frozen=True, slots=True)
class Rule:
    """So many requests per one unit of time, for some methods of a path in which `*` is any segment."""

    path: str
    methods: tuple[str, ...]
    capacity: int
    unit: str

    @property
    def name(self) -> str:
        return f"{'/'.join(self.methods)} {self.path}"


# The numbers of autumn 2026: from live headers and bol's public list; where neither had one, a cautious guess.
RULES = (
    Rule("/retailer/orders", ("GET",), 25, MINUTES),
    Rule("/retailer/orders/*", ("GET",), 25, SECONDS),
    Rule("/retailer/orders/cancellation", ("PUT",), 10, SECONDS),
    Rule("/retailer/shipments", ("POST",), 25, SECONDS),
    Rule("/retailer/shipments", ("GET",), 25, MINUTES),
    Rule("/retailer/shipments/*", ("GET",), 50, MINUTES),
    Rule("/retailer/transports/*", ("PUT",), 10, SECONDS),
    Rule("/shared/process-status", ("POST",), 2, SECONDS),
    Rule("/shared/process-status/*", ("GET",), 100, SECONDS),
    Rule("/shared/process-status", ("GET",), 2, SECONDS),
    Rule("/retailer/offers", ("GET",), 25, SECONDS),
    Rule("/retailer/offers/*", ("GET",), 25, SECONDS),
    Rule("/retailer/offers/*/not-for-sale-reasons", ("GET",), 25, SECONDS),
    Rule("/retailer/offers", ("POST",), 50, SECONDS),
    Rule("/retailer/offers/*", ("PATCH", "DELETE"), 50, SECONDS),
    Rule("/retailer/offers/*/stock", ("PUT",), 50, SECONDS),
    Rule("/retailer/offers/export", ("POST",), 9, HOURS),
    Rule("/retailer/offers/export/*", ("GET",), 9, HOURS),
    Rule("/retailer/inventory", ("GET",), 20, MINUTES),
    Rule("/retailer/returns", ("GET",), 20, MINUTES),
    Rule("/retailer/returns/*", ("GET",), 20, MINUTES),
    Rule("/retailer/insights/performance/indicator", ("GET",), 5, SECONDS),
    Rule("/retailer/content/catalog-products/*", ("GET",), 10, SECONDS),
    Rule("/retailer/products/*/assets", ("GET",), 50, MINUTES),
    Rule("/retailer/products/*/product-ids", ("GET",), 50, MINUTES),
    Rule("/retailer/subscriptions", ("GET", "POST"), 10, SECONDS),
    Rule("/retailer/subscriptions/*", ("GET", "PUT", "DELETE"), 10, SECONDS),
    Rule("/retailer/subscriptions/test/*", ("POST",), 10, SECONDS),
    Rule("/retailer/subscriptions/signature-keys", ("GET",), 10, HOURS),
    Rule("/retailer/retailers/*", ("GET",), 10, SECONDS),
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the headers say, and whether the request may pass."""

    allowed: bool
    limit: int
    remaining: int
    reset: int

    def headers(self) -> dict[str, str]:
        return {
            "x-ratelimit-limit": str(self.limit),
            "x-ratelimit-remaining": str(self.remaining),
            "x-ratelimit-reset": str(self.reset),
        }


class Limits:
    """Counts requests. With `enforced` off every request passes and the headers promise plenty."""

    def __init__(self, *, enforced: bool) -> None:
        self.enforced = enforced
        self._capacity = {rule.name: rule.capacity for rule in RULES}
        self._rules = {(method, rule.path): rule for rule in RULES for method in rule.methods}
        self._counts: dict[tuple[str, str], tuple[int, int]] = {}

    def set(self, rule_name: str, capacity: int) -> None:
        """Changes one rule, named like `GET /retailer/orders`; raises KeyError when there is none."""
        if rule_name not in self._capacity:
            raise KeyError(f"There is no rule {rule_name!r}.")
        self._capacity[rule_name] = capacity

    def count(self, client_id: str, method: str, pattern: str, now: datetime) -> Verdict | None:
        """Counts one request to a path pattern; None when no rule is for it."""
        rule = self._rules.get((method, pattern))
        if rule is None:
            return None
        length = LENGTH[rule.unit]
        seconds = int(now.timestamp())
        window, reset = seconds // length, length - seconds % length
        if not self.enforced:
            return Verdict(allowed=True, limit=UNLIMITED, remaining=UNLIMITED - 1, reset=reset)
        capacity = self._capacity[rule.name]
        counted_in, used = self._counts.get((client_id, rule.name), (window, 0))
        used = used if counted_in == window else 0
        allowed = used < capacity
        used += allowed
        self._counts[client_id, rule.name] = (window, used)
        return Verdict(allowed=allowed, limit=capacity, remaining=capacity - used, reset=reset)

    def public_list(self) -> list[dict[str, object]]:
        """The list at /retailer/public/ratelimits."""
        return [
            {
                "path": rule.path,
                "methods": list(rule.methods),
                "maxCapacity": self._capacity[rule.name],
                "timeToLive": 1,
                "timeUnit": rule.unit,
            }
            for rule in RULES
        ]
