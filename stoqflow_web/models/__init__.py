"""The records. Each file holds the rules of one thing; nothing here opens a transaction."""

from stoqflow_web.models.activities import Activity
from stoqflow_web.models.base import Base
from stoqflow_web.models.batches import Batch, BatchRow
from stoqflow_web.models.history import HistoryEntry
from stoqflow_web.models.imports import ImportItem, ImportProblem, ImportRun
from stoqflow_web.models.marketplace_orders import MarketplaceItem, MarketplaceOrder
from stoqflow_web.models.marketplace_stocks import MarketplaceStock
from stoqflow_web.models.news import NewsItem, NewsMessage, NewsRecipient
from stoqflow_web.models.offer_stocks import OfferStock
from stoqflow_web.models.offers import Offer
from stoqflow_web.models.order_checks import OrderCheck
from stoqflow_web.models.performance_indicators import PerformanceIndicator
from stoqflow_web.models.products import Product, ProductWord, StockMovement
from stoqflow_web.models.readings import Reading
from stoqflow_web.models.returns import Return, ReturnItem
from stoqflow_web.models.sales_orders import OrderLine, OrderWord, SalesOrder
from stoqflow_web.models.shipments import Shipment, ShipmentLine
from stoqflow_web.models.shops import Shop
from stoqflow_web.models.stock_comparisons import StockComparison
from stoqflow_web.models.stock_counts import StockCount, StockCountLine
from stoqflow_web.models.stock_imports import StockImport, StockImportRow
from stoqflow_web.models.subscriptions import PushSubscription, SignatureKey
from stoqflow_web.models.users import FailedSignIn, User
from stoqflow_web.models.webhook_messages import WebhookMessage
from stoqflow_web.models.writebacks import Writeback, WritebackAttempt

__all__ = [
    "Activity",
    "Base",
    "Batch",
    "BatchRow",
    "FailedSignIn",
    "HistoryEntry",
    "ImportItem",
    "ImportProblem",
    "ImportRun",
    "MarketplaceItem",
    "MarketplaceOrder",
    "MarketplaceStock",
    "NewsItem",
    "NewsMessage",
    "NewsRecipient",
    "Offer",
    "OfferStock",
    "OrderCheck",
    "OrderLine",
    "OrderWord",
    "PerformanceIndicator",
    "Product",
    "ProductWord",
    "PushSubscription",
    "Reading",
    "Return",
    "ReturnItem",
    "SalesOrder",
    "Shipment",
    "ShipmentLine",
    "Shop",
    "SignatureKey",
    "StockComparison",
    "StockCount",
    "StockCountLine",
    "StockImport",
    "StockImportRow",
    "StockMovement",
    "User",
    "WebhookMessage",
    "Writeback",
    "WritebackAttempt",
]
