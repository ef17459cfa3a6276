"""How a client is named in a list."""

from stoqflow_web.models import MarketplaceOrder


def client_words(order: MarketplaceOrder) -> str:
    """`Nguyen, Rotterdam`, or what of it is known: bol.com leaves addresses out of old orders."""
    address = order.ship_to
    name = (address and (address.surname or address.company or address.first_name)) or order.client_name or ""
    city = order.client_city or (address.city if address else "")
    return ", ".join(part for part in (name, city) if part) or "—"
