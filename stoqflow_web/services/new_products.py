"""Makes a product that a person typed in."""

from flask_babel import gettext as _
from sqlalchemy.exc import IntegrityError

from stoqflow_web import clock
from stoqflow_web.errors import Invalid
from stoqflow_web.matching import normalise_ean
from stoqflow_web.models import Product
from stoqflow_web.models.products import OPENING
from stoqflow_web.services import stock
from stoqflow_web.services.product_words import add_product_words
from stoqflow_web.services.stock_lock import lock_stock
from stoqflow_web.transaction import Transaction

LONGEST_SKU = 100
LONGEST_TITLE = 500
SHORTEST_EAN = 8  # EAN-8
LONGEST_EAN = 14  # GTIN-14
MOST_UNITS = 9_999


def make_product(tx: Transaction, *, sku: str, ean: str, title: str, units: int, user_id: int) -> Product:
    """A new product, found by its words, with `units` on hand as its first stock movement.

    Raises Invalid for a SKU that is empty or taken, for a text that is too long, for an EAN that can't be one, and for
    units below 0 or above MOST_UNITS. Nothing is ever cut.
    """
    sku, title, ean = checked_sku(sku), checked_title(title), checked_ean(ean)
    if not 0 <= units <= MOST_UNITS:
        raise Invalid("units", _("Enter a number from 0 to 9,999."))
    lock_stock(tx)  # before the row: whoever else has stock in hand may be making the same SKU
    product = Product(
        sku=sku,
        ean=ean or None,
        ean_normalised=normalise_ean(ean),
        title=title or None,
        on_hand=0,
        reserved=0,
        created_at=clock.now(),
    )
    try:
        with tx.session.begin_nested():
            tx.session.add(product)
    except IntegrityError:
        raise Invalid("sku", _("There is a product with this SKU already. Search for it and choose it.")) from None
    add_product_words(tx, [product])
    stock.move(tx, product, units, OPENING, user_id=user_id)
    return product


def checked_sku(typed: str) -> str:
    """The SKU without blanks around it. Raises Invalid."""
    if not typed.strip():
        raise Invalid("sku", _("Enter a SKU."))
    return _checked_text("sku", typed.strip(), LONGEST_SKU)


def checked_title(typed: str) -> str:
    """The title without blanks around it, "" for none. Raises Invalid."""
    return _checked_text("title", typed.strip(), LONGEST_TITLE)


def checked_ean(typed: str) -> str:
    """The digits of an EAN, "" for none; blanks and hyphens between them are forgiven. Raises Invalid."""
    ean = "".join(typed.split()).replace("-", "")
    is_number = ean.isascii() and ean.isdigit()
    if ean and not (is_number and SHORTEST_EAN <= len(ean) <= LONGEST_EAN):
        raise Invalid("ean", _("An EAN has 8 to 14 digits. Leave it empty if there is none."))
    return ean


def _checked_text(field: str, text: str, longest: int) -> str:
    if len(text) > longest:
        raise Invalid(
            field,
            _("This has %(length)s characters; at most %(longest)s can be kept.", length=len(text), longest=longest),
        )
    if "\x00" in text:  # PostgreSQL refuses it
        raise Invalid(field, _("This holds a character that can't be kept."))
    return text
