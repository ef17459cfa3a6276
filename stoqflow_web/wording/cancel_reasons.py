"""Why an order is canceled, in plain words."""

from flask_babel import gettext as _


def reason_words() -> dict[str, str]:
    """The words of each of exchange.CANCEL_REASONS, in the order in which a form offers them."""
    return {
        "out-of-stock": _("Out of stock"),
        "requested-by-client": _("The client asked for it"),
        "not-available-in-time": _("Not available in time"),
        "bad-condition": _("Damaged or in bad condition"),
        "unfindable": _("Can't be found in the warehouse"),
        "ordered-twice": _("Ordered twice"),
        "incorrect-price": _("The price was wrong"),
        "higher-shipping-cost": _("Shipping costs more than expected"),
        "technical-issue": _("Technical problem"),
        "no-bol-guarantee": _("Does not meet bol.com's guarantee"),
        "retained": _("Kept back by the seller"),
        "other": _("Another reason"),
    }


def reason_word(reason: str | None) -> str:
    """The words of one reason; an unknown one is shown as it is."""
    return reason_words().get(reason or "", reason or "")
