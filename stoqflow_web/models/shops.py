"""A seller account on a marketplace."""

from datetime import datetime, time, timedelta

from sqlalchemy import ForeignKey, LargeBinary, String, Text, Time, false, text, true
from sqlalchemy.orm import Mapped, mapped_column

from stoqflow_web.models.base import Base, Key, Moment, UtcDateTime

MARKETPLACE = "marketplace"  # the shop's type: an online marketplace
BOL = "bol.com"  # the shop's platform

FIRST_SYNC_AFTER = timedelta(minutes=1)  # leaves a person time to transfer products, or to go on to sales orders

# What can be the matter with asking it
SILENT = "silent"  # it does not answer, or only with faults
LIMITED = "limited"  # it allows far fewer calls than usual


class Shop(Base):
    __tablename__ = "shops"

    id: Mapped[Key]
    name: Mapped[str] = mapped_column(String(100))
    type: Mapped[str] = mapped_column(String(30), default=MARKETPLACE)
    platform: Mapped[str] = mapped_column(String(30), default=BOL)
    # The pair made at bol.com: the key in clear, the secret encrypted (vault.py), never shown again.
    api_key: Mapped[str] = mapped_column(String(200))
    api_secret_encrypted: Mapped[bytes] = mapped_column(LargeBinary)
    # Which account answered when the keys were proven. Unique: the same account can't be linked twice.
    account_id: Mapped[str] = mapped_column(String(50), unique=True)
    account_name: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[Moment]
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    keys_checked_at: Mapped[Moment]
    # Set while bol.com refuses the keys or the account; nothing is asked of bol.com for this shop until it is mended.
    access_lost_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    access_lost_because: Mapped[str | None] = mapped_column(String(20))  # exchange.KEYS_REFUSED and the others there
    access_lost_why: Mapped[str | None] = mapped_column(Text)  # in a sentence
    paused_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    # How what we did with orders is told to bol.com.
    hold_minutes: Mapped[int] = mapped_column(default=2, server_default="2")  # 0 to 15: as long as Undo works
    waits_for_all_parts: Mapped[bool] = mapped_column(default=True, server_default=true())  # of a split order
    default_carrier: Mapped[str] = mapped_column(String(30), default="postnl", server_default="postnl")

    # What it is told of our stock: services/stock_to_tell.py. Off until somebody has seen what would change.
    tells_stock: Mapped[bool] = mapped_column(default=False, server_default=false())
    stock_margin: Mapped[int] = mapped_column(default=0, server_default="0")  # units of each product held back

    # How its orders stay in step with the marketplace: see services/syncing.py.
    sync_minutes: Mapped[int] = mapped_column(default=1, server_default="1")
    next_sync_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)  # None: as soon as possible
    synced_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # when the last whole pass ended
    # The watermark, in the marketplace's own time: whatever changed there until then is known here.
    synced_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # Since when everything should be compared once more, not only what changed: see services/orders_sync.py.
    catch_up_wanted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    accepts_requests: Mapped[bool] = mapped_column(default=False, server_default=false())  # of clients to cancel
    # When the carrier collects, Amsterdam time: by then a parcel must be ready the day before it must be delivered.
    collected_at: Mapped[time] = mapped_column(Time, default=time(17, 30), server_default=text("'17:30:00'"))
    # What is the matter while the marketplace can't be asked as usual: SILENT or LIMITED. Lost access is told above.
    trouble: Mapped[str | None] = mapped_column(String(20))
    trouble_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    trouble_said: Mapped[str | None] = mapped_column(Text)
    unanswered_since: Mapped[datetime | None] = mapped_column(UtcDateTime)  # the first fault since its last good answer

    @property
    def was_ever_synced(self) -> bool:
        """Whether all that is open at the marketplace has come in once."""
        return self.synced_until is not None

    @property
    def is_paused(self) -> bool:
        return self.paused_at is not None

    @property
    def has_lost_access(self) -> bool:
        return self.access_lost_at is not None

    @property
    def may_ask_marketplace(self) -> bool:
        """Whether work for this shop may call the marketplace at all."""
        return not self.is_paused and not self.has_lost_access

    @property
    def key_hint(self) -> str:
        """Enough of the key to recognise it by."""
        return self.api_key if len(self.api_key) <= 10 else f"{self.api_key[:4]}…{self.api_key[-4:]}"
