"""A client for bol.com's Retailer API (v10, offers v11). Needs requests, msgspec and cryptography, and nothing of
Stoqflow."""

from .addresses import check_address
from .catalog import Asset, CatalogProduct
from .client import BolClient
from .errors import (
    AccountNotActive,
    BolError,
    BolUnavailable,
    LimitReached,
    NoAnswer,
    NoConnection,
    NotFoundAtBol,
    Problem,
    Refused,
    SharedStoreUnavailable,
    TokenBraked,
    TokenRefused,
    UnexpectedAnswer,
    Violation,
    WrongCredentials,
)
from .insights import AVERAGE, INDICATORS, PerformanceIndicator
from .limiter import MemoryLimiter, Permit, RateLimiter, Unlimited
from .limits import RULES, Rule, rule_for
from .offers import Offer, OfferPage
from .orders import (
    CANCEL_REASONS,
    FBB,
    FBR,
    Address,
    Fulfilment,
    Order,
    OrderItem,
    OrderItemSummary,
    OrderSummary,
)
from .retailer import PublicLimit, Retailer
from .returns import InventoryItem, Return, ReturnItem
from .shipments import Shipment, ShipmentSummary
from .statuses import ProcessStatus
from .subscriptions import (
    ORDER,
    PROCESS_STATUS,
    TEST,
    Message,
    Signature,
    Subscription,
    Verdict,
    read_message,
    read_signature,
    verify,
)
from .tokens import MemoryTokenStore, TokenStore

__all__ = [
    "AVERAGE",
    "CANCEL_REASONS",
    "FBB",
    "FBR",
    "INDICATORS",
    "ORDER",
    "PROCESS_STATUS",
    "RULES",
    "TEST",
    "AccountNotActive",
    "Address",
    "Asset",
    "BolClient",
    "BolError",
    "BolUnavailable",
    "CatalogProduct",
    "Fulfilment",
    "InventoryItem",
    "LimitReached",
    "MemoryLimiter",
    "MemoryTokenStore",
    "Message",
    "NoAnswer",
    "NoConnection",
    "NotFoundAtBol",
    "Offer",
    "OfferPage",
    "Order",
    "OrderItem",
    "OrderItemSummary",
    "OrderSummary",
    "PerformanceIndicator",
    "Permit",
    "Problem",
    "ProcessStatus",
    "PublicLimit",
    "RateLimiter",
    "Refused",
    "Retailer",
    "Return",
    "ReturnItem",
    "Rule",
    "SharedStoreUnavailable",
    "Shipment",
    "ShipmentSummary",
    "Signature",
    "Subscription",
    "TokenBraked",
    "TokenRefused",
    "TokenStore",
    "UnexpectedAnswer",
    "Unlimited",
    "Verdict",
    "Violation",
    "WrongCredentials",
    "check_address",
    "read_message",
    "read_signature",
    "rule_for",
    "verify",
]
