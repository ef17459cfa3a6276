"""What must be fetched from the shelves for some orders: each product once, with the units of all orders together."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from stoqflow_web.models import OrderLine, SalesOrder
from stoqflow_web.models.sales_orders import READY_TO_PICK


@dataclass
class Pick:
    """One thing to fetch. `orders` are the numbers of the orders it is for, with their units."""

    sku: str
    name: str
    ean: str
    units: int = 0
    orders: list[tuple[str, int]] = field(default_factory=list)


def can_be_picked(order: SalesOrder) -> bool:
    """Whether its goods are here for it, the client still wants them, and it can be completed here."""
    return order.status == READY_TO_PICK and not order.is_cancellation_requested and not needs_marketplace_label(order)


def needs_marketplace_label(order: SalesOrder) -> bool:
    """Whether something of it must travel with a label of the marketplace (VVB): it is completed there, not here."""
    return any(line.item.needs_marketplace_label for line in order.lines_to_ship)


def picks(orders: Iterable[SalesOrder]) -> list[Pick]:
    """The things to fetch for these orders, by SKU; things without a product stand last, by name."""
    found: dict[tuple[bool, str], Pick] = {}
    for order in orders:
        for line in order.lines_to_ship:
            key = (line.product is None, line.product.sku if line.product else f"{line.name} {line.item.ean or ''}")
            pick = found.setdefault(key, _pick(line))
            pick.units += line.quantity
            if pick.orders and pick.orders[-1][0] == order.number:
                pick.orders[-1] = (order.number, pick.orders[-1][1] + line.quantity)
            else:
                pick.orders.append((order.number, line.quantity))
    return [found[key] for key in sorted(found)]


def _pick(line: OrderLine) -> Pick:
    ean = (line.product and line.product.ean) or line.item.ean or ""
    return Pick(sku=line.product.sku if line.product else line.item.reference or "—", name=line.name, ean=ean)
