"""A product for sale in one shop, as the marketplace shows it."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from stoqflow_web.models.base import Base, Key, Moment, Money, UtcDateTime
from stoqflow_web.models.products import Product
from stoqflow_web.models.shops import Shop


class Offer(Base):
    __tablename__ = "offers"
    __table_args__ = (
        UniqueConstraint("shop_id", "external_id"),
        Index(None, "shop_id", "reference"),
        Index(None, "shop_id", "ean_normalised"),
    )

    id: Mapped[Key]
    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"))
    external_id: Mapped[str] = mapped_column(String(50))
    reference: Mapped[str | None] = mapped_column(String(100))  # the seller's own code: our SKU
    ean: Mapped[str | None] = mapped_column(String(50))
    ean_normalised: Mapped[str | None] = mapped_column(String(50))
    title: Mapped[str | None] = mapped_column(String(500))  # only given for products the marketplace does not know
    price: Mapped[Decimal | None] = mapped_column(Money)
    fulfilment_method: Mapped[str] = mapped_column(String(10))
    stock: Mapped[int | None]  # as the marketplace shows it; None where it keeps the stock itself
    sellable: Mapped[int | None]  # what clients could still buy there, when `stock` was last seen
    # Whether the marketplace subtracts open orders from `stock` by itself; None: it did not say.
    is_corrected_there: Mapped[bool | None]
    stock_seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # by the last comparison of stock
    is_on_hold: Mapped[bool] = mapped_column(default=False)
    condition: Mapped[str] = mapped_column(String(30))
    modified_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    seen_at: Mapped[Moment]
    # The products transfer in which the offer was last listed; older than the newest one means it is gone there.
    seen_in_run_id: Mapped[int | None] = mapped_column(ForeignKey("import_runs.id"), index=True)
    product_id: Mapped[int | None] = mapped_column(ForeignKey("products.id"), index=True)

    shop: Mapped[Shop] = relationship()
    product: Mapped[Product | None] = relationship()
