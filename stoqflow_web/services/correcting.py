"""Corrects the stock of a product by hand.

A correction is a difference: between the number that the person saw and the one they say it is. It is applied to
whatever is on hand by then. So of two people who correct at once both count, and so does a parcel that leaves while
somebody types. Only who says how many there are is asked to look again when somebody else has said so meanwhile: both
may have found the same unit missing.
"""

from dataclasses import dataclass

from flask_babel import gettext as _
from sqlalchemy import select

from stoqflow_web.errors import Invalid, NotFound
from stoqflow_web.models import Product, StockMovement
from stoqflow_web.models.products import CORRECTIONS, COUNTED, IMPORTED, MOST_ON_HAND
from stoqflow_web.services import stock
from stoqflow_web.services.stock_lock import lock_stock
from stoqflow_web.transaction import Transaction, transaction

LONGEST_NOTE = 200
MOST_UNITS = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Corrected:
    """What a correction came to. `meanwhile`: units that came (negative: went) since the person looked."""

    sku: str
    seen: int
    asked: int
    on_hand: int
    meanwhile: int = 0
    is_repeated: bool = False

    @property
    def difference(self) -> int:
        return self.asked - self.seen


def correct(
    product_id: int,
    *,
    seen: int,
    seen_movement_id: int | None = None,
    on_hand: int | None = None,
    change: int | None = None,
    reason: str,
    note: str = "",
    token: str | None = None,
    user_id: int | None,
) -> Corrected:
    """Say how many there are (`on_hand`) or how many more or fewer (`change`) than the `seen` ones.

    `seen_movement_id` is of the newest movement that the person saw: with it `on_hand` is refused as Invalid `number`
    when the product was corrected, counted or imported since.
    `reason` is one of products.CORRECTIONS. `token` belongs to the form: sent twice it changes stock once. Raises
    NotFound, and Invalid with field `number`, `reason` or `note`.
    """
    asked = _asked(seen, on_hand, change)
    note = " ".join(note.replace("\x00", "").split())
    if reason not in CORRECTIONS:
        raise Invalid("reason", _("Choose a reason."))
    if len(note) > LONGEST_NOTE:
        raise Invalid("note", _("This is too long: at most %(most)s characters.", most=LONGEST_NOTE))
    with transaction() as tx:
        lock_stock(tx)  # before the token is looked for: of two clicks the second sees what the first one did
        product = tx.session.get(Product, product_id, populate_existing=True)
        if product is None:
            raise NotFound(_("This product is not here, or not any more."))
        before = product.on_hand
        made = token and tx.session.scalar(select(StockMovement.id).where(StockMovement.token == token))
        if made:
            return Corrected(sku=product.sku, seen=seen, asked=asked, on_hand=before, is_repeated=True)
        if on_hand is not None and seen_movement_id is not None and _was_said(tx, product, seen_movement_id):
            raise Invalid(
                "number", _("Meanwhile somebody made it %(number)s. Look once more, then press again.", number=before)
            )
        if abs(before + asked - seen) > MOST_ON_HAND:
            raise Invalid("number", _("So many can't be kept."))
        stock.move(tx, product, asked - seen, reason, user_id=user_id, note=note or None, token=token)
        return Corrected(sku=product.sku, seen=seen, asked=asked, on_hand=product.on_hand, meanwhile=before - seen)


def _was_said(tx: Transaction, product: Product, seen_movement_id: int) -> bool:
    """Whether since then somebody has said how many there are."""
    said = select(StockMovement.id).where(
        StockMovement.product_id == product.id,
        StockMovement.id > seen_movement_id,
        StockMovement.reason.in_((*CORRECTIONS, COUNTED, IMPORTED)),
    )
    return tx.session.scalar(said.limit(1)) is not None


def _asked(seen: int, on_hand: int | None, change: int | None) -> int:
    """How many the person says there are."""
    if (on_hand is None) == (change is None):
        raise Invalid("number", _("Enter a number."))
    if on_hand is not None:
        if not 0 <= on_hand <= MOST_UNITS:
            raise Invalid("number", _("Enter a number from 0 to 1,000,000."))
        return on_hand
    if not change or abs(change) > MOST_UNITS:
        raise Invalid("number", _("Enter how many more or fewer, for example 3 or −3."))
    if change < 0 and seen + change < 0:
        raise Invalid("number", _("That is more than there is: %(seen)s on hand.", seen=seen))
    return seen + change
