"""Changes how a shop keeps in step with the marketplace, and how it tells what was done with its orders."""

from datetime import time, timedelta
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select

from stoqflow_web import clock
from stoqflow_web.carriers import carriers
from stoqflow_web.errors import Invalid, NotFound
from stoqflow_web.models import Shop
from stoqflow_web.services.activities import record_of_shop
from stoqflow_web.transaction import transaction

LONGEST_HOLD = 15  # minutes
LONGEST_SYNC = 60  # minutes between two looks at the marketplace: what it lists as changed goes back an hour


def change_settings(
    shop_id: int,
    *,
    hold_minutes: int,
    waits_for_all_parts: bool,
    default_carrier: str,
    sync_minutes: int,
    accepts_requests: bool,
    collected_at: time,
    user_id: int | None,
) -> Shop:
    """Set them all; one history entry for each that changed. They count for what is done from now on.

    `collected_at` is Amsterdam time. Raises NotFound, and Invalid with field `hold_minutes`, `sync_minutes` or
    `default_carrier`.
    """
    if not 1 <= sync_minutes <= LONGEST_SYNC:
        raise Invalid("sync_minutes", _("Enter 1 to %(most)s minutes.", most=LONGEST_SYNC))
    if not 0 <= hold_minutes <= LONGEST_HOLD:
        raise Invalid("hold_minutes", _("Enter 0 to %(most)s minutes.", most=LONGEST_HOLD))
    if default_carrier not in carriers():
        raise Invalid("default_carrier", _("Choose a carrier."))
    with transaction() as tx:
        shop = tx.session.scalar(select(Shop).where(Shop.id == shop_id).with_for_update())
        if shop is None:
            raise NotFound(_("There is no such shop."))
        wanted: dict[str, int | str | time] = {
            "hold_minutes": hold_minutes,
            "waits_for_all_parts": waits_for_all_parts,
            "default_carrier": default_carrier,
            "sync_minutes": sync_minutes,
            "accepts_requests": accepts_requests,
            "collected_at": collected_at,
        }
        for name, after in wanted.items():
            before = getattr(shop, name)
            if before != after:
                setattr(shop, name, after)
                change: dict[str, Any] = {"setting": name, "before": _kept(before), "after": _kept(after)}
                record_of_shop(tx, shop_id, "setting_changed", user_id=user_id, **change)
        if shop.next_sync_at is not None:  # a shorter pause counts at once
            shop.next_sync_at = min(shop.next_sync_at, clock.now() + timedelta(minutes=sync_minutes))
        return shop


def _kept(value: int | str | time) -> int | str:
    """As history keeps it: JSON knows no times of day."""
    return value.isoformat("minutes") if isinstance(value, time) else value
