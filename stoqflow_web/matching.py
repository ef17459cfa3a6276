"""Decides which product an offer means. Nothing is guessed: what is not sure becomes a problem for a person."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from stoqflow_web.models import Offer, Product

LONGEST_REFERENCE = 100  # bol's documentation allows no longer one; also the width of our columns
LONGEST_EAN = 50
EAN_DIGITS = 13
CUT = "…"  # ends a reference that was too long to keep

# Why an offer was left without a product
OVERLONG_REFERENCE = "overlong_reference"
DOUBLED_REFERENCE = "doubled_reference"
SKU_AND_EAN_DISAGREE = "sku_and_ean_disagree"
EAN_MATCHES_SEVERAL = "ean_matches_several"
NO_REFERENCE = "no_reference"
# A hint: the offer has its product, but the EAN can't tell it from another
DOUBLED_EAN = "doubled_ean"


class Outcome(Enum):
    UNCHANGED = "unchanged"  # had its product already
    MATCHED = "matched"  # means a product that is here
    NEW = "new"  # becomes a product
    PROBLEM = "problem"  # stays without


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is known around one offer when it is decided.

    `by_ean` are the products here with its normalised EAN. "Doubled" means that another offer of the same shop, listed
    in the same run, has the same. `is_ean_product_taken` says whether the only product in `by_ean` is already what
    another such offer sells.
    """

    by_sku: Product | None = None
    by_ean: Sequence[Product] = ()
    is_reference_doubled: bool = False
    is_ean_doubled: bool = False
    is_ean_product_taken: bool = False


@dataclass(frozen=True)
class Decision:
    """`product` is the one that is here (None for a new one and for a problem); `code` says why there is a problem.

    With `hint` the offer gets its product all the same, and a person is told of that code.
    """

    outcome: Outcome
    product: Product | None = None
    code: str | None = None
    hint: str | None = None


def decide(offer: Offer, facts: Facts) -> Decision:
    """What to do with one offer. Its reference is as `kept_reference` leaves it."""
    if offer.product is not None:
        return Decision(Outcome.UNCHANGED, offer.product)
    if offer.reference is None:
        return _by_ean_alone(facts)
    if is_cut(offer.reference):
        return Decision(Outcome.PROBLEM, code=OVERLONG_REFERENCE)
    if facts.is_reference_doubled:
        return Decision(Outcome.PROBLEM, code=DOUBLED_REFERENCE)
    if facts.by_sku is not None:
        return _by_sku(facts.by_sku, facts)
    return _by_ean_or_new(facts)


def _by_ean_alone(facts: Facts) -> Decision:
    product = _surely_by_ean(facts)
    if product is None:
        return Decision(Outcome.PROBLEM, code=NO_REFERENCE)
    return Decision(Outcome.MATCHED, product)


def _by_sku(product: Product, facts: Facts) -> Decision:
    says_nothing = facts.is_ean_doubled and product.ean is None  # new and second-hand offers may share an EAN
    if facts.by_ean and product not in facts.by_ean and not says_nothing:
        return Decision(Outcome.PROBLEM, code=SKU_AND_EAN_DISAGREE)
    return Decision(Outcome.MATCHED, product)


def _by_ean_or_new(facts: Facts) -> Decision:
    product = _surely_by_ean(facts)
    if product is not None:
        return Decision(Outcome.MATCHED, product)
    if facts.is_ean_doubled or facts.is_ean_product_taken:
        return Decision(Outcome.NEW, hint=DOUBLED_EAN)
    if facts.by_ean:
        return Decision(Outcome.PROBLEM, code=EAN_MATCHES_SEVERAL)
    return Decision(Outcome.NEW)


def _surely_by_ean(facts: Facts) -> Product | None:
    """The one product that the EAN means: it is the only one here, and this the only offer that could be it."""
    if len(facts.by_ean) != 1 or facts.is_ean_doubled or facts.is_ean_product_taken:
        return None
    return facts.by_ean[0]


def missing_data(offer: Offer, product: Product, facts: Facts) -> dict[str, str | None]:
    """What a product lacks and its offer knows, by column. Nothing that is there is ever replaced.

    An EAN that other products have is only given to one more when the shop itself doubles it.
    """
    found: dict[str, str | None] = {}
    is_free = facts.is_ean_doubled or not facts.by_ean
    if product.ean is None and offer.ean is not None and offer.ean_normalised is not None and is_free:
        found.update(ean=offer.ean, ean_normalised=offer.ean_normalised)
    if not product.title and offer.title:
        found.update(title=offer.title)
    return found


def normalise_ean(ean: str | None) -> str | None:
    """An EAN for comparing: 13 digits, filled up with leading zeros. None for nothing, or for what can't be one.

    bol's documentation: EANs are text of 13 digits and leading zeros matter. Shorter codes (UPC, EAN-8) get their
    zeros; nothing but surrounding blanks is taken away, and texts that are no number only match themselves.
    """
    text = (ean or "").strip()
    if not text or len(text) > LONGEST_EAN:
        return None
    return text.zfill(EAN_DIGITS) if text.isascii() and text.isdigit() else text


def kept_reference(reference: str | None) -> str | None:
    """A reference as it becomes a SKU: "007" stays "007", "a1" is not "A1", but blanks around it are nobody's meaning.

    One that is too long is cut and marked, so that it is never taken for another.
    """
    text = plain(reference)
    if len(text) > LONGEST_REFERENCE:
        return text[: LONGEST_REFERENCE - len(CUT)] + CUT
    return text or None


def is_cut(reference: str) -> bool:
    return len(reference) == LONGEST_REFERENCE and reference.endswith(CUT)


def plain(text: str | None) -> str:
    """A text without blanks around it and without the NUL character, which PostgreSQL refuses to keep."""
    return (text or "").replace("\0", "").strip()
