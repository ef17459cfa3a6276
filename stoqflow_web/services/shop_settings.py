"""Changes how a shop tells the marketplace what was done with its orders."""

from flask_babel import gettext as _
from sqlalchemy import select

from stoqflow_web.carriers import carriers
from stoqflow_web.errors import Invalid, NotFound
from stoqflow_web.models import Shop
from stoqflow_web.services import history
from stoqflow_web.transaction import transaction

LONGEST_HOLD = 15  # minutes


def change_settings(
    shop_id: int, *, hold_minutes: int, waits_for_all_parts: bool, default_carrier: str, user_id: int | None
) -> Shop:
    """Set them all; one history entry for each that changed. They count for what is done from now on.

    Raises NotFound, and Invalid with field `hold_minutes` or `default_carrier`.
    """
    if not 0 <= hold_minutes <= LONGEST_HOLD:
        raise Invalid("hold_minutes", _("Enter 0 to %(most)s minutes.", most=LONGEST_HOLD))
    if default_carrier not in carriers():
        raise Invalid("default_carrier", _("Choose a carrier."))
    with transaction() as tx:
        shop = tx.session.scalar(select(Shop).where(Shop.id == shop_id).with_for_update())
        if shop is None:
            raise NotFound(_("There is no such shop."))
        wanted: dict[str, int | str] = {
            "hold_minutes": hold_minutes,
            "waits_for_all_parts": waits_for_all_parts,
            "default_carrier": default_carrier,
        }
        for name, after in wanted.items():
            before = getattr(shop, name)
            if before != after:
                setattr(shop, name, after)
                history.record(
                    tx, "setting_changed", user_id=user_id, shop_id=shop_id, setting=name, before=before, after=after
                )
        return shop
