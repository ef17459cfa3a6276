"""How what a marketplace tells now becomes what we keep of it: rules only, no database."""

from collections.abc import Mapping

from stoqflow_web import clock
from stoqflow_web.exchange import ItemRecord, OfferRecord, OrderRecord
from stoqflow_web.models import MarketplaceItem, MarketplaceOrder, Offer
from stoqflow_web.models.products import MOST_ON_HAND

ITEM_FIELDS = (
    "offer_external_id",
    "reference",
    "ean",
    "title",
    "quantity",
    "is_cancellation_requested",
    "fulfilment_method",
    "needs_marketplace_label",
    "deliver_by",
    "is_delivery_day_exact",
    "time_frame",
    "expires_on",
    "unit_price",
    "total_price",
    "changed_at",
)
# The widths of our columns: a longer text from outside is cut rather than refused, for it is only shown.
WIDTHS = {"title": 500, "reference": 100, "time_frame": 30, "fulfilment_method": 10}


def merge(order: MarketplaceOrder, record: OrderRecord) -> bool:
    """Make `order` say what `record` says; True when that changed anything a person could notice.

    An item the marketplace no longer mentions is kept as it was: it does not take items away, it cancels them. A part
    of an address that is blanked there later (personal data is kept only for a while) stays as we knew it. A record
    that was read before another one and comes in after it takes nothing back: two workers may read at the same time.
    """
    known = {item.external_id: item for item in order.items}
    if any(_is_older(known[each.external_id], each) for each in record.items if each.external_id in known):
        return _merge_what_only_grows(known, record)
    changed = _set(order, "placed_at", record.placed_at or order.placed_at)
    changed |= _set(order, "ship_to", record.ship_to or order.ship_to)
    changed |= _set(order, "invoice_to", record.invoice_to or order.invoice_to)
    changed |= _set(order, "pickup_point", record.pickup_point)
    if order.ship_to is not None:
        changed |= _set(order, "client_name", order.ship_to.full_name[:300])
        changed |= _set(order, "client_city", order.ship_to.city[:200])
    for item_record in record.items:
        item = known.get(item_record.external_id)
        if item is None:
            item = MarketplaceItem(external_id=item_record.external_id, shop_id=order.shop_id)
            order.items.append(item)
            known[item.external_id] = item
        changed |= _merge_item(item, item_record)
    return changed


def _merge_item(item: MarketplaceItem, record: ItemRecord) -> bool:
    changed = _merge_quantities(item, record)
    if not record.is_cancellation_requested:
        item.cancellation_requested_at = None
    elif not item.is_cancellation_requested:
        # The change that is new is the wish itself, unless the marketplace does not say when it was.
        item.cancellation_requested_at = record.changed_at or clock.now()
    for name in ITEM_FIELDS:
        value = getattr(record, name)
        if isinstance(value, str) and name in WIDTHS:
            value = value[: WIDTHS[name]]
        changed |= _set(item, name, value)
    return changed


def merge_stock(offer: Offer, record: OfferRecord) -> None:
    """Take over what is shown of an offer's stock, as far as the columns hold it."""
    offer.stock, offer.sellable = _units(record.stock), _units(record.sellable)
    offer.is_corrected_there = record.is_corrected_there


def _units(number: int | None) -> int | None:
    return None if number is None else max(min(number, MOST_ON_HAND), 0)


def _is_older(item: MarketplaceItem, record: ItemRecord) -> bool:
    """Whether the record says how the item was before what we know of it."""
    if item.changed_at is not None and record.changed_at is not None and item.changed_at != record.changed_at:
        return record.changed_at < item.changed_at
    return record.quantity_shipped < item.quantity_shipped or record.quantity_cancelled < item.quantity_cancelled


def _merge_what_only_grows(known: Mapping[str, MarketplaceItem], record: OrderRecord) -> bool:
    grown = [_merge_quantities(known[each.external_id], each) for each in record.items if each.external_id in known]
    return any(grown)


def _merge_quantities(item: MarketplaceItem, record: ItemRecord) -> bool:
    """What was shipped or cancelled there stays so: these two only rise."""
    changed = _set(item, "quantity_shipped", max(item.quantity_shipped or 0, record.quantity_shipped))
    return changed | _set(item, "quantity_cancelled", max(item.quantity_cancelled or 0, record.quantity_cancelled))


def _set(thing: object, name: str, value: object) -> bool:
    if getattr(thing, name) == value:
        return False
    setattr(thing, name, value)
    return True
