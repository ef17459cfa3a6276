"""bol's rate limits as data: which rule a request falls under. The numbers are bol's of autumn 2026.

They change without a release, so they are only where we begin: the headers of each answer correct them.
"""

from functools import cache

import msgspec

SECOND, MINUTE, HOUR = 1, 60, 3600


class Rule(msgspec.Struct, frozen=True):
    """`limit` requests per clock-aligned `window` seconds. In `path`, `*` is one segment and a last `**` any rest."""

    methods: str
    path: str
    limit: int
    window: int

    @property
    def key(self) -> str:
        return f"{self.methods} {self.path}"

    def covers(self, method: str, path: str) -> bool:
        return method in self.methods.split("|") and _fits(self.path.split("/"), path.split("/"))

    @property
    def precision(self) -> int:
        """How many segments are named: the most specific rule wins."""
        return sum(1 for segment in self.path.split("/") if segment and "*" not in segment)


RULES = (
    Rule("GET", "/retailer/orders", 25, MINUTE),
    Rule("GET", "/retailer/orders/*", 25, SECOND),
    Rule("PUT", "/retailer/orders/cancellation", 10, SECOND),  # not published; a careful guess
    Rule("POST", "/retailer/shipments", 25, SECOND),
    Rule("GET", "/retailer/shipments", 25, MINUTE),
    Rule("GET", "/retailer/shipments/*", 50, MINUTE),
    Rule("PUT", "/retailer/transports/*", 10, SECOND),  # not published
    Rule("POST", "/shared/process-status", 2, SECOND),
    Rule("GET", "/shared/process-status/*", 100, SECOND),
    Rule("GET", "/shared/process-status", 2, SECOND),  # not published
    Rule("GET", "/retailer/offers", 25, SECOND),
    Rule("GET", "/retailer/offers/*", 25, SECOND),
    Rule("GET", "/retailer/offers/*/not-for-sale-reasons", 25, SECOND),
    Rule("POST", "/retailer/offers", 50, SECOND),
    Rule("PUT|PATCH|DELETE", "/retailer/offers/*", 50, SECOND),
    Rule("PUT", "/retailer/offers/*/*", 50, SECOND),
    Rule("POST", "/retailer/offers/export", 9, HOUR),
    Rule("GET", "/retailer/offers/export/*", 9, HOUR),
    Rule("POST", "/retailer/offers/unpublished", 9, HOUR),  # not published
    Rule("GET", "/retailer/offers/unpublished/*", 9, HOUR),  # not published
    Rule("GET", "/retailer/inventory", 20, MINUTE),
    Rule("GET|POST", "/retailer/returns", 20, MINUTE),
    Rule("GET|PUT", "/retailer/returns/*", 20, MINUTE),
    Rule("GET", "/retailer/insights/performance/indicator", 5, SECOND),  # not published
    Rule("GET", "/retailer/content/catalog-products/*", 10, SECOND),
    Rule("GET", "/retailer/products/*/assets", 50, MINUTE),
    Rule("GET", "/retailer/products/*/placement", 50, MINUTE),
    Rule("GET", "/retailer/products/*/product-ids", 50, MINUTE),
    Rule("GET", "/retailer/products/*/ratings", 50, MINUTE),
    Rule("GET", "/retailer/products/*/offers", 900, MINUTE),
    Rule("POST", "/retailer/products/list", 50, MINUTE),
    Rule("GET", "/retailer/products/list-filters", 50, MINUTE),
    Rule("GET", "/retailer/products/categories", 1, MINUTE),
    Rule("GET|POST|PUT|DELETE", "/retailer/subscriptions/**", 10, SECOND),
    Rule("GET", "/retailer/subscriptions/signature-keys", 10, HOUR),
    Rule("GET|POST|HEAD", "/retailer/shipping-labels/**", 5, SECOND),  # not published
    Rule("GET", "/retailer/retailers/*", 5, SECOND),  # not published, rarely called
    Rule("GET", "/retailer/public/ratelimits", 5, SECOND),  # not published, rarely called
    Rule("GET", "/retailer/economic-operators", 100, MINUTE),  # window not published
)
UNKNOWN_LIMIT = 5  # a second, for a path bol tells us nothing about


@cache
def _known() -> tuple[Rule, ...]:
    return tuple(sorted(RULES, key=lambda rule: rule.precision, reverse=True))


def rule_for(method: str, path: str) -> Rule:
    """The most specific rule for a request; a path without one gets a careful rule of its own."""
    for rule in _known():
        if rule.covers(method, path):
            return rule
    return Rule(method, path, UNKNOWN_LIMIT, SECOND)


def _fits(pattern: list[str], path: list[str]) -> bool:
    if pattern[-1] == "**":
        return path[: len(pattern) - 1] == pattern[:-1]
    return len(pattern) == len(path) and all(
        wanted in ("*", given) for wanted, given in zip(pattern, path, strict=True)
    )
